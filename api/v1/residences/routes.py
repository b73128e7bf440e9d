"""Permits by which subjects stay in the country: recorded by their list's owner."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from api import problems
from api.dependencies import Allowed, ReadVersion, TheResidences, TheZone, etag
from api.routing import StrictRoute
from api.v1.common import ReasonIn
from api.v1.residences.schemas import ResidenceIn, ResidenceOut
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.tables import Residence

router: Final = APIRouter(prefix="/v1", tags=["residences"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_SUBJECT))]
Recorder = Annotated[Actor, Depends(Allowed(Permission.RECORD_RESIDENCE))]

_COMMON: Final = (
    errors.NotAuthenticated,
    errors.NotPermitted,
    errors.NotFound,
    problems.RequestInvalid,
)
_WRITE: Final = (*_COMMON, errors.IllegalTransition, errors.InvalidPeriod, errors.AreaRefused)


@router.post(
    "/subjects/{subject_id}/residences",
    status_code=201,
    response_model=ResidenceOut,
    summary="Record a permit",
    responses=problems.responses(*_WRITE),
)
def record(
    subject_id: str,
    body: ResidenceIn,
    response: Response,
    residences: TheResidences,
    actor: Recorder,
    zone: TheZone,
) -> ResidenceOut:
    """Record a permit by which a subject stays; after its end the person overstays."""
    row = residences.record(actor, subject_id, body.new(), zone)
    response.headers["Location"] = f"/v1/residences/{row.id}"
    return _answer(row, response)


@router.get(
    "/subjects/{subject_id}/residences",
    response_model=list[ResidenceOut],
    summary="List a subject's permits",
    responses=problems.responses(*_COMMON),
)
def of_subject(subject_id: str, residences: TheResidences, actor: Reader) -> list[ResidenceOut]:
    """Return the permits that were recorded of a subject, the earliest first."""
    return [ResidenceOut.of_row(row) for row in residences.of_subject(actor, subject_id)]


@router.get(
    "/residences/{residence_id}",
    response_model=ResidenceOut,
    summary="Read a permit",
    responses=problems.responses(*_COMMON),
)
def read(
    residence_id: str, response: Response, residences: TheResidences, actor: Reader
) -> ResidenceOut:
    """Return one permit, with its version as ETag."""
    return _answer(residences.get(actor, residence_id), response)


@router.put(
    "/residences/{residence_id}",
    response_model=ResidenceOut,
    summary="Replace a permit",
    responses=problems.responses(*_WRITE, errors.StaleVersion),
)
def replace(
    residence_id: str,
    body: ResidenceIn,
    response: Response,
    residences: TheResidences,
    actor: Recorder,
    zone: TheZone,
    version: ReadVersion,
) -> ResidenceOut:
    """Put a permit right, extend it, or say when the person left: all of it is replaced."""
    return _answer(residences.replace(actor, residence_id, body.new(), zone, version), response)


@router.post(
    "/residences/{residence_id}/remove",
    status_code=204,
    summary="Erase a permit",
    responses=problems.responses(*_COMMON, errors.IllegalTransition),
)
def remove(residence_id: str, body: ReasonIn, residences: TheResidences, actor: Recorder) -> None:
    """Erase a permit that was recorded by mistake."""
    residences.remove(actor, residence_id, body.reason)


def _answer(row: Residence, response: Response) -> ResidenceOut:
    response.headers["ETag"] = etag(row.version)
    return ResidenceOut.of_row(row)
