"""HEIC by libheif and libde265, from a file that holds nothing but one picture."""

from io import BytesIO
from typing import Final

import numpy as np
import pi_heif
from numpy.typing import NDArray

__all__ = ["decode_heic"]

ONE_THREAD: Final = 1  # the service decodes several photos at once, each in a thread of its own


def decode_heic(core: bytes) -> NDArray[np.uint8] | None:
    """Return BGR or BGRA (H, W, 3 or 4) in 8 bits, or grey (H, W); None if damaged.

    libheif's own limits (of sides, items, memory) stay switched on.
    """
    pi_heif.options.DECODE_THREADS = ONE_THREAD
    try:
        file = pi_heif.open_heif(BytesIO(core), convert_hdr_to_8bit=True, bgr_mode=True)
        # A copy, made while the file is there: the pixels are libheif's, and go with it.
        return np.array(file[0], np.uint8, copy=True, order="C")
    except (OSError, ValueError, EOFError, RuntimeError, SyntaxError, MemoryError, IndexError):
        return None  # what libheif reports as damage
