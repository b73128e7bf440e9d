"""GIF (89a): the first picture, on a screen of its own size.

The file is rewritten around the first picture: its colours, its transparency and its data.
Comments, applications' blocks and all further pictures of an animation are left out.
"""

from collections.abc import Iterator
from struct import pack
from typing import Final

from detector.containers.base import (
    CUT_SHORT,
    MAX_SEGMENTS,
    UPRIGHT,
    Header,
    PhotoFormat,
    Piece,
    check,
    check_within,
    malformed,
    unpack,
)
from detector.errors import UnreadablePhoto

__all__ = ["read_gif"]

KIND: Final = PhotoFormat.GIF

SIGNATURE: Final = b"GIF89a"
SCREEN_STOP: Final = 13  # signature, then what the whole screen is like
HAS_COLOURS, COLOUR_BITS = 0x80, 0x07  # of a packed byte: a table follows, of 3 x 2^(1 + bits)
EXTENSION, PICTURE, TRAILER = 0x21, 0x2C, 0x3B
CONTROL: Final = b"\x21\xf9\x04"  # a graphic control extension, which may name a clear colour
CONTROL_BYTES: Final = 8
CLEAR: Final = 0x01
MIN_CODE: Final = range(2, 9)  # bits of the first codes; a longer code than 12 bits there is not
# The longest string one code can stand for is as long as the table.
MOST_PIXELS_A_CODE, LONGEST_CODE = 4_096, 12


def read_gif(data: bytes) -> Header:
    """Read up to the end of the first picture's data."""
    (packed,) = unpack("B", data, 10)
    at = SCREEN_STOP + _table_bytes(packed)
    check_within(at, len(data))
    table: Piece = (SCREEN_STOP, at)
    control = b""
    for _ in range(MAX_SEGMENTS):
        (kind,) = unpack("B", data, at)
        if kind == PICTURE:
            return _picture(data, at, packed, table, control)
        if kind == TRAILER:
            raise UnreadablePhoto(CUT_SHORT)
        check(kind == EXTENSION, KIND)
        if data[at : at + 3] == CONTROL:
            control = data[at : at + CONTROL_BYTES]
        *_, (_, at) = _sub_blocks(data, at + 2)
    raise malformed(KIND)


def _picture(data: bytes, at: int, packed: int, table: Piece, control: bytes) -> Header:
    """Return the header of the picture at `at`, whose place on the screen does not matter."""
    _, _, width, height, own = unpack("<4HB", data, at + 1)
    colours = at + 10
    start = colours + _table_bytes(own)
    (bits,) = unpack("B", data, start)
    check(bits in MIN_CODE, KIND)
    check(bool((packed | own) & HAS_COLOURS), KIND)
    length, stop = 0, start
    for size, end in _sub_blocks(data, start + 1):
        length, stop = length + size, end
    if length * 8 // (bits + 1) * MOST_PIXELS_A_CODE < width * height:
        raise UnreadablePhoto(CUT_SHORT)
    screen = SIGNATURE + pack("<2HBBB", width, height, packed, 0, 0)
    placed = pack("<B4HB", PICTURE, 0, 0, width, height, own)
    core = (screen, table, control, placed, (colours, stop), bytes([TRAILER]))
    channels = 4 if control and control[3] & CLEAR else 3
    return Header(KIND, width, height, UPRIGHT, channels, 8, core=core, unusual=True)


def _table_bytes(packed: int) -> int:
    return 3 << (packed & COLOUR_BITS) + 1 if packed & HAS_COLOURS else 0


def _sub_blocks(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Yield (bytes, where it stops) of each sub-block, up to and with the empty one."""
    while True:
        (size,) = unpack("B", data, at)
        at += 1 + size
        check_within(at, len(data))
        yield size, at
        if not size:
            return
