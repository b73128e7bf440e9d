"""Reports: whether the service keeps what it promises."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query

from api import problems
from api.needs import Allowed, TheService
from api.schemas.reports import AlarmReportOut
from casework import errors
from casework.access.actors import Actor
from casework.access.authority import Act
from casework.monitoring import WINDOW_DAYS

router: Final = APIRouter(prefix="/v1/reports", tags=["reports"])


Reader = Annotated[Actor, Depends(Allowed(Act.READ_REPORT))]


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
