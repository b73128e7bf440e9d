"""ANSI/NIST-ITL files in the traditional encoding: records of tagged fields.

A file is a first record (type 1) that lists the others. A record begins with its own length, its
fields are `type.number:content`, and separators part fields, repetitions of a field (subfields) and
a subfield's items. Records of type 2 describe the person in fields that each domain agrees on for
itself; those of type 10 hold a picture, in their last field. The old binary records (types 3 to 8)
are passed over.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from detector.containers.base import (
    CUT_SHORT,
    VARIANT,
    Header,
    PhotoFormat,
    check,
    check_within,
    malformed,
    unpack,
)
from detector.containers.capture import Capture, Pose, RecordStandard, moment_text
from detector.containers.inner import read_inner
from detector.errors import PhotoError, UnreadablePhoto, UnsupportedFormat

__all__ = ["FIELD", "FILE_SEPARATOR", "ITEM", "SUBFIELD", "NistRecord", "read_nist", "read_records"]

KIND: Final = PhotoFormat.NIST

Subfields: TypeAlias = tuple[tuple[str, ...], ...]

FILE_SEPARATOR, FIELD, SUBFIELD, ITEM = b"\x1c", b"\x1d", b"\x1e", b"\x1f"
FIRST, FACE_PICTURE = 1, 10  # types of records
BINARY: Final = range(3, 9)
LENGTH, CONTENTS, PICTURE = 1, 3, 999  # numbers of fields; the second of the first record
MAX_RECORDS: Final = 1_000
MAX_FIELDS: Final = 4_096
MAX_FIELD_BYTES: Final = 65_536  # of text
NUMBERED: Final = re.compile(rb"(\d{1,2})\.(\d{1,9}):")

IMAGE_TYPE, SHOT_ON, COMPRESSION, POSE, POSE_ANGLE = 3, 5, 11, 20, 21
FACE: Final = "FACE"
COMPRESSED: Final = frozenset({"JPEGB", "JPEGL", "JP2", "JP2L", "PNG"})
# What else the standard has, as it is called in a refusal.
OTHER_CODINGS: Final = {
    "NONE": "a picture without compression",
    "WSQ": "a picture compressed with WSQ",
    "WSQ20": "a picture compressed with WSQ",
}
POSES: Final = {"F": "frontal", "R": "right", "L": "left", "A": "angled", "D": "determined"}


@dataclass(frozen=True, slots=True)
class NistRecord:
    """One record: its type, its text fields by number, and where its picture is."""

    type: int
    fields: Mapping[int, Subfields]
    """Each field's subfields, each of its items; text is UTF-8 or else Latin-1."""
    picture: tuple[int, int] | None = field(default=None)
    """Start and stop of field 999 in the file."""

    def text(self, number: int) -> str:
        """Return a field's first item; empty where it is not there."""
        return self.fields.get(number, (("",),))[0][0].strip()


def read_records(data: bytes) -> tuple[NistRecord, ...]:
    """Read all records of a file, the first one included.

    Raises:
        UnreadablePhoto: the file is cut short, or is no such file.
    """
    first, at = _tagged(data, 0)
    check(first.type == FIRST, KIND)
    listed = [_number(items[0]) for items in first.fields.get(CONTENTS, ())[1:]]
    check(len(listed) < MAX_RECORDS, KIND)
    records = [first]
    for kind in listed:
        if kind in BINARY:
            (length,) = unpack(">I", data, at)
            check(length > 4, KIND)
            check_within(at + length, len(data))
            at += length
            continue
        record, at = _tagged(data, at)
        check(record.type == kind, KIND)
        records.append(record)
    return tuple(records)


def read_nist(data: bytes) -> Header:
    """Read the first picture of a face, among the records of type 10, that can be read.

    Of several that cannot, the refusal says what is wrong with the first.
    """
    pictures = [each for each in read_records(data) if each.type == FACE_PICTURE]
    faces = [each for each in pictures if each.text(IMAGE_TYPE).upper() in (FACE, "")]
    if not faces:
        kind = "pictures of something else than a face" if pictures else "no picture of a face"
        raise UnsupportedFormat(VARIANT.format(KIND.label, kind))
    refusals: list[PhotoError] = []
    for face in faces:
        try:
            return _picture(data, face, len(faces))
        except (UnreadablePhoto, UnsupportedFormat) as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _picture(data: bytes, face: NistRecord, faces: int) -> Header:
    if face.picture is None:
        raise UnreadablePhoto(CUT_SHORT)
    coding = face.text(COMPRESSION).upper()
    if coding and coding not in COMPRESSED:
        named = OTHER_CODINGS.get(coding, "a picture of unknown compression")
        raise UnsupportedFormat(VARIANT.format(KIND.label, named))
    return read_inner(data, *face.picture, KIND, _capture(face, faces))


def _tagged(data: bytes, at: int) -> tuple[NistRecord, int]:
    """Return the record of tagged fields at `at`, and where it stops."""
    begin = NUMBERED.match(data, at)
    if begin is None:
        raise malformed(KIND)
    kind, number = int(begin[1]), int(begin[2])
    check(number == LENGTH, KIND)
    stop_of_length = _next(data, begin.end(), begin.end() + 16)
    stop = at + _number(data[begin.end() : stop_of_length].decode("ascii", "replace"))
    check(stop > stop_of_length, KIND)
    check_within(stop, len(data))
    check(data[stop - 1 : stop] == FILE_SEPARATOR, KIND)
    fields: dict[int, Subfields] = {}
    for _ in range(MAX_FIELDS):
        named = NUMBERED.match(data, at, stop)
        if named is None or int(named[1]) != kind:
            raise malformed(KIND)
        number = int(named[2])
        if number == PICTURE:
            return NistRecord(kind, fields, (named.end(), stop - 1)), stop
        end = _next(data, named.end(), min(stop, named.end() + MAX_FIELD_BYTES))
        check(number not in fields, KIND)
        fields[number] = _subfields(data[named.end() : end])
        at = end + 1
        if at >= stop:
            return NistRecord(kind, fields), stop
    raise malformed(KIND)


def _next(data: bytes, at: int, stop: int) -> int:
    """Return where the field ends: before a field's separator, or the record's."""
    ends = [end for mark in (FIELD, FILE_SEPARATOR) if (end := data.find(mark, at, stop)) >= 0]
    check(bool(ends), KIND)
    return min(ends)


def _subfields(content: bytes) -> Subfields:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    subfield, item = SUBFIELD.decode(), ITEM.decode()
    return tuple(tuple(each.split(item)) for each in text.split(subfield))


def _number(text: str) -> int:
    check(text.isascii() and text.isdigit() and len(text) <= 9, KIND)
    return int(text)


def _capture(record: NistRecord, faces: int) -> Capture:
    day = record.text(SHOT_ON)
    parts = [int(day[:4]), int(day[4:6]), int(day[6:8])] if re.fullmatch(r"[0-9]{8}", day) else []
    yaw = record.text(POSE_ANGLE)
    angle = int(yaw) if re.fullmatch(r"[+-]?[0-9]{1,3}", yaw) else None
    pose = record.text(POSE).upper()
    return Capture(
        RecordStandard.ANSI_NIST,
        captured_at=moment_text(parts),
        image_type=POSES.get(pose),
        pose=None if angle is None else Pose(angle, None, None),
        faces=faces,
    )
