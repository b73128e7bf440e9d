"""Reports: a table by two dimensions, as a page and as a file; the own agency's and everybody's."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console.cut_pages import CutPage
from api.console.page import OfficerRequest, RequirePermission
from api.console.printed.gather import letterhead
from api.console.printed.monthly import monthly_document, words_for
from api.console.printed.pdf import MEDIA_TYPE
from api.console.printed.tables import (
    CSV,
    WORKBOOK,
    TablesReport,
    as_csv,
    as_tables_pdf,
    as_workbook,
)
from api.console.report_words import ReportWords
from casework.areas.provinces import PROVINCES
from casework.kernel.errors import InvalidPeriod
from casework.kernel.permissions import Permission
from casework.reports.calendar import CalendarPeriod
from casework.reports.cuts import CutRequest, CutTable
from casework.reports.dimensions import OF_TOTALS, Dimension, permitted
from casework.reports.monthly import MonthlyReport

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_REPORT))]
Coordinator = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_TOTALS))]

_MONTHS: Final = 24
_LISTS: Final = 500
# Within a province, its regencies stand in place of the provinces.
CHOICES: Final = tuple(each for each in Dimension if each is not Dimension.REGENCY)


@router.get("/reports")
def own(visit: Reader) -> Response:
    """Show the own agency's alerts by two dimensions."""
    return _page(visit, _own(visit), everybody=False)


@router.get("/reports/all")
def totals(visit: Coordinator) -> Response:
    """Show all agencies' alerts by two dimensions, blurred."""
    return _page(visit, _totals(visit), everybody=True)


def _files(path: str, permission: Permission, make: Callable[[OfficerRequest], CutTable]) -> None:
    """Put the files of a table at their addresses."""
    reader = Depends(RequirePermission(permission))

    @router.get(f"{path}/table.csv")
    def csv(visit: Annotated[OfficerRequest, reader]) -> Response:
        shown = _shown(visit, make(visit))
        return _file(shown, "csv", as_csv([shown.section()]), CSV)

    @router.get(f"{path}/table.xlsx")
    def xlsx(visit: Annotated[OfficerRequest, reader]) -> Response:
        shown = _shown(visit, make(visit))
        report = shown.report(letterhead(visit.service, visit.actor, visit.speech))
        return _file(shown, "xlsx", as_workbook(report), WORKBOOK)

    @router.get(f"{path}/table.pdf")
    def pdf(visit: Annotated[OfficerRequest, reader]) -> Response:
        shown = _shown(visit, make(visit))
        report = shown.report(letterhead(visit.service, visit.actor, visit.speech))
        return _file(shown, "pdf", as_tables_pdf(report, visit.speech), MEDIA_TYPE)


