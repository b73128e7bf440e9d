"""Photos that a client has sent as something else by mistake: the refusal says what to change."""

import re
from typing import Final

__all__ = ["wrapping"]

_ITSELF: Final = "Send the bytes of the photo themselves."
_AS_BYTES: Final = "Read the file as bytes and send these, not text."

_MISTAKES: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = (
    (
        # What the first bytes of a JPEG, PNG, WebP, BMP, TIFF, GIF, JPEG 2000, HEIC or AVIF are in
        # base64, and those of a DG2, its templates, a record of a face, and an ANSI/NIST-ITL file.
        re.compile(
            rb"\s{0,8}[\"']?(data:[\w/+.;=-]{0,80},|[/_]9j[/_]|iVBORw0KGgo|UklGR|Qk[0-3][\w+/-]{4}"
            rb"|SUkqA|TU0AK|R0lGOD|AAAADGpQICA|[/_]0[/_][/_]UQ|AAAA[\w+/-]{2}Z0eXB"
            rb"|(dY[A-T]|f2[CG]|ZY[A-T])[\w+/-]{16}|RkFDAD|MS4w)"
        ),
        f"This is a photo written as base64 text, which is not accepted. {_ITSELF}",
    ),
    (
        # The same in hexadecimal: at least so many digits, however they are set apart.
        re.compile(rb"\s{0,8}[\"']?(0x)?([0-9A-Fa-f]{2}[\s:,;-]{0,2}(0x)?){24}"),
        f"This is hexadecimal text, which is not accepted. {_ITSELF}",
    ),
    (
        re.compile(rb"\s{0,8}[{\[]\s{0,8}[\"{\[\]}]"),
        f"This is JSON, which is not accepted as a photo. {_ITSELF}",
    ),
    (
        re.compile(rb"\x1f\x8b"),
        "This is compressed with gzip, which is not accepted. Send the photo as it was taken.",
    ),
    (
        # FF D8 FF of a JPEG or 89 of a PNG, read as UTF-8 or Latin-1 and written as UTF-8.
        re.compile(rb"(\xef\xbf\xbd){3}|\xef\xbf\xbdPNG|\xc3\xbf\xc3\x98\xc3\xbf|\xc2\x89PNG"),
        f"The photo was read as text on its way, which damaged it for good. {_AS_BYTES}",
    ),
    (
        re.compile(rb"\x89PNG(\n\x1a\n|\r\n\x1a\r\n|\r\x1a\r)"),
        f"The line ends in this PNG were changed on its way, which damaged it. {_AS_BYTES}",
    ),
    (
        re.compile(rb"--[^\r\n]{1,70}\r?\n(?i:content-)"),
        f"This is a multipart form inside another one. {_ITSELF}",
    ),
)


def wrapping(data: bytes) -> str | None:
    """Return what to say of a file that is a photo in the wrong wrapping; None of any other."""
    return next((sentence for magic, sentence in _MISTAKES if magic.match(data)), None)
