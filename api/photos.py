"""Photos as answers: in a format that every browser shows."""

import threading
from contextlib import suppress
from typing import Any, Final

from starlette.responses import Response

from detector.containers.base import SHOWN_BY_BROWSERS, PhotoFormat
from detector.decode import Limits
from detector.errors import PhotoError
from detector.portrait import as_jpeg

PHOTO_CONTENT: Final[dict[str, Any]] = {each.media_type: {} for each in sorted(SHOWN_BY_BROWSERS)}
"""What an operation that answers a photo publishes."""

# A photo was taken under the limits of its day.
_ANY_SIZE: Final = Limits(max_bytes=1 << 40, max_pixels=Limits().max_pixels)

# People who look never take more than one processor from screening.
_ONE_AT_A_TIME: Final = threading.Lock()


def photo_response(content: bytes, kind: str) -> Response:
    """Answer a photo: as it was sent where browsers show its format (`kind`), else as JPEG.

    What cannot be decoded under today's limits is answered as it was sent.
    """
    photo_format = PhotoFormat(kind)
    if photo_format not in SHOWN_BY_BROWSERS:
        with _ONE_AT_A_TIME, suppress(PhotoError):
            content, photo_format = as_jpeg(content, _ANY_SIZE), PhotoFormat.JPEG
    return Response(content, media_type=photo_format.media_type)
