"""The forms that a list of subjects comes in: told apart by their first bytes, never by a name.

Each form has a reader of its own, which yields `RawRow`s: CSV with a heading (`csv_rows`), and JSON
Lines (`json_rows`). What is wrong with the file as a whole is raised at once (`ImportRefused`);
what is wrong with one row becomes a `Fault` of that row, and the next is read.
"""

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO, Final

from casework.imports.csv_rows import from_csv
from casework.imports.json_rows import from_json_lines
from casework.imports.raw_rows import RawRow
from casework.kernel.errors import ImportRefused

_LONGEST_LINE: Final = 1 << 20
# Blank lines, and line ends inside cells, take time to read, too.
_MOST_LINES: Final = 3_000_000
_HEAD: Final = 4096
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""What spreadsheets begin a "Unicode text" with."""


def read_rows(file: BinaryIO) -> Iterator[RawRow]:
    """Read a list from its beginning.

    Args:
        file: text in UTF-8, or in UTF-16 with its byte order mark; left open.

    Raises:
        ImportRefused: it is not such a file, or not any further.
    """
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    encoding = "utf-16" if head.startswith(_UTF_16) else "utf-8-sig"
    begin = head[: len(head) & ~1].decode(encoding, "ignore").lstrip()
    if begin.startswith("["):
        raise ImportRefused("list_is_json_array", field="file")
    as_json = begin.startswith("{")
    # Texts may hold other kinds of line ends; only these end a row.
    text = io.TextIOWrapper(file, encoding, newline="\n" if as_json else "")
    try:
        lines = _lines(text)
        yield from from_json_lines(lines) if as_json else from_csv(lines)
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
