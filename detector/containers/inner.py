"""The picture inside a record of a face: a JPEG, a JPEG 2000 or a PNG, as the standards have it."""

from dataclasses import replace
from typing import Final

from detector.containers.base import Header, PhotoFormat, held_at
from detector.containers.capture import Capture
from detector.containers.jpeg import read_jpeg
from detector.containers.jpeg2000 import read_codestream, read_jp2
from detector.containers.png import read_png
from detector.errors import UnsupportedFormat

__all__ = ["read_inner"]

READERS: Final = {
    b"\xff\xd8\xff": read_jpeg,
    b"\0\0\0\x0cjP  ": read_jp2,
    b"\xff\x4f\xff\x51": read_codestream,
    b"\x89PNG\r\n\x1a\n": read_png,
}
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
