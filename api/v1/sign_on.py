"""Signing in to the console through an identity provider: a browser goes there and comes back."""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import RedirectResponse

from api import cookies, problems
from api.console.urls import SIGN_IN, safe_redirect
from api.dependencies import RequestId, TheService, TheSettings
from casework.accounts.single_sign_on import HOLDS_FOR, Callback, SingleSignOn
from casework.kernel import errors
from config.settings import Settings

router: Final = APIRouter(prefix="/v1/sessions/oidc", tags=["sessions"])

HELD: Final = "siaga_sign_on"
"""Cookie of a browser that is on its way: sealed, and sent back to these routes alone."""

_SECURE: Final = "__Secure-"
_SEE_OTHER: Final = 303
_TO_BROWSER: Final = {"Referrer-Policy": "no-referrer"}

# A code may be long: some providers put a sealed text of their own into it.
LongGiven = Annotated[str | None, Query(max_length=4000)]
Given = Annotated[str | None, Query(max_length=500)]


async def _sign_on(service: TheService) -> SingleSignOn:
    sign_on = service.accounts.sign_on
    if sign_on is None:
        raise errors.NotFound("provider_none")
    return sign_on


TheSignOn = Annotated[SingleSignOn, Depends(_sign_on)]

_REFUSALS: Final = (errors.NotFound, errors.ProviderUnavailable, problems.NotReady)
_LEAVES: Final[dict[int | str, dict[str, Any]]] = {
    _SEE_OTHER: {
        "description": "Where the browser goes next.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/start",
    status_code=_SEE_OTHER,
    response_class=Response,
    summary="Sign in through the identity provider",
    responses={**problems.responses(*_REFUSALS, problems.RequestInvalid), **_LEAVES},
)
def start(
    request: Request,
    sign_on: TheSignOn,
    settings: TheSettings,
    next: Annotated[  # noqa: A002 - the address
        str | None, Query(max_length=1000, description="Page of the console to show afterwards.")
    ] = None,
) -> Response:
    """Send the browser to the identity provider."""
    try:
        authorization = sign_on.begin(safe_redirect(next))
    except errors.ProviderUnavailable as error:
        return _refused(request, error, settings.cookie_secure)
    answer = RedirectResponse(authorization.address, _SEE_OTHER, _TO_BROWSER)
    answer.set_cookie(
        _held(settings),
        authorization.held,
        max_age=int(HOLDS_FOR.total_seconds()),
        path=router.prefix,
        secure=settings.cookie_secure,
        httponly=True,
        samesite="lax",  # the provider sends the browser back from another site
    )
    return answer


@router.get(
    "/callback",
    status_code=_SEE_OTHER,
    response_class=Response,
    summary="Come back from the identity provider",
    responses={
        **problems.responses(*_REFUSALS, errors.SignOnRefused, problems.RequestInvalid),
        **_LEAVES,
    },
)
def callback(
    request: Request,
    sign_on: TheSignOn,
    settings: TheSettings,
    request_id: RequestId,
    state: Given = None,
    code: LongGiven = None,
    error: Given = None,
    iss: Given = None,
) -> Response:
    """Begin a session of the console, hand it over as a cookie, and show the console.

    Browsers are shown the sign-in page where this is refused; programs get a problem document.
    """
    back = Callback(request.cookies.get(_held(settings)), state, code, error, iss)
    try:
        finished = sign_on.finish(back, request_id)
    except (errors.SignOnRefused, errors.ProviderUnavailable) as refusal:
        return _refused(request, refusal, settings.cookie_secure)
    answer = RedirectResponse(finished.going_to, _SEE_OTHER, _TO_BROWSER)
    session, secure = finished.signed_in, settings.cookie_secure
    cookies.keep_session(answer, session.text, secure=secure)
    return _without_pending(answer, secure=settings.cookie_secure)


def _held(settings: Settings) -> str:
    """Return what browsers call the cookie: it is sent to these addresses alone."""
    return f"{_SECURE}{HELD}" if settings.cookie_secure else HELD


def _refused(request: Request, error: errors.CaseworkError, secure: bool) -> Response:
    kind = problems.KINDS[type(error)]
    if "text/html" in request.headers.get("accept", ""):
        query = urlencode({"problem": kind.code})
        return _without_pending(
            RedirectResponse(f"{SIGN_IN}?{query}", _SEE_OTHER, _TO_BROWSER), secure=secure
        )
    answer = problems.response(request, kind, str(error), message=error.message)
    return _without_pending(answer, secure=secure)


def _without_pending(answer: Response, *, secure: bool) -> Response:
    """Take back what the browser held: it serves once."""
    name = f"{_SECURE}{HELD}" if secure else HELD
    answer.delete_cookie(name, path=router.prefix, secure=secure, httponly=True, samesite="lax")
    return answer
