"""A subject as an ANSI/NIST-ITL file: a record of type 2 says who it is, those of type 10 show it.

The standard leaves the fields of type 2 to each community. They are read by the numbers of the
FBI's EBTS, which most police systems know. What else a subject has goes out in fields of our own,
from 2.901 on, which are read back from our own files alone: the file's domain (1.013) says so.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from casework.imports.nation_names import nation_of
from casework.imports.nist.records import BETWEEN_ENTRIES, BETWEEN_ITEMS, write_record
from casework.imports.raw_rows import LEFT_OUT, Fault
from casework.kernel.messages import Message
from detector.containers.nist import NistRecord, read_records

DOMAIN: Final = "SIAGA"
# ANSI/NIST-ITL 1-2011, updated 2013.
_VERSION: Final = b"0502"
_UTF_8: Final = "3"
_DOMAIN_NAME: Final = 13

_OWN_REFERENCE: Final = 9
_OTHER_NUMBERS: Final = 17
_NAME: Final = 18
_ALIASES: Final = 19
_CITIZENSHIP: Final = 21
_BIRTH: Final = 22
_SEX: Final = 24
_REASON: Final = 37
# Our own, for what EBTS has no place for.
_OWN: Final = {
    901: "birth_year",
    902: "decision_number",
    903: "status",
    904: "valid_from",
    905: "valid_until",
}
_OWN_DOCUMENTS: Final = 906
_DOCUMENT: Final = ("kind", "number", "country")
_PASSPORT: Final = "PP"
_SEXES: Final = {"M", "F", "X"}
_SEPARATORS: Final = re.compile("[\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """A photo that goes out."""

    content: bytes
    compression: str
    """As the standard calls it: `JPEGB`, `JP2`, `PNG`."""
    width: int
    height: int
    taken: date


@dataclass(frozen=True, slots=True)
class SubjectFile:
    """What a file says of its subject."""

    fields: dict[str, Any]
    """By the names of a list's columns."""
    warnings: tuple[Fault, ...]
    photos: tuple[bytes, ...]
    """Of faces, each in the format of some file of pictures."""


def read_file(content: bytes) -> SubjectFile:
    """Read a file with records of types 1 and 2, and of type 10 if it has photos.

    Raises:
        PhotoError: the file has another format, or is not whole.
    """
    records = read_records(content)
    head = records[0]
    person = next((each for each in records if each.type == 2), NistRecord(2, {}))
    photos = tuple(
        content[slice(*each.picture)]
        for each in records
        if each.type == 10 and each.picture is not None and each.text(3).upper() in {"FACE", ""}
    )
    if head.text(_DOMAIN_NAME) == DOMAIN:
        return SubjectFile(_own(person), (), photos)
    fields, warnings = _of_others(head, person)
    return SubjectFile(fields, tuple(warnings), photos)


def _own(person: NistRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "reference": _text(person, _OWN_REFERENCE),
        "name": _text(person, _NAME),
        "aliases": [entry[0] for entry in _entries(person, _ALIASES)],
        "sex": _text(person, _SEX) or None,
        "birth_date": _birth(_text(person, _BIRTH)),
        "nationality": _text(person, _CITIZENSHIP) or None,
        "reason": _text(person, _REASON),
        "documents": [
            {name: item for name, item in zip(_DOCUMENT, entry, strict=False) if item}
            for entry in _entries(person, _OWN_DOCUMENTS)
        ],
    }
    return fields | {
        name: text
        for number, name in _OWN.items()
        if (text := _text(person, number) or None) is not None or name != "status"
    }


def _of_others(head: NistRecord, person: NistRecord) -> tuple[dict[str, Any], list[Fault]]:
    warnings: list[Fault] = []
    fields: dict[str, Any] = {
        "reference": _text(person, _OWN_REFERENCE) or _text(head, 9) or None,
        "name": _name(_entries(person, _NAME)) or None,
    }
    if aliases := [_name([entry]) for entry in _entries(person, _ALIASES)]:
        fields["aliases"] = aliases
    if birth := _birth(_text(person, _BIRTH)):
        fields["birth_date"] = birth
    if sex := _text(person, _SEX).upper():
        # EBTS has letters for impersonators and unknown; they are no sex.
        fields["sex"] = sex if sex in _SEXES else "U"
    if country := _text(person, _CITIZENSHIP).upper():
        # Two letters are those of the FBI's NCIC, or of ISO: the same mean other states.
        code = nation_of(country).code if len(country) == 3 else None
        if code is None:
            message = Message("row_citizenship_ambiguous")
            warnings.append(Fault("nationality", LEFT_OUT, message))
        else:
            fields["nationality"] = code
    if documents := _documents(_entries(person, _OTHER_NUMBERS)):
        fields["documents"] = documents
    if reason := _text(person, _REASON):
        fields["reason"] = reason
    return fields, warnings


