"""The picture inside a record of a face: a JPEG, a JPEG 2000 or a PNG, as the standards have it."""

from dataclasses import replace
from typing import Final

from detector.containers.base import CUT_SHORT, Header, PhotoFormat, held_at
from detector.containers.capture import Capture
from detector.containers.jpeg import read_jpeg
from detector.containers.jpeg2000 import read_codestream, read_jp2
from detector.containers.png import read_png
from detector.errors import UnreadablePhoto, UnsupportedFormat

__all__ = ["read_inner", "read_unmeasured"]

READERS: Final = {
    b"\xff\xd8\xff": read_jpeg,
    b"\0\0\0\x0cjP  ": read_jp2,
    b"\xff\x4f\xff\x51": read_codestream,
    b"\x89PNG\r\n\x1a\n": read_png,
}
END_OF_CODESTREAM: Final = b"\xff\xd9"
OTHER: Final = (
    "The picture in this {} is of a kind that is not accepted. Send it as JPEG, JPEG 2000 or PNG."
)


def read_inner(
    data: bytes, start: int, stop: int, container: PhotoFormat, capture: Capture
) -> Header:
    """Return the header of the picture in data[start:stop], which `container` holds."""
    picture = data[start:stop]
    for magic, read in READERS.items():
        if picture.startswith(magic):
            return replace(held_at(read(picture), start, container), capture=capture)
    raise UnsupportedFormat(OTHER.format(container.label))


def read_unmeasured(
    data: bytes, start: int, stop: int, container: PhotoFormat, capture: Capture
) -> Header:
    """Return the header of the picture that begins at `start` and ends itself, by `stop`.

    For a record that states another length than it has: the picture's own end says that it is
    whole. Raises UnreadablePhoto where it has none.
    """
    header = read_inner(data, start, stop, container, capture)
    ended = header.filler is None
    if header.picture is PhotoFormat.JPEG_2000:
        ended = data[start:stop].rstrip(b"\0").endswith(END_OF_CODESTREAM)
    if not ended:
        raise UnreadablePhoto(CUT_SHORT)
    return header
