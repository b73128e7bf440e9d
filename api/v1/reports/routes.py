"""Reports: whether the service keeps what it promises, and how the work goes. Counts alone."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from api import problems
from api.console.i18n import Locale
from api.console.printed.gather import letterhead
from api.console.printed.monthly import monthly_document, words_for
from api.console.printed.pdf import MEDIA_TYPE as PDF
from api.console.printed.places import place_document
from api.console.printed.tables import WORKBOOK, TablesReport, as_tables_pdf, as_workbook
from api.console.report_words import ReportWords
from api.dependencies import (
    Allowed,
    TheCuts,
    TheLanes,
    TheMonitoring,
    TheMonthlyReports,
    ThePerformance,
    ThePlaces,
    TheReports,
    TheState,
)
from api.routing import StrictRoute
from api.state import State
from api.v1.reports.schemas import (
    AlarmQuery,
    AlarmReportOut,
    CutOut,
    CutQuery,
    LaneQuery,
    LaneReportOut,
    MapOut,
    MapQuery,
    MonthlyOut,
    MonthlyQuery,
    MonthQuery,
    OwnCutQuery,
    PerformanceOut,
    ReportQuery,
    ReviewReportOut,
    TotalsQuery,
    as_csv,
    cut_as_csv,
    map_as_csv,
)
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.reports.calendar import CalendarPeriod
from casework.reports.cuts import CutTable
from casework.reports.monthly import MonthlyReport
from casework.reports.places import PlaceMeasure, PlaceReport
from casework.reports.review import ReviewReport

router: Final = APIRouter(prefix="/v1/reports", tags=["reports"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_REPORT))]
Coordinator = Annotated[Actor, Depends(Allowed(Permission.READ_TOTALS))]

_REFUSALS: Final = (
    errors.NotAuthenticated,
    errors.NotPermitted,
    errors.InvalidPeriod,
    problems.RequestInvalid,
)
_RESPONSES: Final = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
    **problems.responses(*_REFUSALS),
}

_MONTHLY: Final = {
    200: {
        "content": {
            media_type: {"schema": {"type": "string", "format": "binary"}}
            for media_type in (PDF, WORKBOOK)
        }
    },
    **problems.responses(*_REFUSALS),
}
_CUT_RESPONSES: Final = {**_RESPONSES, **problems.responses(*_REFUSALS, errors.AreaRefused)}


@router.get(
    "/alarms",
    response_model=AlarmReportOut,
    summary="Alarms of each watchlist against its target",
    responses=problems.responses(
        errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid
    ),
)
def alarms(
    monitoring: TheMonitoring,
    actor: Reader,
    query: Annotated[AlarmQuery, Query()],
) -> AlarmReportOut:
    """Count travellers, alarms and false alarms, and say which list is beyond its limit."""
    return AlarmReportOut.of(monitoring.report(actor, query.days))


@router.get(
    "/lanes",
    response_model=LaneReportOut,
    summary="What each lane sent, and whether its clock is right",
    responses=problems.responses(
        errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid
    ),
)
def lanes(lanes: TheLanes, actor: Reader, query: Annotated[LaneQuery, Query()]) -> LaneReportOut:
    """Count encounters and capture times that are off, by port and lane, most off first."""
    return LaneReportOut.of(lanes.report(actor, query.days))


@router.get(
    "/review",
    response_model=ReviewReportOut,
    summary="How your agency's alerts were worked on",
    responses=_RESPONSES,
)
def review(
    reports: TheReports,
    actor: Reader,
    query: Annotated[ReportQuery, Query()],
) -> ReviewReportOut | Response:
    """Count alerts, how they ended and how long people took, of your agency's watchlists."""
    return _answer(reports.review(actor, query.request), query.format)


@router.get(
    "/totals",
    response_model=ReviewReportOut,
    summary="How all agencies' alerts were worked on",
    responses=_RESPONSES,
)
def totals(
    reports: TheReports,
    actor: Coordinator,
    query: Annotated[TotalsQuery, Query()],
) -> ReviewReportOut | Response:
    """Count the alerts of all agencies over a month, quarter or year: figures as `kind` says."""
    period = query.chosen(reports.zone)
    return _answer(reports.totals(actor, period, query.by or ()), query.format)


@router.get(
    "/cuts",
    response_model=CutOut,
    summary="Your agency's alerts by two dimensions",
    responses=_CUT_RESPONSES,
)
def cuts(cuts: TheCuts, actor: Reader, query: Annotated[OwnCutQuery, Query()]) -> CutOut | Response:
    """Count the alerts of your agency's watchlists, beside the period before and a year."""
    return _table(cuts.own(actor, query.asked, query.chosen(cuts.zone)), query.format)


