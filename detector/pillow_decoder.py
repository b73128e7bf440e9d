"""What Pillow decodes: GIF, AVIF, and JPEG 2000 that OpenCV reads in wrong colours or not.

And JPEGs, where it is asked whether they are whole: its libjpeg says nothing on stderr.
"""

from io import BytesIO
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.containers.base import PhotoFormat

__all__ = ["decode_with_pillow", "jpeg_samples"]

Stored: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]

# The one decoder of Pillow's that each may reach; core bytes name no other.
DECODERS: Final = {
    PhotoFormat.GIF: "GIF",
    PhotoFormat.JPEG_2000: "JPEG2000",
    PhotoFormat.AVIF: "AVIF",
}
GREY: Final = frozenset({"1", "L"})
DEEP_GREY: Final = "I;16"
WITH_ALPHA: Final = frozenset({"LA", "PA", "RGBA"})

# What Pillow's readers raise on damage, by their format.
DAMAGE: Final = (
    Image.DecompressionBombError,
    OSError,
    RuntimeError,
    ValueError,
    SyntaxError,
    EOFError,
    KeyError,
    IndexError,
)


def decode_with_pillow(core: bytes, picture: PhotoFormat, size: tuple[int, int]) -> Stored | None:
    """Return (H, W), or BGR or BGRA (H, W, 3 or 4), in 8 bits, or 16 if grey.

    None if damaged, or if Pillow, before it decodes anything, finds another size (width, height).
    """
    try:
        with Image.open(BytesIO(core), formats=[DECODERS[picture]]) as image:
            if image.size != size:
                return None
            image.load()
            if image.mode == DEEP_GREY:
                return np.asarray(image, np.uint16)
            if image.mode in GREY and "transparency" not in image.info:
                return np.asarray(image.convert("L"), np.uint8)
            clear = image.mode in WITH_ALPHA or "transparency" in image.info
            colours = np.asarray(image.convert("RGBA" if clear else "RGB"), np.uint8)
    except DAMAGE:
        return None
    order = [2, 1, 0, 3] if clear else [2, 1, 0]
    return np.ascontiguousarray(colours[..., order])


def jpeg_samples(core: bytes, reduction: int) -> NDArray[np.uint8] | None:
    """Return a JPEG's samples at 1/1, 1/2, 1/4 or 1/8: (H, W), RGB or CMYK; None if damaged.

    Those of grey and RGB are what OpenCV decodes: both have libjpeg-turbo.
    """
    try:
        with Image.open(BytesIO(core), formats=["JPEG"]) as image:
            width, height = image.size
            image.draft(None, (max(1, width // reduction), max(1, height // reduction)))
            return np.asarray(image, np.uint8)
    except DAMAGE:
        return None
