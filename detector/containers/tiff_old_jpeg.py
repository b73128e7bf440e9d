"""JPEG in TIFF's older style (TIFF 6.0, section 22), which the standard gave up later.

Either one whole JPEG lies somewhere in the file: that is the picture, and the TIFF only says where.
Or its tables and its scan lie apart, the latter in strips: these are put together to a JPEG.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import IntEnum
from math import ceil
from typing import Final

from detector.containers.base import (
    VARIANT,
    Header,
    PhotoFormat,
    accept,
    check,
    check_within,
    held_at,
)
from detector.containers.jpeg import read_jpeg
from detector.errors import UnreadablePhoto, UnsupportedFormat

__all__ = ["OLD_TAGS", "read_old_jpeg"]

KIND: Final = PhotoFormat.TIFF


class Tag(IntEnum):
    """What is read of the directory."""

    WIDTH = 256
    HEIGHT = 257
    PHOTOMETRIC = 262
    STRIP_OFFSETS = 273
    SAMPLES = 277
    ROWS_PER_STRIP = 278
    STRIP_BYTES = 279
    PLANAR = 284
    PROCESS = 512
    JPEG_AT = 513
    RESTART_INTERVAL = 515
    QUANTISATION = 519
    DC_TABLES = 520
    AC_TABLES = 521
    YCBCR_SUBSAMPLING = 530


OLD_TAGS: Final = frozenset(range(Tag.PROCESS, Tag.AC_TABLES + 1))
"""Tags that this style alone has."""
JPEG_START: Final = b"\xff\xd8\xff"
BASELINE: Final = 1
# Photometric to the names of the channels, by which a JPEG's decoder tells RGB from YCbCr.
CHANNELS: Final = {1: b"\1", 2: b"RGB", 6: b"\1\2\3"}
RGB, YCBCR = 2, 6
HALVED: Final = (2, 2)  # the subsampling of YCbCr where none is given
FACTORS: Final = (1, 2, 4)
BLOCK: Final = 8
QUANTISERS, LENGTHS, MOST_CODES = 64, 16, 256  # bytes of a table; of codes there are as many
MAX_MCUS: Final = 0xFFFF  # between two restarts


def read_old_jpeg(data: bytes, tags: Mapping[int, tuple[int, ...]]) -> Header:
    """Return the header of the one JPEG that the file holds, whole or in parts."""
    width, height = _first(tags, Tag.WIDTH), _first(tags, Tag.HEIGHT)
    for at in (*tags.get(Tag.JPEG_AT, ())[:1], *tags.get(Tag.STRIP_OFFSETS, ())[:1]):
        if data[at : at + len(JPEG_START)] != JPEG_START:
            continue
        try:
            header = read_jpeg(data[at:])
        except UnreadablePhoto:  # tables alone, and the scans elsewhere
            continue
        check((header.width, header.height) == (width, height), KIND)
        return held_at(header, at, KIND)
    if not {Tag.QUANTISATION, Tag.DC_TABLES, Tag.AC_TABLES} <= tags.keys():
        raise UnsupportedFormat(VARIANT.format(KIND.label, "JPEG in an outdated way"))
    jpeg = b"".join(_put_together(data, tags, width, height))
    header = read_jpeg(jpeg)
    core = b"".join(
        piece if isinstance(piece, bytes) else jpeg[slice(*piece)] for piece in header.core
    )
    return held_at(replace(header, core=(core,)), 0, KIND)


def _put_together(
    data: bytes, tags: Mapping[int, tuple[int, ...]], width: int, height: int
) -> Iterator[bytes]:
    photometric = _first(tags, Tag.PHOTOMETRIC)
    accept(_first(tags, Tag.PROCESS, BASELINE) == BASELINE, KIND, "lossless JPEG")
    accept(photometric in CHANNELS, KIND, "JPEG with unusual samples")
    names = CHANNELS[photometric]
    accept(len(names) == 1 or _first(tags, Tag.PLANAR, 1) == 1, KIND, "separate planes")
    check(_first(tags, Tag.SAMPLES, len(names)) == len(names), KIND)
    check(0 < width <= 0xFFFF and 0 < height <= 0xFFFF, KIND)
    across, down = (1, 1)
    if photometric == YCBCR:
        given = tags.get(Tag.YCBCR_SUBSAMPLING, HALVED)
        check(len(given) == 2 and set(given) <= set(FACTORS), KIND)
        across, down = given
    yield JPEG_START[:2]
    for channel in range(len(names)):
        at = _place(tags, Tag.QUANTISATION, channel)
        check_within(at + QUANTISERS, len(data))
        yield _segment(0xDB, bytes([channel]) + data[at : at + QUANTISERS])
        for kind, tag in enumerate((Tag.DC_TABLES, Tag.AC_TABLES)):
            at = _place(tags, tag, channel)
            check_within(at + LENGTHS, len(data))
            codes = sum(data[at : at + LENGTHS])
            check(codes <= MOST_CODES, KIND)
            check_within(at + LENGTHS + codes, len(data))
            table = data[at : at + LENGTHS + codes]
            yield _segment(0xC4, bytes([kind << 4 | channel]) + table)
    shapes = [across << 4 | down, 0x11, 0x11]
    frame = b"".join(bytes([name, shapes[at], at]) for at, name in enumerate(names))
    size = height.to_bytes(2) + width.to_bytes(2)
    yield _segment(0xC0, b"\x08" + size + bytes([len(names)]) + frame)
    strips, restart = _strips(data, tags, (width, height), (across * BLOCK, down * BLOCK))
    if restart:
        yield _segment(0xDD, restart.to_bytes(2))
    coded = b"".join(bytes([name, at << 4 | at]) for at, name in enumerate(names))
    yield _segment(0xDA, bytes([len(names)]) + coded + b"\x00\x3f\x00")
    for number, strip in enumerate(strips):
        yield strip
        last = number == len(strips) - 1
        yield b"\xff\xd9" if last else bytes([0xFF, 0xD0 + number % 8])


def _strips(
    data: bytes,
    tags: Mapping[int, tuple[int, ...]],
    size: tuple[int, int],
    unit: tuple[int, int],
) -> tuple[list[bytes], int]:
    """Return the strips, without the marker that may end each, and the restart interval.

    Each strip is decoded as after a restart; so a restart has to come where a strip ends.
    """
    offsets, counts = tags.get(Tag.STRIP_OFFSETS, ()), tags.get(Tag.STRIP_BYTES, ())
    rows = min(_first(tags, Tag.ROWS_PER_STRIP, size[1]), size[1])
    check(rows > 0 and len(offsets) == len(counts) == ceil(size[1] / rows), KIND)
    check(sum(counts) <= len(data), KIND)  # strips that overlap would be copied again and again
    strips = []
    for offset, count in zip(offsets, counts, strict=True):
        check_within(offset + count, len(data))
        strip = data[offset : offset + count]
        if len(strip) > 1 and strip[-2] == 0xFF and 0xD0 <= strip[-1] <= 0xD9:
            strip = strip[:-2]
        strips.append(strip)
    restart = _first(tags, Tag.RESTART_INTERVAL)
    if len(strips) > 1:
        check(rows % unit[1] == 0, KIND)
        each = ceil(size[0] / unit[0]) * (rows // unit[1])
        accept(restart in (0, each), KIND, "JPEG in an outdated way")
        restart = each
    check(restart <= MAX_MCUS, KIND)
    return strips, restart


def _place(tags: Mapping[int, tuple[int, ...]], tag: Tag, channel: int) -> int:
    check(len(tags[tag]) > channel, KIND)
    return tags[tag][channel]


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (2 + len(content)).to_bytes(2) + content


def _first(tags: Mapping[int, tuple[int, ...]], tag: Tag, default: int = 0) -> int:
    return tags.get(tag, (default,))[0]
