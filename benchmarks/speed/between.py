"""What a photo costs in this checkout and in another: each a process of its own, photo by photo.

A checkout's own packages analyse the photos, with the same weights and on the same CPU; for every
photo both are asked in turns, so that both see the same machine.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Final

from benchmarks.report import Grid, Report
from benchmarks.speed.startup import HERE

REPEATS: Final = 3

_ANALYSE: Final = """
import sys, time
from config.settings import Settings
from detector.loading import load_pipeline
from detector.threads import use_threads
from models.manifest import load_pack
from models.store import ModelStore
pipeline = load_pipeline(load_pack(sys.argv[1]), ModelStore(Settings().models_dir))
use_threads(1)
for line in sys.stdin:
    with open(line.rstrip("\\n"), "rb") as file:
        content = file.read()
    wall, cpu = time.perf_counter(), time.process_time()
    pipeline.analyse(content)
    print([time.process_time() - cpu, time.perf_counter() - wall], flush=True)
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds that every photo took in one checkout, turn by turn."""

    cpu: tuple[float, ...]
    wall: tuple[float, ...]


def measure(
    checkouts: Sequence[Path], photos: Sequence[Path], pack: str, repeats: int
) -> list[Spent]:
    """Analyse every photo in every checkout, in turns, after one turn of warm-up.

    Raises:
        ValueError: a checkout is none, or its pipeline does not take the photos.
    """
    for checkout in checkouts:
        if not (checkout / "detector" / "__init__.py").is_file():
            raise ValueError(f"{checkout} is no checkout of the sources")
    spent: list[list[list[float]]] = [[] for _ in checkouts]
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker(checkout, pack)) for checkout in checkouts]
        order = list(enumerate(workers))
        for turn in range(-1, repeats):
            for photo in photos:
                order.reverse()
                for number, worker in order:
                    figures = _ask(worker, photo)
                    if turn >= 0:
                        spent[number].append(figures)
    return [
        Spent(*(tuple(1000 * each for each in column) for column in zip(*rows, strict=True)))
        for rows in spent
    ]


@contextmanager
def _worker(checkout: Path, pack: str) -> Iterator[subprocess.Popen[str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIAGA_")}
    with subprocess.Popen(
        [sys.executable, "-c", _ANALYSE, pack],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=checkout,
        env={**kept, "PYTHONPATH": str(checkout)},
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _ask(worker: subprocess.Popen[str], photo: Path) -> list[float]:
    assert worker.stdin is not None  # noqa: S101 - for the type checker
    assert worker.stdout is not None  # noqa: S101
    try:
        print(photo.resolve(), file=worker.stdin, flush=True)
        answer: list[float] = json.loads(worker.stdout.readline())
    except (BrokenPipeError, json.JSONDecodeError):
        raise ValueError(f"a checkout's pipeline does not take {photo.name}") from None
    return answer


def add_to(report: Report, spent: Sequence[Spent], against: Path) -> None:
    """Put medians and means of both, and of the photos' differences, into a report."""
    rows = []
    for kind in ("cpu", "wall"):
        ours, theirs = (getattr(each, kind) for each in spent)
        added = [one - other for one, other in zip(ours, theirs, strict=True)]
        rows += [
            (f"{kind}, {of.__name__}", *(f"{of(each):.2f}" for each in (theirs, ours, added)))
            for of in (median, mean)
        ]
    columns = ("ms a photo", against.name, HERE.name, "added")
    report.grids.append(Grid(f"{len(spent[0].cpu):,} photos in turns", columns, tuple(rows)))
    report.figures["photo"] = [{"cpu": each.cpu, "wall": each.wall} for each in spent]
