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

from casework.imports.country_codes import alpha_3
from casework.imports.nist.records import RS, US, Record, read_records, write_record
from casework.imports.raw_rows import KNOWN_IN_PART, LEFT_OUT, Fault
from casework.kernel.messages import Message

DOMAIN: Final = "SIAGA"
# ANSI/NIST-ITL 1-2011, updated 2013.
_VERSION: Final = b"0502"
_UTF_8: Final = "3"

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
_LONGEST_REASON: Final = 4000
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


def subject_of(content: bytes) -> tuple[dict[str, Any], list[Fault]]:
    """Return the fields of a subject, and warnings, of a file with records of types 1 and 2.

    Raises:
        RecordsDamaged: the file has another format, or is not whole.
    """
    head: Record | None = None
    person = Record(2, {})
    for record in read_records(content, frozenset({1, 2})):
        if record.type == 1:
            head = record
        else:
            # Fingerprints may follow, and name nobody.
            person = record
            break
    assert head is not None  # noqa: S101 - a file begins with it, or is damaged
    encoding = "utf-8"
    if head.entries(13, encoding)[:1] and head.entries(13, encoding)[0][0] == DOMAIN:
        return _own(person), []
    return _of_others(head, person, encoding)


def photos_of(content: bytes) -> list[bytes]:
    """Return the photos of faces in a file; raises RecordsDamaged."""
    records = read_records(content, frozenset({10}))
    return [
        record.image
        for record in records
        if record.image is not None and record.text(3, "latin-1").upper() in {"FACE", ""}
    ]


def _own(person: Record) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "reference": person.text(_OWN_REFERENCE, "utf-8"),
        "name": person.text(_NAME, "utf-8"),
        "aliases": [entry[0] for entry in person.entries(_ALIASES, "utf-8")],
        "sex": person.text(_SEX, "utf-8") or None,
        "birth_date": _birth(person.text(_BIRTH, "utf-8")),
        "nationality": person.text(_CITIZENSHIP, "utf-8") or None,
        "reason": person.text(_REASON, "utf-8"),
        "documents": [
            {name: item for name, item in zip(_DOCUMENT, entry, strict=False) if item}
            for entry in person.entries(_OWN_DOCUMENTS, "utf-8")
        ],
    }
    return fields | {
        name: text
        for number, name in _OWN.items()
        if (text := person.text(number, "utf-8") or None) is not None or name != "status"
    }


def _of_others(head: Record, person: Record, encoding: str) -> tuple[dict[str, Any], list[Fault]]:
    warnings: list[Fault] = []
    fields: dict[str, Any] = {
        "reference": person.text(_OWN_REFERENCE, encoding) or head.text(9, encoding) or None,
        "name": _name(person.entries(_NAME, encoding)) or None,
    }
    if aliases := [_name([entry]) for entry in person.entries(_ALIASES, encoding)]:
        fields["aliases"] = aliases
    if birth := _birth(person.text(_BIRTH, encoding)):
        fields["birth_date"] = birth
    if sex := person.text(_SEX, encoding).upper():
        # EBTS has letters for impersonators and unknown; they are no sex.
        fields["sex"] = sex if sex in _SEXES else "U"
    if country := person.text(_CITIZENSHIP, encoding).upper():
        # Two letters are those of the FBI's NCIC, or of ISO: the same mean other states.
        code = alpha_3(country) if len(country) == 3 else None
        if code is None:
            message = Message("row_citizenship_ambiguous")
            warnings.append(Fault("nationality", LEFT_OUT, message))
        else:
            fields["nationality"] = code
    if documents := _documents(person.entries(_OTHER_NUMBERS, encoding)):
        fields["documents"] = documents
    if reason := person.text(_REASON, encoding):
        fields["reason"] = reason[:_LONGEST_REASON]
        if len(reason) > _LONGEST_REASON:
            message = Message("row_reason_cut", {"letters": _LONGEST_REASON})
            warnings.append(Fault("reason", KNOWN_IN_PART, message))
    return fields, warnings


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
    listed = RS.join(f"{kind}{US}{number:02d}" for kind, number in counts)
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
            (15, f"{_UTF_8}{US}UTF-8".encode()),
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
    entries = RS.join(US.join(map(_plain, each)) for each in items)
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
        return RS.join(map(_plain, value)).encode()
    return b"" if value is None else _plain(value).encode()


def _plain(value: object) -> str:
    """Return a text without the signs that separate fields."""
    return _SEPARATORS.sub(" ", str(value))
