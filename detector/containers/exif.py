"""The one thing read from EXIF: which way up the photo is."""

import struct
from typing import Final

from detector.containers.base import UPRIGHT, unpack
from detector.errors import UnreadablePhoto

__all__ = ["MAX_TAGS", "exif_orientation"]

MAX_TAGS: Final = 512  # entries of one TIFF or EXIF directory; cameras write < 100
ORIENTATIONS: Final = range(1, 9)
ORIENTATION_TAG: Final = 0x0112

# JPEG's marker of EXIF, which some writers copy into other containers: "Exif", a zero, and a byte
# of padding that the standard does not fix (zero, 0xFF).
_MARKER: Final = b"Exif\0"
_MARKER_BYTES: Final = 6

# TIFF's integers, signed ones too. The standard asks for a short; phones write longs as well.
_INTEGERS: Final = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}
_INLINE_BYTES: Final = 4  # what an entry holds itself; more lies elsewhere in the file


def exif_orientation(exif: bytes) -> int:
    """Return EXIF 1-8 from a TIFF-shaped block: an EXIF block, with its marker or not, or a TIFF.

    Any integer type counts. A value out of range, another type, several values that do not fit
    into their entry and damage of any kind mean no orientation: bad EXIF does not spoil a good
    picture. Of several orientation tags, the first counts.
    """
    if exif.startswith(_MARKER):
        exif = exif[_MARKER_BYTES:]
    try:
        order = "<" if exif[:2] == b"II" else ">"
        (directory,) = unpack(f"{order}I", exif, 4)
        (count,) = unpack(f"{order}H", exif, directory)
        for entry in range(min(count, MAX_TAGS)):
            at = directory + 2 + 12 * entry
            (tag,) = unpack(f"{order}H", exif, at)
            if tag == ORIENTATION_TAG:
                return _orientation(exif, at, order)
    except UnreadablePhoto:
        pass
    return UPRIGHT


def _orientation(exif: bytes, at: int, order: str) -> int:
    """Return the value of the entry at `at`; an integer is at the left of the four bytes."""
    typed, count = unpack(f"{order}HI", exif, at + 2)
    layout = order + _INTEGERS.get(typed, "")
    if not 0 < count * struct.calcsize(layout) <= _INLINE_BYTES:
        return UPRIGHT
    (value,) = unpack(layout, exif, at + 8)
    return value if value in ORIENTATIONS else UPRIGHT
