"""The one thing wanted from EXIF: which way up the photo is."""

from typing import Final

from detector.containers.base import UPRIGHT, unpack
from detector.errors import UnreadablePhoto

__all__ = ["MAX_TAGS", "ORIENTATIONS", "ORIENTATION_TAG", "exif_orientation"]

MAX_TAGS: Final = 512  # entries of one TIFF or EXIF directory; cameras write < 100
ORIENTATIONS: Final = range(1, 9)
ORIENTATION_TAG: Final = 0x0112


def exif_orientation(exif: bytes) -> int:
    """Return EXIF 1-8 from a TIFF-shaped block; damaged EXIF does not spoil a good picture."""
    exif = exif.removeprefix(b"Exif\0\0")
    try:
        order = "<" if exif[:2] == b"II" else ">"
        (directory,) = unpack(f"{order}I", exif, 4)
        (count,) = unpack(f"{order}H", exif, directory)
        for entry in range(min(count, MAX_TAGS)):
            tag, _, _, value = unpack(f"{order}HHIH", exif, directory + 2 + 12 * entry)
            if tag == ORIENTATION_TAG:
                return value if value in ORIENTATIONS else UPRIGHT
    except UnreadablePhoto:
        pass
    return UPRIGHT
