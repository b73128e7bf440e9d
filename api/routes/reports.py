"""Reports: whether the service keeps what it promises."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from api import problems
from api.needs import Enroller, TheService
from api.schemas.reports import AlarmReportOut
from casework import errors
from casework.monitoring import WINDOW_DAYS

router: Final = APIRouter(prefix="/v1/reports", tags=["reports"])


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
    caller: Enroller,
    days: Annotated[int, Query(ge=1, le=366, description="Days to go back.")] = WINDOW_DAYS,
) -> AlarmReportOut:
    """Count travellers, alarms and false alarms, and say which list is beyond its limit."""
    del caller
    return AlarmReportOut.of(service.monitoring.alarms(days))
