"""ISO/IEC 19794-5 records of faces, of 2005 (version 010) and of 2011 (version 030).

Writers state wrong lengths: a picture that is alone in its record and whole by its own end is read
all the same.

A record has a header, and for each face what is known of it and a JPEG, a JPEG 2000 or a PNG. Read
are the first face's picture and a few of its fields.
"""

from contextlib import suppress
from typing import Final

from detector.containers.base import CUT_SHORT, Header, PhotoFormat, accept, check, unpack
from detector.containers.capture import (
    FEATURES,
    SOURCES,
    Capture,
    Pose,
    RecordStandard,
    moment_text,
)
from detector.containers.inner import read_inner, read_unmeasured
from detector.errors import UnreadablePhoto

__all__ = ["MAGIC", "read_19794"]

KIND: Final = PhotoFormat.ISO_19794

MAGIC: Final = b"FAC\0"
FIRST_EDITION, SECOND_EDITION = b"010\0", b"030\0"
POINT_BYTES: Final = 8  # of one feature or landmark point
IMAGE_TYPES: Final = {0: "basic", 1: "full_frontal", 2: "token_frontal"}
# Yaw, pitch and roll each take a byte: 0 says nothing, 1 to 91 are 0 to 180 degrees, beyond, the
# angles from -178 on.
MOST_POSITIVE, LEAST_NEGATIVE, TWO_DEGREES = 91, 181, 2
QUALITY_BYTES, CERTIFICATE_BYTES = 5, 3  # of one entry
PICTURE_STARTS: Final = (b"\xff\xd8\xff", b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51", b"\x89PNG")


def read_19794(
    data: bytes, start: int = 0, stop: int | None = None, container: PhotoFormat = KIND
) -> Header:
    """Read the record in data[start:stop] up to its first picture."""
    stop = len(data) if stop is None else stop
    check(data[start : start + 4] == MAGIC, KIND)
    version = data[start + 4 : start + 8]
    accept(version in (FIRST_EDITION, SECOND_EDITION), KIND, "another version")
    (faces,) = unpack(">4xH", data, start + 8)
    check(faces > 0, KIND)
    read = _first_edition if version == FIRST_EDITION else _second_edition
    return read(data, start, stop, container, faces)


def _first_edition(
    data: bytes, start: int, stop: int, container: PhotoFormat, faces: int
) -> Header:
    at = start + 14
    length, points, mask = unpack(">IH3xI", data, at)
    image = at + 20 + POINT_BYTES * points
    kind, source, device, _ = unpack(">B6xBHH", data, image)
    capture = Capture(
        RecordStandard.ISO_19794_5_2005,
        device_type=device or None,
        source=SOURCES.get(source),
        image_type=IMAGE_TYPES.get(kind),
        pose=_pose(data, at + 14),
        features=_features(mask >> 8),  # three of the four bytes
        faces=faces,
    )
    return _picture(data, image + 12, at + length, stop, container, capture)


def _second_edition(
    data: bytes, start: int, stop: int, container: PhotoFormat, faces: int
) -> Header:
    (certified,) = unpack("B", data, start + 14)
    begin = start + 17
    length, *moment, source, vendor, device, count = unpack(">IH5B2xBHHB", data, begin)
    end = begin + length
    at = begin + 19 + QUALITY_BYTES * count
    if certified:
        (count,) = unpack("B", data, at)
        at += 1 + CERTIFICATE_BYTES * count
    points, mask = unpack(">H4xI", data, at)
    image = at + 17 + POINT_BYTES * points
    (kind,) = unpack(">B10x", data, image)
    picture = image + 11
    if not data.startswith(PICTURE_STARTS, picture):  # its length comes first
        (size,) = unpack(">I", data, picture)
        picture += 4
        end = picture + size
    capture = Capture(
        RecordStandard.ISO_19794_5_2011,
        captured_at=moment_text(moment),
        device_vendor=vendor or None,
        device_type=device or None,
        source=SOURCES.get(source),
        image_type=IMAGE_TYPES.get(kind),
        pose=_pose(data, at + 11),
        features=_features(mask >> 8),
        faces=faces,
    )
    return _picture(data, picture, end, stop, container, capture)


def _picture(
    data: bytes, start: int, stated: int, stop: int, container: PhotoFormat, capture: Capture
) -> Header:
    """Read the picture that ends where the record says, or else where it ends itself.

    What is missing of a picture that ends at its stated place may be behind that place.
    """
    alone = capture.faces == 1
    if not start < stated <= stop:
        if not alone:
            raise UnreadablePhoto(CUT_SHORT)
        return read_unmeasured(data, start, stop, container, capture)
    try:
        header = read_inner(data, start, stated, container, capture)
    except UnreadablePhoto:
        if not alone or stated == stop:
            raise
        return read_unmeasured(data, start, stop, container, capture)
    if header.filler is None or not alone or stated == stop:
        return header
    with suppress(UnreadablePhoto):
        return read_unmeasured(data, start, stop, container, capture)
    return header


def _pose(data: bytes, at: int) -> Pose | None:
    yaw, pitch, roll = (_angle(code) for code in unpack("3B", data, at))
    return None if yaw is pitch is roll is None else Pose(yaw, pitch, roll)


def _angle(code: int) -> int | None:
    if 1 <= code <= MOST_POSITIVE:
        return TWO_DEGREES * (code - 1)
    return TWO_DEGREES * (code - LEAST_NEGATIVE) if MOST_POSITIVE < code < LEAST_NEGATIVE else None


def _features(mask: int) -> tuple[str, ...]:
    """Return what a property mask says, whose lowest bit says whether it says anything."""
    if not mask & 1:
        return ()
    return tuple(name for bit, name in enumerate(FEATURES, 1) if mask >> bit & 1)
