"""Lists as CSV: a heading that names the columns, and a row a line.

Spreadsheets and exporters differ in what they write around the values: separators, a first line
that names it (`sep=;`), capitals and spaces in the heading, columns without a name, cells left out
at a row's end. All of that is read, and said. A row whose quotation marks do not enclose a cell is
refused by itself: reading goes on with the next line, so that no quotation mark swallows the rows
that follow.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from casework.imports.csv_cells import fields_of
from casework.imports.raw_rows import (
    COLUMNS,
    HEADING_UNUSUAL,
    REQUIRED,
    ROW_RAGGED,
    Fault,
    RawRow,
    malformed,
    read_row,
)
from casework.kernel.errors import ImportRefused
from casework.kernel.messages import Message

_DELIMITERS: Final = ",;\t|"
_NAMES_DELIMITER: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_BETWEEN_WORDS: Final = re.compile(r"[\s_-]+")
_FILE_NAME: Final = re.compile(r".*\.\w{2,5}\s*", re.DOTALL)


def from_csv(text: Iterator[str]) -> Iterator[RawRow]:
    """Yield the rows of CSV; rows without anything count, and are none.

    Args:
        text: the lines, with their ends.

    Raises:
        ImportRefused: the heading does not name the columns.
    """
    lines = _Lines(text)
    heading = _heading(lines)
    warnings = heading.warnings
    for number, cells in enumerate(_records(lines, heading), heading.row + 1):
        if cells is None:
            yield malformed(number, Message("row_quotes"), warnings)
        elif any(cell.strip() for cell in cells):
            yield _row(number, heading, cells, warnings)
        else:
            continue
        warnings = ()


class _Lines:
    """The lines of a file, of which the last ones can be read again."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        """Since `begin`."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._text)
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """Forget what was taken."""
        self.taken.clear()

    def give_back(self) -> None:
        """Have everything taken since `begin` read again, except for the first line."""
        self._again.extendleft(reversed(self.taken[1:]))


@dataclass(frozen=True, slots=True)
class _Heading:
    columns: tuple[str | None, ...]
    """None where a column has no name."""
    delimiter: str
    row: int
    """Its number."""
    warnings: tuple[Fault, ...]

    @property
    def named(self) -> int:
        """How many columns there are up to the last one with a name."""
        return max(place for place, name in enumerate(self.columns, 1) if name is not None)


def _heading(lines: _Lines) -> _Heading:
    """Read the heading; empty lines may stand before it."""
    row, line, told = 0, "", ""
    remarks: list[Message] = []
    for line in lines:
        row += 1
        if row == 1 and (named := _NAMES_DELIMITER.fullmatch(line)):
            # Spreadsheets do not show this line, so it is not counted either.
            row, told = 0, named[1]
            remarks.append(Message("heading_names_separator"))
        elif line.strip(_DELIMITERS + '\r\n "'):
            break
    for delimiter in told or _DELIMITERS:
        try:
            typed = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
        except (csv.Error, StopIteration):
            continue
        columns = tuple(_BETWEEN_WORDS.sub("_", cell).casefold() or None for cell in typed)
        if "reference" in columns:
            break
    else:
        raise ImportRefused("list_lacks_reference", field="reference", columns=COLUMNS)
    _check(columns)
    if any(name is not None and name not in typed for name in columns):
        remarks.append(Message("heading_spelt_otherwise"))
    if None in columns:
        remarks.append(Message("heading_columns_nameless", {"columns": columns.count(None)}))
    warnings = tuple(Fault(None, HEADING_UNUSUAL, remark, max(row, 1)) for remark in remarks)
    return _Heading(columns, delimiter, max(row, 1), warnings)


def _check(columns: Sequence[str | None]) -> None:
    for required in REQUIRED:
        if required not in columns:
            raise ImportRefused("list_lacks_column", field=required, column=required)
    named = [name for name in columns if name is not None]
    for name in named:
        if name not in COLUMNS:
            raise ImportRefused(
                "list_column_unknown", field=name[:50], column=name[:50], columns=COLUMNS
            )
        if named.count(name) > 1:
            raise ImportRefused("list_column_twice", field=name, column=name)


def _records(lines: _Lines, heading: _Heading) -> Iterator[list[str] | None]:
    """Yield the cells of each row, None for a line that is not a row.

    A quotation mark without its other half takes in what follows, up to the next mark. So where a
    row cannot be read, or most lines of it are rows themselves, its first line alone is given up.
    """
    reader = csv.reader(lines, delimiter=heading.delimiter, strict=True)
    while True:
        lines.begin()
        cells: list[str] | None
        try:
            cells = next(reader, [])
        except csv.Error:
            cells = None
        if not lines.taken:
            return
        if cells is None or _are_rows(lines.taken[1:], heading):
            lines.give_back()
            reader = csv.reader(lines, delimiter=heading.delimiter, strict=True)
            cells = None
        yield cells


def _are_rows(lines: Sequence[str], heading: _Heading) -> bool:
    """Whether most lines of what was read as one row look like rows themselves."""
    written = [line for line in lines if line.strip()]
    rows = sum(_is_row(line, heading) for line in written)
    return bool(written) and 2 * rows >= len(written)


def _is_row(line: str, heading: _Heading) -> bool:
    try:
        cells = next(csv.reader([line], delimiter=heading.delimiter), [])
    except csv.Error:
        return False
    if len(cells) != len(heading.columns):
        return False
    row = dict(zip(heading.columns, cells, strict=True))
    photos = row.get("photos", "").strip()
    return all(row[name].strip() for name in REQUIRED) and bool(
        not photos or _FILE_NAME.fullmatch(photos)
    )


def _row(number: int, heading: _Heading, cells: Sequence[str], of_file: Sequence[Fault]) -> RawRow:
    columns, warnings = heading.columns, list(of_file)
    nameless = [cell for name, cell in zip(columns, cells, strict=False) if name is None]
    counts = {"cells": len(cells), "columns": len(columns)}
    if any(cell.strip() for cell in (*nameless, *cells[len(columns) :])):
        # A separator within a value has moved what follows: no cell is sure to be its column's.
        return malformed(number, Message("row_cells", counts), of_file)
    if len(cells) > len(columns) or len(cells) < heading.named:
        warnings.append(Fault(None, ROW_RAGGED, Message("row_cells_missing", counts)))
    fields, faults = fields_of(columns, cells)
    photos = fields.pop("photos", [])
    return read_row(number, fields, photos, faults=faults, warnings=warnings)
