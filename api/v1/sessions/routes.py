"""Sessions of programs: an officer signs in, and out. The console has its own way in."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends

from api import problems
from api.dependencies import Allowed, Device, Origin, RequestId, TheSessions, hashing_place
from api.routing import StrictRoute
from api.v1.officers.schemas import OfficerOut
from api.v1.sessions.schemas import SessionIn, SessionOut, incomplete_of
from api.workers import Overloaded
from casework.accounts.sign_in import Credentials
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import SessionKind

router: Final = APIRouter(prefix="/v1/sessions", tags=["sessions"], route_class=StrictRoute)

Someone = Annotated[Actor, Depends(Allowed(Permission.OWN_ACCOUNT))]


@router.post(
    "",
    dependencies=[hashing_place()],
    status_code=201,
    response_model=SessionOut,
    summary="Sign in",
    responses=problems.responses(
        errors.NotAuthenticated,
        errors.SecondFactorNeeded,
        errors.FirstPasswordExpired,
        errors.TooManyAttempts,
        problems.RequestInvalid,
        Overloaded,
    ),
)
def begin(
    body: SessionIn,
    sessions: TheSessions,
    origin: Origin,
    request_id: RequestId,
    device: Device,
) -> SessionOut:
    """Sign an officer in; the token is short-lived. Where a code is needed, the answer says so."""
    credentials = Credentials(body.login, body.password, body.code)
    signed_in = sessions.sign_in(credentials, SessionKind.PROGRAM, request_id, origin, device)
    return SessionOut(
        token=signed_in.text,
        expires_at=signed_in.expires_at,
        officer=OfficerOut.of(signed_in.officer, None),
        incomplete=incomplete_of(signed_in.actor),
    )


@router.delete(
    "/current",
    status_code=204,
    summary="Sign out",
    responses=problems.responses(errors.NotAuthenticated, errors.NotPermitted, errors.NotFound),
)
def end(sessions: TheSessions, actor: Someone) -> None:
    """End the session that the request is sent with."""
    sessions.end(actor)
