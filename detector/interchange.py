"""Photos as other systems take them: upright, and in a format that all of them know."""

from typing import Final, NamedTuple

import cv2

from detector.containers.base import UPRIGHT
from detector.decode import open_photo
from detector.header import PhotoFormat
from detector.limits import Limits

_KNOWN: Final = frozenset({PhotoFormat.JPEG, PhotoFormat.PNG, PhotoFormat.JPEG_2000})
_JPEG_QUALITY: Final = 95


class PlainPhoto(NamedTuple):
    """A photo without anything that other systems must know to show it."""

    content: bytes
    format: PhotoFormat
    """JPEG, PNG or JPEG 2000."""
    width: int
    height: int


def plain_photo(data: bytes, limits: Limits) -> PlainPhoto:
    """Return an upright JPEG, PNG or JPEG 2000 as it is, and anything else as JPEG.

    Raises:
        PhotoError: it cannot be decoded.
    """
    photo = open_photo(data, limits)
    if photo.format in _KNOWN and photo.header.orientation == UPRIGHT:
        return PlainPhoto(data, photo.format, photo.width, photo.height)
    image = photo.pixels().image
    encoded, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not encoded:
        raise ValueError("the photo could not be encoded")
    return PlainPhoto(content.tobytes(), PhotoFormat.JPEG, image.shape[1], image.shape[0])
