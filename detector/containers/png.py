"""PNG (W3C, third edition): chunks from the signature to IEND.

The picture is its header, palette, transparency and pixels. Text, colour profiles and the frames
of an animation are ancillary chunks, and left out.
"""

from collections.abc import Iterator
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
from detector.errors import UnreadablePhoto

__all__ = ["read_png"]

KIND: Final = PhotoFormat.PNG

DEFLATE_RATIO: Final = 1_032  # the most that DEFLATE can expand (RFC 1951: 258 bytes in 2 bits)

SIGNATURE_BYTES: Final = 8
# By colour type: grey, RGB, palette, grey with alpha, RGB with alpha.
CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
ANCILLARY: Final = 0x20  # bit 5 of a chunk's first letter


def read_png(data: bytes) -> Header:
    """Read IHDR and walk to IEND; pixels that could not have been packed so small are missing."""
    accept(data[12:16] != b"CgBI", KIND, "Apple's private compression")
    check(data[8:16] == b"\0\0\0\x0dIHDR", KIND)
    width, height, bits, colour, *methods = unpack(">IIBBBBB", data, 16)
    compression, row_filter, interlace = methods
    check(bits in DEPTHS.get(colour, ()), KIND)
    check(compression == 0 and row_filter == 0 and interlace in (0, 1), KIND)
    core: list[Piece] = [(0, SIGNATURE_BYTES)]
    orientation, packed = UPRIGHT, 0
    for name, start, stop in _chunks(data):
        if name in KEPT:
            core.append((start, stop))
            packed += stop - start - 12 if name == b"IDAT" else 0
        elif name == b"eXIf":
            orientation = exif_orientation(data[start + 8 : stop - 4])
        else:
            check(bool(name[0] & ANCILLARY), KIND)  # a decoder must refuse what it does not know
    channels = CHANNELS[colour]
    if packed * DEFLATE_RATIO < height * ceil(width * channels * bits / 8):
        raise UnreadablePhoto(CUT_SHORT)
    return Header(KIND, width, height, orientation, channels, bits, core=tuple(core))


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start, stop) up to IEND: 4 bytes of length, 4 of name, content, 4 of CRC."""
    at = SIGNATURE_BYTES
    for _ in range(MAX_SEGMENTS):
        (length,) = unpack(">I", data, at)
        name, stop = data[at + 4 : at + 8], at + 12 + length
        check_within(stop, len(data))
        yield name, at, stop
        if name == b"IEND":
            return
        at = stop
    raise malformed(KIND)
