"""JPEG 2000 (ISO/IEC 15444-1), as passport chips carry it: a codestream, bare or in JP2 boxes.

The picture is the codestream, with the boxes that say what its colours are. OpenJPEG walks every
packet a header promises, even those that hold nothing, so packets are counted here before it sees
any.

OpenCV reads what has components of one size from the origin, in grey or RGB. What else cameras,
chips and the standard's own test files have (brightness and colour differences, a palette,
subsampled or signed components, a grid that begins elsewhere) is `unusual`, and Pillow's to decode.
"""

from dataclasses import dataclass, replace
from math import ceil, prod
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
from detector.containers.boxes import boxes
from detector.errors import UnreadablePhoto

__all__ = ["read_codestream", "read_jp2"]

KIND: Final = PhotoFormat.JPEG_2000

MAX_TILES: Final = 4_096
MAX_TILE_PARTS: Final = MAX_TILES * 4
MAX_PACKETS: Final = 1_000_000  # tiles x layers x components x precincts, all walked if empty

START: Final = b"\xff\x4f\xff\x51"  # SOC, then SIZ, which has to come next
COD, COC, QCD, QCC, RGN, POC = 0xFF52, 0xFF53, 0xFF5C, 0xFF5D, 0xFF5E, 0xFF5F
TLM, PLM, PLT, CRG, COM = 0xFF55, 0xFF57, 0xFF58, 0xFF63, 0xFF64
PPM, PPT = 0xFF60, 0xFF61
SOT, SOD, EOC = 0xFF90, 0xFF93, 0xFFD9
END: Final = b"\xff\xd9"
# Coding styles and orders, quantisation, comments, lengths, registration and packed packet headers.
# The extensions of parts 2 and 15 are left out: chips carry none of them.
IN_MAIN_HEADER: Final = frozenset({COD, COC, QCD, QCC, RGN, POC, TLM, PLM, PPM, CRG, COM})
IN_TILE_PART: Final = frozenset({COD, COC, QCD, QCC, RGN, POC, PLT, PPT, COM})
POC_BYTES: Final = 7  # one change of the order of progression, of fewer than 257 components
ENUMERATED: Final = 1  # a colour space given by its number
CMYK, SRGB, GREY, SYCC = 12, 16, 17, 18
COLOURS: Final = (CMYK, SRGB, GREY, SYCC)
JP2_START: Final = b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 "
# The colour and palette boxes that Pillow reads; resolution and other descriptions are left out.
KEPT_BOXES: Final = frozenset({b"ihdr", b"bpcc", b"colr", b"pclr", b"cmap", b"cdef"})
MAX_PALETTE: Final = 1_024  # entries, as the standard has it
# Steps across and down from one sample of a component to the next: whole, and half either way.
STEPS: Final = frozenset({(1, 1), (2, 1), (1, 2), (2, 2)})
LARGEST_PRECINCT: Final = 0xFF  # exponents 15 and 15: what holds where none is given


@dataclass(frozen=True, slots=True)
class _Size:
    """What SIZ says: the picture and its tiles on the reference grid."""

    x0: int
    y0: int
    x1: int
    y1: int
    tile_width: int
    tile_height: int
    tiles: int
    depths: tuple[int, ...]  # bits of each component
    steps: tuple[tuple[int, int], ...]  # of each component, across and down
    signed: bool
    stop: int  # where the marker segment ends

    @property
    def ordinary(self) -> bool:
        """Whether every component has the same shape, from the origin on."""
        plain = not self.signed and len(set(self.depths)) == 1 and self.depths[0] >= 8
        return plain and not (self.x0 or self.y0) and set(self.steps) == {(1, 1)}


def read_jp2(data: bytes) -> Header:
    """Read the boxes up to the first codestream, then that codestream."""
    kept: list[tuple[int, int]] = []
    colour, palette = None, False
    for name, start, stop in boxes(data, 0, len(data), KIND):
        if name == b"jp2h":
            kept, colour, palette = _colours(data, start, stop)
        elif name == b"jp2c":
            header = read_codestream(data, start, stop)
            cmyk = colour == CMYK and header.channels == 4
            if not (header.unusual or palette or colour == SYCC or cmyk):
                return header
            check(_agree(data, kept, header), KIND)
            return replace(header, core=_rebuilt(kept, header.core), unusual=True)
    raise UnreadablePhoto(CUT_SHORT)


