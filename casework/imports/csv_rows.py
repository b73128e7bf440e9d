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
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from casework.imports.raw_rows import COLUMNS, REQUIRED, RawRow, malformed
from casework.imports.table_rows import Heading, heading_of, row_of
from casework.kernel.errors import ImportRefused
from casework.kernel.messages import Message

_DELIMITERS: Final = ",;\t|"
_NAMES_DELIMITER: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_FILE_NAME: Final = re.compile(r".*\.\w{2,5}\s*", re.DOTALL)


def from_csv(text: Iterator[str]) -> Iterator[RawRow]:
    """Yield the rows of CSV; rows without anything count, and are none.

    Args:
        text: the lines, with their ends.

    Raises:
        ImportRefused: the heading does not name the columns.
    """
    lines = _Lines(text)
    heading, delimiter = _heading(lines)
    warnings = heading.warnings
    for number, cells in enumerate(_records(lines, heading, delimiter), heading.row + 1):
        if cells is None:
            yield malformed(number, Message("row_quotes"), warnings)
        elif any(cell.strip() for cell in cells):
            yield row_of(number, heading, cells, warnings)
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


def _heading(lines: _Lines) -> tuple[Heading, str]:
    """Read the heading, and what separates its cells; empty lines may stand before it."""
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
    if any("\udc80" <= sign <= "\udcff" for sign in line):
        raise ImportRefused("list_not_utf8", field="file", row=max(row, 1))
    for delimiter in told or _DELIMITERS:
        try:
            typed = next(_reader([line], delimiter, strict=False))
        except (csv.Error, StopIteration):
            continue
        if (heading := heading_of(typed, max(row, 1), remarks)) is not None:
            return heading, delimiter
    raise ImportRefused("list_lacks_reference", field="reference", columns=COLUMNS)


def _records(lines: _Lines, heading: Heading, delimiter: str) -> Iterator[list[str] | None]:
    """Yield the cells of each row, None for a line that is not a row.

    A quotation mark without its other half takes in what follows, up to the next mark. So where a
    row cannot be read, or most lines of it are rows themselves, its first line alone is given up.
    """
    reader = _reader(lines, delimiter)
    while True:
        lines.begin()
        cells: list[str] | None
        try:
            cells = next(reader, [])
        except csv.Error:
            cells = None
        if not lines.taken:
            return
        if cells is None or _are_rows(lines.taken[1:], heading, delimiter):
            lines.give_back()
            reader = _reader(lines, delimiter)
            cells = None
        yield cells


def _reader(lines: Iterable[str], delimiter: str, *, strict: bool = True) -> Iterator[list[str]]:
    # People put a space after the separator, also before a quotation mark.
    return csv.reader(lines, delimiter=delimiter, strict=strict, skipinitialspace=True)


def _are_rows(lines: Sequence[str], heading: Heading, delimiter: str) -> bool:
    """Whether most lines of what was read as one row look like rows themselves."""
    written = [line for line in lines if line.strip()]
    rows = sum(_is_row(line, heading, delimiter) for line in written)
    return bool(written) and 2 * rows >= len(written)


def _is_row(line: str, heading: Heading, delimiter: str) -> bool:
    # With half a pair of marks, it ends a cell that began in a line before.
    if line.count('"') % 2:
        return False
    try:
        cells = next(_reader([line], delimiter, strict=False), [])
    except csv.Error:
        return False
    if len(cells) != len(heading.columns):
        return False
    row = dict(zip(heading.columns, cells, strict=True))
    photos = row.get("photos", "").strip()
    return all(row[name].strip() for name in REQUIRED) and bool(
        not photos or _FILE_NAME.fullmatch(photos)
    )
