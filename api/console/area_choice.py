"""Choosing an area in a form: a province or a regency in one list, then a district of the regency.

It works without JavaScript: a button shows the form again, with the districts of what is chosen. A
module does the same at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.console.forms import FormData
from api.console.page import OfficerRequest
from casework.areas import tree
from casework.areas.known import Area, AreaFilter
from casework.kernel.vocabulary import AreaLevel

AREA: Final = "area"
DISTRICT: Final = "district"
MORE: Final = "show"
"""The name of the button that shows the form again."""


@dataclass(frozen=True, slots=True)
class AreaChoice:
    """What a form's two lists offer, and what is chosen."""

    provinces: Sequence[tuple[Area, Sequence[Area]]]
    """Each with its regencies."""
    districts: Sequence[Area]
    """Of the regency that is chosen."""
    area: str = ""
    """The country, a province or a regency."""
    district: str = ""
    any_district: bool = False
    """Whether the installation has any."""


def choice(visit: OfficerRequest, chosen: str | None) -> AreaChoice:
    """Return what a form offers, with an area chosen, at any level."""
    areas, actor = visit.service.areas.areas, visit.actor
    code = chosen if chosen is not None and tree.well_formed(chosen) else ""
    below: dict[str, list[Area]] = {}
    for each in areas.page(actor, None, None, AreaFilter(level=AreaLevel.REGENCY)):
        below.setdefault(each.parent or "", []).append(each)
    provinces = areas.page(actor, None, None, AreaFilter(level=AreaLevel.PROVINCE))
    regency = tree.at_level(code, AreaLevel.REGENCY) if code else None
    is_district = bool(code) and tree.level_of(code) is AreaLevel.DISTRICT
    return AreaChoice(
        [(each, below.get(each.code, ())) for each in provinces],
        districts_of(visit, regency) if regency is not None else (),
        (regency or code) if is_district else code,
        code if is_district else "",
        bool(areas.page(actor, None, 1, AreaFilter(level=AreaLevel.DISTRICT))),
    )


def districts_of(visit: OfficerRequest, regency: str) -> Sequence[Area]:
    """Return the districts of a regency; none of any other area."""
    if not tree.well_formed(regency) or tree.level_of(regency) is not AreaLevel.REGENCY:
        return ()
    return visit.service.areas.areas.page(visit.actor, None, None, AreaFilter(parent=regency))


def chosen_in(data: FormData) -> str:
    """Return the area that a form has chosen: the district where it lies in the regency beside."""
    area, district = data.text(AREA), data.text(DISTRICT)
    return district if district and tree.parent_of(district) == area else area


def in_lists(code: str | None) -> dict[str, tuple[str, ...]]:
    """Return what a form's two lists hold for an area at any level."""
    if code is None:
        return {}
    if tree.level_of(code) is AreaLevel.DISTRICT:
        return {AREA: (tree.parent_of(code) or "",), DISTRICT: (code,)}
    return {AREA: (code,)}


def with_area(
    read: Callable[[FormData, Any], Mapping[str, object]],
) -> Callable[[FormData, Any], dict[str, object]]:
    """Return what reads a form with both lists as the one field `area`."""

    def read_area(data: FormData, model: Any) -> dict[str, object]:  # noqa: ANN401 - the form's
        found = dict(read(data, model))
        code = chosen_in(data)
        return found | {AREA: code} if code else found

    return read_area
