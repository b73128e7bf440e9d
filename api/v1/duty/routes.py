"""Who is on duty: shifts, kept by administrators and supervisors."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from api import problems
from api.dependencies import Allowed, ReadVersion, TheDuty, TheZone, etag
from api.pages import Page, page_of
from api.routing import After, StrictRoute
from api.v1.duty.schemas import (
    OnDutyNow,
    OnDutyOut,
    OnDutyQuery,
    ShiftIn,
    ShiftOut,
    ShiftPatch,
)
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.tables import DutyShift

router: Final = APIRouter(prefix="/v1/duty", tags=["duty"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_DUTY))]
Manager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_DUTY))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)


@router.get(
    "/now",
    response_model=OnDutyNow,
    summary="Read who is on duty now",
    responses=problems.responses(*_COMMON),
)
def now(duty: TheDuty, actor: Reader, query: Annotated[OnDutyQuery, Query()]) -> OnDutyNow:
    """Return your agency's shifts that are under way, with their officers."""
    found = duty.now(actor, query.port)
    return OnDutyNow(shifts=[OnDutyOut.of(each) for each in found])


@router.post(
    "/shifts",
    status_code=201,
    response_model=ShiftOut,
    summary="Add a shift",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.InvalidShift),
)
def create(
    body: ShiftIn, response: Response, duty: TheDuty, actor: Manager, zone: TheZone
) -> ShiftOut:
    """Add a shift: a port, days of the week, times, and the officers on duty then."""
    row = duty.create(actor, body.new(), str(zone))
    response.headers["Location"] = f"/v1/duty/shifts/{row.id}"
    return _answer(row, response)


@router.get(
    "/shifts",
    response_model=Page[ShiftOut],
    summary="List shifts",
    responses=problems.responses(*_COMMON),
)
def page(duty: TheDuty, actor: Reader, query: After) -> Page[ShiftOut]:
    """Return your agency's shifts in order of making."""
    rows, following = page_of(lambda most: duty.page(actor, query.after, most), query.limit)
    return Page[ShiftOut](items=[ShiftOut.of(row) for row in rows], next=following)


@router.get(
    "/shifts/{shift_id}",
    response_model=ShiftOut,
    summary="Read a shift",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(shift_id: str, response: Response, duty: TheDuty, actor: Reader) -> ShiftOut:
    """Return one shift, with its version as ETag."""
    return _answer(duty.get(actor, shift_id), response)


@router.patch(
    "/shifts/{shift_id}",
    response_model=ShiftOut,
    summary="Change a shift",
    responses=problems.responses(
        *_COMMON, errors.NotFound, errors.StaleVersion, errors.InvalidShift
    ),
)
def edit(
    shift_id: str,
    body: ShiftPatch,
    response: Response,
    duty: TheDuty,
    actor: Manager,
    version: ReadVersion,
    zone: TheZone,
) -> ShiftOut:
    """Change the fields that are sent; they count from now on."""
    return _answer(duty.edit(actor, shift_id, body.changes(), version, str(zone)), response)


@router.post(
    "/shifts/{shift_id}/remove",
    status_code=204,
    summary="Remove a shift",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def remove(shift_id: str, duty: TheDuty, actor: Manager) -> None:
    """Remove a shift: nobody is on duty by it any more."""
    duty.remove(actor, shift_id)


def _answer(row: DutyShift, response: Response) -> ShiftOut:
    response.headers["ETag"] = etag(row.version)
    return ShiftOut.of(row)
