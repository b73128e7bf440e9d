"""TIFF (6.0): the first page's directory, and the strips or tiles it points to.

The directory is rewritten in its own place with only the tags a decoder needs, and with no next
page; offsets elsewhere in the file stay true.

A JPEG may be inside. In the newer style each strip or tile is one, with its tables kept apart: each
is read as a JPEG of its own before libtiff sees it. `tiff_old_jpeg` has the older style.
"""

import struct
from dataclasses import replace
from enum import IntEnum
from math import ceil
from typing import Final, TypeAlias

from detector.containers.base import (
    CUT_SHORT,
    Header,
    PhotoFormat,
    accept,
    check,
    check_within,
    unpack,
)
from detector.containers.exif import MAX_TAGS, exif_orientation
from detector.containers.jpeg import MAX_SCAN_PIXELS, read_jpeg
from detector.containers.tiff_old_jpeg import OLD_TAGS, read_old_jpeg
from detector.errors import UnreadablePhoto

__all__ = ["read_tiff"]

Tags: TypeAlias = dict[int, tuple[int, ...]]

KIND: Final = PhotoFormat.TIFF

MAX_BLOCKS: Final = 65_536  # strips or tiles of a TIFF: libtiff sets itself up again for each
MAX_JPEGS: Final = 4_096  # strips or tiles that are JPEGs, each of which is read here first
MAX_JPEG_TABLES: Final = 65_536  # bytes; four tables of each kind are under 3,000
MAX_TILE_SIDE: Final = 4_096  # of a TIFF whose tiles are larger than its picture


class Tag(IntEnum):
    """What the decoder needs. Every other tag is left out of the directory."""

    WIDTH = 256
    HEIGHT = 257
    BITS = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    FILL_ORDER = 266
    STRIP_OFFSETS = 273
    SAMPLES = 277
    ROWS_PER_STRIP = 278
    STRIP_BYTES = 279
    PLANAR = 284
    FAX_3_OPTIONS = 292
    FAX_4_OPTIONS = 293
    PREDICTOR = 317
    COLOUR_MAP = 320
    TILE_WIDTH = 322
    TILE_HEIGHT = 323
    TILE_OFFSETS = 324
    TILE_BYTES = 325
    INK_SET = 332
    EXTRA_SAMPLES = 338
    SAMPLE_FORMAT = 339
    JPEG_TABLES = 347
    YCBCR_COEFFICIENTS = 529
    YCBCR_SUBSAMPLING = 530
    YCBCR_POSITIONING = 531
    REFERENCE_BLACK_WHITE = 532


KEPT: Final = frozenset(int(tag) for tag in Tag)
ENTRY_BYTES: Final = 12  # tag, type, number of values, and the values or where they are
LONG: Final = 4
TYPES: Final = {1: "B", 3: "H", LONG: "I", 5: "2I", 7: "B"}  # byte, short, long, rational, any
OLD_JPEG, NEW_JPEG = 6, 7
JPEG_START: Final = b"\xff\xd8\xff"
# None, three fax encodings, LZW, JPEG, Deflate (two numbers), PackBits.
COMPRESSIONS: Final = (1, 2, 3, 4, 5, NEW_JPEG, 8, 32946, 32773)
RGB: Final = 2
# (bits a sample, photometric, samples a pixel); photometric 0 and 1 grey, 2 RGB, 3 palette, 5 CMYK,
# 6 YCbCr. Grey's second sample, alpha, is ignored by the decoder.
LAYOUTS: Final = frozenset(
    {(1, 0, 1), (1, 1, 1), (4, 3, 1), (8, 0, 1), (8, 1, 1), (8, 0, 2), (8, 1, 2), (8, 2, 3)}
    | {(8, 2, 4), (8, 3, 1), (8, 5, 4), (8, 6, 3), (16, 1, 1), (16, 2, 3)}
)
INTERLEAVED, SEPARATE = 1, 2  # the samples of a pixel: together, or a plane for each
ALL_ROWS: Final = 0xFFFFFFFF


def read_tiff(data: bytes) -> Header:
    """Read the first page; of a file with several, the others are left out."""
    order = "<" if data[:2] == b"II" else ">"
    (at,) = unpack(f"{order}I", data, 4)
    (count,) = unpack(f"{order}H", data, at)
    check(at >= 8 and 0 < count <= MAX_TAGS, KIND)
    stop = at + 2 + ENTRY_BYTES * count + 4  # the last four say where the next page is
    check_within(stop, len(data))
    tags: Tags = {}
    entries: dict[int, bytes] = {}
    older: dict[int, int] = {}
    for entry in range(at + 2, stop - 4, ENTRY_BYTES):
        (tag,) = unpack(f"{order}H", data, entry)
        if tag in KEPT:
            check(tag not in tags, KIND)
            tags[tag] = _values(data, entry, order)
            entries[tag] = data[entry : entry + ENTRY_BYTES]
        elif tag in OLD_TAGS:
            older[tag] = entry
    if tags.get(Tag.COMPRESSION) == (OLD_JPEG,):
        tags |= {tag: _values(data, entry, order) for tag, entry in older.items()}
        return replace(read_old_jpeg(data, tags), orientation=exif_orientation(data))
    width, height = _first(tags, Tag.WIDTH), _first(tags, Tag.HEIGHT)
    samples, bits = _first(tags, Tag.SAMPLES, 1), _first(tags, Tag.BITS, 1)
    header = Header(KIND, width, height, exif_orientation(data), samples, bits)
    _check_layout(tags, bits, samples)
    _check_blocks(tags, width, height, data)
    if _first(tags, Tag.ROWS_PER_STRIP, 1) > height:  # the decoder would make room for them all
        entries[Tag.ROWS_PER_STRIP] = struct.pack(
            f"{order}HHII", Tag.ROWS_PER_STRIP, LONG, 1, height
        )
    directory = struct.pack(f"{order}H", len(entries)) + b"".join(entries.values())
    core = ((0, at), directory.ljust(stop - at, b"\0"), (stop, len(data)))
    return replace(header, core=core)


