"""JPEG 2000 (ISO/IEC 15444-1), as passport chips carry it: a codestream, bare or in JP2 boxes.

The picture is the codestream; the boxes around it only decide whether its colours are ordinary.
OpenJPEG walks every packet a header promises, even those that hold nothing, so packets are counted
here before it sees any.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, prod
from typing import Final

from detector.containers.base import (
    CUT_SHORT,
    MAX_SEGMENTS,
    UPRIGHT,
    Header,
    PhotoFormat,
    accept,
    check,
    check_within,
    malformed,
    unpack,
)
from detector.errors import UnreadablePhoto

__all__ = ["read_codestream", "read_jp2"]

KIND: Final = PhotoFormat.JPEG_2000

MAX_TILES: Final = 4_096
MAX_TILE_PARTS: Final = MAX_TILES * 4
MAX_PACKETS: Final = 1_000_000  # tiles x layers x components x precincts, all walked if empty

START: Final = b"\xff\x4f\xff\x51"  # SOC, then SIZ, which has to come next
COD, QCD, QCC, RGN = 0xFF52, 0xFF5C, 0xFF5D, 0xFF5E
TLM, PLM, PLT, CRG, COM = 0xFF55, 0xFF57, 0xFF58, 0xFF63, 0xFF64
SOT, SOD, EOC = 0xFF90, 0xFF93, 0xFFD9
# Quantisation, comments, lengths and registration. Whatever changes how the packets are counted
# (COC, POC, packed headers, part 2 and part 15 extensions) is left out: chips carry none of it.
IN_MAIN_HEADER: Final = frozenset({COD, QCD, QCC, RGN, TLM, PLM, CRG, COM})
IN_TILE_PART: Final = frozenset({QCD, QCC, RGN, PLT, COM})
ENUMERATED: Final = 1  # a colour space given by its number
COLOURS: Final = (16, 17)  # sRGB, greyscale
LARGEST_PRECINCT: Final = 0xFF  # exponents 15 and 15: what holds where none is given


@dataclass(frozen=True, slots=True)
class _Size:
    width: int
    height: int
    tile_width: int
    tile_height: int
    channels: int
    bits: int
    stop: int  # where the marker segment ends


def read_jp2(data: bytes) -> Header:
    """Read the boxes up to the first codestream, then that codestream."""
    for name, start, stop in _boxes(data, 0, len(data)):
        if name == b"jp2h":
            _check_colours(data, start, stop)
        elif name == b"jp2c":
            return read_codestream(data, start, stop)
    raise UnreadablePhoto(CUT_SHORT)


def read_codestream(data: bytes, start: int = 0, stop: int | None = None) -> Header:
    """Read the codestream in data[start:stop]: all its headers, none of its packets."""
    stop = len(data) if stop is None else stop
    size = _size(data, start)
    header = Header(
        KIND, size.width, size.height, UPRIGHT, size.channels, size.bits, core=((start, stop),)
    )
    first_tile_part = _walk_main_header(data, size)
    _walk_tile_parts(data, first_tile_part, stop)
    return header


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, content start, content stop) of the boxes in data[at:end]."""
    for _ in range(MAX_SEGMENTS):
        if at >= end:
            return
        (length,) = unpack(">I", data, at)
        name, content = data[at + 4 : at + 8], at + 8
        if length == 1:  # too long for 32 bits
            (length,) = unpack(">Q", data, at + 8)
            content = at + 16
        stop = at + length if length else end  # none: to the end
        check(stop > content, KIND)
        check_within(stop, end)
        yield name, content, stop
        at = stop


def _check_colours(data: bytes, start: int, stop: int) -> None:
    for name, at, _ in _boxes(data, start, stop):
        accept(name != b"pclr", KIND, "a palette")
        if name == b"colr" and data[at] == ENUMERATED:
            (colour,) = unpack(">I", data, at + 3)
            accept(colour in COLOURS, KIND, "an unusual colour space")


def _size(data: bytes, start: int) -> _Size:
    """Read SIZ: one grid from the origin, every component of the same depth on all of it."""
    check(data[start : start + 4] == START, KIND)
    length, _, x1, y1, x0, y0, tile_w, tile_h, tile_x, tile_y, channels = unpack(
        ">HH8IH", data, start + 4
    )
    check(length == 38 + 3 * channels and tile_w > 0 and tile_h > 0, KIND)
    accept((x0, y0, tile_x, tile_y) == (0, 0, 0, 0), KIND, "an offset origin")
    accept(1 <= channels <= 4, KIND, f"{channels} components")
    shapes = {data[at : at + 3] for at in range(start + 42, start + 42 + 3 * channels, 3)}
    depth, *steps = shapes.pop().ljust(3, b"\0")  # depth is one less than the bits
    accept(not shapes and steps == [1, 1], KIND, "subsampled components")
    accept(7 <= depth <= 15, KIND, "signed samples, or fewer than 8 or more than 16 bits")
    return _Size(x1, y1, tile_w, tile_h, channels, depth + 1, stop=start + 4 + length)


def _walk_main_header(data: bytes, size: _Size) -> int:
    """Count the packets that the coding style asks for; return where the first tile-part is."""
    tiles = ceil(size.width / size.tile_width) * ceil(size.height / size.tile_height)
    check(tiles <= MAX_TILES, KIND)
    tile = (min(size.tile_width, size.width), min(size.tile_height, size.height))
    at = size.stop
    for _ in range(MAX_SEGMENTS):
        marker, length = unpack(">HH", data, at)
        if marker == SOT:
            break
        accept(marker in IN_MAIN_HEADER, KIND, "an unusual coding option")
        if marker == COD:
            packets = tiles * size.channels * _packets(data, at, *tile)
            check(packets <= MAX_PACKETS, KIND)
        at += 2 + max(length, 2)
    return at


def _packets(data: bytes, at: int, width: int, height: int) -> int:
    """Return the packets of one tile-component (Annex B): layers x precincts of all resolutions."""
    style, _, layers, _, levels = unpack(">BBHBB", data, at + 4)
    check(levels <= 32 and layers > 0, KIND)
    custom = style & 1
    resolutions = levels + 1
    given = unpack(f"{resolutions}B", data, at + 14) if custom else ()
    precincts = 0
    for resolution, size in enumerate(given or (LARGEST_PRECINCT,) * resolutions):
        shift = levels - resolution
        sides = ((width >> shift, size & 15), (height >> shift, size >> 4))
        precincts += prod((side >> exponent) + 2 for side, exponent in sides)  # 2: both edges
    return layers * precincts


def _walk_tile_parts(data: bytes, at: int, stop: int) -> None:
    """Check the tile-parts: each whole, and none changing the coding style of the main header."""
    for _ in range(MAX_TILE_PARTS):
        if at >= stop:
            return
        (marker,) = unpack(">H", data, at)
        if marker == EOC:
            return
        check(marker == SOT, KIND)
        (length,) = unpack(">I", data, at + 6)
        end = at + length if length else stop  # none: to the end
        check(end >= at + 14, KIND)
        check_within(end, stop)
        _walk_tile_part_header(data, at + 12)
        at = end
    raise malformed(KIND)


def _walk_tile_part_header(data: bytes, at: int) -> None:
    for _ in range(MAX_SEGMENTS):
        marker, length = unpack(">HH", data, at)
        if marker == SOD:
            return
        accept(marker in IN_TILE_PART, KIND, "an unusual coding option")
        at += 2 + max(length, 2)
