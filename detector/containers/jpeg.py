"""JPEG (ITU-T T.81): segments up to the end-of-image marker.

The picture is its frame, tables and scans. Comments and APPn segments are left out, except JFIF's
(APP0) and Adobe's (APP14), which say how the colours are stored.

A file is taken where its scans cover the whole picture; whether the last one is all there, only
decoding shows (`detector.decode`). Some cameras leave the end marker out, and some pad the file
after it, or instead of it; some senders put the marker wherever the file broke off.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from detector.errors import TooManyPixels, UnreadablePhoto

__all__ = ["read_jpeg"]

KIND: Final = PhotoFormat.JPEG

MAX_SCANS: Final = 100  # libtiff's cap for the JPEGs inside TIFFs; encoders write 10 to 16
MAX_SCAN_PIXELS: Final = 1_000_000_000  # scans x pixels: each scan of a JPEG visits every block

TOO_MANY_SCANS: Final = (
    "The photo is {} x {} pixels in {} passes, which takes too long to decode. Save it as an "
    "ordinary (not progressive) JPEG, or send a smaller one: 1 to 3 megapixels are plenty."
)

MARKER: Final = re.compile(rb"\xff[^\x00\xff]")
SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # stuffing and restarts go on
COEFFICIENT_BYTES: Final = 128  # of one block, which libjpeg keeps until the last scan
LONGEST_PATTERN: Final = 64  # bytes of what a file is padded with, again and again
LEAST_FILLER: Final = 8  # fewer bytes that repeat are a scan's own as likely as not
END: Final = b"\xff\xd9"
TABLES_BYTES: Final = 4 * (1 + 128)  # of quantisation tables: a decoder keeps four
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
    ids: bytes  # of the channels, as the scans name them
    blocks: int  # of 8 x 8 samples, over all channels
    table: int  # the quantisation table of the first channel, which mostly is brightness
    progressive: bool


def read_jpeg(data: bytes) -> Header:
    """Read the frame and count the scans; too little scan data for the frame is a cut file."""
    frame: _Frame | None = None
    orientation: int | None = None
    scan_bytes, kept_from, end = 0, 0, 2
    scans: list[bytes] = []
    tables: dict[int, float] = {}
    marker = 0
    core: list[Piece] = []
    for marker, start, stop in _segments(data):
        end = stop
        if marker in FRAMES:
            check(frame is None, KIND)
            frame = _frame(data, start)
        elif marker == SOS:
            scans.append(data[start + 4 : start + 2 + int.from_bytes(data[start + 2 : start + 4])])
            scan_bytes += stop - start
        elif marker == DQT:
            tables |= _mean_steps(data[start + 4 : min(stop, start + 4 + TABLES_BYTES)])
        elif marker in DROPPED:
            core.append((kept_from, start))
            kept_from = stop
            # XMP shares EXIF's marker. Of several EXIF segments, the first counts.
            if marker == EXIF and orientation is None and data[start + 4 : start + 8] == b"Exif":
                orientation = exif_orientation(data[start + 4 : stop])
    core.append((kept_from, end))
    if frame is None or not scans:
        raise UnreadablePhoto(CUT_SHORT)
    passes = len(scans)
    check(passes <= MAX_SCANS, KIND)
    if passes > 1 and passes * frame.width * frame.height > MAX_SCAN_PIXELS:
        raise TooManyPixels(TOO_MANY_SCANS.format(frame.width, frame.height, passes))
    # A sequential block is at least a DC code and an end-of-block code; a progressive one may share
    # its end-of-block with its neighbours, but not its DC code.
    if scan_bytes * 8 < frame.blocks * (1 if frame.progressive else 2):
        raise UnreadablePhoto(CUT_SHORT)
    several = frame.progressive or passes > 1
    header = Header(
        KIND,
        frame.width,
        frame.height,
        orientation or UPRIGHT,
        frame.channels,
        8,
        scans=passes,
        core=tuple(core),
        coefficient_bytes=frame.blocks * COEFFICIENT_BYTES if several else 0,
        quantization=tables.get(frame.table, 0.0),
    )
    return _complete(header, data, frame, scans, ended=marker == EOI)


def _complete(
    header: Header, data: bytes, frame: _Frame, scans: list[bytes], *, ended: bool
) -> Header:
    """Return the header of a file that lacks no scan, and no end marker, either."""
    if not _cover(frame, scans):
        raise UnreadablePhoto(CUT_SHORT)
    return header if ended else replace(header, core=(*header.core, END), filler=_filler(data))


def _cover(frame: _Frame, scans: list[bytes]) -> bool:
    """Tell whether the scans, if each is whole, hold every coefficient to its last bit."""
    all_of_them = range(64) if frame.progressive else (0,)
    missing = {(channel, number) for channel in frame.ids for number in all_of_them}
    for scan in scans:
        count = scan[0] if scan else 0
        if len(scan) < 2 * count + 4:
            return False
        first, last, bits = scan[2 * count + 1 : 2 * count + 4]
        band = range(first, min(last, 63) + 1) if frame.progressive else all_of_them
        if not frame.progressive or bits & 15 == 0:
            channels = scan[1 : 2 * count + 1 : 2]
            missing -= {(channel, number) for channel in channels for number in band}
    return not missing


def _filler(data: bytes) -> int:
    """Return how many bytes at the end repeat one short pattern, as nothing but padding does."""
    longest = 0
    for period in range(1, LONGEST_PATTERN + 1):
        at, step = len(data), WINDOW
        while step:
            before = at - step - period
            if before >= 0 and data[before : at - period] == data[at - step : at]:
                at -= step
            else:
                step //= 2
        repeated = len(data) - at
        if repeated >= max(LEAST_FILLER, period):
            longest = max(longest, repeated + period)
    return longest


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, stop) up to the end-of-image marker; a scan's stop is its data's.

    A file that ends within a scan's data has no end-of-image marker to yield.
    """
    at = 2
    for _ in range(MAX_SEGMENTS):
        start = _search(MARKER, data, at)
        if start is None:
            raise UnreadablePhoto(CUT_SHORT)
        marker = data[start + 1]
        if marker == EOI:
            yield marker, start, start + 2
            return
        accept(marker not in OTHER_FRAMES, KIND, "arithmetic or lossless coding")
        check(marker in KEPT or marker in DROPPED, KIND)
        (length,) = unpack(">H", data, start + 2)
        check(length >= 2, KIND)
        stop = start + 2 + length
        check_within(stop, len(data))
        if marker == SOS:
            found = _search(SCAN_END, data, stop)
            stop = len(data) if found is None else found
        yield marker, start, stop
        if stop == len(data) and marker == SOS:
            return
        at = stop
    raise malformed(KIND)


def _search(two_bytes: re.Pattern[bytes], data: bytes, at: int) -> int | None:
    """Return where the next match begins."""
    for begin in range(at, len(data), WINDOW):
        if (found := two_bytes.search(data, begin, begin + WINDOW + 1)) is not None:
            return found.start()
    return None


def _mean_steps(segment: bytes) -> dict[int, float]:
    """Return the mean step of each whole table that a segment defines, by its number."""
    found: dict[int, float] = {}
    while segment:
        deep, number = divmod(segment[0], 16)
        kind = ">64H" if deep else ">64B"
        if len(segment) <= (size := struct.calcsize(kind)):
            break
        found[number] = sum(struct.unpack_from(kind, segment, 1)) / 64
        segment = segment[1 + size :]
    return found


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
    table = data[start + 12]
    ids = bytes(data[start + 10 + 3 * channel] for channel in range(channels))
    return _Frame(width, height, channels, ids, blocks, table, data[start + 1] not in SEQUENTIAL)
