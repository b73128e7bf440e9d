"""Areas from a CSV file: what its lines say, and what is wrong with them.

The first line names the columns, in any order: `code`, `name`, and perhaps `level`, which follows
from the code and is checked against it. Commas or semicolons part the cells. Villages, which the
published lists have too, are left out.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from casework.areas import tree
from casework.kernel.errors import AreasRefused
from casework.kernel.messages import Message
from casework.kernel.text import canonical
from casework.kernel.vocabulary import AreaLevel

MOST_LINES: Final = 100_000
"""More than the country has villages."""
LONGEST_NAME: Final = 100

_COLUMNS: Final = frozenset({"code", "name"})
_OPTIONAL: Final = frozenset({"level"})
_VILLAGE: Final = re.compile(r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}\.[0-9]{4}")
_LEVELS: Final[Mapping[str, AreaLevel]] = {
    **{each.value: each for each in AreaLevel},
    "negara": AreaLevel.COUNTRY,
    "provinsi": AreaLevel.PROVINCE,
    "kabupaten": AreaLevel.REGENCY,
    "kota": AreaLevel.REGENCY,
    "city": AreaLevel.REGENCY,
    "kecamatan": AreaLevel.DISTRICT,
    "distrik": AreaLevel.DISTRICT,
}
"""How a level may be written; what is in no row is not checked."""


class NamedLine(NamedTuple):
    """One line's area."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class AreaFile:
    """What a file says."""

    areas: Mapping[str, NamedLine]
    """By code, in order of code."""
    left_out: int
    """Villages."""


@dataclass(slots=True)
class _Reading:
    areas: dict[str, NamedLine] = field(default_factory=dict)
    faults: list[tuple[int, Message]] = field(default_factory=list)
    left_out: int = 0

    def refuse(self, line: int, fault: Message) -> None:
        self.faults.append((line, fault))


def read_areas(content: bytes) -> AreaFile:
    """Return the areas of a CSV file.

    Args:
        content: UTF-8, with or without a byte order mark.

    Raises:
        AreasRefused: it cannot be read, or some of its lines are wrong; nothing of it counts.
    """
    rows = _rows(_text(content))
    number, heading = next(rows, (1, []))
    columns = [cell.strip().casefold() for cell in heading]
    named = [each for each in columns if each]
    if not set(columns) >= _COLUMNS or not set(named) <= _COLUMNS | _OPTIONAL:
        raise AreasRefused([(number, Message("area_file_columns"))])
    if len(named) != len(set(named)):
        raise AreasRefused([(number, Message("area_file_columns"))])
    reading = _Reading()
    for number, cells in rows:
        if any(cell.strip() for cell in cells):
            _take(reading, number, dict(zip(columns, cells, strict=False)))
    if reading.faults:
        raise AreasRefused(reading.faults)
    if not reading.areas:
        raise AreasRefused([(number, Message("area_file_empty"))])
    return AreaFile(dict(sorted(reading.areas.items())), reading.left_out)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AreasRefused([(line, Message("area_file_unreadable"))]) from error


def _rows(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the rows, each with the number of the line it ends on."""
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            if reader.line_num > MOST_LINES:
                fault = Message("area_file_large", {"most": MOST_LINES})
                raise AreasRefused([(reader.line_num, fault)])
            yield reader.line_num, row
    except csv.Error as error:
        fault = Message("area_file_broken")
        raise AreasRefused([(reader.line_num, fault)]) from error


def _take(reading: _Reading, number: int, cells: Mapping[str, str]) -> None:
    code, name = cells.get("code", "").strip(), " ".join(canonical(cells.get("name", "")).split())
    if _VILLAGE.fullmatch(code):
        reading.left_out += 1
        return
    if not tree.well_formed(code):
        reading.refuse(number, Message("area_file_code", {"code": code[:LONGEST_NAME]}))
        return
    level, written = tree.level_of(code), cells.get("level", "").strip().casefold()
    if _LEVELS.get(written, level) is not level:
        reading.refuse(
            number, Message("area_file_level", {"code": code, "level": level, "written": written})
        )
    elif not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
        reading.refuse(number, Message("area_file_name", {"code": code, "most": LONGEST_NAME}))
    elif reading.areas.setdefault(code, NamedLine(number, name)).name != name:
        first = reading.areas[code].number
        reading.refuse(number, Message("area_file_twice", {"code": code, "before": first}))
