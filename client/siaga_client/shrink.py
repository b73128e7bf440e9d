"""A photo made smaller before it is sent: a megapixel is more than a face is searched with.

Needs Pillow, which the extra `shrink` brings; nothing else of this package does.
"""

from collections.abc import Callable
from importlib.util import find_spec
from io import BytesIO
from math import sqrt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS: Final = 1_000_000
QUALITY: Final = 90
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP")
_COLOUR, _PALETTE = "RGB", "P"
_MODES: Final = ("L", _COLOUR, _PALETTE)
# What a JPEG decoder puts where data never came, in grey and in colour. The service refuses such a
# photo, and has to have it as it is for that.
_FILLER: Final = (128, (128, 128, 128))
_ORIENTATION: Final = 0x0112  # the EXIF tag
_ORIENTATIONS: Final = range(1, 9)


def shrinker() -> Callable[[bytes], bytes]:
    """Return `shrink`.

    Raises:
        ImportError: Pillow is not installed; the message says how to install it.
    """
    if find_spec("PIL") is None:
        raise ImportError("shrink=True needs Pillow: pip install 'siaga-client[shrink]'")
    return shrink


def shrink(photo: bytes) -> bytes:
    """Return the photo as JPEG of at most a megapixel, upright, in its own proportions.

    What has no more pixels than that, or would not take fewer bytes, is returned as it is. So is
    what is no JPEG, PNG, WebP or BMP in grey or colours of 8 bits, is transparent, animated, in
    passes or damaged, and what is no photo at all: the service says what it makes of it.
    """
    from PIL import Image  # noqa: PLC0415 - an extra, which most programs go without

    try:
        with Image.open(BytesIO(photo), formats=_FORMATS) as picture:
            smaller = _smaller(picture) if _shrinkable(picture) else photo
    except Exception:  # noqa: BLE001 - Pillow's readers draw their errors from many classes
        return photo
    return min(smaller, photo, key=len)


def _shrinkable(picture: "Image") -> bool:
    """Whether it is large, and of a kind whose every pixel is as the service would see it.

    Of a JPEG in passes nothing shows that the last ones are not there.
    """
    return (
        picture.width * picture.height > MOST_PIXELS
        and picture.mode in _MODES
        and not {"transparency", "progressive"} & picture.info.keys()
        and not getattr(picture, "is_animated", False)
    )


def _smaller(picture: "Image") -> bytes:
    """Return the JPEG of at most a megapixel.

    Raises:
        ValueError: the end of the picture is not there, or nobody knows which way up it is.
    """
    from PIL.Image import Resampling  # noqa: PLC0415

    factor = sqrt(MOST_PIXELS / (picture.width * picture.height))
    size = max(1, int(picture.width * factor)), max(1, int(picture.height * factor))
    picture.draft(picture.mode, size)  # of a JPEG, pixels that are not needed are not computed
    picture.load()
    if picture.getpixel((picture.width - 1, picture.height - 1)) in _FILLER:
        raise ValueError("the end of the picture is not there")
    plain = picture.convert(_COLOUR) if picture.mode == _PALETTE else picture
    small = _upright(plain.resize(size, Resampling.HAMMING), picture.info.get("exif", b""))
    out = BytesIO()
    # Colours at full size; the profile, as screens show colours by it.
    profile = picture.info.get("icc_profile")
    small.save(out, "JPEG", quality=QUALITY, subsampling="4:4:4", icc_profile=profile)
    return out.getvalue()


def _upright(picture: "Image", exif: bytes) -> "Image":
    """Turn a picture as its EXIF orientation says.

    Raises:
        ValueError: the orientation is none of the eight.
    """
    from PIL import Image  # noqa: PLC0415

    held = Image.Exif()
    held.load(exif)
    orientation = held.get(_ORIENTATION, 1)
    if orientation not in _ORIENTATIONS:
        raise ValueError("which way up is the picture?")
    turns = (
        None,
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE,
        Image.Transpose.ROTATE_270,
        Image.Transpose.TRANSVERSE,
        Image.Transpose.ROTATE_90,
    )
    turn = turns[orientation - 1]
    return picture if turn is None else picture.transpose(turn)