def read_codestream(data: bytes, start: int = 0, stop: int | None = None) -> Header:
    """Read the codestream in data[start:stop]: all its headers, none of its packets."""
    stop = len(data) if stop is None else stop
    size = _size(data, start)
    header = Header(
        KIND,
        size.x1 - size.x0,
        size.y1 - size.y0,
        UPRIGHT,
        len(size.depths),
        max(size.depths),
        core=((start, stop),),
        unusual=not size.ordinary,
    )
    styles = _Styles(size)
    first_tile_part = _walk_main_header(data, size, styles)
    if _walk_tile_parts(data, first_tile_part, stop, styles):
        return header
    return replace(header, core=(*header.core, END))


def _agree(data: bytes, kept: list[tuple[int, int]], header: Header) -> bool:
    """Tell whether the image header box comes first and says what the codestream says."""
    if not kept or data[kept[0][0] + 4 : kept[0][0] + 8] != b"ihdr":
        return False
    stated = unpack(">IIH", data, kept[0][0] + 8)
    return stated == (header.height, header.width, header.channels)


def _rebuilt(kept: list[tuple[int, int]], codestream: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Return a JP2 file of these header boxes and the codestream, and nothing else."""
    length = 8 + sum(end - begin for begin, end in kept)
    size = 8 + sum(
        len(each) if isinstance(each, bytes) else each[1] - each[0] for each in codestream
    )
    head = JP2_START + length.to_bytes(4) + b"jp2h"
    return (head, *kept, size.to_bytes(4) + b"jp2c", *codestream)


def _colours(data: bytes, start: int, stop: int) -> tuple[list[tuple[int, int]], int | None, bool]:
    """Return where the header boxes to keep are, the colour space's number, and if indexed."""
    kept: list[tuple[int, int]] = []
    names: set[bytes] = set()
    colour = None
    for name, at, end in boxes(data, start, stop, KIND):
        if name == b"colr" and name not in names and data[at : at + 1] == bytes([ENUMERATED]):
            (colour,) = unpack(">I", data, at + 3)
            accept(colour in COLOURS, KIND, "an unusual colour space")
        elif name == b"pclr":
            entries, columns = unpack(">HB", data, at)
            check(0 < entries <= MAX_PALETTE and 0 < columns <= 4, KIND)
            depths = unpack(f"{columns}B", data, at + 3)
            accept(set(depths) == {7} and entries <= 256, KIND, "an unusual palette")
            check_within(at + 3 + columns * (entries + 1), end)
        if name in KEPT_BOXES and name not in names:
            kept.append((at - 8, end))
            names.add(name)
    return kept, colour, b"pclr" in names


def _size(data: bytes, start: int) -> _Size:
    """Read SIZ: a grid of few tiles, and components of which the first is on every point of it."""
    check(data[start : start + 4] == START, KIND)
    length, _, x1, y1, x0, y0, tile_w, tile_h, tile_x, tile_y, channels = unpack(
        ">HH8IH", data, start + 4
    )
    check(length == 38 + 3 * channels and tile_w > 0 and tile_h > 0, KIND)
    check(x0 < x1 and y0 < y1 and tile_x <= x0 and tile_y <= y0, KIND)
    check(tile_x + tile_w > x0 and tile_y + tile_h > y0, KIND)
    accept(1 <= channels <= 4, KIND, f"{channels} components")
    shapes = unpack(f"{3 * channels}B", data, start + 42)
    depths = tuple(1 + (depth & 0x7F) for depth in shapes[::3])
    steps = tuple(zip(shapes[1::3], shapes[2::3], strict=True))
    halved = set(steps) - {(1, 1)}
    accept(steps[0] == (1, 1) and set(steps) <= STEPS, KIND, "unusually subsampled components")
    accept(not halved or channels == 3, KIND, "unusually subsampled components")
    accept(max(depths) <= 16, KIND, "more than 16 bits")
    tiles = ceil((x1 - tile_x) / tile_w) * ceil((y1 - tile_y) / tile_h)
    check(tiles <= MAX_TILES, KIND)
    signed = any(depth & 0x80 for depth in shapes[::3])
    stop = start + 4 + length
    return _Size(x0, y0, x1, y1, tile_w, tile_h, tiles, depths, steps, signed, stop)


class _Styles:
    """How many packets the coding styles seen so far ask for, at the most (Annex B).

    A component may have a style of its own, and so may a tile: for each component the style with
    the most precincts counts for all tiles. Each change of the order of progression walks them all.
    """

    def __init__(self, size: _Size) -> None:
        self._size = size
        self.tiles = size.tiles
        self._layers = self._orders = 1
        self._precincts = [0] * len(size.depths)

    def read(self, marker: int, data: bytes, at: int, length: int) -> None:
        """Take a marker segment at `at`. Raises UnreadablePhoto for too many packets."""
        channels = range(len(self._size.depths))
        if marker == COD:
            style, _, layers, _ = unpack(">BBHB", data, at + 4)
            check(layers > 0, KIND)
            self._layers = max(self._layers, layers)
            for channel in channels:
                self._add(channel, data, at + 9, custom=bool(style & 1))
        elif marker == COC:
            channel, style = unpack(">BB", data, at + 4)
            check(channel in channels, KIND)
            self._add(channel, data, at + 6, custom=bool(style & 1))
        elif marker == POC:
            self._orders += max(length - 2, 0) // POC_BYTES
        packets = self._size.tiles * self._layers * self._orders * sum(self._precincts)
        check(packets <= MAX_PACKETS, KIND)

    def _add(self, channel: int, data: bytes, at: int, *, custom: bool) -> None:
        """Count the precincts of all resolutions of one tile of this component."""
        (levels,) = unpack(">B", data, at)
        check(levels <= 32, KIND)
        given = unpack(f"{levels + 1}B", data, at + 5) if custom else ()
        across, down = self._size.steps[channel]
        width = min(self._size.tile_width, self._size.x1 - self._size.x0) // across
        height = min(self._size.tile_height, self._size.y1 - self._size.y0) // down
        precincts = 0
        for resolution, exponents in enumerate(given or (LARGEST_PRECINCT,) * (levels + 1)):
            shift = levels - resolution
            sides = ((width >> shift, exponents & 15), (height >> shift, exponents >> 4))
            precincts += prod((side >> exponent) + 2 for side, exponent in sides)  # 2: both edges
        self._precincts[channel] = max(self._precincts[channel], precincts)


def _walk_main_header(data: bytes, size: _Size, styles: _Styles) -> int:
    """Count the packets that the coding styles ask for; return where the first tile-part is."""
    at = size.stop
    for _ in range(MAX_SEGMENTS):
        marker, length = unpack(">HH", data, at)
        if marker == SOT:
            break
        accept(marker in IN_MAIN_HEADER, KIND, "an unusual coding option")
        styles.read(marker, data, at, length)
        at += 2 + max(length, 2)
    return at


def _walk_tile_parts(data: bytes, at: int, stop: int, styles: _Styles) -> bool:
    """Check the tile-parts: each whole, and of styles that ask for few packets.

    Returns False where nothing but the end marker is missing, which some chips leave out: every
    tile is there, in as many parts as it says, and each part says how long it is.
    """
    parts: dict[int, list[int]] = {}
    open_end = False
    for _ in range(MAX_TILE_PARTS):
        if at >= stop:
            counted = all(len(stated) == max(stated) for stated in parts.values())
            return open_end or len(parts) < styles.tiles or not counted
        (marker,) = unpack(">H", data, at)
        if marker == EOC:
            return True
        check(marker == SOT, KIND)
        tile, length, _, stated = unpack(">HIBB", data, at + 4)
        parts.setdefault(tile, []).append(stated)
        open_end = not length
        end = at + length if length else stop  # none: to the end
        check(end >= at + 14, KIND)
        check_within(end, stop)
        _walk_tile_part_header(data, at + 12, styles)
        at = end
    raise malformed(KIND)


def _walk_tile_part_header(data: bytes, at: int, styles: _Styles) -> None:
    for _ in range(MAX_SEGMENTS):
        marker, length = unpack(">HH", data, at)
        if marker == SOD:
            return
        accept(marker in IN_TILE_PART, KIND, "an unusual coding option")
        styles.read(marker, data, at, length)
        at += 2 + max(length, 2)
