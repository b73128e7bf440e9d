"""How joint cases ended, counted by month."""

from typing import Annotated, Final, Self

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from api import problems
from api.dependencies import Allowed, TheCaseReports
from api.queries import QueryModel
from api.routing import StrictRoute
from api.v1.common import Answer
from api.v1.reports.schemas import FigureOut
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import CaseOutcome
from casework.reports.calendar import CalendarPeriod
from casework.reports.cases import CaseReport

router: Final = APIRouter(prefix="/v1/reports", tags=["reports"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_REPORT))]
Coordinator = Annotated[Actor, Depends(Allowed(Permission.READ_TOTALS))]

_RESPONSES: Final = problems.responses(
    errors.NotAuthenticated, errors.NotPermitted, errors.InvalidPeriod, problems.RequestInvalid
)


class CaseMonthQuery(QueryModel):
    """Which month is counted."""

    month: str | None = Field(
        default=None,
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$",
        description="Such as `2026-10`, of the installation's time zone. Unset means the last "
        "month that is over.",
    )

    @property
    def chosen(self) -> CalendarPeriod | None:
        """The month; raises InvalidPeriod where the calendar has none such."""
        return CalendarPeriod.read(self.month) if self.month is not None else None


class CaseLineOut(Answer):
    """One outcome."""

    outcome: CaseOutcome
    cases: FigureOut = Field(description="Joint cases that ended with it; one may have several.")
    persons: FigureOut = Field(description="People that it was found of, or done to.")


class CaseReportOut(Answer):
    """How the joint cases of a month ended."""

    month: str
    closed: FigureOut
    outcomes: list[CaseLineOut]

    @classmethod
    def of(cls, report: CaseReport) -> Self:
        """Make the answer from the report."""
        lines = [CaseLineOut.model_validate(each) for each in report.lines]
        closed = FigureOut.model_validate(report.closed)
        return cls(month=str(report.month), closed=closed, outcomes=lines)


@router.get(
    "/cases",
    response_model=CaseReportOut,
    summary="How your agency's joint cases ended",
    responses=_RESPONSES,
)
def own_cases(
    reports: TheCaseReports, actor: Reader, query: Annotated[CaseMonthQuery, Query()]
) -> CaseReportOut:
    """Count the joint cases of a month that your agency took part in, by outcome."""
    return CaseReportOut.of(reports.own(actor, query.chosen))


@router.get(
    "/totals/cases",
    response_model=CaseReportOut,
    summary="How all agencies' joint cases ended",
    responses=_RESPONSES,
)
def all_cases(
    reports: TheCaseReports, actor: Coordinator, query: Annotated[CaseMonthQuery, Query()]
) -> CaseReportOut:
    """Count the joint cases of a month that is over, by outcome: figures as `kind` says."""
    return CaseReportOut.of(reports.totals(actor, query.chosen))
