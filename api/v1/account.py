"""An officer's own account."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from api import problems
from api.dependencies import Allowed, TheAccount, hashing_place
from api.routing import StrictRoute
from api.v1.officers.schemas import OfficerOut
from api.v1.sessions.schemas import (
    AccountOut,
    AccountPatch,
    CodeIn,
    ConfirmationIn,
    PasswordIn,
    SecondFactorOut,
    incomplete_of,
)
from api.workers import Overloaded
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.tables import Officer

router: Final = APIRouter(prefix="/v1/me", tags=["account"], route_class=StrictRoute)

Someone = Annotated[Actor, Depends(Allowed(Permission.OWN_ACCOUNT))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, errors.NotFound)
_CHANGES: Final = (*_COMMON, problems.RequestInvalid)
# The present password is asked for, and may be wrong, or wrong too often.
_ASKS: Final = (
    *_CHANGES,
    errors.NotConfirmed,
    errors.TooManyAttempts,
    errors.StaleVersion,
    Overloaded,
)


@router.get(
    "",
    response_model=AccountOut,
    summary="Read your account",
    responses=problems.responses(*_COMMON),
)
def read(account: TheAccount, actor: Someone) -> AccountOut:
    """Return the officer who asks, and what has still to be set."""
    return _answer(account.get(actor), actor)


@router.patch(
    "",
    response_model=AccountOut,
    summary="Change your account",
    responses=problems.responses(*_CHANGES),
)
def edit(body: AccountPatch, account: TheAccount, actor: Someone) -> AccountOut:
    """Change the fields that are sent."""
    changes = body.changes()
    row = account.speak(actor, changes["language"]) if changes else account.get(actor)
    return _answer(row, actor)


@router.post(
    "/password",
    dependencies=[hashing_place(Allowed(Permission.OWN_ACCOUNT))],
    status_code=204,
    summary="Change your password",
    responses=problems.responses(*_ASKS, errors.WeakPassword),
)
def change_password(body: PasswordIn, account: TheAccount, actor: Someone) -> None:
    """Replace the password; your other sessions end."""
    account.change_password(actor, body.present, body.new)


@router.post(
    "/second-factor",
    dependencies=[hashing_place(Allowed(Permission.OWN_ACCOUNT))],
    status_code=201,
    response_model=SecondFactorOut,
    summary="Begin to set up a second factor",
    responses=problems.responses(*_ASKS, errors.IllegalTransition),
)
def offer_second_factor(
    body: ConfirmationIn,
    response: Response,
    account: TheAccount,
    actor: Someone,
) -> SecondFactorOut:
    """Return a shared secret for an authenticator app; it counts once it is confirmed."""
    offer = account.offer_second_factor(actor, body.password)
    response.headers["Cache-Control"] = "no-store"
    return SecondFactorOut(secret=offer.secret, uri=offer.uri)


@router.post(
    "/second-factor/confirm",
    status_code=204,
    summary="Put a second factor into use",
    responses=problems.responses(*_CHANGES, errors.NotConfirmed, errors.IllegalTransition),
)
def confirm_second_factor(body: CodeIn, account: TheAccount, actor: Someone) -> None:
    """Show a code made with the shared secret: from now on, signing in asks for one."""
    account.confirm_second_factor(actor, body.code)


def _answer(row: Officer, actor: Actor) -> AccountOut:
    return AccountOut.model_validate(
        {**OfficerOut.fields_of(row), "incomplete": incomplete_of(actor)}
    )
