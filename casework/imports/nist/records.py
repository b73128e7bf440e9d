"""Records of an ANSI/NIST-ITL file in its traditional encoding, read and written.

A file is a run of records. Those with text, and images since 2000, are tagged: fields such as
`2.018:` with a number, ended by group separators, of which the first says how many bytes the record
has. Older image records begin with their length in four bytes. The first record, of type 1, lists
the types of the others. Here the tagged ones are read, and the others passed over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

FS: Final = b"\x1c"
"""Ends a record."""
GS: Final = b"\x1d"
"""Ends a field."""
RS: Final = "\x1e"
"""Ends one of a field's entries."""
US: Final = "\x1f"
"""Ends one of an entry's items."""

MARKS: Final = (b"1.001:", b"1.01:")
"""What a file begins with."""

_IMAGE: Final = 999
# By their length in four bytes.
_BINARY_TYPES: Final = frozenset({3, 4, 5, 6, 7, 8})
_MOST_RECORDS: Final = 1000
_MOST_FIELDS: Final = 2000
_LONGEST_TAG: Final = 12


class RecordsDamaged(ValueError):
    """The file has another format, or is not whole."""


@dataclass(frozen=True, slots=True)
class Record:
    """A tagged record."""

    type: int
    fields: Mapping[int, bytes]
    """By number; a number that comes twice counts once, the first time."""

    @property
    def image(self) -> bytes | None:
        """The image, in the format of some file of images."""
        return self.fields.get(_IMAGE)

    def text(self, number: int, encoding: str) -> str:
        """Return a field's text, empty if there is none."""
        return decoded(self.fields.get(number, b""), encoding).strip()

    def entries(self, number: int, encoding: str) -> list[list[str]]:
        """Return a field's entries, each with its items."""
        text = self.text(number, encoding)
        return [[item.strip() for item in entry.split(US)] for entry in text.split(RS) if entry]


def decoded(content: bytes, encoding: str) -> str:
    """Return a text; what the file's encoding does not allow for is read as Latin."""
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("latin-1")


def read_records(content: bytes, types: frozenset[int]) -> Iterator[Record]:
    """Yield the records of some types, in their order.

    Args:
        content: of the file.
        types: of tagged records.

    Raises:
        RecordsDamaged: the file has another format, or is cut short.
    """
    first = _tagged(content, 0)
    if first.type != 1:
        raise RecordsDamaged("the first record is not of type 1")
    if 1 in types:
        yield first
    place = _length(content, 0)
    for kind in _types(first)[1:]:
        if kind in _BINARY_TYPES:
            length = int.from_bytes(content[place : place + 4])
            if length < 4:
                raise RecordsDamaged("a record has no length")
        else:
            length = _length(content, place)
            if kind in types:
                record = _tagged(content, place)
                if record.type != kind:
                    raise RecordsDamaged("a record is not of the type that was announced")
                yield record
        place += length
        if place > len(content):
            raise RecordsDamaged("the file is cut short")


def _types(first: Record) -> list[int]:
    """Return the types of all records, in their order."""
    entries = first.entries(3, "latin-1")[1:]
    if len(entries) >= _MOST_RECORDS:
        raise RecordsDamaged("there are too many records")
    found = [1]
    for entry in entries:
        if not entry[0].isdecimal() or len(entry[0]) > 2:
            raise RecordsDamaged("a record's type is no number")
        found.append(int(entry[0]))
    return found


def _length(content: bytes, place: int) -> int:
    """Return how many bytes a tagged record has, as its first field says."""
    tag, colon, rest = content[place : place + 2 * _LONGEST_TAG].partition(b":")
    digits = rest.partition(GS)[0].partition(FS)[0]
    if not colon or _number_of(tag)[1] != 1 or not digits.isdigit():
        raise RecordsDamaged("a record does not begin with its length")
    length = int(digits)
    if not len(tag) + len(digits) < length <= len(content) - place:
        raise RecordsDamaged("a record is cut short")
    return length


def _tagged(content: bytes, place: int) -> Record:
    end = place + _length(content, place)
    kind = _number_of(content[place : place + _LONGEST_TAG].partition(b":")[0])[0]
    fields: dict[int, bytes] = {}
    while place < end:
        colon = content.find(b":", place, min(end, place + _LONGEST_TAG))
        if colon < 0:
            if content[place:end] in {b"", FS}:
                break
            raise RecordsDamaged("a field has no number")
        number = _number_of(content[place:colon])[1]
        if number == _IMAGE:
            # It may hold anything, also separators: it is the last, and ends with the record.
            fields.setdefault(number, content[colon + 1 : end].removesuffix(FS))
            break
        stop = content.find(GS, colon, end)
        stop = end if stop < 0 else stop
        fields.setdefault(number, content[colon + 1 : stop].removesuffix(FS))
        if len(fields) > _MOST_FIELDS:
            raise RecordsDamaged("a record has too many fields")
        place = stop + 1
    return Record(kind, fields)


def _number_of(tag: bytes) -> tuple[int, int]:
    """Return a record's type and a field's number, of `2.018`."""
    kind, point, number = tag.partition(b".")
    if not (point and kind.isdigit() and number.isdigit()):
        raise RecordsDamaged("a field has no number")
    return int(kind), int(number)


def write_record(kind: int, fields: Sequence[tuple[int, bytes]]) -> bytes:
    """Return a tagged record with these fields, after its length."""
    rest = b"".join(
        GS + b"%d.%03d:" % (kind, number) + content for number, content in fields if content
    )
    head = b"%d.001:" % kind
    length = len(head) + len(rest) + len(FS)
    # The length counts its own digits.
    digits = len(str(length + len(str(length))))
    return head + str(length + digits).encode() + rest + FS
