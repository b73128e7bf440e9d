"""Lists as Excel workbooks: the first sheet whose heading names the columns.

What the cells look like is nothing that is read: hidden rows count, colours say nothing. What an
officer must know of, since the spreadsheet shows it otherwise, is a warning.
"""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from casework.imports.raw_rows import (
    COLUMNS,
    HIDDEN_ROWS,
    INVALID,
    KNOWN_IN_PART,
    MALFORMED,
    PARTS_LEFT_OUT,
    WRITTEN_OTHERWISE,
    Fault,
    RawRow,
)
from casework.imports.table_rows import Heading, heading_of, row_of
from casework.imports.workbook.cells import Cell, CellState
from casework.imports.workbook.sheets import SheetRow, Workbook, open_workbook
from casework.kernel.errors import ImportRefused
from casework.kernel.messages import Message

# A title, an agency's name and a date may stand above the heading.
_HEADING_WITHIN: Final = 20
_DATED: Final = frozenset({"birth_date", "valid_from", "valid_until"})
_STATES: Final = {
    CellState.NO_RESULT: "row_formula_unknown",
    CellState.ERROR: "row_cell_is_error",
}


def from_workbook(archive: zipfile.ZipFile) -> Iterator[RawRow]:
    """Yield the rows of a workbook.

    Args:
        archive: the workbook, checked as any ZIP from outside.

    Raises:
        ImportRefused: it cannot be read, or no sheet has a heading.
    """
    book = open_workbook(archive)
    sheet, heading = _sheet(book)
    outline = book.outline(sheet)
    warnings = [*heading.warnings, *_of_file(book, sheet, heading, outline.hidden_rows)]
    for each in book.rows(sheet):
        if each.number <= heading.row or not any(
            cell.text.strip() or cell.state in _STATES for cell in each.cells.values()
        ):
            continue
        row = _row(each, heading, warnings)
        if outline.is_merged(each.number):
            merged = Fault(None, MALFORMED, Message("row_merged"))
            row = replace(row, faults=(*row.faults, merged))
        yield row
        warnings = []


def _sheet(book: Workbook) -> tuple[str, Heading]:
    for sheet in book.sheets:
        for row in islice(book.rows(sheet), _HEADING_WITHIN):
            heading = heading_of(_texts(row.cells), row.number)
            if heading is not None:
                return sheet, heading
    raise ImportRefused("list_lacks_reference", field="reference", columns=COLUMNS)


def _of_file(book: Workbook, sheet: str, heading: Heading, hidden: int) -> Iterator[Fault]:
    used = [each for each in book.sheets if each == sheet or any(True for _ in book.rows(each))]
    if len(used) > 1:
        said = {"sheet": book.sheets.index(sheet) + 1, "sheets": len(book.sheets)}
        yield Fault(None, PARTS_LEFT_OUT, Message("row_sheet_of_several", said), heading.row)
    if hidden:
        message = Message("row_hidden_rows", {"rows": hidden})
        yield Fault(None, HIDDEN_ROWS, message, heading.row)


def _row(row: SheetRow, heading: Heading, of_file: Sequence[Fault]) -> RawRow:
    cells = _texts(row.cells)
    cells += [""] * (len(heading.columns) - len(cells))
    read = row_of(row.number, heading, cells, of_file)
    faults, warnings = list(read.faults), list(read.warnings)
    for place, column in enumerate(heading.columns):
        cell = row.cells.get(place)
        if cell is None or column is None:
            continue
        if cell.state in _STATES:
            faults.append(Fault(column, INVALID, Message(_STATES[cell.state])))
        elif cell.state is CellState.DIGITS_LOST:
            warnings.append(Fault(column, KNOWN_IN_PART, Message("row_digits_lost")))
        elif cell.dated and column not in _DATED:
            warnings.append(Fault(column, WRITTEN_OTHERWISE, Message("row_cell_is_date")))
    return replace(read, faults=tuple(faults), warnings=tuple(warnings))


def _texts(cells: Mapping[int, Cell]) -> list[str]:
    width = max(cells, default=-1) + 1
    return [cells[place].text if place in cells else "" for place in range(width)]