def periods(visit: OfficerRequest, *, running: bool = False) -> list[CalendarPeriod]:
    """Return the periods to choose from: months, the newest first, then quarters and years.

    Args:
        visit: the request.
        running: whether those that are not over are among them.
    """
    now, zone = visit.service.review.queue.now(), visit.service.reports.cuts.zone
    last = CalendarPeriod.month_of(now, zone)
    months = [last.before(back) for back in range(_MONTHS)]
    longer = {
        CalendarPeriod(each.year, 1 + (each.month - 1) // length * length, length)
        for each in months
        for length in (3, 12)
    }
    found = months + sorted(longer, key=lambda each: (each.months, each), reverse=True)
    return [each for each in found if running or each.is_over(now, zone)]


def chosen_period(visit: OfficerRequest, *, running: bool) -> CalendarPeriod:
    """Return the period of the address; without one that can be shown, the last whole month."""
    now, zone = visit.service.review.queue.now(), visit.service.reports.cuts.zone
    last = CalendarPeriod.last_month(now, zone)
    try:
        found = CalendarPeriod.read(visit.request.query_params.get("period", ""))
    except InvalidPeriod:
        return last
    return found if running or found.is_over(now, zone) else last


def _own(visit: OfficerRequest) -> CutTable:
    asked = _asked(visit, everybody=False)
    period = chosen_period(visit, running=True)
    return visit.service.reports.cuts.own(visit.actor, asked, period)


def _totals(visit: OfficerRequest) -> CutTable:
    asked = _asked(visit, everybody=True)
    period = chosen_period(visit, running=False)
    return visit.service.reports.cuts.totals(visit.actor, asked, period)


def _asked(visit: OfficerRequest, *, everybody: bool) -> CutRequest:
    """Return what the address asks for; what makes no sense counts as left out."""
    query = visit.request.query_params
    choices = set(CHOICES) & OF_TOTALS if everybody else set(CHOICES)

    def read(name: str) -> Dimension | None:
        text = query.get(name, "")
        return Dimension(text) if text in choices else None

    rows = read("rows") or Dimension.AREA
    columns = read("columns") if "columns" in query else Dimension.CATEGORY
    if columns is rows or (everybody and not permitted({rows, columns or rows})):
        columns = None
    within = query.get("area_within", "")
    is_area = Dimension.AREA in (rows, columns)
    return CutRequest(rows, columns, within if is_area and within in PROVINCES else None)


def _shown(visit: OfficerRequest, table: CutTable) -> CutPage:
    links = table.exact and visit.may(Permission.READ_ALERT)
    lists = (
        visit.service.lists.watchlists.page(visit.actor, None, _LISTS)
        if links and Dimension.WATCHLIST in table.by
        else ()
    )
    own = {each.name: each.id for each in lists if each.agency_id == visit.actor.agency_id}
    return CutPage(table, ReportWords(visit.speech, visit.codes, table.names), own, links)


def _page(visit: OfficerRequest, table: CutTable, *, everybody: bool) -> Response:
    choices = [each for each in CHOICES if not everybody or each in OF_TOTALS]
    return visit.page(
        "reports.html",
        shown=_shown(visit, table),
        table=table,
        everybody=everybody,
        path="/reports/all" if everybody else "/reports",
        choices=choices,
        chosen=table.period,
        periods=periods(visit, running=not everybody),
        provinces=PROVINCES,
        query=visit.request.url.query,
    )


def _file(shown: CutPage, suffix: str, content: str | bytes, media_type: str) -> Response:
    name = "-".join(("siaga", *shown.table.by, str(shown.table.period))) + f".{suffix}"
    return file_answer(name, content, media_type)


def file_answer(name: str, content: str | bytes, media_type: str) -> Response:
    """Return a file to be kept."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def _monthly(
    path: str,
    permission: Permission,
    make: Callable[[OfficerRequest, CalendarPeriod], MonthlyReport],
) -> None:
    """Put the monthly report at its addresses: a page to choose the month, and both files."""
    reader = Depends(RequirePermission(permission))

    def document(visit: OfficerRequest) -> TablesReport:
        report = make(visit, _chosen_month(visit))
        head = letterhead(visit.service, visit.actor, visit.speech)
        return monthly_document(report, words_for(visit.service, report, visit.speech), head)

    @router.get(f"{path}/monthly")
    def page(visit: Annotated[OfficerRequest, reader]) -> Response:
        return visit.page(
            "monthly.html",
            report=document(visit),
            path=path,
            chosen=_chosen_month(visit),
            periods=_months(visit),
        )

    @router.get(f"{path}/monthly.pdf")
    def pdf(visit: Annotated[OfficerRequest, reader]) -> Response:
        content = as_tables_pdf(document(visit), visit.speech)
        return file_answer(f"siaga-{_chosen_month(visit)}.pdf", content, MEDIA_TYPE)

    @router.get(f"{path}/monthly.xlsx")
    def xlsx(visit: Annotated[OfficerRequest, reader]) -> Response:
        content = as_workbook(document(visit))
        return file_answer(f"siaga-{_chosen_month(visit)}.xlsx", content, WORKBOOK)


def _months(visit: OfficerRequest) -> list[CalendarPeriod]:
    return [each for each in periods(visit) if each.months == 1]


def _chosen_month(visit: OfficerRequest) -> CalendarPeriod:
    months = _months(visit)
    chosen = chosen_period(visit, running=False)
    return chosen if chosen in months else months[0]


_monthly(
    "/reports",
    Permission.READ_REPORT,
    lambda visit, month: visit.service.reports.monthly.own(visit.actor, month),
)
_monthly(
    "/reports/all",
    Permission.READ_TOTALS,
    lambda visit, month: visit.service.reports.monthly.team(visit.actor, month),
)
_files("/reports", Permission.READ_REPORT, _own)
_files("/reports/all", Permission.READ_TOTALS, _totals)
