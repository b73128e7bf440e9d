"""The vulnerability map (peta kerawanan): where alerts, decisions and tips are, by place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console.map.cartogram import HEIGHT, SHORT, SIZE, TILES, WIDTH
from api.console.page import OfficerRequest, RequirePermission
from api.console.printed.gather import letterhead
from api.console.printed.pdf import MEDIA_TYPE
from api.console.printed.places import place_document
from api.console.printed.tables import (
    CSV,
    WORKBOOK,
    TablesReport,
    as_csv,
    as_tables_pdf,
    as_workbook,
)
from api.console.report_words import ReportWords
from api.console.screens.reports import file_answer, periods
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

    def shown(self, report: PlaceReport) -> PlaceMeasure:
        """Return what is drawn: alerts, where what was asked for is not counted."""
        return self.measure if self.measure in report.measures else PlaceMeasure.ALERTS

    def file(self, suffix: str) -> str:
        """Return the name of a file of it."""
        return "-".join(filter(None, ("siaga-map", self.within, str(self.period)))) + f".{suffix}"


@router.get(_OWN)
def own(visit: Reader) -> Response:
    """Show the map of the own agency's figures."""
    return _page(visit, *_own(visit), _offered(visit))


@router.get(_ALL)
def totals(visit: Coordinator) -> Response:
    """Show the map of all agencies' figures, blurred."""
    return _page(visit, *_totals(visit), periods(visit))


def _offered(visit: OfficerRequest) -> list[CalendarPeriod]:
    """Return the periods of own figures: also the month that is running."""
    now, zone = visit.service.kernel.clock(), visit.service.reports.counts.zone
    return [CalendarPeriod.month_of(now, zone), *periods(visit)]


def _own(visit: OfficerRequest) -> tuple["_Chosen", PlaceReport]:
    offered = _offered(visit)
    chosen = _chosen(visit, _OWN, offered, offered[1])
    return chosen, visit.service.reports.places.own(visit.actor, chosen.period, chosen.within)


def _totals(visit: OfficerRequest) -> tuple["_Chosen", PlaceReport]:
    offered = periods(visit)
    chosen = _chosen(visit, _ALL, offered, offered[0])
    return chosen, visit.service.reports.places.totals(visit.actor, chosen.period, chosen.within)


def _files(
    path: str,
    permission: Permission,
    make: Callable[[OfficerRequest], tuple["_Chosen", PlaceReport]],
) -> None:
    """Put the files of what a map shows at their addresses."""
    reader = Depends(RequirePermission(permission))

    def document(visit: OfficerRequest) -> tuple[_Chosen, TablesReport]:
        chosen, report = make(visit)
        names = visit.service.areas.areas.names(
            [*(line.area for line in report.lines), chosen.within]
        )
        head = letterhead(visit.service, visit.actor, visit.speech)
        words = ReportWords(visit.speech, visit.codes, names)
        return chosen, place_document(report, chosen.shown(report), words, head)

    @router.get(f"{path}/table.csv")
    def csv(visit: Annotated[OfficerRequest, reader]) -> Response:
        chosen, report = document(visit)
        return file_answer(chosen.file("csv"), as_csv(report.sections[:1]), CSV)

    @router.get(f"{path}/table.xlsx")
    def xlsx(visit: Annotated[OfficerRequest, reader]) -> Response:
        chosen, report = document(visit)
        return file_answer(chosen.file("xlsx"), as_workbook(report), WORKBOOK)

    @router.get(f"{path}/table.pdf")
    def pdf(visit: Annotated[OfficerRequest, reader]) -> Response:
        chosen, report = document(visit)
        return file_answer(chosen.file("pdf"), as_tables_pdf(report, visit.speech), MEDIA_TYPE)


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
    chosen = replace(chosen, measure=chosen.shown(report))
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
        measures=report.measures,
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


_files(_OWN, Permission.READ_REPORT, _own)
_files(_ALL, Permission.READ_TOTALS, _totals)
