"""Lists of subjects as files: CSV, JSON Lines and Excel workbooks, written piece by piece."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias, TypeVar

from casework.imports.csv_cells import cell_of, csv_heading, csv_line, guarded_again
from casework.imports.raw_rows import COLUMNS
from casework.imports.workbook.writer import write_workbook

People: TypeAlias = Iterable[Mapping[str, Any]]
"""Subjects, each by the names of `COLUMNS`."""

_AT_ONCE: Final = 200
# Letters of a column in a workbook.
WIDTH: Final = 14
WIDTHS: Final = {"name": 32, "aliases": 32, "documents": 32, "reason": 40, "photos": 40}

_Each = TypeVar("_Each")


def csv_of(people: People) -> Iterator[bytes]:
    """Yield a list as CSV with a heading, in the UTF-8 that Excel knows."""
    yield csv_heading(COLUMNS).encode()
    for some in _together(people):
        lines = (csv_line([cell_of(name, each[name]) for name in COLUMNS]) for each in some)
        yield "".join(lines).encode()


def json_lines_of(people: People) -> Iterator[bytes]:
    """Yield a list as JSON Lines."""
    for some in _together(people):
        yield "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in some).encode()


def workbook_of(people: People) -> Iterator[bytes]:
    """Yield a list as an Excel workbook; at most `MOST_ROWS` subjects fit."""
    cells = ([_sheet_cell(name, each[name]) for name in COLUMNS] for each in people)
    return write_workbook(COLUMNS, [WIDTHS.get(name, WIDTH) for name in COLUMNS], cells)


def _sheet_cell(column: str, value: Any) -> str | int:  # noqa: ANN401 - any field of a subject
    return value if isinstance(value, int) else guarded_again(cell_of(column, value))


def _together(people: Iterable[_Each]) -> Iterator[Sequence[_Each]]:
    """Yield some at a time, so that not every line is sent by itself."""
    left = iter(people)
    while some := list(islice(left, _AT_ONCE)):
        yield some
