"""The photos of an alert: framed for comparing, as they are, or small for lists.

The browser keeps none of them, except the small ones for some minutes: a queue is looked at again
and again. They are read with a page that is in the audit trail, and are in no record of their own.
"""

import hashlib
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console.page import OfficerRequest, RequirePermission
from casework.kernel.permissions import Permission
from casework.review.alerts import PORTRAIT_FORMAT

router: Final = APIRouter(prefix="/alerts/{alert_id}", include_in_schema=False)

_KEPT_S: Final = 600
"""Seconds that a browser keeps a small face; one that is erased is seen no longer than that."""

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_ALERT))]
# A queue that is watched asks for the faces of new alerts by itself.
Watcher = Annotated[
    OfficerRequest, Depends(RequirePermission(Permission.READ_ALERT, counts_as_use=False))
]


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


@router.get("/faces/probe")
def small_probe(alert_id: str, visit: Watcher) -> Response:
    """Return the traveller's face, small."""
    return _small(visit, visit.service.screening.faces.probe(visit.actor, alert_id))


@router.get("/faces/enrolled")
def small_enrolled(alert_id: str, visit: Watcher) -> Response:
    """Return the enrolled face, small."""
    return _small(visit, visit.service.screening.faces.enrolled(visit.actor, alert_id))


def _small(visit: OfficerRequest, content: bytes) -> Response:
    """Answer a small face; what an alert's address stands for changes only where it is erased."""
    headers = {
        "Cache-Control": f"private, max-age={_KEPT_S}",
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        # Kept for this session alone: the next who signs in, on the same machine, asks again.
        "Vary": "Cookie",
    }
    if visit.request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, media_type="image/jpeg", headers=headers)
