"""How large a photo may be."""

from dataclasses import dataclass
from typing import Final

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps that hold before anything is decoded.

    max_bytes: the file. 20 MiB is twice the largest JPEG of a current phone.
    max_pixels: pixels of at most 4 bytes; deeper ones (16-bit colour) count by their bytes, and
    JPEG 2000 pixels count `JPEG_2000_PIXEL_COST` times. 50 million keep the peak under 0.6 GB.
    """

    max_bytes: int = 20 * MIB
    max_pixels: int = 50_000_000