@router.get(
    "/totals/cuts",
    response_model=CutOut,
    summary="All agencies' alerts by two dimensions",
    responses=_CUT_RESPONSES,
)
def totals_cuts(
    cuts: TheCuts, actor: Coordinator, query: Annotated[CutQuery, Query()]
) -> CutOut | Response:
    """Count the alerts of all agencies over a month, quarter or year: figures as `kind` says."""
    period = CalendarPeriod.read(query.period) if query.period is not None else None
    return _table(cuts.totals(actor, query.asked, period), query.format)


@router.get(
    "/performance",
    response_model=PerformanceOut,
    summary="False alarms, refused photos and answer times of a month",
    responses=problems.responses(*_REFUSALS),
)
def performance(
    performance: ThePerformance, actor: Reader, query: Annotated[MonthQuery, Query()]
) -> PerformanceOut:
    """Compare your lists' false alarms with their targets; count photos of every port."""
    return PerformanceOut.of(performance.report(actor, query.chosen))


@router.get(
    "/monthly",
    response_model=MonthlyOut,
    summary="Your agency's monthly report",
    responses=_MONTHLY,
)
def monthly(
    reports: TheMonthlyReports,
    actor: Reader,
    state: TheState,
    query: Annotated[MonthlyQuery, Query()],
) -> MonthlyOut | Response:
    """Return searches, alerts, outcomes, times, false alarms and refusals as one document."""
    return _document(reports.own(actor, query.chosen), actor, state, query)


@router.get(
    "/totals/monthly",
    response_model=MonthlyOut,
    summary="The monthly report of all agencies",
    responses=_MONTHLY,
)
def totals_monthly(
    reports: TheMonthlyReports,
    actor: Coordinator,
    state: TheState,
    query: Annotated[MonthlyQuery, Query()],
) -> MonthlyOut | Response:
    """Return the same of all agencies: figures as `kind` says, and no watchlists."""
    return _document(reports.team(actor, query.chosen), actor, state, query)


_MAP: Final = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            **{
                media_type: {"schema": {"type": "string", "format": "binary"}}
                for media_type in (PDF, WORKBOOK)
            },
        }
    },
    **problems.responses(*_REFUSALS, errors.AreaRefused),
}


@router.get(
    "/map",
    response_model=MapOut,
    summary="Your agency's vulnerability map",
    responses=_MAP,
)
def own_map(
    places: ThePlaces, actor: Reader, state: TheState, query: Annotated[MapQuery, Query()]
) -> MapOut | Response:
    """Count alerts, decisions, tips, joint cases and stays by province, or within one."""
    period = query.chosen or places.last_month()
    return _map(places.own(actor, period, query.area_within), actor, state, query)


@router.get(
    "/totals/map",
    response_model=MapOut,
    summary="The vulnerability map of all agencies",
    responses=_MAP,
)
def totals_map(
    places: ThePlaces, actor: Coordinator, state: TheState, query: Annotated[MapQuery, Query()]
) -> MapOut | Response:
    """Count the same of all agencies, without stays: figures as `kind` says."""
    return _map(places.totals(actor, query.chosen, query.area_within), actor, state, query)


def _map(report: PlaceReport, actor: Actor, state: State, query: MapQuery) -> MapOut | Response:
    service, speech = state.opened, state.console.speeches[query.language]
    names = service.areas.areas.names([*(line.area for line in report.lines), report.within])
    if query.format == "json":
        return MapOut.of(report, names)
    if query.format == "csv":
        return Response(map_as_csv(report, names), media_type="text/csv; charset=utf-8")
    words = ReportWords(speech, service.lists.codes.now(), names)
    chosen = query.measure if query.measure in report.measures else PlaceMeasure.ALERTS
    document = place_document(report, chosen, words, letterhead(service, actor, speech))
    return _file(document, f"siaga-map-{report.period}", query.format, speech)


def _document(
    report: MonthlyReport, actor: Actor, state: State, query: MonthlyQuery
) -> MonthlyOut | Response:
    if query.format == "json":
        return MonthlyOut.of(report)
    service, speech = state.opened, state.console.speeches[query.language]
    head = letterhead(service, actor, speech)
    document = monthly_document(report, words_for(service, report, speech), head)
    return _file(document, f"siaga-{report.month}", query.format, speech)


def _file(document: TablesReport, name: str, form: str, speech: Locale) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    if form == "pdf":
        return Response(as_tables_pdf(document, speech), media_type=PDF, headers=headers)
    return Response(as_workbook(document), media_type=WORKBOOK, headers=headers)


def _table(table: CutTable, form: str) -> CutOut | Response:
    if form == "csv":
        return Response(cut_as_csv(table), media_type="text/csv; charset=utf-8")
    return CutOut.of(table)


def _answer(report: ReviewReport, form: str) -> ReviewReportOut | Response:
    if form == "csv":
        return Response(as_csv(report), media_type="text/csv; charset=utf-8")
    return ReviewReportOut.of(report)
