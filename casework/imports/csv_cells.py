"""Cells of CSV: what each column's cell says, and the same the other way round.

A cell with several values separates them by `;` or line ends, or is a JSON array; an empty cell
clears the field. A cell that a spreadsheet would take for a formula goes out with an apostrophe
before it (`csv_line`) and loses it on the way in, so that nothing is lost.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from casework.imports.json_rows import once_each
from casework.imports.raw_rows import INVALID, Fault
from casework.kernel.messages import Message

_LISTS: Final = frozenset({"aliases", "documents", "photos"})
_SEPARATORS: Final = re.compile(r"[;\r\n]")
# What spreadsheets begin a formula with (OWASP, CSV injection), also in the wide forms of these
# signs, and after apostrophes.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")


def fields_of(
    columns: Sequence[str | None], cells: Sequence[str]
) -> tuple[dict[str, Any], list[Fault]]:
    """Return the fields that a row's cells say, and what is wrong with cells.

    Args:
        columns: names of `COLUMNS`, and None where there is none.
        cells: as many, or fewer: fields whose cell is not there are left out.
    """
    fields: dict[str, Any] = {}
    faults = []
    for column, typed in zip(columns, cells, strict=False):
        cell = unguarded(typed.strip())
        if column in _LISTS:
            try:
                fields[column] = _values(column, cell)
            except (ValueError, RecursionError):
                faults.append(Fault(column, INVALID, Message("row_cell_unreadable")))
                continue
            if column == "documents" and _incomplete(fields[column]):
                del fields[column]
                faults.append(Fault(column, INVALID, Message("row_document_incomplete")))
        elif column is not None:
            fields[column] = cell
    return fields, faults


def _values(column: str, cell: str) -> list[Any]:
    """Return the values of a cell that may have several; raises ValueError."""
    if cell.startswith("["):
        values: list[Any] = json.loads(cell, object_pairs_hook=once_each)
        if column == "photos" and not all(isinstance(each, str) for each in values):
            raise ValueError(column)
        return values
    parts = _parts(cell)
    return [_document(part) for part in parts] if column == "documents" else list(parts)


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in _SEPARATORS.split(cell) if part.strip()]


def _document(text: str) -> dict[str, str]:
    """Read `passport:A1234567:IDN`; the country may be left out."""
    kind, _, rest = text.partition(":")
    number, _, country = rest.partition(":")
    document = {"kind": kind.strip(), "number": number.strip()}
    return document | {"country": country.strip()} if country.strip() else document


def _incomplete(documents: list[Any]) -> bool:
    """Whether one of them lacks its kind or its number."""
    return any(
        isinstance(each, dict) and not all(each.get(name, "?") for name in ("kind", "number"))
        for each in documents
    )


def cell_of(column: str, value: Any) -> str:  # noqa: ANN401 - any field of a subject
    """Return a CSV cell that `fields_of` reads as this value again."""
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
    safe = safe and not joined.startswith("[") and _parts(joined) == parts
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


def csv_heading(cells: Iterable[object]) -> str:
    """Return the first line of a CSV file, with the mark by which Excel knows UTF-8."""
    return "\ufeff" + csv_line(cells)


def guarded_again(cell: str) -> str:
    """Return a cell that `unguarded` gives back, for where no formula can run.

    Only what looks guarded already gets an apostrophe.
    """
    return f"'{cell}" if cell.startswith("'") and _FORMULA.match(cell) else cell


def _guarded(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula.

    What already looks guarded gets one more, so that `unguarded` gives every cell back.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """Return a cell as it was before `csv_line` guarded it."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
