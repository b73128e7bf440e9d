"""The files that imports read and exports write: CSV with a heading, or JSON Lines.

One row is one subject. In CSV, a cell with several values separates them by `;` or is a JSON array;
an empty cell clears the field. A cell that a spreadsheet would take for a formula goes out with an
apostrophe before it (`csv_line`) and loses it on the way in, so that nothing is lost.

What is wrong with the file as a whole is raised at once (`ImportRefused`); what is wrong with one
row becomes a `Fault` of that row, and the next is read.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from casework.kernel.errors import ImportRefused
from casework.kernel.messages import Message

COLUMNS: Final = (
    "reference",
    "name",
    "aliases",
    "sex",
    "birth_date",
    "birth_year",
    "nationality",
    "documents",
    "reason",
    "decision_number",
    "status",
    "valid_from",
    "valid_until",
    "photos",
)
REQUIRED: Final = ("reference", "name")

MALFORMED: Final = "row_malformed"
INVALID: Final = "field_invalid"

_LISTS: Final = frozenset({"aliases", "documents", "photos"})
# Columns whose empty cell is an empty text or says nothing at all; other empty cells clear a field.
_TEXTS: Final = frozenset({"reference", "name", "reason"})
_KEPT_IF_EMPTY: Final = frozenset({"status"})
_DELIMITERS: Final = ",;\t"
_LONGEST_LINE: Final = 1 << 20
# Blank lines, and line ends inside cells, take time to read, too.
_MOST_LINES: Final = 3_000_000
_LONGEST_REFERENCE: Final = 200
_BOM: Final = b"\xef\xbb\xbf"
# What spreadsheets begin a formula with (OWASP, CSV injection), also in the wide forms of these
# signs, and after apostrophes.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row; never says what stands in it."""

    field: str | None
    code: str
    message: Message


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it was read."""

    number: int
    """As a spreadsheet or an editor counts."""
    reference: str | None
    fields: dict[str, Any] = field(default_factory=dict)
    """By the names of `COLUMNS`, without `photos`; what the file does not say is left out."""
    photos: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def read_rows(file: BinaryIO) -> Iterator[RawRow]:
    """Read a file from its beginning.

    Args:
        file: UTF-8, with or without a byte order mark; left open.

    Raises:
        ImportRefused: it is not such a file, or not any further.
    """
    file.seek(0)
    head = file.read(4096).removeprefix(_BOM).lstrip()
    file.seek(0)
    if head.startswith(b"["):
        raise ImportRefused("list_is_json_array", field="file")
    as_json = head.startswith(b"{")
    # Texts may hold other kinds of line ends; only these end a row.
    text = io.TextIOWrapper(file, "utf-8-sig", newline="\n" if as_json else "")
    try:
        yield from _from_json_lines(text) if as_json else _from_csv(text)
    except UnicodeDecodeError as error:
        raise ImportRefused("list_not_utf8", field="file") from error
    finally:
        text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE or "\0" in line:
            raise ImportRefused("list_line_no_text", field="file", line=number)
        if number > _MOST_LINES:
            raise ImportRefused("list_too_many_lines", field="file", lines=_MOST_LINES)
        yield line


def _from_json_lines(text: io.TextIOWrapper) -> Iterator[RawRow]:
    for number, line in enumerate(_lines(text), 1):
        if line.strip():
            yield _from_object(number, line)


def _from_object(number: int, line: str) -> RawRow:
    try:
        fields = json.loads(line, object_pairs_hook=_once_each, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return _malformed(number, Message("row_not_object"))
    if not isinstance(fields, dict):
        return _malformed(number, Message("row_not_object"))
    reference = fields.get("reference")
    photos = fields.pop("photos", [])
    faults = []
    if not isinstance(photos, list) or not all(isinstance(each, str) for each in photos):
        photos = []
        faults.append(Fault("photos", INVALID, Message("row_photos_no_list")))
    if _has_null(fields) or any("\0" in name for name in photos):
        return _malformed(number, Message("row_null"))
    return RawRow(number, _named(reference), fields, tuple(photos), tuple(faults))


def _from_csv(text: io.TextIOWrapper) -> Iterator[RawRow]:
    lines = _lines(text)
    columns, delimiter = _heading(next(lines, ""))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise ImportRefused(
                "list_not_csv", field="file", row=number + 1, error=str(error)
            ) from error
        if cells is None:
            return
        number += 1
        if any(cell.strip() for cell in cells):
            yield _from_cells(number, columns, cells)


def _heading(line: str) -> tuple[tuple[str, ...], str]:
    """Return the columns that the first line names, and what separates them."""
    for delimiter in _DELIMITERS:
        try:
            columns = tuple(cell.strip() for cell in next(csv.reader([line], delimiter=delimiter)))
        except (csv.Error, StopIteration):
            continue
        if "reference" in columns:
            break
    else:
        raise ImportRefused("list_lacks_reference", field="reference", columns=COLUMNS)
    for name in REQUIRED:
        if name not in columns:
            raise ImportRefused("list_lacks_column", field=name, column=name)
    for name in columns:
        if name not in COLUMNS:
            raise ImportRefused("list_column_unknown", field=name[:50], columns=COLUMNS)
        if columns.count(name) > 1:
            raise ImportRefused("list_column_twice", field=name, column=name)
    return columns, delimiter


def _from_cells(number: int, columns: Sequence[str], cells: Sequence[str]) -> RawRow:
    if len(cells) != len(columns):
        counts = {"cells": len(cells), "columns": len(columns)}
        return _malformed(number, Message("row_cells", counts))
    fields: dict[str, Any] = {}
    faults = []
    for column, typed in zip(columns, cells, strict=True):
        cell = _unguarded(typed.strip())
        if column in _LISTS:
            try:
                fields[column] = _values(column, cell)
            except (ValueError, RecursionError):
                faults.append(Fault(column, INVALID, Message("row_cell_unreadable")))
        elif cell or column in _TEXTS:
            fields[column] = cell
        elif column not in _KEPT_IF_EMPTY:
            fields[column] = None
    photos = fields.pop("photos", [])
    return RawRow(number, _named(fields["reference"]), fields, tuple(photos), tuple(faults))


def _values(column: str, cell: str) -> list[Any]:
    """Return the values of a cell that may have several; raises ValueError."""
    if cell.startswith("["):
        values: list[Any] = json.loads(cell, object_pairs_hook=_once_each)
        if column == "photos" and not all(isinstance(each, str) for each in values):
            raise ValueError(column)
        if _has_null(values):
            raise ValueError(column)
        return values
    parts = [part.strip() for part in cell.split(";") if part.strip()]
    return [_document(part) for part in parts] if column == "documents" else list(parts)


def _document(text: str) -> dict[str, str]:
    """Read `passport:A1234567:IDN`; the country may be left out."""
    kind, _, rest = text.partition(":")
    number, _, country = rest.partition(":")
    document = {"kind": kind.strip(), "number": number.strip()}
    return document | {"country": country.strip()} if country.strip() else document


def cell_of(column: str, value: Any) -> str:  # noqa: ANN401 - any field of a subject
    """Return a CSV cell that `read_rows` reads as this value again."""
    if value is None:
        return ""
    if column not in _LISTS:
        return str(value)
    if column == "documents":
        parts = [":".join(filter(None, (d["kind"], d["number"], d.get("country")))) for d in value]
        safe = [{"country": None} | _document(part) for part in parts] == [
            {"country": None} | each for each in value
        ]
    else:
        parts, safe = list(value), True
    joined = "; ".join(parts)
    safe = (
        safe
        and not joined.startswith("[")
        and joined.split(";") == [f" {part}" if place else part for place, part in enumerate(parts)]
    )
    return joined if safe or not parts else json.dumps(value, ensure_ascii=False)


def csv_line(cells: Iterable[object]) -> str:
    """Return a line of CSV in which no spreadsheet finds a formula.

    Every CSV of this service is written here.

    Args:
        cells: texts and numbers; None is an empty cell.
    """
    text = io.StringIO()
    plain = ["" if cell is None else _guarded(str(cell)) for cell in cells]
    # What ends a line is what makes the writer quote a cell: both kinds of end have to.
    csv.writer(text, lineterminator="\r\n").writerow(plain)
    return text.getvalue().removesuffix("\r\n") + "\n"


def _guarded(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula.

    What already looks guarded gets one more, so that `_unguarded` gives every cell back.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise ValueError("a name appears twice")
    return named


def _no_number(name: str) -> None:
    raise ValueError(name)


def _has_null(value: Any) -> bool:  # noqa: ANN401 - anything that JSON can say
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_null(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(map(_has_null, value))


def _named(reference: Any) -> str | None:  # noqa: ANN401 - checked with the other fields later
    """Return what a report can call the row by, None if there is nothing."""
    if not isinstance(reference, str) or not reference.strip():
        return None
    # A lone half of a character cannot be stored; the row is refused for it.
    return reference.strip()[:_LONGEST_REFERENCE].encode("utf-8", "replace").decode()


def _malformed(number: int, message: Message) -> RawRow:
    return RawRow(number, None, faults=(Fault(None, MALFORMED, message),))
