"""WebP (RFC 9649): the chunks of a RIFF file.

The picture is one VP8 or VP8L chunk, with its ALPH chunk if it has one; of an animation, those of
the first frame. The file is rewritten around them, because RIFF and VP8X would go on announcing the
metadata and the frames that were left out.
"""

import struct
from typing import Final, TypeAlias

from detector.containers.base import (
    MAX_SEGMENTS,
    Header,
    PhotoFormat,
    check,
    check_within,
    unpack,
)
from detector.containers.exif import exif_orientation

__all__ = ["read_webp"]

Chunks: TypeAlias = dict[bytes, tuple[int, int]]  # name -> (start, stop), chunk header included

KIND: Final = PhotoFormat.WEBP

LOSSY, LOSSLESS, ALPHA, EXTENDED, EXIF = b"VP8 ", b"VP8L", b"ALPH", b"VP8X", b"EXIF"
FRAME: Final = b"ANMF"
ANIMATED_FLAG, ALPHA_FLAG = 0x02, 0x10
FRAME_BYTES: Final = 16  # of an animation's frame: place, size, time, and how it is laid down
RIFF_BYTES: Final = 12  # "RIFF", a length, "WEBP"
CHUNK_BYTES: Final = 8  # name and length
LOSSLESS_SIGNATURE: Final = 0x2F
LOSSY_START_CODE: Final = b"\x9d\x01\x2a"
SIDE_MASK: Final = 0x3FFF  # a side has 14 bits


def read_webp(data: bytes) -> Header:
    """Read the one picture, or the first; its own size counts, and its container agrees."""
    (length,) = unpack("<I", data, 4)
    end = 8 + length
    check_within(end, len(data))
    chunks = _chunks(data, RIFF_BYTES, end)
    exif = data[slice(*chunks[EXIF])][CHUNK_BYTES:] if EXIF in chunks else b""
    canvas: tuple[int, int] | None = None
    if EXTENDED in chunks:
        at = chunks[EXTENDED][0] + CHUNK_BYTES
        (flags,) = unpack("B", data, at)
        canvas = _sides(data, at + 4)
        if flags & ANIMATED_FLAG:
            check(FRAME in chunks, KIND)
            start, stop = chunks[FRAME]
            canvas = _sides(data, start + CHUNK_BYTES + 6)
            chunks = _chunks(data, start + CHUNK_BYTES + FRAME_BYTES, stop)
    return _picture(data, chunks, canvas, exif_orientation(exif))


def _picture(
    data: bytes, chunks: Chunks, canvas: tuple[int, int] | None, orientation: int
) -> Header:
    pictures = [name for name in (LOSSY, LOSSLESS) if name in chunks]
    check(len(pictures) == 1, KIND)
    (picture,) = pictures
    read_frame = _lossless_frame if picture == LOSSLESS else _lossy_frame
    width, height, alpha = read_frame(data, chunks[picture][0] + CHUNK_BYTES)
    check(canvas in (None, (width, height)), KIND)
    parts = [data[slice(*chunks[picture])]]
    if canvas and ALPHA in chunks and picture == LOSSY:
        alpha = True
        sides = b"".join((side - 1).to_bytes(3, "little") for side in canvas)
        extended = EXTENDED + struct.pack("<I4B", 10, ALPHA_FLAG, 0, 0, 0) + sides
        parts = [extended, data[slice(*chunks[ALPHA])], *parts]
    body = b"WEBP" + b"".join(part + b"\0" * (len(part) % 2) for part in parts)
    core = (b"RIFF" + struct.pack("<I", len(body)) + body,)
    return Header(KIND, width, height, orientation, 4 if alpha else 3, 8, core=core)


def _chunks(data: bytes, at: int, end: int) -> Chunks:
    """Return where in data[at:end] each kind of chunk first appears."""
    chunks: Chunks = {}
    for _ in range(MAX_SEGMENTS):
        if at >= end:
            break
        (length,) = unpack("<I", data, at + 4)
        stop = at + CHUNK_BYTES + length
        check_within(stop, end)
        chunks.setdefault(data[at : at + 4], (at, stop))
        at = stop + length % 2  # an odd chunk is padded
    return chunks


def _sides(data: bytes, at: int) -> tuple[int, int]:
    """Return a canvas's or a frame's sides: 24 bits each, less one."""
    width, more_width, height, more_height = unpack("<HBHB", data, at)
    return 1 + width + (more_width << 16), 1 + height + (more_height << 16)


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
