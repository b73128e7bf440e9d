"""HEIF (ISO/IEC 23008-12): HEIC, as phones write it, and AVIF; pictures as items in boxes.

The picture is the primary item, the tiles of its grid, and its alpha. The file is rewritten around
these alone: EXIF, thumbnails, depth, gain maps and films stay out. What a coded picture says of its
size is held against what the container says, since the decoder believes the former. Properties of
the item (a turn, a mirror) tell which way is up; they are left out and applied here, and EXIF has
no say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from detector.containers.base import (
    CUT_SHORT,
    Header,
    PhotoFormat,
    Piece,
    accept,
    check,
    check_within,
    malformed,
    unpack,
)
from detector.containers.boxes import boxes, made
from detector.containers.coded_size import av1_sizes, hevc_picture, hevc_sizes
from detector.errors import UnreadablePhoto, UnsupportedFormat

__all__ = ["read_avif", "read_heic"]

MAX_ITEMS: Final = 2_048  # phones write under 200: a grid's tiles and what goes with it
MAX_EXTENTS: Final = 16
MAX_TILES: Final = 512  # of a grid; a phone's 48 megapixels have under 200
MAX_SPARE: Final = 4  # times the grid's own pixels, that its tiles may have
CODED_SPARE: Final = 64  # pixels a side that a coded picture may have beyond the item's: its blocks
HEVC, AV1, GRID = b"hvc1", b"av01", b"grid"
CODECS: Final = {HEVC: PhotoFormat.HEIC, AV1: PhotoFormat.AVIF}
CONFIGURATIONS: Final = {HEVC: b"hvcC", AV1: b"av1C"}
SIZE, CROP, TURN, MIRROR, COLOUR, AUXILIARY = b"ispe", b"clap", b"irot", b"imir", b"colr", b"auxC"
# Properties that a decoder needs; turns and mirrors are applied here, others say nothing of pixels.
KEPT: Final = frozenset({SIZE, CROP, b"pixi", b"hvcC", b"av1C", COLOUR, AUXILIARY})
APPLIED: Final = frozenset({TURN, MIRROR})
ALPHA: Final = (b"alpha", b"auxid:1")
# EXIF's orientation after quarter turns anticlockwise, without and with a mirror across an axis:
# upright (0) or level (1), which follows the turn.
TURNED: Final = (1, 8, 3, 6)
MIRRORED: Final = ((4, 5, 2, 7), (2, 7, 4, 5))


class _Property(NamedTuple):
    name: bytes
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class _Items:
    """What the metadata box says of the items in a file."""

    primary: int = 0
    types: dict[int, bytes] = field(default_factory=dict)
    extents: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    properties: dict[int, list[_Property]] = field(default_factory=dict)
    tiles: dict[int, tuple[int, ...]] = field(default_factory=dict)
    auxiliary: dict[int, int] = field(default_factory=dict)
    """By the item that has one: the first that belongs to it."""


class _Kept(NamedTuple):
    """An item of the rewritten file."""

    name: bytes
    pieces: list[tuple[int, int]]
    properties: list[bytes]
    size: tuple[int, int]
    deep: bool


def read_heic(data: bytes) -> Header:
    """Read the primary picture of a HEIC file."""
    return _read(data, PhotoFormat.HEIC)


def read_avif(data: bytes) -> Header:
    """Read the primary picture of an AVIF file."""
    return _read(data, PhotoFormat.AVIF)


def _read(data: bytes, kind: PhotoFormat) -> Header:
    for name, start, stop in boxes(data, 0, len(data), kind):
        if name == b"meta":
            return _picture(data, _items(data, start + 4, stop, kind), kind)
        if name == b"moov":
            accept(_has_meta(data, kind), kind, "a film without a still picture")
    raise UnreadablePhoto(CUT_SHORT)


def _has_meta(data: bytes, kind: PhotoFormat) -> bool:
    return any(name == b"meta" for name, _, _ in boxes(data, 0, len(data), kind))


def _picture(data: bytes, items: _Items, kind: PhotoFormat) -> Header:
    primary = items.primary
    kept: dict[int, _Kept] = {}
    grid = items.types.get(primary) == GRID
    if grid:
        for tile in items.tiles.get(primary, ()):
            if tile not in kept:
                kept[tile] = _coded(data, items, tile, kind)
        whole = _grid(data, items, kept, kind)
    else:
        whole = _coded(data, items, primary, kind)
    alpha = items.auxiliary.get(primary)
    if alpha is not None and not grid and _is_alpha(data, items, alpha):
        kept[alpha] = _coded(data, items, alpha, kind)
        check(kept[alpha].size == whole.size, kind)
    else:
        alpha = None
    kept = {primary: whole} | kept
    width, height = _cropped(data, items, primary, whole.size, kind)
    return Header(
        kind,
        width,
        height,
        _orientation(data, items.properties.get(primary, [])),
        3 if alpha is None else 4,
        16 if any(each.deep for each in kept.values()) else 8,
        core=_rewritten(kept, items, alpha, kind),
        unusual=kind is PhotoFormat.AVIF,
    )


def _coded(data: bytes, items: _Items, item: int, kind: PhotoFormat) -> _Kept:
    """Return a coded picture whose own size is the item's. Raises UnreadablePhoto."""
    check(item in items.types, kind)
    name = items.types[item]
    if CODECS.get(name) is not kind:
        coding = name.decode("ascii", "replace").strip()
        raise UnsupportedFormat(
            f"This {kind.label} holds a picture coded as {coding!r}, which is not accepted. "
            "Export the photo as an ordinary JPEG."
        )
    found = {each.name: each for each in items.properties.get(item, [])}
    check(SIZE in found and CONFIGURATIONS[name] in found and item in items.extents, kind)
    width, height = unpack(">II", data, found[SIZE].start + 4)
    configuration = found[CONFIGURATIONS[name]]
    pieces = items.extents[item]
    if name == HEVC:
        sizes = list(hevc_sizes(data, configuration.start, configuration.stop, kind))
        (length_bytes,) = unpack("B", data, configuration.start + 21)
        pieces = hevc_picture(data, pieces, 1 + (length_bytes & 3), kind)
        luma, chroma = unpack("BB", data, configuration.start + 17)
        deep = bool((luma | chroma) & 7)
    else:
        sizes = list(av1_sizes(data, pieces, kind))
        (depths,) = unpack("B", data, configuration.start + 2)
        deep = bool(depths & 0x60)
    check(bool(sizes), kind)
    for across, down in sizes:
        check(across <= width + CODED_SPARE and down <= height + CODED_SPARE, kind)
    return _Kept(name, pieces, _properties(data, items, item, kind), (width, height), deep)


