"""Which list a JSON file is: our own lines, FollowTheMoney entities, or INTERPOL notices.

The first value tells. Lines are read one at a time; a value that goes over several lines, as a page
of notices does, is read whole, up to a bound.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, TypeAlias

from casework.imports.followthemoney import Entities, is_entity
from casework.imports.interpol import is_notice, notices_of, read_notices
from casework.imports.json_rows import from_json_lines
from casework.imports.raw_rows import RawRow
from casework.kernel.errors import ImportRefused

# An entity with everything that stands around it.
LONGEST_LINE: Final = 8 << 20
# A page has up to 160 notices in some hundred kilobytes.
_LONGEST_PAGE: Final = 8 << 20

# One of them may be damaged.
_FIRST_LINES: Final = 20

Lines: TypeAlias = Callable[[int], Iterator[str]]
"""Gives the file's lines from the first on, as often as it is called; lines may be so long."""


def from_json(lines: Lines, own_longest: int) -> Iterator[RawRow]:
    """Yield the rows of a JSON file.

    Args:
        lines: of the file.
        own_longest: how long a line of our own form may be.

    Raises:
        ImportRefused: it cannot be read, or holds nobody.
    """
    begin = [_parsed(line) for _, line in islice(_numbered(lines), _FIRST_LINES)]
    if any(map(is_entity, begin)):
        yield from _from_entities(lines)
    elif any(map(is_notice, begin)):
        yield from _from_notice_lines(lines)
    elif any(isinstance(each, dict) for each in begin[:1]):
        yield from from_json_lines(lines(own_longest))
    else:
        yield from _from_whole(lines, own_longest)


def _from_entities(lines: Lines) -> Iterator[RawRow]:
    entities = Entities()
    entities.look_over(_numbered(lines))
    people = False
    for row in entities.rows(_numbered(lines)):
        people = True
        yield row
    if not people:
        raise ImportRefused("entities_no_people", field="file")


def _from_notice_lines(lines: Lines) -> Iterator[RawRow]:
    """Yield the notices of lines that are notices, or pages of them; rows are counted on."""
    number = 1
    for _, line in _numbered(lines):
        value = _parsed(line)
        found = notices_of(value) if is_notice(value) else [value]
        yield from read_notices(found, number)
        number += len(found)


def _from_whole(lines: Lines, own_longest: int) -> Iterator[RawRow]:
    value = _whole(lines)
    found = value if isinstance(value, list) else [value]
    if found and all(map(is_notice, found)):
        yield from read_notices([each for page in found for each in notices_of(page)], 1)
    elif found and all(map(is_entity, found)):
        yield from _from_entities(lambda _: (json.dumps(each) for each in found))
    elif isinstance(value, list):
        raise ImportRefused("list_is_json_array", field="file")
    else:
        yield from from_json_lines(lines(own_longest))


def _whole(lines: Lines) -> Any:  # noqa: ANN401 - anything that JSON can say
    """Return the one value of a file, None where it is not one."""
    parts, length = [], 0
    for line in lines(_LONGEST_PAGE):
        parts.append(line)
        length += len(line)
        if length > _LONGEST_PAGE:
            return None
    return _parsed("".join(parts))


def _numbered(lines: Lines) -> Iterable[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(lines(LONGEST_LINE), 1) if line.strip())


def _parsed(text: str) -> Any:  # noqa: ANN401 - anything that JSON can say
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
