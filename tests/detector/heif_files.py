"""HEIC and AVIF files, as encoders write them and as phones do: a grid of tiles."""

import functools
import io

import pillow_heif
from PIL import Image

from detector.containers import heif
from detector.containers.base import PhotoFormat
from detector.containers.boxes import boxes, made


def heic(image: Image.Image, **options) -> bytes:
    """Encode as HEIC."""
    target = io.BytesIO()
    pillow_heif.from_pillow(image).save(target, **options)
    return target.getvalue()


def avif(image: Image.Image, **options) -> bytes:
    target = io.BytesIO()
    image.save(target, "AVIF", **options)
    return target.getvalue()


def grid(image: Image.Image, columns: int, rows: int, side: int = 128, *, turns: int = 0) -> bytes:
    """Return a HEIC of tiles of `side` pixels, of which the last ones reach beyond the picture."""
    data, configuration = [], b""
    for row in range(rows):
        for column in range(columns):
            left, top = column * side, row * side
            tile = heic(image.crop((left, top, left + side, top + side)), quality=90)
            ((start, stop),) = _items(tile).extents[_items(tile).primary]
            data.append(tile[start:stop])
            configuration = next(
                tile[each.start : each.stop]
                for each in _items(tile).properties[_items(tile).primary]
                if each.name == b"hvcC"
            )
    width, height = image.size
    described = b"\0\0" + bytes([rows - 1, columns - 1]) + width.to_bytes(2) + height.to_bytes(2)
    content = [described, *data]
    count = len(content)
    properties = made(
        b"ipco",
        made(b"ispe", bytes(4), width.to_bytes(4), height.to_bytes(4)),
        made(b"ispe", bytes(4), side.to_bytes(4), side.to_bytes(4)),
        made(b"hvcC", configuration),
        made(b"irot", bytes([turns])),
    )
    places = b"\0\1\2\x01\x84" + b"".join(
        number.to_bytes(2) + b"\2\x02\x83" for number in range(2, count + 1)
    )
    associated = made(b"ipma", bytes(4), count.to_bytes(4), places)
    information = [
        made(b"infe", b"\2\0\0\0", number.to_bytes(2), b"\0\0", name, b"\0")
        for number, name in enumerate([b"grid", *[b"hvc1"] * len(data)], 1)
    ]
    tiles = b"".join(number.to_bytes(2) for number in range(2, count + 1))
    references = made(b"dimg", b"\0\1", len(data).to_bytes(2), tiles)
    head = made(b"ftyp", b"heic", bytes(4), b"mif1heic")

    @functools.cache
    def meta(start: int) -> bytes:
        located = b"\x44\0" + count.to_bytes(2)
        at = start
        for number, each in enumerate(content, 1):
            located += number.to_bytes(2) + b"\0\0\0\1" + at.to_bytes(4) + len(each).to_bytes(4)
            at += len(each)
        return made(
            b"meta",
            bytes(4),
            made(b"hdlr", bytes(8), b"pict", bytes(13)),
            made(b"pitm", bytes(4), b"\0\1"),
            made(b"iloc", bytes(4), located),
            made(b"iinf", bytes(4), count.to_bytes(2), *information),
            made(b"iref", bytes(4), references),
            made(b"iprp", properties, associated),
        )

    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + made(b"mdat", *content)


def _items(data: bytes) -> heif._Items:
    kind = PhotoFormat.HEIC
    start, stop = next(
        (at, end) for name, at, end in boxes(data, 0, len(data), kind) if name == b"meta"
    )
    return heif._items(data, start + 4, stop, kind)
