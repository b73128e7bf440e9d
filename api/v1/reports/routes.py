"""Reports: whether the service keeps what it promises, and how the work goes. Counts alone."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, Query, Response

from api import problems
from api.dependencies import Allowed, TheService
from api.problems import FieldProblem, RequestInvalid
from api.v1.common import Time
from api.v1.reports.schemas import AlarmReportOut, ReviewReportOut, as_csv
from casework.calibration.monitoring import WINDOW_DAYS
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.oversight.reports import Dimension, ReportRequest, ReviewReport

router: Final = APIRouter(prefix="/v1/reports", tags=["reports"])

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


async def _question(
    by: Annotated[
        list[Dimension] | None, Query(max_length=4, description="Groups; repeat for several.")
    ] = None,
    since: Annotated[Time | None, Query(description="Unset means 30 days before `until`.")] = None,
    until: Annotated[Time | None, Query(description="Unset means now.")] = None,
    zone: Annotated[
        str, Query(max_length=60, description="Time zone of hours, days and months.")
    ] = "UTC",
) -> ReportRequest:
    """Return what the report is to be about."""
    if zone not in available_timezones():
        raise RequestInvalid(
            "zone must be a name of the time zone database, such as Asia/Jakarta.",
            [FieldProblem(field="zone", message="unknown time zone")],
        )
    end = until or datetime.now(UTC)
    begin = since or end - timedelta(days=WINDOW_DAYS)
    return ReportRequest(begin, end, tuple(dict.fromkeys(by or ())), zone)


Asked = Annotated[ReportRequest, Depends(_question)]
Format = Annotated[Literal["json", "csv"], Query(description="How to answer.")]


@router.get(
    "/alarms",
    response_model=AlarmReportOut,
    summary="Alarms of each watchlist against its target",
    responses=problems.responses(
        errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid
    ),
)
def alarms(
    service: TheService,
    actor: Reader,
    days: Annotated[int, Query(ge=1, le=366, description="Days to go back.")] = WINDOW_DAYS,
) -> AlarmReportOut:
    """Count travellers, alarms and false alarms, and say which list is beyond its limit."""
    return AlarmReportOut.of(service.monitoring.report(actor, days))


@router.get(
    "/review",
    response_model=ReviewReportOut,
    summary="How your agency's alerts were worked on",
    responses=_RESPONSES,
)
def review(
    service: TheService,
    actor: Reader,
    question: Asked,
    format: Format = "json",  # noqa: A002
) -> ReviewReportOut | Response:
    """Count alerts, how they ended and how long people took, of your agency's watchlists."""
    return _answer(service.records.reports.review(actor, question), format)


@router.get(
    "/totals",
    response_model=ReviewReportOut,
    summary="How all agencies' alerts were worked on",
    responses=_RESPONSES,
)
def totals(
    service: TheService,
    actor: Coordinator,
    question: Asked,
    format: Format = "json",  # noqa: A002
) -> ReviewReportOut | Response:
    """Count the alerts of all agencies; numbers below 5 are hidden (null)."""
    return _answer(service.records.reports.totals(actor, question), format)


def _answer(report: ReviewReport, form: str) -> ReviewReportOut | Response:
    if form == "csv":
        return Response(as_csv(report), media_type="text/csv; charset=utf-8")
    return ReviewReportOut.of(report)
