"""Lists as JSON Lines: one object a line."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from casework.imports.raw_rows import INVALID, Fault, RawRow, malformed, read_row
from casework.kernel.messages import Message


def from_json_lines(lines: Iterable[str]) -> Iterator[RawRow]:
    """Yield the rows of JSON Lines; empty lines count, and are none."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _from_line(number, line)


def _from_line(number: int, line: str) -> RawRow:
    try:
        fields = json.loads(line, object_pairs_hook=once_each, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return malformed(number, Message("row_not_object"))
    if not isinstance(fields, dict):
        return malformed(number, Message("row_not_object"))
    photos = fields.pop("photos", None)
    if photos is None or photos == "":
        photos = []
    if isinstance(photos, list) and all(isinstance(each, str) for each in photos):
        return read_row(number, fields, photos)
    fault = Fault("photos", INVALID, Message("row_photos_no_list"))
    return read_row(number, fields, faults=[fault])


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; raises ValueError for one that has a name twice."""
    named = dict(pairs)
    if len(named) != len(pairs):
        raise ValueError("a name appears twice")
    return named


def _no_number(name: str) -> None:
    raise ValueError(name)