def _text(record: NistRecord, number: int) -> str:
    """Return a field whole, as one text."""
    entries = record.fields.get(number, ())
    return BETWEEN_ENTRIES.join(map(BETWEEN_ITEMS.join, entries)).strip()


def _entries(record: NistRecord, number: int) -> list[list[str]]:
    """Return a field's entries that say something, each with its items."""
    found = [[item.strip() for item in entry] for entry in record.fields.get(number, ())]
    return [entry for entry in found if any(entry)]


def _name(entries: Sequence[Sequence[str]]) -> str:
    """Return `DOE,JOHN ALBERT` as people write it; newer files have the parts as items."""
    if not entries:
        return ""
    items = [item for item in entries[0] if item]
    if len(items) > 1:
        return " ".join([*items[1:], items[0]])
    last, _, first = (items[0] if items else "").partition(",")
    return f"{first.strip()} {last.strip()}".strip()


def _birth(text: str) -> str | None:
    """Return `19800229` as a date, which may be known in part."""
    if not re.fullmatch("[0-9]{8}", text):
        return text or None
    return None if text.startswith("0000") else f"{text[:4]}-{text[4:6]}-{text[6:]}"


def _documents(entries: Iterable[Sequence[str]]) -> list[dict[str, str]]:
    """Return the passports of numbers such as `PP-C1234567`."""
    found = []
    for entry in entries:
        kind, dash, number = entry[0].partition("-")
        if dash and number.strip() and kind.strip().upper() == _PASSPORT:
            found.append({"kind": "passport", "number": number.strip()})
    return found


def file_of(
    fields: Mapping[str, Any], photos: Sequence[PhotoRecord], agency: str, now: datetime
) -> bytes:
    """Return a subject's file.

    Args:
        fields: by the names of an export, dates as texts.
        photos: of its face.
        agency: who sends it, and to nobody in particular.
        now: when.
    """
    day = now.strftime("%Y%m%d").encode()
    source = _written(agency)
    records = [_person(fields)]
    records += [_photo(photo, place, source) for place, photo in enumerate(photos, 1)]
    contents = [(2, 0), *((10, place) for place in range(1, len(photos) + 1))]
    counts = [(1, len(contents)), *contents]
    listed = BETWEEN_ENTRIES.join(f"{kind}{BETWEEN_ITEMS}{number:02d}" for kind, number in counts)
    head = write_record(
        1,
        [
            (2, _VERSION),
            (3, listed.encode()),
            (4, b"SUBJECT"),
            (5, day),
            (7, source),
            (8, source),
            (9, _written(fields["reference"])),
            (11, b"00.00"),
            (12, b"00.00"),
            (13, DOMAIN.encode()),
            (14, now.strftime("%Y%m%d%H%M%SZ").encode()),
            (15, f"{_UTF_8}{BETWEEN_ITEMS}UTF-8".encode()),
        ],
    )
    return b"".join([head, *records])


def _person(fields: Mapping[str, Any]) -> bytes:
    documents = fields["documents"]
    items = [[each["kind"], each["number"], each.get("country") or ""] for each in documents]
    passports = [
        f"{_PASSPORT}-{each['number']}" for each in documents if each["kind"] == "passport"
    ]
    said = {
        2: "00",
        _OWN_REFERENCE: fields["reference"],
        _OTHER_NUMBERS: passports,
        _NAME: fields["name"],
        _ALIASES: fields["aliases"],
        _CITIZENSHIP: fields["nationality"],
        _BIRTH: (fields["birth_date"] or "").replace("-", ""),
        _SEX: fields["sex"],
        _REASON: fields["reason"],
        **{number: fields[name] for number, name in _OWN.items()},
    }
    written = [(number, _written(value)) for number, value in said.items()]
    entries = BETWEEN_ENTRIES.join(BETWEEN_ITEMS.join(map(_plain, each)) for each in items)
    return write_record(2, [*written, (_OWN_DOCUMENTS, entries.encode())])


def _photo(photo: PhotoRecord, place: int, source: bytes) -> bytes:
    return write_record(
        10,
        [
            (2, b"%02d" % place),
            (3, b"FACE"),
            (4, source),
            (5, photo.taken.strftime("%Y%m%d").encode()),
            (6, b"%d" % photo.width),
            (7, b"%d" % photo.height),
            # No scale: the sides of a pixel are alike.
            (8, b"0"),
            (9, b"1"),
            (10, b"1"),
            (11, photo.compression.encode()),
            (12, b"UNK"),
            (999, photo.content),
        ],
    )


def _written(value: object) -> bytes:
    if isinstance(value, list):
        return BETWEEN_ENTRIES.join(map(_plain, value)).encode()
    return b"" if value is None else _plain(value).encode()


def _plain(value: object) -> str:
    """Return a text without the signs that separate fields."""
    return _SEPARATORS.sub(" ", str(value))
