"""BMP (OS/2 1.x, Windows 3.x to V5): a header of one of seven sizes, then rows.

Pictures deeper than a palette get a plain 40-byte header instead of their own, so that the colour
spaces and profiles of later headers stay out. Palettes are passed on as they are.
"""

import struct
from typing import Final

from detector.containers.base import (
    UPRIGHT,
    Header,
    PhotoFormat,
    Piece,
    accept,
    check,
    check_within,
    unpack,
)

__all__ = ["read_bmp"]

KIND: Final = PhotoFormat.BMP

FILE_HEADER: Final = 14  # bytes before the header proper, which says its own size
CORE, INFO = 12, 40  # OS/2 1.x, with 16-bit sides; Windows 3.x, which the others extend
HEADERS: Final = (CORE, INFO, 52, 56, 64, 108, 124)
DEPTHS: Final = (1, 4, 8, 16, 24, 32)
PLAIN, BITFIELDS = 0, 3  # compressions; the others are run lengths, or a JPEG or PNG inside
# Masks of (red, green, blue) by bits a pixel: 8-8-8; 5-5-5 and 5-6-5.
MASKS: Final = {
    32: ((0xFF0000, 0xFF00, 0xFF),),
    16: ((0x7C00, 0x3E0, 0x1F), (0xF800, 0x7E0, 0x1F)),
}


def read_bmp(data: bytes) -> Header:
    """Read the header, and check that the rows it promises are there."""
    pixels_at, size = unpack("<II", data, 10)
    accept(size in HEADERS, KIND, "an unknown header")
    layout, compression = "<HHHH", PLAIN
    if size != CORE:
        layout = "<iiHH"
        (compression,) = unpack("<I", data, 30)
    width, rows, planes, bits = unpack(layout, data, 18)
    height = abs(rows)  # negative: stored from the top down
    check(planes == 1 and bits in DEPTHS and width > 0, KIND)
    accept(size != CORE or bits not in (16, 32), KIND, "an unknown header")
    accept(compression in (PLAIN, BITFIELDS), KIND, "compression")
    row_bytes = width * bits + 31 >> 5 << 2  # whole groups of four
    stop = pixels_at + height * row_bytes
    check_within(stop, len(data))
    if bits <= 8:
        check(compression == PLAIN and pixels_at >= FILE_HEADER + size, KIND)
        return Header(KIND, width, height, UPRIGHT, 1, bits, core=((0, len(data)),))
    masks = unpack("<III", data, FILE_HEADER + INFO) if compression == BITFIELDS else None
    core: tuple[Piece, ...] = (_plain_header(width, rows, bits, masks), (pixels_at, stop))
    return Header(KIND, width, height, UPRIGHT, 3, 8, core=core)


def _plain_header(width: int, rows: int, bits: int, masks: tuple[int, ...] | None) -> bytes:
    """Return the 40-byte header of this picture, with masks where 16 bits could mean either."""
    tail = b""
    if masks is not None:
        accept(masks in MASKS.get(bits, ()), KIND, "unusual colour masks")
        tail = struct.pack("<III", *masks) if bits == 16 else b""
    pixels_at = FILE_HEADER + INFO + len(tail)
    mode = BITFIELDS if tail else PLAIN
    info = struct.pack("<IiiHHIIiiII", INFO, width, rows, 1, bits, mode, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, pixels_at) + info + tail
