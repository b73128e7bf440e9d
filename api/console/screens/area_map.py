"""The vulnerability map (peta kerawanan): where alerts, decisions and tips are, by place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console.map.cartogram import HEIGHT, SHORT, SIZE, TILES, WIDTH
from api.console.page import OfficerRequest, RequirePermission
from api.console.report_words import ReportWords
from api.console.screens.reports import periods
from api.console.shades import ShadeScale
from casework.kernel.errors import InvalidPeriod
from casework.kernel.permissions import Permission
from casework.reports.calendar import CalendarPeriod
from casework.reports.cells import change, share
from casework.reports.dimensions import UNKNOWN
from casework.reports.figures import Figure
from casework.reports.places import PlaceLine, PlaceMeasure, PlaceReport

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_REPORT))]
Coordinator = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_TOTALS))]

_OWN, _ALL = "/map", "/totals/map"
_ZERO: Final = Figure.exact(0)
_LETTERS: Final = 9
"""Of a place's name that an outline has room for."""


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """One place of the drawing or the table."""

    area: str
    name: str
    short: str
    ports: tuple[str, ...]
    figure: Figure
    shade: str
    """Its class in the style sheet."""
    address: str | None
    """The page of what lies in it."""
    line: PlaceLine | None


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What the address asks for."""

    path: str
    measure: PlaceMeasure
    period: CalendarPeriod
    within: str | None

    def address(self, path: str | None = None, **changed: str | None) -> str:
        """Return the address of this page with something changed."""
        asked = {"count": self.measure.value, "period": str(self.period), "within": self.within}
        return f"{path or self.path}?" + urlencode(
            {name: value for name, value in (asked | changed).items() if value is not None}
        )


@router.get(_OWN)
def own(visit: Reader) -> Response:
    """Show the map of the own agency's figures."""
    now, zone = visit.service.kernel.clock(), visit.service.reports.counts.zone
    running = CalendarPeriod.month_of(now, zone)
    offered = [running, *periods(visit)]
    chosen = _chosen(visit, _OWN, offered, offered[1])
    report = visit.service.reports.places.own(visit.actor, chosen.period, chosen.within)
    return _page(visit, chosen, report, offered)


@router.get(_ALL)
def totals(visit: Coordinator) -> Response:
    """Show the map of all agencies' figures, blurred."""
    offered = periods(visit)
    chosen = _chosen(visit, _ALL, offered, offered[0])
    report = visit.service.reports.places.totals(visit.actor, chosen.period, chosen.within)
    return _page(visit, chosen, report, offered)


def _chosen(
    visit: OfficerRequest, path: str, offered: list[CalendarPeriod], usual: CalendarPeriod
) -> _Chosen:
    """Read the address; what it says wrongly is as if it said nothing."""
    asked = visit.request.query_params
    measures = {each.value: each for each in PlaceMeasure}
    try:
        period = CalendarPeriod.read(asked.get("period", ""))
    except InvalidPeriod:
        period = usual
    within = asked.get("within")
    return _Chosen(
        path,
        measures.get(asked.get("count", ""), PlaceMeasure.ALERTS),
        period if period in offered else usual,
        within if within in SHORT else None,
    )


def _page(
    visit: OfficerRequest, chosen: _Chosen, report: PlaceReport, offered: list[CalendarPeriod]
) -> Response:
    borders = visit.state.borders
    drawing = borders.drawing(chosen.within) if borders is not None else None
    lines = {line.area: line for line in report.lines}
    drawn = {each.code for each in drawing.outlines} if drawing else set()
    codes = {*lines, *drawn, *(SHORT if chosen.within is None else ())} - {UNKNOWN}
    names = visit.service.areas.areas.names([*codes, chosen.within])
    scale = ShadeScale.of(line.figures[chosen.measure] for line in report.lines)
    places = {code: _place(chosen, lines.get(code), code, names, scale) for code in sorted(codes)}
    return visit.page(
        "map.html",
        chosen=chosen,
        province=names.get(chosen.within) if chosen.within else None,
        measures=tuple(PlaceMeasure),
        periods=offered,
        tiles=TILES if drawing is None and chosen.within is None else (),
        tile_size=SIZE,
        tiles_width=WIDTH,
        tiles_height=HEIGHT,
        drawing=drawing,
        places=places,
        unknown=lines.get(UNKNOWN),
        scale=scale,
        months=report.months,
        all_of=chosen.path == _ALL,
        words=ReportWords(visit.speech, visit.codes, names),
        change=change,
        share=share,
    )


def _place(
    chosen: _Chosen,
    line: PlaceLine | None,
    code: str,
    names: Mapping[str, str],
    scale: ShadeScale,
) -> ShownPlace:
    figure = line.figures[chosen.measure] if line is not None else _ZERO
    inside = chosen.address(within=code) if chosen.within is None else None
    name = names.get(code, code)
    short = SHORT.get(code) or (name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…")
    return ShownPlace(
        code,
        name,
        short,
        line.ports if line is not None else (),
        figure,
        scale.shade(figure),
        inside,
        line,
    )
