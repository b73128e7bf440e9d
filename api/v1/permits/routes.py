"""Permits of travellers on no list: held by the port's own reference, where that is switched on.

References come in bodies, not in addresses: addresses are logged.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query

from api import problems
from api.dependencies import Allowed, ThePermits
from api.pages import Page, page_of
from api.routing import StrictRoute
from api.v1.permits.schemas import (
    PermitDepartureIn,
    PermitEndIn,
    PermitFindIn,
    PermitOut,
    PermitQuery,
    PermitSummary,
)
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.overstay.permits import Permits
from casework.tables import HeldPermit

router: Final = APIRouter(prefix="/v1/permits", tags=["permits"], route_class=StrictRoute)

Reporter = Annotated[Actor, Depends(Allowed(Permission.REPORT_PERMIT))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ_PERMIT))]

_COMMON: Final = (
    errors.NotAuthenticated,
    errors.NotPermitted,
    errors.OverstayOff,
    problems.RequestInvalid,
)


@router.put(
    "",
    status_code=204,
    summary="Extend a permit",
    responses=problems.responses(*_COMMON),
)
def extend(body: PermitEndIn, permits: ThePermits, actor: Reporter) -> None:
    """Move the end of a traveller's permit. Of a reference that is not held nothing is kept.

    The answer is the same for every reference.
    """
    permits.extend(actor, body.traveller_ref, body.permit_until, body.port)


@router.post(
    "/departure",
    status_code=204,
    summary="Report a departure",
    responses=problems.responses(*_COMMON),
)
def depart(body: PermitDepartureIn, permits: ThePermits, actor: Reporter) -> None:
    """Delete what is held for a reference: its traveller has left.

    A photo of a departure with the same `traveller_ref` does the same. The answer is the same for
    every reference.
    """
    permits.depart(actor, body.traveller_ref, body.port)


@router.get(
    "",
    response_model=Page[PermitSummary],
    summary="List overstays of travellers on no list",
    responses=problems.responses(*_COMMON),
)
def page(
    permits: ThePermits, actor: Reader, query: Annotated[PermitQuery, Query()]
) -> Page[PermitSummary]:
    """Return the permits that have ended without a departure, the longest first.

    Those of your agency's port keys. Permits that have not ended are not listed.
    """
    rows, following = page_of(
        lambda most: permits.page(actor, query.after, most, query.chosen), query.limit
    )
    now = permits.clock()
    items = [PermitSummary.at(row, now, permits.zone) for row in rows]
    return Page[PermitSummary](items=items, next=following)


@router.post(
    "/find",
    response_model=PermitOut,
    summary="Read the permit of a reference",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def find(body: PermitFindIn, permits: ThePermits, actor: Reader) -> PermitOut:
    """Return the permit and the line of a `traveller_ref`; each reading is recorded."""
    return _opened(permits, permits.find(actor, body.traveller_ref))


@router.get(
    "/{permit_id}",
    response_model=PermitOut,
    summary="Read a held permit",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(permit_id: str, permits: ThePermits, actor: Reader) -> PermitOut:
    """Return a permit with its reference and line; each reading is recorded."""
    return _opened(permits, permits.get(actor, permit_id))


def _opened(permits: Permits, row: HeldPermit) -> PermitOut:
    return PermitOut.at(row, permits.clock(), permits.zone)
