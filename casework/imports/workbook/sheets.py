"""The sheets of an Excel workbook (.xlsx, .xlsm): the values that stand in the cells, no more.

Sheets are read as a stream, row by row; nothing in them is computed, fetched or run. What cannot be
known without computing, or is not where it seems to stand, is a state of the cell or the sheet.
"""

import re
import zipfile
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from casework.imports.workbook.cells import (
    Cell,
    CellFormat,
    CellState,
    format_of,
    typed,
    unescaped,
)
from casework.imports.workbook.parts import PART_BYTES, damaged, parse, parser, pieces, related
from casework.kernel.errors import ImportRefused

# What Excel itself can hold.
_MOST_ROWS: Final = 1 << 20
_MOST_COLUMNS: Final = 1 << 14
_LONGEST_TEXT: Final = 1 << 16
# A row of people has dozens of cells.
_MOST_CELLS: Final = 1024
_MOST_SHEETS: Final = 64
_MOST_MERGED: Final = 100_000
_SHEET_BYTES: Final = 256 << 20
# All texts are held at once.
_TEXT_BYTES: Final = 48 << 20

_TYPES: Final = "[Content_Types].xml"
_STRICT: Final = "http://purl.oclc.org/ooxml/"
_CELL: Final = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that has cells."""

    number: int
    """As the spreadsheet shows it."""
    cells: dict[int, Cell]
    """By their columns, from 0; empty ones are left out."""


@dataclass(frozen=True, slots=True)
class SheetOutline:
    """What has to be known of a sheet before its rows are read."""

    hidden_rows: int
    merged: tuple[tuple[int, int], ...]
    """First and last rows of cells that were merged, in order and apart."""

    def is_merged(self, row: int) -> bool:
        """Return whether some of a row's cells are merged with others."""
        place = bisect_right(self.merged, row, key=itemgetter(0))
        return place > 0 and row <= self.merged[place - 1][1]


@dataclass(slots=True)
class Workbook:
    """The sheets of a workbook, and what their cells refer to."""

    archive: zipfile.ZipFile
    sheets: list[str] = field(default_factory=list)
    """Parts, in the order of their tabs."""
    from_1904: bool = False
    texts: list[str] = field(default_factory=list)
    formats: list[CellFormat] = field(default_factory=list)

    def outline(self, sheet: str) -> SheetOutline:
        """Look a sheet over; raises ImportRefused."""
        reader = _OutlineReader()
        parse(self.archive, sheet, _SHEET_BYTES, reader.begin)
        return reader.outline()

    def rows(self, sheet: str) -> Iterator[SheetRow]:
        """Read a sheet's rows; raises ImportRefused."""
        reader = _RowReader(self)
        feed = parser(reader.begin, reader.end, reader.add)
        for piece in pieces(self.archive, sheet, _SHEET_BYTES):
            feed(piece)
            while reader.ready:
                yield reader.ready.popleft()


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Return whether a ZIP is an Excel workbook, of this or an older kind."""
    names = set(archive.namelist())
    return _TYPES in names and any(name.startswith("xl/") for name in names)


def open_workbook(archive: zipfile.ZipFile) -> Workbook:
    """Read what the sheets share.

    Args:
        archive: checked as any ZIP from outside.

    Raises:
        ImportRefused: it is damaged, too large, or a workbook of another kind.
    """
    names = set(archive.namelist())
    if "xl/workbook.bin" in names:
        raise ImportRefused("workbook_binary", field="file")
    main = related(archive, "", names).of("officeDocument")
    if main is None:
        raise damaged()
    book = Workbook(archive)
    listed = _ListReader()
    parse(archive, main, PART_BYTES, listed.begin)
    if listed.strict:
        raise ImportRefused("workbook_strict", field="file")
    near = related(archive, main, names)
    book.from_1904 = listed.from_1904
    book.sheets = [part for each in listed.sheets if (part := near.sheet(each)) is not None]
    if (part := near.of("styles")) is not None:
        styles = _StyleReader()
        parse(archive, part, PART_BYTES, styles.begin, styles.end)
        book.formats = styles.formats
    if (part := near.of("sharedStrings")) is not None:
        texts = _TextReader()
        parse(archive, part, _TEXT_BYTES, texts.begin, texts.end, texts.add)
        book.texts = texts.texts
    return book


class _ListReader:
    """Reads which sheets there are."""

    def __init__(self) -> None:
        self.sheets: list[str] = []
        self.from_1904 = False
        self.strict = False

    def begin(self, name: str, said: dict[str, str]) -> None:
        if name == "workbook":
            self.strict = any(value.startswith(_STRICT) for value in said.values())
        elif name == "workbookPr":
            self.from_1904 = said.get("date1904") in {"1", "true"}
        elif name == "sheet":
            if len(self.sheets) == _MOST_SHEETS:
                raise ImportRefused("workbook_too_large", field="file")
            self.sheets += [value for key, value in said.items() if key.endswith(":id")]


class _StyleReader:
    """Reads what the formats of cells make of numbers."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._within = False
        self.formats: list[CellFormat] = []

    def begin(self, name: str, said: dict[str, str]) -> None:
        if name == "numFmt":
            self._codes[said.get("numFmtId", "")] = said.get("formatCode", "")[:255]
        elif name == "cellXfs":
            self._within = True
        elif name == "xf" and self._within:
            number = said.get("numFmtId", "0")
            self.formats.append(format_of(number, self._codes.get(number)))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._within = False


