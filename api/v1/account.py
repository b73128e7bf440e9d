"""An officer's own account."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends

from api import problems
from api.dependencies import Allowed, TheAccount, TheSessions, hashing_place
from api.routing import StrictRoute
from api.v1.officers.schemas import OfficerOut
from api.v1.sessions.schemas import (
    AccountOut,
    AccountPatch,
    CodeIn,
    ConfirmationIn,
    OwnSessionOut,
    OwnSessionsOut,
    PasswordIn,
    RecoveryCodesOut,
    SecondFactorOut,
    incomplete_of,
)
from api.workers import Overloaded
from casework.accounts.account import Account
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
    return _answer(account.get(actor), actor, account)


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
    return _answer(row, actor, account)


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
    account: TheAccount,
    actor: Someone,
) -> SecondFactorOut:
    """Return a shared secret for an authenticator app; it counts once it is confirmed."""
    offer = account.offer_second_factor(actor, body.password)
    return SecondFactorOut(secret=offer.secret, uri=offer.uri)


@router.post(
    "/second-factor/confirm",
    response_model=RecoveryCodesOut,
    summary="Put a second factor into use",
    responses=problems.responses(*_CHANGES, errors.NotConfirmed, errors.IllegalTransition),
)
def confirm_second_factor(body: CodeIn, account: TheAccount, actor: Someone) -> RecoveryCodesOut:
    """Show a code made with the shared secret: from now on, signing in asks for one."""
    codes = account.confirm_second_factor(actor, body.code)
    return RecoveryCodesOut(recovery_codes=list(codes))


@router.post(
    "/recovery-codes",
    dependencies=[hashing_place(Allowed(Permission.OWN_ACCOUNT))],
    status_code=201,
    response_model=RecoveryCodesOut,
    summary="Make new recovery codes",
    responses=problems.responses(*_ASKS, errors.IllegalTransition),
)
def renew_recovery_codes(
    body: ConfirmationIn, account: TheAccount, actor: Someone
) -> RecoveryCodesOut:
    """Replace the codes that stand in for the second factor, each once."""
    codes = account.renew_recovery_codes(actor, body.password)
    return RecoveryCodesOut(recovery_codes=list(codes))


@router.get(
    "/sessions",
    response_model=OwnSessionsOut,
    summary="List your sessions",
    responses=problems.responses(*_COMMON),
)
def own_sessions(sessions: TheSessions, actor: Someone) -> OwnSessionsOut:
    """Return your sessions that go on, the latest first."""
    items = [OwnSessionOut.model_validate(each) for each in sessions.own(actor)]
    return OwnSessionsOut(items=items)


@router.delete(
    "/sessions",
    status_code=204,
    summary="End your other sessions",
    responses=problems.responses(*_COMMON),
)
def end_other_sessions(sessions: TheSessions, actor: Someone) -> None:
    """End every session of yours but the one you ask with."""
    sessions.end_others(actor)


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    summary="End a session of yours",
    responses=problems.responses(*_COMMON),
)
def end_own_session(session_id: str, sessions: TheSessions, actor: Someone) -> None:
    """End one session of yours; it may be the one you ask with."""
    sessions.end_own(actor, session_id)


def _answer(row: Officer, actor: Actor, account: Account) -> AccountOut:
    return AccountOut.model_validate(
        {
            **OfficerOut.fields_of(row, account.locked_until(actor)),
            "incomplete": incomplete_of(actor),
            "recovery_codes_left": account.recovery_codes_left(actor),
        }
    )