def _grid(data: bytes, items: _Items, kept: Mapping[int, _Kept], kind: PhotoFormat) -> _Kept:
    """Return a grid whose tiles are of one size and cover it."""
    item = items.primary
    tiles = items.tiles.get(item, ())
    extents = items.extents.get(item, [])
    check(len(extents) == 1 and 0 < len(tiles) <= MAX_TILES, kind)
    start, stop = extents[0]
    _, flags, rows, columns = unpack("4B", data, start)
    width, height = unpack(">II" if flags & 1 else ">HH", data, start + 4)
    check_within(start + (12 if flags & 1 else 8), stop)
    sizes = {kept[tile].size for tile in tiles}
    check(len(sizes) == 1 and len(tiles) == (rows + 1) * (columns + 1), kind)
    across, down = sizes.pop()
    covered = ((columns + 1) * across, (rows + 1) * down)
    check(covered[0] >= width > 0 and covered[1] >= height > 0, kind)
    check(covered[0] * covered[1] <= MAX_SPARE * width * height + across * down, kind)
    stated = [each for each in items.properties.get(item, []) if each.name == SIZE]
    check(bool(stated) and unpack(">II", data, stated[0].start + 4) == (width, height), kind)
    deep = any(kept[tile].deep for tile in tiles)
    return _Kept(GRID, extents, _properties(data, items, item, kind), (width, height), deep)


def _properties(data: bytes, items: _Items, item: int, kind: PhotoFormat) -> list[bytes]:
    """Return the properties of an item that go into the rewritten file."""
    kept = []
    for name, start, stop in items.properties.get(item, []):
        if name in KEPT and (name != COLOUR or data[start : start + 4] == b"nclx"):
            check_within(stop - start, 1 << 16)
            kept.append(made(name, data[start:stop]))
    check(len(kept) < 0x80, kind)
    return kept


