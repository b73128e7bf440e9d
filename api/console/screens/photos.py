"""The photos of an alert: framed for comparing, or as they are. Never kept by the browser."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console.page import OfficerRequest, RequirePermission
from casework.kernel.permissions import Permission
from casework.review.alerts import PORTRAIT_FORMAT

router: Final = APIRouter(prefix="/alerts/{alert_id}", include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_ALERT))]


@router.get("/probe")
def probe(alert_id: str, visit: Reader) -> Response:
    """Return the traveller's face, framed."""
    content = visit.service.screening.comparison.probe(visit.actor, alert_id)
    return visit.state.photos.response(content, PORTRAIT_FORMAT)


@router.get("/reference")
def reference(alert_id: str, visit: Reader) -> Response:
    """Return the face of the reference, framed."""
    content = visit.service.screening.comparison.reference(visit.actor, alert_id)
    return visit.state.photos.response(content, PORTRAIT_FORMAT)


@router.get("/enrolled")
def enrolled(alert_id: str, visit: Reader) -> Response:
    """Return the enrolled face, framed."""
    content = visit.service.screening.comparison.enrolled(visit.actor, alert_id)
    return visit.state.photos.response(content, PORTRAIT_FORMAT)


@router.get("/probe/whole")
def whole_probe(alert_id: str, visit: Reader) -> Response:
    """Return the traveller's face as it was kept."""
    content = visit.service.review.alerts.probe(visit.actor, alert_id)
    return visit.state.photos.response(content, PORTRAIT_FORMAT)


@router.get("/enrolled/whole")
def whole_enrolled(alert_id: str, visit: Reader) -> Response:
    """Return the photo as it was enrolled, upright."""
    stored = visit.service.review.alerts.enrolled(visit.actor, alert_id)
    return visit.state.photos.response(*stored)
