"""WebP (RFC 9649): the chunks of a RIFF file.

The picture is one VP8 or VP8L chunk, with its ALPH chunk if it has one. The file is rewritten
around them, because RIFF and VP8X would go on announcing the metadata that was left out.
"""

import struct
from typing import Final, TypeAlias

from detector.containers.base import (
    MAX_SEGMENTS,
    Header,
    PhotoFormat,
    accept,
    check,
    check_within,
    unpack,
)
from detector.containers.exif import exif_orientation

__all__ = ["read_webp"]

Chunks: TypeAlias = dict[bytes, tuple[int, int]]  # name -> (start, stop), chunk header included

KIND: Final = PhotoFormat.WEBP

LOSSY, LOSSLESS, ALPHA, EXTENDED, EXIF = b"VP8 ", b"VP8L", b"ALPH", b"VP8X", b"EXIF"
ANIMATION: Final = frozenset({b"ANIM", b"ANMF"})
ANIMATED_FLAG, ALPHA_FLAG = 0x02, 0x10
RIFF_BYTES: Final = 12  # "RIFF", a length, "WEBP"
CHUNK_BYTES: Final = 8  # name and length
LOSSLESS_SIGNATURE: Final = 0x2F
LOSSY_START_CODE: Final = b"\x9d\x01\x2a"
SIDE_MASK: Final = 0x3FFF  # a side has 14 bits


def read_webp(data: bytes) -> Header:
    """Read the one picture; its own size counts, and the canvas has to agree."""
    chunks = _chunks(data)
    pictures = [name for name in (LOSSY, LOSSLESS) if name in chunks]
    check(len(pictures) == 1, KIND)
    (picture,) = pictures
    read_frame = _lossless_frame if picture == LOSSLESS else _lossy_frame
    width, height, alpha = read_frame(data, chunks[picture][0] + CHUNK_BYTES)
    parts = [data[slice(*chunks[picture])]]
    if EXTENDED in chunks:
        _check_canvas(data, chunks[EXTENDED][0] + CHUNK_BYTES, (width, height))
        if ALPHA in chunks and picture == LOSSY:
            alpha = True
            old = data[slice(*chunks[EXTENDED])]
            extended = old[:8] + bytes([ALPHA_FLAG, 0, 0, 0]) + old[12:18]
            parts = [extended, data[slice(*chunks[ALPHA])], *parts]
    body = b"WEBP" + b"".join(part + b"\0" * (len(part) % 2) for part in parts)
    core = (b"RIFF" + struct.pack("<I", len(body)) + body,)
    exif = data[slice(*chunks[EXIF])][CHUNK_BYTES:] if EXIF in chunks else b""
    return Header(KIND, width, height, exif_orientation(exif), 4 if alpha else 3, 8, core=core)


def _chunks(data: bytes) -> Chunks:
    """Return where each kind of chunk first appears."""
    (length,) = unpack("<I", data, 4)
    end = 8 + length
    check_within(end, len(data))
    chunks: Chunks = {}
    at = RIFF_BYTES
    for _ in range(MAX_SEGMENTS):
        if at >= end:
            break
        (length,) = unpack("<I", data, at + 4)
        stop = at + CHUNK_BYTES + length
        check_within(stop, end)
        name = data[at : at + 4]
        accept(name not in ANIMATION, KIND, "animation")
        chunks.setdefault(name, (at, stop))
        at = stop + length % 2  # an odd chunk is padded
    return chunks


def _check_canvas(data: bytes, at: int, sides: tuple[int, int]) -> None:
    """Check that VP8X promises one still picture that fills its canvas."""
    flags, *canvas = unpack("<B3xHBHB", data, at)
    accept(not flags & ANIMATED_FLAG, KIND, "animation")
    # 24 bits a side, less one.
    check(sides == (1 + canvas[0] + (canvas[1] << 16), 1 + canvas[2] + (canvas[3] << 16)), KIND)


def _lossless_frame(data: bytes, at: int) -> tuple[int, int, bool]:
    """Return (width, height, alpha) of a VP8L bitstream: 14 bits, 14 bits, 1 bit, version 0."""
    signature, bits = unpack("<BI", data, at)
    check(signature == LOSSLESS_SIGNATURE and bits >> 29 == 0, KIND)
    return 1 + (bits & SIDE_MASK), 1 + (bits >> 14 & SIDE_MASK), bool(bits >> 28 & 1)


def _lossy_frame(data: bytes, at: int) -> tuple[int, int, bool]:
    """Return (width, height, False) of a VP8 key frame (RFC 6386, 9.1); its alpha is in ALPH."""
    check(data[at + 3 : at + 6] == LOSSY_START_CODE and not data[at] & 1, KIND)
    width, height = unpack("<HH", data, at + 6)
    return width & SIDE_MASK, height & SIDE_MASK, False  # the upper two bits only suggest a scale
