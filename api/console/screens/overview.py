"""The overview: how the work goes, for supervisors of an agency and for coordinators of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.console.page import OfficerRequest, RequirePermission
from api.console.report_words import ReportWords
from api.console.screens.reports import chosen_period, periods
from casework.kernel.permissions import Permission
from casework.reports.dimensions import Dimension, area_in
from casework.reports.review import Line, ReportRequest, ReviewReport

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_REPORT))]
Coordinator = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_TOTALS))]

WINDOWS: Final = (1, 7, 30, 90, 365)
_WINDOW: Final = 30


@dataclass(frozen=True, slots=True)
class Chart:
    """One grouping of the alerts, drawn as bars with their figures beside them."""

    dimension: Dimension
    lines: tuple[Line, ...]
    most: int
    """Alerts of the longest bar."""

    @classmethod
    def of(cls, dimension: Dimension, report: ReviewReport) -> "Chart":
        """Order hours by the clock, everything else by number."""
        lines = report.lines
        if dimension is Dimension.HOUR:
            lines = tuple(sorted(lines, key=lambda line: line.group))
        return cls(dimension, lines, max((line.alerts.value or 0 for line in lines), default=0))


@router.get("/overview")
def overview(visit: Reader) -> Response:
    """Show the figures of the own agency's watchlists."""
    days = _days(visit.request)
    reports, actor = visit.service.reports.counts, visit.actor
    shown = (Dimension.WATCHLIST, Dimension.PORT, Dimension.CATEGORY, Dimension.HOUR)
    groups = ((), *((each,) for each in shown))
    summary, *by = reports.reviews(actor, _question(visit, days), groups)
    charts = [Chart.of(each, report) for each, report in zip(shown, by, strict=True)]
    whole = summary.lines
    return visit.page(
        "overview.html",
        days=days,
        windows=WINDOWS,
        charts=charts,
        whole=whole[0] if whole else None,
        words=_words(visit, charts),
        lanes=visit.service.reports.lanes.latest(actor),
        alarms=visit.service.calibration.monitoring.report(actor, days),
        gallery=visit.service.gallery.replica.gallery,
        pack=visit.service.pack,
        runtime=visit.service.pipeline.runtime.value,
        calibration=visit.service.calibration.calibrations.current(),
    )


@router.get("/totals")
def totals(visit: Coordinator) -> Response:
    """Show the figures of all agencies over a calendar period, blurred."""
    reports, actor = visit.service.reports.counts, visit.actor
    chosen = chosen_period(visit, running=False)
    shown = (Dimension.AGENCY, Dimension.PORT, Dimension.CATEGORY, Dimension.NATIONALITY)
    charts = [Chart.of(each, reports.totals(actor, chosen, (each,))) for each in shown]
    whole = reports.totals(actor, chosen).lines
    return visit.page(
        "totals.html",
        chosen=chosen,
        periods=periods(visit),
        charts=charts,
        whole=whole[0] if whole else None,
        words=_words(visit, charts),
    )


def _words(visit: OfficerRequest, charts: Sequence[Chart]) -> ReportWords:
    named = [area_in(each.dimension, line.group[0]) for each in charts for line in each.lines]
    return ReportWords(visit.speech, visit.codes, visit.service.areas.areas.names(named))


def _days(request: Request) -> int:
    text = request.query_params.get("days", "")
    return int(text) if text in {str(days) for days in WINDOWS} else _WINDOW


def _question(visit: OfficerRequest, days: int) -> ReportRequest:
    until = visit.service.review.queue.now()
    return ReportRequest(until - timedelta(days=days), until, zone=str(visit.speech.zone))
