"""How large a photo may be."""

from dataclasses import dataclass
from typing import Final

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps that hold before anything is decoded.

    max_bytes: the file. 20 MiB is twice the largest JPEG of a current phone.
    max_pixels: pixels of 3 bytes; others (transparent, 16-bit colour) count by their bytes, and
    JPEG 2000 pixels count `JPEG_2000_PIXEL_COST` times. 25 million, as phones take them, keep the
    peak under 0.3 GB.
    """

    max_bytes: int = 20 * MIB
    max_pixels: int = 25_000_000
