"""A photo as it is kept, with what is needed to show it the right way up."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self


class StoredPhoto(NamedTuple):
    """A photo as it was submitted."""

    content: bytes
    format: str
    turn: int
    """Degrees clockwise by which it has to be turned so that its face is upright: by quarters."""

    @classmethod
    def of(cls, content: bytes, photo_format: str, quality: Mapping[str, Any] | None) -> Self:
        """Take the turn from the quality that was recorded when the photo came."""
        return cls(content, photo_format, turn_of(quality or {}))


class UncheckedPhoto(StoredPhoto):
    """One that nobody has decoded yet, from somebody who is not known."""


def turn_of(quality: Mapping[str, Any]) -> int:
    """Return the degrees clockwise that a recorded quality says its photo was turned by."""
    measures = quality.get("measures", ())
    return next((int(each["value"]) for each in measures if each["name"] == "PhotoTurn"), 0)
