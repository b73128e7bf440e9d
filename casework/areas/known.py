"""The areas that there are: the built-in ones, and what the installation has beside them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from casework.areas import tree
from casework.areas.provinces import BUILT_IN
from casework.kernel.errors import AreaRefused
from casework.kernel.vocabulary import AreaLevel
from casework.tables import AreaRow

_LENGTHS: Final[Mapping[AreaLevel, int]] = {
    AreaLevel.COUNTRY: 2,
    AreaLevel.PROVINCE: 2,
    AreaLevel.REGENCY: 5,
    AreaLevel.DISTRICT: 8,
}
"""Of codes."""
_AT_A_TIME: Final = 500  # codes of one statement


@dataclass(frozen=True, slots=True)
class Area:
    """One area."""

    code: str
    name: str
    version: int = 0
    """0 of a built-in one that nobody has renamed."""

    @property
    def level(self) -> AreaLevel:
        """Country, province, regency or district."""
        return tree.level_of(self.code)

    @property
    def parent(self) -> str | None:
        """The area next above; None of the country."""
        return tree.parent_of(self.code)

    @property
    def built_in(self) -> bool:
        """Whether it comes with the program."""
        return self.code in BUILT_IN


@dataclass(frozen=True, slots=True)
class AreaFilter:
    """Which areas to list; None sets no condition."""

    parent: str | None = None
    """Those one level below this area."""
    level: AreaLevel | None = None
    text: str | None = None
    """What the name has in it, in capitals or not."""

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter for a query."""
        found: list[ColumnElement[bool]] = []
        if self.parent is not None:
            found.append(tree.directly_within(AreaRow.code, self.parent))
        if self.level is not None:
            found.append(func.length(AreaRow.code) == _LENGTHS[self.level])
        if self.text is not None:
            found.append(AreaRow.name.icontains(self.text, autoescape=True))
        return found

    def fits(self, area: Area) -> bool:
        """Whether an area that is not in the database is among them."""
        return (
            self.parent in (None, area.parent)
            and self.level in (None, area.level)
            and (self.text is None or self.text.casefold() in area.name.casefold())
        )


def listed(session: Session, filters: AreaFilter, after: str, limit: int | None) -> list[Area]:
    """Return areas in order of code: those after `after`, at most `limit` (None: all)."""
    renamed = set(session.scalars(select(AreaRow.code).where(AreaRow.code.in_(BUILT_IN))))
    built_in = (Area(code, name) for code, name in BUILT_IN.items() if code not in renamed)
    query = select(AreaRow).where(AreaRow.code > after, *filters.conditions)
    rows = session.scalars(query.order_by(AreaRow.code).limit(limit))
    # The country's code is as long as a province's.
    found = [area for row in rows if filters.fits(area := area_of(row))]
    found += [each for each in built_in if each.code > after and filters.fits(each)]
    return sorted(found, key=lambda each: each.code)[:limit]


def area_of(row: AreaRow) -> Area:
    """Return the area of a record."""
    return Area(row.code, row.name, row.version)


def find(session: Session, code: str) -> Area | None:
    """Return one area; None where there is none of that code."""
    row = session.get(AreaRow, code)
    if row is not None:
        return area_of(row)
    return Area(code, BUILT_IN[code]) if code in BUILT_IN else None


def names(session: Session, codes: Iterable[str | None]) -> dict[str, str]:
    """Return the names of areas, and of all that they lie in, by code."""
    wanted = sorted({each for code in codes if code for each in tree.lineage(code)})
    found = {code: BUILT_IN[code] for code in wanted if code in BUILT_IN}
    for start in range(0, len(wanted), _AT_A_TIME):
        some = wanted[start : start + _AT_A_TIME]
        rows = session.scalars(select(AreaRow).where(AreaRow.code.in_(some)))
        found.update({row.code: row.name for row in rows})
    return found


def choose(session: Session, code: str, field: str) -> str:
    """Return the code of an area for what is to lie there.

    Raises:
        AreaRefused: there is none of that code; names the field of the request.
    """
    if find(session, code) is None:
        raise AreaRefused("area_unknown", field=field, area=code)
    return code


def place(session: Session, code: str | None) -> str | None:
    """Return where an area is, in words, as `called` has it; None where no area is named."""
    return called(names(session, [code]), code) if code is not None else None


def called(found: Mapping[str, str], code: str) -> str:
    """Return an area's name with those of what it lies in, such as `Kota Contoh, DKI Jakarta`.

    Args:
        found: names by code, of it and of what it lies in.
        code: the area; one that has no name is called by its code.
    """
    above = tree.lineage(code)[1:] or (code,)
    return ", ".join(found.get(each, each) for each in reversed(above))