def _values(data: bytes, entry: int, order: str) -> tuple[int, ...]:
    """Return an entry's values: inside it when four bytes hold them, else where it points."""
    _, typed, count, at = unpack(f"{order}HHII", data, entry)
    code = TYPES.get(typed, "")
    check(bool(code) and 0 < count <= MAX_BLOCKS * 2, KIND)
    layout = f"{order}{count * int(code[:-1] or 1)}{code[-1]}"
    return unpack(layout, data, entry + 8 if struct.calcsize(layout) <= 4 else at)


def _first(tags: Tags, tag: Tag, default: int = 0) -> int:
    return tags.get(tag, (default,))[0]


def _check_layout(tags: Tags, bits: int, samples: int) -> None:
    """Check that the samples are of a kind, depth and number that the decoder reads faithfully."""
    check(Tag.PHOTOMETRIC in tags and set(tags.get(Tag.BITS, ())) <= {bits}, KIND)
    photometric = _first(tags, Tag.PHOTOMETRIC)
    coding = _first(tags, Tag.COMPRESSION, 1)
    accept(coding in COMPRESSIONS, KIND, f"compression {coding}")
    accept((bits, photometric, samples) in LAYOUTS, KIND, "unusual samples")
    # A fourth sample of unknown meaning would be taken for alpha.
    alpha = tags.get(Tag.EXTRA_SAMPLES) in {(1,), (2,)}
    accept(samples != 4 or photometric != RGB or alpha, KIND, "unusual samples")
    accept(set(tags.get(Tag.SAMPLE_FORMAT, ())) <= {1}, KIND, "signed or floating-point samples")
    accept(_first(tags, Tag.PREDICTOR, 1) in (1, 2), KIND, "an unusual predictor")
    planar = _first(tags, Tag.PLANAR, INTERLEAVED)
    simple = Tag.TILE_WIDTH not in tags and bits == 8  # strips of bytes
    apart = planar == SEPARATE and simple
    accept(planar == INTERLEAVED or samples == 1 or apart, KIND, "separate planes")


def _check_blocks(tags: Tags, width: int, height: int, data: bytes) -> None:
    """Check that the strips or tiles are few, no larger than the picture, and in the file."""
    tiled = Tag.TILE_WIDTH in tags or Tag.TILE_HEIGHT in tags
    if tiled:
        across, down = _first(tags, Tag.TILE_WIDTH), _first(tags, Tag.TILE_HEIGHT)
        check(0 < across <= max(width + 15, MAX_TILE_SIDE), KIND)
        check(0 < down <= max(height + 15, MAX_TILE_SIDE), KIND)
    else:
        across, down = width, min(_first(tags, Tag.ROWS_PER_STRIP, ALL_ROWS), height)
        check(down > 0, KIND)
    offsets = tags.get(Tag.TILE_OFFSETS if tiled else Tag.STRIP_OFFSETS, ())
    counts = tags.get(Tag.TILE_BYTES if tiled else Tag.STRIP_BYTES, ())
    separate = _first(tags, Tag.PLANAR, INTERLEAVED) == SEPARATE
    planes = _first(tags, Tag.SAMPLES, 1) if separate else 1
    blocks = ceil(width / across) * ceil(height / down) * planes
    check(blocks <= MAX_BLOCKS and len(offsets) == len(counts) == blocks, KIND)
    for offset, count in zip(offsets, counts, strict=True):
        check_within(offset + count, len(data))
    if _first(tags, Tag.COMPRESSION, 1) == NEW_JPEG:
        check(blocks <= MAX_JPEGS and len(tags.get(Tag.JPEG_TABLES, ())) <= MAX_JPEG_TABLES, KIND)
        scan_pixels = sum(
            _scan_pixels(data[offset : offset + count], across, down, tiled=tiled)
            for offset, count in zip(offsets, counts, strict=True)
        )
        check(scan_pixels <= MAX_SCAN_PIXELS, KIND)


def _scan_pixels(block: bytes, across: int, down: int, *, tiled: bool) -> int:
    """Return scans times pixels of a strip or tile, which is a whole JPEG of the size it must be.

    The last strip may be lower.
    """
    check(block[:2] == JPEG_START[:2], KIND)
    header = read_jpeg(block)
    check(header.width == across, KIND)
    check(header.height == down if tiled else header.height <= down, KIND)
    if header.filler is not None:
        raise UnreadablePhoto(CUT_SHORT)
    return header.scans * header.width * header.height
