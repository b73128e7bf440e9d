"""Mutated photos, thousands of them, against the clock, the memory and the decoders' crashes.

`python -m tests.detector.mutations --count 10000` runs the campaign and prints what became of them.
The mutants are decoded in child processes; one that ends on a signal is a crash, and the mutant it
was at is named by its number, from which it can be made again.
"""

import argparse
import functools
import json
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from detector.decode import open_photo, quiet_native_logging
from detector.errors import PhotoError
from detector.limits import Limits
from tests.detector.face_records import dg2, fac_2005, fac_2011, iso39794, nist
from tests.detector.heif_files import avif, grid, heic
from tests.detector.test_header import SRGB, SYCC, encode, old_jpeg_tiff, palette_jp2, picture

ROOT: Final = Path(__file__).parents[2]

MOST_SECONDS, MOST_BYTES = 1.0, 300_000_000
BATCH: Final = 500  # mutants of one child
CHILD_SECONDS: Final = 300  # of CPU, after which the kernel ends it
SIZE: Final = (240, 180)
HEAD: Final = 700  # bytes in which most of a container's own structure is
WORDS: Final = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x10000, 4_096)


@functools.cache
def seeds() -> dict[str, bytes]:
    """Return whole files of each kind, which the mutants are made of."""
    jpeg, jp2 = encode("JPEG", picture(size=SIZE)), encode("JPEG2000", picture(size=SIZE))
    tiff = functools.partial(encode, "TIFF", compression="jpeg")
    return {
        "dg2 19794-5": dg2(fac_2005(jp2)),
        "dg2 39794-5": dg2(iso39794(jp2, moment=(2026, 3, 1), pose=(1, 2, 3))),
        "19794-5:2005": fac_2005(jpeg, jp2, points=2, mask=7),
        "19794-5:2011": fac_2011(jp2, points=2, qualities=1, certificates=1),
        "39794-5": iso39794(jpeg, jp2, moment=(2026,), model=(1, 2), source=2, properties=[True]),
        "Type-10": nist(jpeg, jp2, f20=b"F", f21=b"5"),
        "HEIC": heic(picture(size=SIZE)),
        "HEIC with alpha": heic(picture("RGBA", SIZE)),
        "HEIC grid": grid(picture(size=SIZE), 2, 2),
        "AVIF": avif(picture(size=SIZE)),
        "AVIF with alpha": avif(picture("RGBA", SIZE)),
        "TIFF of JPEGs": tiff(picture(size=SIZE), strip_size=9_000),
        "TIFF of a JPEG": old_jpeg_tiff(jpeg, *SIZE),
        "JPEG": jpeg[:-2],
        "JPEG, progressive": encode("JPEG", picture(size=SIZE), progressive=True)[:-2],
        "JPEG 2000": encode("JPEG2000", picture(size=SIZE), tile_size=(64, 64), offset=(3, 5)),
        "JPEG 2000, sYCC": jp2.replace(SRGB, SYCC),
        "JPEG 2000, palette": palette_jp2(),
        "GIF": encode("GIF", picture("P", SIZE)),
    }


def mutant(number: int) -> tuple[str, bytes]:
    """Return the kind and the bytes of the mutant of this number, always the same."""
    chance = random.Random(number)
    kind = list(seeds())[number % len(seeds())]
    data = bytearray(seeds()[kind])
    for _ in range(chance.choice((1, 1, 2, 3, 5, 9))):
        at = chance.randrange(min(len(data), HEAD) if chance.random() < 0.6 else len(data) or 1)
        match chance.randrange(8):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at] = chance.randrange(256)
            case 2 | 3:
                size = chance.choice((1, 2, 4))
                word = chance.choice(WORDS) & (1 << 8 * size) - 1
                data[at : at + size] = word.to_bytes(size, chance.choice(("big", "little")))
            case 4:
                del data[at : at + chance.randrange(1, 40)]
            case 5:
                data[at:at] = chance.randbytes(chance.randrange(1, 40))
            case 6:
                other = seeds()[chance.choice(list(seeds()))]
                start = chance.randrange(len(other))
                data[at : at + chance.randrange(200)] = other[start : start + chance.randrange(200)]
            case _:
                if chance.random() < 0.3:
                    del data[at:]
                else:
                    data[at : at + 60] = data[at : at + 30] * 2
        if not data:
            break
    return kind, bytes(data)


def peak_bytes() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def decode_all(first: int, count: int) -> Iterator[tuple[int, str, str, float, int]]:
    """Decode mutants; yield number, kind, outcome, seconds of CPU, and bytes at the most."""
    quiet_native_logging()
    for data in seeds().values():  # what decoders load once is no mutant's
        open_photo(data, Limits()).pixels()
    for number in range(first, first + count):
        kind, data = mutant(number)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins again
        before, started = peak_bytes(), time.process_time()
        try:
            open_photo(data, Limits()).pixels()
            outcome = "read"
        except PhotoError as refusal:
            outcome = refusal.code
        yield number, kind, outcome, time.process_time() - started, peak_bytes() - before


def child(first: int, count: int) -> None:
    """Run in a process of its own, one line a mutant."""
    resource.setrlimit(resource.RLIMIT_CPU, (CHILD_SECONDS, CHILD_SECONDS))
    for each in decode_all(first, count):
        sys.stdout.write(json.dumps(each) + "\n")
        sys.stdout.flush()


def campaign(count: int, first: int = 0) -> dict[str, object]:
    """Return how many mutants were read, refused and how, and what went wrong with which."""
    outcomes: Counter[str] = Counter()
    crashed: list[int] = []
    slow: list[tuple[int, str, float]] = []
    large: list[tuple[int, str, int]] = []
    most_seconds, most_bytes = 0.0, 0
    at = first
    while at < first + count:
        size = min(BATCH, first + count - at)
        done = subprocess.run(
            [sys.executable, "-m", "tests.detector.mutations", "--child", str(at), str(size)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        for number, kind, outcome, seconds, taken in lines:
            outcomes[outcome] += 1
            most_seconds, most_bytes = max(most_seconds, seconds), max(most_bytes, taken)
            if seconds > MOST_SECONDS:
                slow.append((number, kind, seconds))
            if taken > MOST_BYTES:
                large.append((number, kind, taken))
        at += len(lines)
        if done.returncode or len(lines) < size:
            crashed.append(at)
            at += 1
    return {
        "outcomes": dict(outcomes),
        "crashed": crashed,
        "slow": slow,
        "large": large,
        "most_seconds": round(most_seconds, 3),
        "most_bytes": most_bytes,
    }


def main() -> None:
    """Run the campaign, or a child of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--child", type=int, nargs=2)
    given = parser.parse_args()
    if given.child:
        child(*given.child)
    else:
        sys.stdout.write(json.dumps(campaign(given.count, given.first), indent=1) + "\n")


if __name__ == "__main__":
    main()
