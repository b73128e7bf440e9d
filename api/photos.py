"""Photos as answers: in a format that every browser shows."""

import threading
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from casework.kernel.stored_photo import StoredPhoto, UncheckedPhoto
from detector.containers.base import SHOWN_BY_BROWSERS, PhotoFormat
from detector.decode import Limits, is_large
from detector.errors import PhotoError
from detector.portrait import as_jpeg

PHOTO_CONTENT: Final[dict[str, Any]] = {each.media_type: {} for each in sorted(SHOWN_BY_BROWSERS)}
"""What an operation that answers a photo publishes."""


class PhotoAnswers:
    """Answers photos; what browsers do not show upright is decoded as many at a time as may be."""

    def __init__(self, limits: Limits, workers: int) -> None:
        """Take what bounds them.

        Args:
            limits: of what is decoded; a file that was taken once may have any number of bytes.
            workers: photos decoded at a time. Of large ones it is one, as in screening.
        """
        self._limits = replace(limits, max_bytes=1 << 40)
        self._places = threading.BoundedSemaphore(workers)
        self._large = threading.Lock()

    def response(self, content: bytes, kind: str, turn: int = 0) -> Response:
        """Answer a photo: as it was sent where browsers show its format (`kind`), else as JPEG.

        As JPEG, too, where it is to be shown turned, by `turn` degrees clockwise.

        What cannot be decoded under today's limits is answered as it was sent.
        """
        photo_format = PhotoFormat(kind)
        if turn or photo_format not in SHOWN_BY_BROWSERS:
            place = self._large if is_large(content) else self._places
            with place, suppress(PhotoError):
                content, photo_format = as_jpeg(content, self._limits, turn), PhotoFormat.JPEG
        return Response(content, media_type=photo_format.media_type)

    def answer(self, stored: StoredPhoto) -> Response:
        """Answer a stored photo as `response` does; one that nobody has decoded yet as JPEG only.

        Raises:
            PhotoError: it cannot be decoded.
        """
        if not isinstance(stored, UncheckedPhoto):
            return self.response(*stored)
        with self._large if is_large(stored.content) else self._places:
            content = as_jpeg(stored.content, self._limits, stored.turn)
        return Response(content, media_type=PhotoFormat.JPEG.media_type)

    def jpeg(self, stored: StoredPhoto) -> bytes | None:
        """Return a photo as JPEG, upright; None where it cannot be decoded under today's limits."""
        place = self._large if is_large(stored.content) else self._places
        with place, suppress(PhotoError):
            return as_jpeg(stored.content, self._limits, stored.turn)
        return None
