"""Codes of areas: each begins with the code of the area that it lies in.

`ID` is the country, `31` a province, `31.71` a regency or a city, `31.71.01` a district
(kecamatan). So codes alone say what lies within an area.
"""

import re
from itertools import accumulate
from typing import Any, Final

from sqlalchemy import ColumnElement, SQLColumnExpression, or_

from casework.areas.provinces import COUNTRY
from casework.kernel.vocabulary import AreaLevel

PATTERN: Final = r"^(ID|[0-9]{2}(\.[0-9]{2}){0,2})$"
"""Of any area's code."""
_CODE: Final = re.compile(PATTERN)
_DOT: Final = "."
_LEVELS: Final = tuple(AreaLevel)


def well_formed(code: str) -> bool:
    """Whether a text is written as areas' codes are."""
    return _CODE.fullmatch(code) is not None


def level_of(code: str) -> AreaLevel:
    """Return the level of an area."""
    return AreaLevel.COUNTRY if code == COUNTRY else _LEVELS[1 + code.count(_DOT)]


def parent_of(code: str) -> str | None:
    """Return the area next above; None of the country."""
    if code == COUNTRY:
        return None
    return code.rpartition(_DOT)[0] or COUNTRY


def lineage(code: str) -> tuple[str, ...]:
    """Return the areas that an area lies in and the area itself, the country first."""
    if code == COUNTRY:
        return (COUNTRY,)
    return (COUNTRY, *accumulate(code.split(_DOT), lambda *parts: _DOT.join(parts)))


def at_level(code: str, level: AreaLevel) -> str | None:
    """Return the area of a level that an area lies in or is; None where it is larger than that."""
    return next((each for each in lineage(code) if level_of(each) is level), None)


def contains(outer: str, inner: str) -> bool:
    """Whether an area is another, or contains it."""
    return outer in lineage(inner)


def within(
    column: SQLColumnExpression[str] | SQLColumnExpression[str | None], code: str
) -> ColumnElement[bool]:
    """Return the condition that a column names an area, or one that lies in it.

    Args:
        column: of areas' codes; what has none lies nowhere.
        code: the area; anything in the country lies within the country.
    """
    some: SQLColumnExpression[Any] = column
    if code == COUNTRY:
        return some.is_not(None)
    return or_(some == code, some.startswith(f"{code}{_DOT}", autoescape=True))


def directly_within(column: SQLColumnExpression[str], code: str) -> ColumnElement[bool]:
    """Return the condition that a column names an area one level below another."""
    below = "__" if code == COUNTRY else f"{code}{_DOT}__"
    return column.like(below) & (column != COUNTRY)
