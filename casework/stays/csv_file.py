"""Many guests in one file: CSV with a heading, a guest a row, as spreadsheets write it."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from casework.imports.csv_cells import unguarded
from casework.imports.encodings import encoding_of
from casework.kernel.errors import StayRefused
from casework.stays.reports import MOST_ROWS

COLUMNS: Final = (
    "lodging",
    "lodging_name",
    "area",
    "address",
    "document_name",
    "document_birth",
    "document_sex",
    "document_nationality",
    "document_number",
    "document_country",
    "document_mrz",
    "checked_in",
    "expected_out",
    "checked_out",
)
"""Names of what `POST /v1/stays` takes beside the photo."""
REQUIRED: Final = ("lodging", "lodging_name", "checked_in")
_DELIMITERS: Final = ",;\t"


@dataclass(frozen=True, slots=True)
class GuestRow:
    """One guest."""

    row: int
    """As a spreadsheet counts: the heading is row 1."""
    fields: dict[str, str]
    """What its cells say, without the empty ones."""


def read_guests(content: bytes) -> list[GuestRow]:
    """Return the guests of a file.

    Raises:
        StayRefused: it cannot be read, has columns of other names, or too many guests.
    """
    rows = _rows(_text(content))
    heading = [cell.strip().lower() for cell in next(rows, (0, []))[1]]
    if not any(heading):
        raise StayRefused("stay_file_empty", field="file", columns=COLUMNS)
    if missing := tuple(name for name in REQUIRED if name not in heading):
        raise StayRefused("stay_file_lacks_columns", field="file", columns=missing)
    if unknown := tuple(name for name in heading if name and name not in COLUMNS):
        raise StayRefused("stay_file_unknown_columns", field="file", columns=unknown)
    guests = [
        GuestRow(number, fields) for number, cells in rows if (fields := _fields(heading, cells))
    ]
    if not guests:
        raise StayRefused("stay_file_empty", field="file", columns=COLUMNS)
    if len(guests) > MOST_ROWS:
        raise StayRefused("stay_file_too_long", field="file", most=MOST_ROWS)
    return guests


def _text(content: bytes) -> str:
    try:
        text = content.decode(encoding_of(io.BytesIO(content), content[:4]))
    except UnicodeDecodeError:
        raise StayRefused("stay_file_unreadable", field="file") from None
    return text.removeprefix("\ufeff")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        yield from enumerate(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True), 1)
    except csv.Error:
        raise StayRefused("stay_file_unreadable", field="file") from None


def _fields(heading: list[str], cells: list[str]) -> dict[str, str]:
    pairs = zip(heading, cells, strict=False)
    return {name: value for name, cell in pairs if name and (value := unguarded(cell.strip()))}
