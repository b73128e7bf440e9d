"""Tables: a heading that names the columns, and rows of cells, whatever they stand in."""

from collections.abc import Sequence
from dataclasses import dataclass

from casework.imports.csv_cells import fields_of
from casework.imports.headings import column_of, is_usual
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


@dataclass(frozen=True, slots=True)
class Heading:
    """The columns of a table."""

    columns: tuple[str | None, ...]
    """None where a column has no name."""
    row: int
    """Its number."""
    warnings: tuple[Fault, ...]

    @property
    def named(self) -> int:
        """How many columns there are up to the last one with a name."""
        return max(place for place, name in enumerate(self.columns, 1) if name is not None)


def heading_of(typed: Sequence[str], row: int, remarks: Sequence[Message] = ()) -> Heading | None:
    """Return the heading that a row's cells are, None where no column is the reference.

    Args:
        typed: the cells.
        row: the row's number.
        remarks: what is unusual before it.

    Raises:
        ImportRefused: it lacks another column, or has one that is not known.
    """
    cells = [cell.strip() for cell in typed]
    columns = tuple(map(column_of, cells))
    if "reference" not in columns:
        return None
    _check(columns)
    unusual = list(remarks)
    if any(cell and not is_usual(cell) for cell in cells):
        unusual.append(Message("heading_spelt_otherwise"))
    if None in columns:
        unusual.append(Message("heading_columns_nameless", {"columns": columns.count(None)}))
    warnings = tuple(Fault(None, HEADING_UNUSUAL, remark, row) for remark in unusual)
    return Heading(columns, row, warnings)


def _check(columns: Sequence[str | None]) -> None:
    for required in REQUIRED:
        if required not in columns:
            raise ImportRefused("list_lacks_column", field=required, column=required)
    for name in filter(None, columns):
        if name not in COLUMNS:
            raise ImportRefused(
                "list_column_unknown", field=name[:50], column=name[:50], columns=COLUMNS
            )
        if columns.count(name) > 1:
            raise ImportRefused("list_column_twice", field=name, column=name)


def row_of(number: int, heading: Heading, cells: Sequence[str], of_file: Sequence[Fault]) -> RawRow:
    """Return the row that these cells are.

    Args:
        number: of the row.
        heading: of its table.
        cells: as many as there are columns, or not.
        of_file: warnings that come with the row.
    """
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
