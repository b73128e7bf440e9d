"""Officers' accounts: kept by their agency's administrators."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from api import problems
from api.dependencies import Allowed, ReadVersion, TheOfficers, etag, hashing_place
from api.pages import Page, page_of
from api.routing import After, StrictRoute
from api.v1.approvals.waiting import MAY_WAIT, WAITING
from api.v1.officers.schemas import (
    FirstPassword,
    NewOfficerOut,
    OfficerIn,
    OfficerOut,
    OfficerPatch,
    ResetIn,
)
from api.workers import Overloaded
from casework.accounts.officers import NewOfficer, Officers
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.tables import Officer

router: Final = APIRouter(prefix="/v1/officers", tags=["officers"], route_class=StrictRoute)

Manager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_OFFICER))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)


@router.post(
    "",
    dependencies=[hashing_place(Allowed(Permission.MANAGE_OFFICER))],
    status_code=201,
    response_model=NewOfficerOut,
    summary="Make an officer's account",
    responses=WAITING
    | problems.responses(*_COMMON, errors.NotFound, errors.AlreadyExists, *MAY_WAIT, Overloaded),
)
def create(
    body: OfficerIn,
    response: Response,
    officers: TheOfficers,
    actor: Manager,
) -> NewOfficerOut:
    """Make an account; its first password is shown once, and has to be changed at first sign-in."""
    new = NewOfficer(
        agency_id=body.agency_id or actor.agency_id or "",
        login=body.login,
        name=body.name,
        roles=frozenset(body.roles),
        language=body.language,
        service_number=body.service_number,
    )
    row, password = officers.create(actor, new, body.reason)
    response.headers["Location"] = f"/v1/officers/{row.id}"
    response.headers["ETag"] = etag(row.version)
    return NewOfficerOut.model_validate({**OfficerOut.fields_of(row), "first_password": password})


@router.get(
    "",
    response_model=Page[OfficerOut],
    summary="List officers",
    responses=problems.responses(*_COMMON),
)
def page(officers: TheOfficers, actor: Manager, query: After) -> Page[OfficerOut]:
    """Return the officers you keep, in order of making."""
    rows, following = page_of(lambda most: officers.page(actor, query.after, most), query.limit)
    locks = officers.locks(rows)
    items = [OfficerOut.of(row, locks.get(row.id)) for row in rows]
    return Page[OfficerOut](items=items, next=following)


@router.get(
    "/{officer_id}",
    response_model=OfficerOut,
    summary="Read an officer's account",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(officer_id: str, response: Response, officers: TheOfficers, actor: Manager) -> OfficerOut:
    """Return one account, with its version as ETag."""
    return _answer(officers, officers.get(actor, officer_id), response)


@router.patch(
    "/{officer_id}",
    response_model=OfficerOut,
    summary="Change an officer's account",
    responses=WAITING
    | problems.responses(*_COMMON, errors.NotFound, errors.StaleVersion, *MAY_WAIT),
)
def edit(
    officer_id: str,
    body: OfficerPatch,
    response: Response,
    officers: TheOfficers,
    actor: Manager,
    version: ReadVersion,
) -> OfficerOut:
    """Change the fields that are sent; roles count from the officer's next request on."""
    changes = body.changes()
    row = officers.edit(actor, officer_id, changes, version, body.why)
    return _answer(officers, row, response)


@router.post(
    "/{officer_id}/reset",
    dependencies=[hashing_place(Allowed(Permission.MANAGE_OFFICER))],
    response_model=FirstPassword,
    summary="Give an officer a new first password",
    responses=WAITING | problems.responses(*_COMMON, errors.NotFound, *MAY_WAIT, Overloaded),
)
def reset(
    officer_id: str,
    body: ResetIn,
    officers: TheOfficers,
    actor: Manager,
) -> FirstPassword:
    """Give a new first password, unlock the account, and end its sessions."""
    password = officers.reset(
        actor, officer_id, second_factor=body.second_factor, reason=body.reason
    )
    return FirstPassword(first_password=password)


@router.post(
    "/{officer_id}/unlock",
    response_model=OfficerOut,
    summary="Unlock an officer's account",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def unlock(
    officer_id: str, response: Response, officers: TheOfficers, actor: Manager
) -> OfficerOut:
    """End the lock after too many wrong guesses; the password and the second factor stay."""
    return _answer(officers, officers.unlock(actor, officer_id), response)


def _answer(officers: Officers, row: Officer, response: Response) -> OfficerOut:
    response.headers["ETag"] = etag(row.version)
    return OfficerOut.of(row, officers.locks([row]).get(row.id))
