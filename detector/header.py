"""What a photo's container says, read without decoding anything.

`read_header` looks at the first bytes, never at a file name, and hands the file to the reader of
its format in `detector.containers`. It answers three questions before any native decoder sees a
byte:

- what is it and how large will it be when decoded;
- is all of it there (a decoder that fills the missing half of a face with grey is no help);
- which bytes are the picture. `Header.core` leaves out metadata, colour profiles, thumbnails,
  further pages and animations, so nothing hidden in them reaches a native parser, and the decoder
  finds no orientation of its own to apply.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from detector.containers.base import ACCEPTED_FORMATS, Header, PhotoFormat
from detector.containers.bmp import read_bmp
from detector.containers.dg2 import read_dg2
from detector.containers.gif import read_gif
from detector.containers.heif import read_avif, read_heic
from detector.containers.iso19794 import read_19794
from detector.containers.iso39794 import read_39794
from detector.containers.jpeg import read_jpeg
from detector.containers.jpeg2000 import read_codestream, read_jp2
from detector.containers.nist import read_nist
from detector.containers.png import read_png
from detector.containers.tiff import read_tiff
from detector.containers.webp import read_webp
from detector.containers.wrapped import wrapping
from detector.errors import EmptyPhoto, UnsupportedFormat

__all__ = ["Header", "PhotoFormat", "read_header"]

UNSUPPORTED: Final = f"This is {{}}, which is not accepted. Send the photo as {ACCEPTED_FORMATS}."
UNKNOWN: Final = "an unknown kind of file"

Reader: TypeAlias = Callable[[bytes], Header]

LENGTH: Final = rb"(\x80|\x82..|\x83...|\x84....)"  # X.690's: of 256 bytes or more, or left open

READERS: Final[Mapping[PhotoFormat, Mapping[re.Pattern[bytes], Reader]]] = {
    PhotoFormat.JPEG: {re.compile(rb"\xff\xd8\xff"): read_jpeg},
    PhotoFormat.PNG: {re.compile(rb"\x89PNG\r\n\x1a\n"): read_png},
    PhotoFormat.WEBP: {re.compile(rb"RIFF....WEBP", re.DOTALL): read_webp},
    PhotoFormat.BMP: {re.compile(rb"BM"): read_bmp},
    PhotoFormat.TIFF: {re.compile(rb"II\x2a\0|MM\0\x2a"): read_tiff},
    PhotoFormat.JPEG_2000: {
        re.compile(rb"\0\0\0\x0cjP  \r\n\x87\n"): read_jp2,
        re.compile(rb"\xff\x4f\xff\x51"): read_codestream,
    },
    PhotoFormat.GIF: {re.compile(rb"GIF8[79]a"): read_gif},
    PhotoFormat.HEIC: {
        re.compile(rb"....ftyp(hei|hev|mif|msf)", re.DOTALL): read_heic,
    },
    PhotoFormat.AVIF: {re.compile(rb"....ftypavi[fs]", re.DOTALL): read_avif},
    # Tag 75 or one of the templates inside it, a length, and the tag of what is inside next. Before
    # the group of templates some chips have a tag of their own.
    PhotoFormat.DG2: {
        re.compile(rb"\x75" + LENGTH + rb".{0,64}?\x7f\x61", re.DOTALL): read_dg2,
        re.compile(rb"\x7f\x61" + LENGTH + rb"(\x02\x01|\x7f\x60)", re.DOTALL): read_dg2,
        re.compile(rb"\x7f\x60" + LENGTH + rb"\xa1", re.DOTALL): read_dg2,
    },
    PhotoFormat.ISO_19794: {re.compile(rb"FAC\0"): read_19794},
    PhotoFormat.ISO_39794: {re.compile(rb"\x65" + LENGTH + rb"\xa0.\x80", re.DOTALL): read_39794},
    PhotoFormat.NIST: {re.compile(rb"1\.0{0,8}1:[0-9]{1,9}\x1d"): read_nist},
}
"""By the first bytes of a file."""

# What else is sent by mistake: the refusal says what it is. The first that matches names it, so
# the general (a video, text) come after the particular (HEIC, a web page).
STRANGERS: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = (
    (re.compile(rb"....ftyp", re.DOTALL), "a video"),
    (re.compile(rb"\xff\x0a|\0\0\0\x0cJXL "), "a JPEG XL photo"),
    (re.compile(rb"II\x2b\0|MM\0\x2b"), "a BigTIFF"),
    (re.compile(rb"\0\0\x01\0"), "an icon"),
    (re.compile(rb"8BPS"), "a Photoshop document"),
    (re.compile(rb"%PDF"), "a PDF document"),
    (re.compile(rb"PK(\x03\x04|\x05\x06)"), "a ZIP archive or office document"),
    (re.compile(rb"\x1f\x8b|Rar!|7z\xbc\xaf"), "a compressed archive"),
    (re.compile(rb"\s{0,256}<"), "a web page or XML document"),
    (re.compile(rb"[\t\r\n\x20-\x7e]{1,64}($|[^\0]{0,8}$)|[\t\r\n\x20-\x7e]{64}"), "text"),
)


def read_header(data: bytes) -> Header:
    """Return what the container says about the picture.

    Raises EmptyPhoto, UnsupportedFormat, UnreadablePhoto, or TooManyPixels for an absurd side.
    """
    if not data:
        raise EmptyPhoto("No photo was received: the file is empty. Send it again.")
    for readers in READERS.values():
        for magic, read in readers.items():
            if magic.match(data):
                return read(data)
    if (mistake := wrapping(data)) is not None:
        raise UnsupportedFormat(mistake)
    kind = next((name for magic, name in STRANGERS if magic.match(data)), UNKNOWN)
    raise UnsupportedFormat(UNSUPPORTED.format(kind))
