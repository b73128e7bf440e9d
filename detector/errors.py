"""What can go wrong between a photo's bytes and a face's template.

DetectorError
├── PhotoError               the photo is refused: the sender can act on it
│   ├── EmptyPhoto           no bytes at all
│   ├── UnsupportedFormat    not a kind of picture, or of encoding, that is accepted
│   ├── PhotoTooLarge        more bytes than the limit
│   ├── TooManyPixels        more decoded pixels than the limit
│   └── UnreadablePhoto      truncated, corrupt or hostile
└── NetworkError             a network cannot be used as its manifest says
    └── RuntimeRefused       the runtime that is asked for cannot be used here

Every `PhotoError` carries a stable `code` and a sentence that says what to do. Messages describe
the container (its kind, its size) and never quote what is inside the photo.
"""

from typing import ClassVar

__all__ = [
    "DetectorError",
    "EmptyPhoto",
    "NetworkError",
    "PhotoError",
    "PhotoTooLarge",
    "RuntimeRefused",
    "TooManyPixels",
    "UnreadablePhoto",
    "UnsupportedFormat",
]


class DetectorError(Exception):
    """Anything `detector` raises on purpose."""


class PhotoError(DetectorError):
    """The photo is refused; `code` is stable across releases, the message is for a person."""

    code: ClassVar[str] = "photo_refused"


class EmptyPhoto(PhotoError):
    """No bytes were received."""

    code: ClassVar[str] = "photo_empty"


class UnsupportedFormat(PhotoError):
    """Not one of the accepted formats, or a variant of one that no camera writes."""

    code: ClassVar[str] = "photo_format_unsupported"


class PhotoTooLarge(PhotoError):
    """The file has more bytes than `Limits.max_bytes`."""

    code: ClassVar[str] = "photo_too_large"


class TooManyPixels(PhotoError):
    """The picture would decode to more than `Limits.max_pixels` allows."""

    code: ClassVar[str] = "photo_too_many_pixels"


class UnreadablePhoto(PhotoError):
    """The file is truncated, corrupt, or made to exhaust a decoder."""

    code: ClassVar[str] = "photo_unreadable"


class NetworkError(DetectorError):
    """A network cannot be used as its manifest says."""


class RuntimeRefused(NetworkError):
    """The runtime that is asked for is not here, gains nothing here, or is not proven."""