def _is_alpha(data: bytes, items: _Items, item: int) -> bool:
    types = [
        data[start + 4 : stop]
        for name, start, stop in items.properties.get(item, [])
        if name == AUXILIARY
    ]
    return any(word in each for each in types for word in ALPHA)


def _cropped(
    data: bytes, items: _Items, item: int, size: tuple[int, int], kind: PhotoFormat
) -> tuple[int, int]:
    """Return what the crop leaves of the item's size, in whole pixels."""
    for name, start, _ in items.properties.get(item, []):
        if name == CROP:
            width, across, height, down = unpack(">4I", data, start)
            check(across > 0 and down > 0, kind)
            cropped = (width // across, height // down)
            check(0 < cropped[0] <= size[0] and 0 < cropped[1] <= size[1], kind)
            return cropped
    return size


def _orientation(data: bytes, properties: list[_Property]) -> int:
    """Return the orientation that the item's turn and mirror amount to, in EXIF's numbers."""
    turns, axis = 0, None
    for name, start, stop in properties:
        if name == TURN and stop > start:
            turns = data[start] & 3
        elif name == MIRROR and stop > start:
            axis = data[start] & 1
    return TURNED[turns] if axis is None else MIRRORED[axis][turns]


def _rewritten(
    kept: Mapping[int, _Kept], items: _Items, alpha: int | None, kind: PhotoFormat
) -> tuple[Piece, ...]:
    """Return a file of these items and nothing else, numbered from 1."""
    numbers = {item: number for number, item in enumerate(kept, 1)}
    brand = b"avif" if kind is PhotoFormat.AVIF else b"heic"
    information = [
        made(b"infe", b"\2\0\0\0", numbers[item].to_bytes(2), b"\0\0", each.name, b"\0")
        for item, each in kept.items()
    ]
    properties = [each for item in kept.values() for each in item.properties]
    check(len(properties) < 0x8000, kind)
    associated, at = b"", 1
    for item, each in kept.items():
        count = len(each.properties)
        places = b"".join((0x8000 | place).to_bytes(2) for place in range(at, at + count))
        associated += numbers[item].to_bytes(2) + bytes([count]) + places
        at += count
    references = b""
    if tiles := items.tiles.get(items.primary, ()) if kept[items.primary].name == GRID else ():
        listed = b"".join(numbers[tile].to_bytes(2) for tile in tiles)
        references += made(b"dimg", b"\0\1", len(tiles).to_bytes(2), listed)
    if alpha is not None:
        references += made(b"auxl", numbers[alpha].to_bytes(2), b"\0\1\0\1")
    lengths = [sum(stop - start for start, stop in each.pieces) for each in kept.values()]
    head = made(b"ftyp", brand, bytes(4), b"mif1", brand)

    def meta(start: int) -> bytes:
        places = b"\x44\0" + len(kept).to_bytes(2)
        for number, length in enumerate(lengths, 1):
            places += number.to_bytes(2) + b"\0\0\0\1" + start.to_bytes(4) + length.to_bytes(4)
            start += length
        parts = [
            made(b"hdlr", bytes(8), b"pict", bytes(13)),
            made(b"pitm", bytes(4), b"\0\1"),
            made(b"iloc", bytes(4), places),
            made(b"iinf", bytes(4), len(kept).to_bytes(2), *information),
            made(b"iref", bytes(4), references) if references else b"",
            made(
                b"iprp",
                made(b"ipco", *properties),
                made(b"ipma", b"\0\0\0\1", len(kept).to_bytes(4), associated),
            ),
        ]
        return made(b"meta", bytes(4), *parts)

    start = len(head) + len(meta(0)) + 8
    opening = (8 + sum(lengths)).to_bytes(4) + b"mdat"
    return (
        head + meta(start) + opening,
        *(piece for each in kept.values() for piece in each.pieces),
    )


def _items(data: bytes, start: int, stop: int, kind: PhotoFormat) -> _Items:
    """Read the metadata box: which items there are, of what kind, where, with what."""
    found = {name: (at, end) for name, at, end in boxes(data, start, stop, kind)}
    for name in (b"pitm", b"iinf", b"iloc", b"iprp"):
        if name not in found:
            raise malformed(kind)
    (version,) = unpack("B", data, found[b"pitm"][0])
    (primary,) = unpack(">I" if version else ">H", data, found[b"pitm"][0] + 4)
    items = _Items(primary)
    _read_types(data, *found[b"iinf"], items, kind)
    _read_places(data, *found[b"iloc"], found.get(b"idat"), items, kind)
    _read_properties(data, *found[b"iprp"], items, kind)
    if b"iref" in found:
        _read_references(data, *found[b"iref"], items, kind)
    return items


def _read_types(data: bytes, at: int, stop: int, items: _Items, kind: PhotoFormat) -> None:
    (version,) = unpack("B", data, at)
    for name, start, _ in boxes(data, at + (8 if version else 6), stop, kind):
        check(len(items.types) < MAX_ITEMS, kind)
        if name == b"infe":
            (version,) = unpack("B", data, start)
            if version in (2, 3):
                (item,) = unpack(">H" if version == 2 else ">I", data, start + 4)
                coding = start + (8 if version == 2 else 10)
                items.types.setdefault(item, data[coding : coding + 4])


def _read_places(
    data: bytes,
    at: int,
    stop: int,
    inside: tuple[int, int] | None,
    items: _Items,
    kind: PhotoFormat,
) -> None:
    version, sizes, more = unpack(">B3xBB", data, at)
    number, wide = ("H", 2) if version < 2 else ("I", 4)
    (count,) = unpack(f">{number}", data, at + 6)
    check(version <= 2 and count <= MAX_ITEMS, kind)
    at += 6 + wide
    lengths = (sizes >> 4, sizes & 15, more >> 4, more & 15 if version else 0)
    check(all(each in (0, 4, 8) for each in lengths), kind)
    offset_bytes, length_bytes, base_bytes, index_bytes = lengths

    def take(size: int) -> int:
        nonlocal at
        check_within(at + size, stop)
        at += size
        return int.from_bytes(data[at - size : at])

    for _ in range(count):
        item = take(wide)
        method = take(2) & 15 if version else 0
        outside = take(2)
        base, extents = take(base_bytes), take(2)
        check(extents <= MAX_EXTENTS, kind)
        places: list[tuple[int, int]] = []
        start, end = (0, len(data)) if method == 0 else inside or (0, 0)
        for _ in range(extents):
            take(index_bytes)
            offset, length = take(offset_bytes), take(length_bytes)
            first = start + base + offset
            last = first + length if length else end
            if item in items.types and items.types[item] in (*CODECS, GRID):
                check(method in (0, 1) and not outside, kind)
                check_within(last, end)
                check(first < last, kind)
            places.append((first, last))
        items.extents.setdefault(item, places)


def _read_properties(data: bytes, at: int, stop: int, items: _Items, kind: PhotoFormat) -> None:
    listed: list[_Property] = []
    for name, start, end in boxes(data, at, stop, kind):
        if name == b"ipco":
            listed = [_Property(*each) for each in boxes(data, start, end, kind)]
        elif name == b"ipma":
            _associate(data, start, listed, items, kind)


def _associate(
    data: bytes, at: int, listed: list[_Property], items: _Items, kind: PhotoFormat
) -> None:
    version, flags, count = unpack(">B2xBI", data, at)
    check(count <= MAX_ITEMS, kind)
    at += 8
    for _ in range(count):
        item, places = unpack(">IB" if version else ">HB", data, at)
        at += 5 if version else 3
        wide = bool(flags & 1)
        for _ in range(places):
            (place,) = unpack(">H" if wide else ">B", data, at)
            at += 2 if wide else 1
            essential, place = place >> (15 if wide else 7), place & (0x7FFF if wide else 0x7F)
            if not place:
                continue
            check(place <= len(listed), kind)
            found = listed[place - 1]
            if item == items.primary and essential:
                accept(found.name in KEPT | APPLIED, kind, "an unusual property")
            items.properties.setdefault(item, []).append(found)


def _read_references(data: bytes, at: int, stop: int, items: _Items, kind: PhotoFormat) -> None:
    (version,) = unpack("B", data, at)
    number, wide = ("I", 4) if version else ("H", 2)
    for name, start, end in boxes(data, at + 4, stop, kind):
        origin, count = unpack(f">{number}H", data, start)
        check_within(start + wide + 2 + wide * count, end)
        targets = unpack(f">{count}{number}", data, start + wide + 2)
        if name == b"dimg":
            items.tiles.setdefault(origin, targets)
        elif name == b"auxl":
            for target in targets:
                items.auxiliary.setdefault(target, origin)
