"""What the readers share: the header they return, and how they refuse.

A reader has three refusals: bytes that are not there (`unpack`, `check_within`), bytes that break
the format's rules (`check`, `malformed`), and bytes that follow a rule nobody needs (`accept`).
"""

import struct
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Self, TypeAlias

from detector.containers.capture import Capture
from detector.errors import TooManyPixels, UnreadablePhoto, UnsupportedFormat

__all__ = [
    "ACCEPTED_FORMATS",
    "CUT_SHORT",
    "FORMAT_LABELS",
    "MAX_SEGMENTS",
    "PHOTO_SUFFIXES",
    "SHOWN_BY_BROWSERS",
    "UPRIGHT",
    "Header",
    "PhotoFormat",
    "Piece",
    "accept",
    "check",
    "check_within",
    "held_at",
    "malformed",
    "unpack",
]

# A range of the file's bytes (start, stop), or bytes that stand in for some of them.
Piece: TypeAlias = tuple[int, int] | bytes

MAX_SIDE: Final = 65_500  # libjpeg's JPEG_MAX_DIMENSION; OpenCV's own limit is higher
MAX_AVIF_SIDE: Final = 32_768  # libavif's default limit
MAX_SEGMENTS: Final = 16_384  # JPEG segments, PNG or WebP chunks, JP2 boxes; cameras write < 3,000
UPRIGHT: Final = 1  # the EXIF orientation that turns nothing

CUT_SHORT: Final = "The photo is cut short: part of the file is missing. Send it again."
MALFORMED: Final = "The photo's {} header is damaged. Take or export the photo again."
VARIANT: Final = "This {} uses {}, which is not accepted. Export the photo as an ordinary JPEG."


class PhotoFormat(StrEnum):
    """The accepted containers, by the names that are recorded; `detector.header` reads each."""

    label: str
    """What people call it."""
    media_type: str
    suffixes: tuple[str, ...]
    """Of file names, in lower case; the first is the one that is written."""

    JPEG = "jpeg", "JPEG", "image/jpeg", ".jpg", ".jpeg", ".jpe", ".jfif"
    PNG = "png", "PNG", "image/png", ".png", ".apng"
    WEBP = "webp", "WebP", "image/webp", ".webp"
    BMP = "bmp", "BMP", "image/bmp", ".bmp"
    TIFF = "tiff", "TIFF", "image/tiff", ".tif", ".tiff"
    JPEG_2000 = "jpeg2000", "JPEG 2000", "image/jp2", ".jp2", ".j2k", ".jpc", ".j2c", ".jpx"
    GIF = "gif", "GIF", "image/gif", ".gif"
    HEIC = "heic", "HEIC", "image/heic", ".heic", ".heif", ".hif"
    AVIF = "avif", "AVIF", "image/avif", ".avif"
    DG2 = "dg2", "ICAO DG2", "application/x-icao-dg2", ".dg2", ".bin"
    ISO_19794 = "iso19794", "ISO/IEC 19794-5", "application/x-iso19794-5", ".fac"
    ISO_39794 = "iso39794", "ISO/IEC 39794-5", "application/x-iso39794-5", ".der"
    NIST = "nist", "ANSI/NIST-ITL Type-10", "application/x-ansi-nist", ".an2", ".nist", ".eft"

    def __new__(cls, name: str, label: str = "", media_type: str = "", *suffixes: str) -> Self:
        """Make a member: text that is its name, by which alone it is looked up."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.label, member.media_type, member.suffixes = label, media_type, suffixes
        return member


FORMAT_LABELS: Final = tuple(each.label for each in PhotoFormat)
ACCEPTED_FORMATS: Final = f"{', '.join(FORMAT_LABELS[:-1])} or {FORMAT_LABELS[-1]}"
"""All of them, in a sentence."""

SHOWN_BY_BROWSERS: Final = frozenset(
    {
        PhotoFormat.JPEG,
        PhotoFormat.PNG,
        PhotoFormat.WEBP,
        PhotoFormat.BMP,
        PhotoFormat.GIF,
        PhotoFormat.AVIF,
    }
)
"""Formats that every browser shows as they are."""

PHOTO_SUFFIXES: Final = frozenset(suffix for each in PhotoFormat for suffix in each.suffixes)
"""Of file names that are taken for photos."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the container says; nothing here has been confirmed by a decoder yet.

    width and height are pixels as stored, before `orientation` (EXIF 1-8; 1 where absent or
    invalid) turns them. channels are stored samples a pixel, alpha included; a palette is 1.
    """

    format: PhotoFormat
    width: int
    height: int
    orientation: int
    channels: int
    bits_per_sample: int
    scans: int = 1  # JPEG: passes over the picture; more than one means progressive or planar
    core: tuple[Piece, ...] = field(default=(), repr=False)  # joined: the picture alone
    coding: PhotoFormat | None = None  # of `core`, where the container holds a picture of its own
    coefficient_bytes: int = 0  # JPEG: what its decoder keeps beside the pixels
    filler: int | None = None  # JPEG without its end marker: bytes at the end that may be no data
    unusual: bool = False  # a variant that OpenCV does not decode faithfully, and Pillow does
    quantization: float = 0.0  # JPEG: mean step of its first channel's table, in grey levels
    capture: Capture | None = None  # what a record around the picture says of how it was taken

    @property
    def picture(self) -> PhotoFormat:
        """How the picture itself is coded: what the decoder of `core` has to be."""
        return self.coding or self.format

    def __post_init__(self) -> None:
        """Refuse sides no decoder takes: zero is malformed, a ribbon is a trap."""
        check(self.width >= 1 and self.height >= 1, self.format)
        most = MAX_AVIF_SIDE if self.format is PhotoFormat.AVIF else MAX_SIDE
        if max(self.width, self.height) > most:
            msg = f"The photo is {self.width} x {self.height} pixels; a side may have {most:,}."
            raise TooManyPixels(msg)


def held_at(header: Header, at: int, container: PhotoFormat) -> Header:
    """Return the header of a picture that `container` holds `at` this place of its bytes."""
    core = tuple(
        piece if isinstance(piece, bytes) else (piece[0] + at, piece[1] + at)
        for piece in header.core
    )
    return replace(header, format=container, coding=header.picture, core=core)


def unpack(layout: str, data: bytes, at: int) -> tuple[int, ...]:
    """Read integers; bytes that are not there mean a truncated file."""
    check_within(at + struct.calcsize(layout), len(data))
    return struct.unpack_from(layout, data, at)


def check_within(stop: int, end: int) -> None:
    """Refuse a part that stops beyond the end of what holds it."""
    if stop > end:
        raise UnreadablePhoto(CUT_SHORT)


def check(condition: bool, kind: PhotoFormat) -> None:  # noqa: FBT001 - reads as an assertion
    """Require what the format's own rules require."""
    if not condition:
        raise malformed(kind)


def malformed(kind: PhotoFormat) -> UnreadablePhoto:
    """Return the refusal of a header that breaks its format's rules."""
    return UnreadablePhoto(MALFORMED.format(kind.label))


def accept(condition: bool, kind: PhotoFormat, variant: str) -> None:  # noqa: FBT001 - as above
    """Require that a legal file is of an accepted variant; `variant` names the one it uses."""
    if not condition:
        raise UnsupportedFormat(VARIANT.format(kind.label, variant))
