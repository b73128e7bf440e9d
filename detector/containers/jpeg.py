"""JPEG (ITU-T T.81): segments up to the end-of-image marker.

The picture is its frame, tables and scans. Comments and APPn segments are left out, except JFIF's
(APP0) and Adobe's (APP14), which say how the colours are stored.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final

from detector.containers.base import (
    CUT_SHORT,
    MAX_SEGMENTS,
    UPRIGHT,
    Header,
    PhotoFormat,
    Piece,
    accept,
    check,
    check_within,
    malformed,
    unpack,
)
from detector.containers.exif import exif_orientation
from detector.errors import UnreadablePhoto

__all__ = ["read_jpeg"]

KIND: Final = PhotoFormat.JPEG

MAX_SCANS: Final = 100  # libtiff's cap for the JPEGs inside TIFFs; encoders write 10 to 16
MAX_SCAN_PIXELS: Final = 1_000_000_000  # scans x pixels: each scan of a JPEG visits every block

MARKER: Final = re.compile(rb"\xff[^\x00\xff]")
SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # stuffing and restarts go on
WINDOW: Final = 256 * 1024  # bytes searched at once: nobody else of the process runs meanwhile
DHT, EOI, SOS, DQT, DRI, JPG = 0xC4, 0xD9, 0xDA, 0xDB, 0xDD, 0xC8
JFIF, EXIF, ADOBE, COMMENT = 0xE0, 0xE1, 0xEE, 0xFE
SEQUENTIAL: Final = (0xC0, 0xC1)
FRAMES: Final = (*SEQUENTIAL, 0xC2)  # Huffman: baseline, extended, progressive
# Lossless, hierarchical and arithmetic frames, and the tables of the arithmetic ones.
OTHER_FRAMES: Final = frozenset(range(0xC3, 0xD0)) - {DHT, JPG}
KEPT: Final = frozenset({*FRAMES, DHT, DQT, DRI, JFIF, ADOBE, SOS})
DROPPED: Final = frozenset(range(0xE1, 0xF0)) - {ADOBE} | {COMMENT}


@dataclass(frozen=True, slots=True)
class _Frame:
    width: int
    height: int
    channels: int
    blocks: int  # of 8 x 8 samples, over all channels
    least_bits_per_block: int


def read_jpeg(data: bytes) -> Header:
    """Read the frame and count the scans; too little scan data for the frame is a cut file."""
    frame: _Frame | None = None
    orientation: int | None = None
    scans, scan_bytes, kept_from, end = 0, 0, 0, 2
    core: list[Piece] = []
    for marker, start, stop in _segments(data):
        end = stop
        if marker in FRAMES:
            check(frame is None, KIND)
            frame = _frame(data, start)
        elif marker == SOS:
            scans += 1
            scan_bytes += stop - start
        elif marker in DROPPED:
            core.append((kept_from, start))
            kept_from = stop
            # XMP shares EXIF's marker. Of several EXIF segments, the first counts.
            if marker == EXIF and orientation is None and data[start + 4 : start + 8] == b"Exif":
                orientation = exif_orientation(data[start + 4 : stop])
    core.append((kept_from, end))
    if frame is None or not scans:
        raise UnreadablePhoto(CUT_SHORT)
    width, height = frame.width, frame.height
    check(scans <= MAX_SCANS and (scans == 1 or scans * width * height <= MAX_SCAN_PIXELS), KIND)
    if scan_bytes * 8 < frame.blocks * frame.least_bits_per_block:
        raise UnreadablePhoto(CUT_SHORT)
    turn = orientation or UPRIGHT
    return Header(KIND, width, height, turn, frame.channels, 8, scans=scans, core=tuple(core))


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, stop) up to the end-of-image marker; a scan's stop is its data's."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        start = _find(MARKER, data, at)
        marker = data[start + 1]
        if marker == EOI:
            yield marker, start, start + 2
            return
        accept(marker not in OTHER_FRAMES, KIND, "arithmetic or lossless coding")
        check(marker in KEPT or marker in DROPPED, KIND)
        (length,) = unpack(">H", data, start + 2)
        check(length >= 2, KIND)
        stop = start + 2 + length
        if marker == SOS:
            stop = _find(SCAN_END, data, stop)
        check_within(stop, len(data))
        yield marker, start, stop
        at = stop
    raise malformed(KIND)


def _find(two_bytes: re.Pattern[bytes], data: bytes, at: int) -> int:
    """Return where the next match begins; raises UnreadablePhoto where there is none."""
    for begin in range(at, len(data), WINDOW):
        if (found := two_bytes.search(data, begin, begin + WINDOW + 1)) is not None:
            return found.start()
    raise UnreadablePhoto(CUT_SHORT)


def _frame(data: bytes, start: int) -> _Frame:
    length, bits, height, width, channels = unpack(">HBHHB", data, start + 2)
    accept(bits == 8, KIND, f"{bits} bits a sample")
    check(channels in (1, 3, 4) and length == 8 + 3 * channels, KIND)
    # How many samples each channel has, across and down, in one unit of the picture.
    factors = [divmod(data[start + 11 + 3 * channel], 16) for channel in range(channels)]
    check(all(1 <= side <= 4 for factor in factors for side in factor), KIND)
    across, down = (max(sides) for sides in zip(*factors, strict=True))
    blocks = sum(
        ceil(ceil(width * h / across) / 8) * ceil(ceil(height * v / down) / 8) for h, v in factors
    )
    # A sequential block is at least a DC code and an end-of-block code; a progressive one may share
    # its end-of-block with its neighbours, but not its DC code.
    least = 2 if data[start + 1] in SEQUENTIAL else 1
    return _Frame(width, height, channels, blocks, least)
