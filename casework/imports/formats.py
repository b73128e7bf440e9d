"""The forms that a list of subjects comes in: told apart by their first bytes, never by a name.

Each form has a reader of its own, which yields `RawRow`s: CSV with a heading (`csv_rows`), and JSON
Lines (`json_rows`). What is wrong with the file as a whole is raised at once (`ImportRefused`);
what is wrong with one row becomes a `Fault` of that row, and the next is read.
"""

import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import BinaryIO, Final

from casework.imports.csv_rows import from_csv
from casework.imports.encodings import UTF_8, WINDOWS_1252, encoding_of
from casework.imports.followthemoney import is_table, read_table
from casework.imports.json_forms import from_json
from casework.imports.photos import BROKEN, open_zip
from casework.imports.raw_rows import RawRow, read_as_western
from casework.imports.workbook.rows import from_workbook
from casework.imports.workbook.sheets import is_workbook
from casework.kernel.errors import ImportRefused

_LONGEST_LINE: Final = 1 << 20
# Blank lines, and line ends inside cells, take time to read, too.
_MOST_LINES: Final = 3_000_000
ZIP_MARKS: Final = (b"PK\x03\x04", b"PK\x05\x06")
"""What a ZIP begins with, and so a workbook."""
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_PDF: Final = b"%PDF"
_PACKED: Final = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
"""gzip, 7-Zip, RAR, bzip2, XZ and Zstandard."""
_WORKBOOK_BYTES: Final = 512 << 20
_HEAD: Final = 4096


def read_rows(file: BinaryIO) -> Iterator[RawRow]:
    """Read a list from its beginning.

    Args:
        file: text in UTF-8, UTF-16 or Windows-1252, or a workbook; left open.

    Raises:
        ImportRefused: it is not such a file, or not any further.
    """
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    _refuse_other_kinds(head)
    if head.startswith(ZIP_MARKS):
        archive = open_zip(file, "file", _WORKBOOK_BYTES)
        if not is_spreadsheet(archive):
            raise ImportRefused("workbook_damaged", field="file")
        yield from from_workbook(archive)
        return
    encoding = encoding_of(file, head)
    file.seek(0)
    begin = head[: len(head) & ~1].decode(encoding, "ignore").lstrip()
    if begin.lstrip("\ufeff").startswith("<"):
        raise ImportRefused("list_is_html", field="file")
    as_json = begin.startswith(("{", "["))
    # Texts may hold other kinds of line ends; only these end a row.
    # A byte that is not UTF-8 is its own row's fault.
    errors = "surrogateescape" if encoding == UTF_8 else "strict"
    text = io.TextIOWrapper(file, encoding, errors, newline="\n" if as_json else "")
    try:
        if is_table(begin.partition("\n")[0]):
            rows = read_table(_lines(text, _LONGEST_LINE))
        elif as_json:
            rows = from_json(partial(_lines_again, text), _LONGEST_LINE)
        else:
            rows = from_csv(_lines(text, _LONGEST_LINE))
        yield from map(read_as_western, rows) if encoding == WINDOWS_1252 else rows
    except UnicodeDecodeError as error:
        raise ImportRefused("list_not_utf16", field="file") from error
    finally:
        with suppress(ValueError):  # closed already, where reading ended in the middle
            text.detach()


def _refuse_other_kinds(head: bytes) -> None:
    """Raise ImportRefused for a file that is no list, by its first bytes."""
    if not head.strip(b" \t\r\n\xef\xbb\xbf\xff\xfe\0"):
        raise ImportRefused("list_is_nothing", field="file")
    if head.lstrip().startswith(_PDF):
        raise ImportRefused("list_is_pdf", field="file")
    if head.startswith(_OLD_EXCEL):
        raise ImportRefused("list_is_old_excel", field="file")
    if head.startswith(_PACKED):
        raise ImportRefused("list_is_packed", field="file")


def is_spreadsheet(archive: zipfile.ZipFile) -> bool:
    """Return whether a ZIP is a workbook itself.

    Raises:
        ImportRefused: it is one of a kind that is not read.
    """
    try:
        kind = archive.read("mimetype")[:100] if "mimetype" in archive.namelist() else b""
    except BROKEN:
        kind = b""
    if b"opendocument.spreadsheet" in kind:
        raise ImportRefused("list_is_open_document", field="file")
    return is_workbook(archive)


def _lines_again(text: io.TextIOWrapper, longest: int) -> Iterator[str]:
    text.seek(0)
    return _lines(text, longest)


def _lines(text: io.TextIOWrapper, longest: int) -> Iterator[str]:
    number = 0
    while line := text.readline(longest + 1):
        number += 1
        if number == 1:
            # Programs that add a byte order mark do not look whether there is one.
            line = line.lstrip("\ufeff")
        # In the first line it is a file of another kind; below, a row's own fault.
        if len(line) > longest or (number == 1 and "\0" in line):
            raise ImportRefused("list_line_no_text", field="file", line=number)
        if number > _MOST_LINES:
            raise ImportRefused("list_too_many_lines", field="file", lines=_MOST_LINES)
        yield line