class _Text:
    """Collects the text of a cell from its runs; how it is pronounced is no part of it."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self.open = False
        self._aside = 0

    def clear(self) -> None:
        self._parts.clear()
        self._length = 0
        self.open = False

    def begin(self, name: str) -> None:
        if name == "rPh":
            self._aside += 1
        self.open = name in {"t", "v"} and not self._aside

    def end(self, name: str) -> None:
        if name == "rPh":
            self._aside -= 1
        self.open = False

    def add(self, text: str) -> None:
        if self.open:
            self._length += len(text)
            if self._length > _LONGEST_TEXT:
                raise ImportRefused("workbook_too_large", field="file")
            self._parts.append(text)

    def value(self) -> str:
        return "".join(self._parts)


class _TextReader:
    """Reads the texts that cells refer to by number."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._text = _Text()
        self.add = self._text.add

    def begin(self, name: str, said: dict[str, str]) -> None:
        del said
        if name == "si":
            self._text.clear()
        else:
            self._text.begin(name)

    def end(self, name: str) -> None:
        self._text.end(name)
        if name == "si":
            self.texts.append(unescaped(self._text.value()))


class _OutlineReader:
    """Counts hidden rows and finds merged cells: they are named after all rows."""

    def __init__(self) -> None:
        self._hidden = 0
        self._merged: list[tuple[int, int]] = []

    def begin(self, name: str, said: dict[str, str]) -> None:
        if name == "row":
            self._hidden += said.get("hidden") in {"1", "true"}
        elif name == "mergeCell":
            first, _, last = said.get("ref", "").partition(":")
            self._merged.append((_place(first)[0], _place(last or first)[0]))
            if len(self._merged) > _MOST_MERGED:
                raise ImportRefused("workbook_too_large", field="file")

    def outline(self) -> SheetOutline:
        joined: list[tuple[int, int]] = []
        for first, last in sorted(self._merged):
            if joined and first <= joined[-1][1] + 1:
                joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
            else:
                joined.append((first, last))
        return SheetOutline(self._hidden, tuple(joined))


class _RowReader:
    """Reads rows; those that are complete are `ready`."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._text = _Text()
        self.add = self._text.add
        self.ready: deque[SheetRow] = deque()
        self._number = 0
        self._column = -1
        self._cells: dict[int, Cell] = {}
        self._kind = "n"
        self._style = 0
        self._computed = False
        self._within = False

    def begin(self, name: str, said: dict[str, str]) -> None:
        if name == "row":
            number = _number(said.get("r"), self._number + 1)
            if not self._number < number <= _MOST_ROWS:
                raise damaged()
            self._number, self._column, self._cells = number, -1, {}
            self._within = True
        elif name == "c" and self._within:
            column = _place(said["r"])[1] if "r" in said else self._column + 1
            if not self._column < column < _MOST_COLUMNS:
                raise damaged()
            self._column = column
            self._kind, self._style = said.get("t", "n"), _number(said.get("s"), 0)
            self._computed = False
            self._text.clear()
        elif name == "f":
            self._computed = True
        else:
            self._text.begin(name)

    def end(self, name: str) -> None:
        self._text.end(name)
        if name == "row":
            self._within = False
            if self._cells:
                self.ready.append(SheetRow(self._number, self._cells))
        elif name == "c" and self._within:
            cell = self._cell(self._text.value())
            if cell is not None:
                self._cells[self._column] = cell
                if len(self._cells) > _MOST_CELLS:
                    raise ImportRefused("workbook_too_large", field="file")

    def _cell(self, value: str) -> Cell | None:
        if not value:
            # A formula whose result is an empty text is one of kind `str`.
            unknown = self._computed and self._kind != "str"
            return Cell("", CellState.NO_RESULT) if unknown else None
        if self._kind == "s":
            place = _number(value.strip(), -1)
            if not 0 <= place < len(self._book.texts):
                raise damaged()
            text = self._book.texts[place]
            return Cell(text) if text else None
        if self._kind in {"str", "inlineStr"}:
            return Cell(unescaped(value))
        formats = self._book.formats
        form = formats[self._style] if self._style < len(formats) else CellFormat()
        return typed(self._kind, value.strip(), form, from_1904=self._book.from_1904)


def _place(reference: str) -> tuple[int, int]:
    """Return the row, from 1, and the column, from 0, of `AB12`."""
    found = _CELL.fullmatch(reference)
    if found is None:
        raise damaged()
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column - 1


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not re.fullmatch("[0-9]{1,9}", text):
        raise damaged()
    return int(text)
