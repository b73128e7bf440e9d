"""What is known of a data set's people: a CSV file with a row per identity.

The column `identity` holds the folder's name; every other column is a way to group people, such as
`sex`, `region` or `birth_decade`. An empty cell and `unknown` say that it is not known; so does the
absence of a row.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.identities import DataSet, DataSetInvalid

KEY: Final = "identity"
UNKNOWN: Final = -1
_UNKNOWN_WORDS: Final = frozenset({"", "unknown"})


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """One column: which group each identity belongs to."""

    name: str
    groups: tuple[str, ...]
    """In alphabetical order."""
    members: npt.NDArray[np.int64]
    """Shape (identities,): a position in `groups`, or `UNKNOWN`."""

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """How many identities each group has."""
        return np.bincount(self.members[self.members >= 0], minlength=len(self.groups))


def read_labels(path: Path, data: DataSet) -> list[Grouping]:
    """Read the groupings of a data set's identities.

    Folders that were merged count as one identity; both may have a row if the rows agree.

    Raises:
        DataSetInvalid: the file is empty, lacks a column, or a line has the wrong number of cells
            or names an identity that is absent or was named before; the message has the line.
    """
    names = {name: number for number, name in enumerate(data.names)}
    names |= {second: names[first] for first, second in data.merged}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            columns = _header(path.name, next(reader, []))
            key = columns.index(KEY)
            held: dict[int, list[str]] = {}
            lines: dict[str, int] = {}
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                where = f"{path.name}, line {reader.line_num}"
                row = _row(where, cells, columns)
                folder = row.pop(key)
                _check(where, folder, names, lines)
                lines[folder] = reader.line_num
                if held.setdefault(names[folder], row) != row:
                    raise DataSetInvalid(
                        f"{where}: {folder} and {data.names[names[folder]]} are one person by the "
                        "list of clashes, and their labels differ"
                    )
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataSetInvalid(f"{path.name}, line {reader.line_num}: {error}") from error
    if not held:
        raise DataSetInvalid(f"{path.name}, line 2: there is no identity below the heading")
    labels = [column for column in columns if column != KEY]
    return [
        _grouping(name, {who: row[at] for who, row in held.items()}, len(data.names))
        for at, name in enumerate(labels)
    ]


def _header(name: str, cells: Sequence[str]) -> list[str]:
    columns = [cell.strip() for cell in cells]
    if not any(columns):
        raise DataSetInvalid(f"{name}, line 1: a heading is required: {KEY}, and label columns")
    if KEY not in columns:
        raise DataSetInvalid(f"{name}, line 1: the column `{KEY}` is missing")
    if len(columns) < 2 or "" in columns:
        raise DataSetInvalid(f"{name}, line 1: beside `{KEY}`, named label columns are required")
    if len(set(columns)) < len(columns):
        raise DataSetInvalid(f"{name}, line 1: two columns have one name")
    return columns


def _row(where: str, cells: Sequence[str], columns: Sequence[str]) -> list[str]:
    if len(cells) != len(columns):
        raise DataSetInvalid(f"{where}: {len(columns)} cells are required, not {len(cells)}")
    return [cell.strip() for cell in cells]


def _check(where: str, folder: str, names: Mapping[str, int], lines: Mapping[str, int]) -> None:
    if folder not in names:
        raise DataSetInvalid(f"{where}: the data set has no identity `{folder}`")
    if folder in lines:
        raise DataSetInvalid(f"{where}: `{folder}` stands in line {lines[folder]} already")


def _grouping(name: str, values: Mapping[int, str], identities: int) -> Grouping:
    known = {who: value for who, value in values.items() if value.lower() not in _UNKNOWN_WORDS}
    groups = tuple(sorted(set(known.values())))
    members = np.full(identities, UNKNOWN, np.int64)
    for who, value in known.items():
        members[who] = groups.index(value)
    return Grouping(name, groups, members)
