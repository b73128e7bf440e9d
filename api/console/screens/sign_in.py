"""Signing in: login and password, then the code where there is a second factor; signing out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.responses import Response

from api import cookies
from api.console import messages
from api.console.forms import Form, FormData
from api.console.i18n import LANGUAGES
from api.console.navigation import home_of
from api.console.page import Guest, OfficerRequest, RequirePermission, guest
from api.console.urls import ACCOUNT, HOME, SIGN_IN, safe_redirect
from api.dependencies import Device, Origin, hashing_place
from casework.accounts.sessions import SignedIn
from casework.accounts.sign_in import Credentials
from casework.kernel.errors import NotAuthenticated, SecondFactorNeeded, TooManyAttempts
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import SessionKind

router: Final = APIRouter(include_in_schema=False)

_UNAUTHORIZED: Final = 401
_TOO_MANY: Final = 429
_PROVIDER: Final = "/v1/sessions/oidc/start"
_PROBLEMS: Final = frozenset({"sign_on_refused", "provider_unavailable"})

Someone = Annotated[OfficerRequest, Depends(RequirePermission(Permission.OWN_ACCOUNT))]


class SignInForm(BaseModel):
    """What is typed at sign-in; `held` stands for login and password once they were right."""

    login: str
    password: str
    held: str
    code: str
    next: str


@router.get(SIGN_IN)
def ask(visit: Guest, next: str = HOME, problem: str = "") -> Response:  # noqa: A002 - the address
    """Ask for login and password; of somebody who is signed in, nothing.

    `problem` is the code of why an identity provider's sign-in came to nothing.
    """
    text = cookies.read(visit.request, cookies.SESSION)
    if text is not None:
        try:
            visit.service.accounts.sessions.recognise(text, kind=SessionKind.CONSOLE)
        except NotAuthenticated:
            pass
        else:
            return visit.go(safe_redirect(next))
    message = messages.by_code(problem, visit.speech) if problem in _PROBLEMS else ""
    return _page(visit, replace(_filled(next), message=message))


@router.post(SIGN_IN, dependencies=[hashing_place(guest)])
def sign_in(visit: Guest, origin: Origin, device: Device) -> Response:
    """Check what was typed; ask for the code if one is needed."""
    records, typed = visit.service, Form(SignInForm, visit.posted, _read).parse()
    held = typed.held
    try:
        if held:
            credentials = records.accounts.two_step.resume(held, visit.secret, typed.code)
        else:
            credentials = Credentials(typed.login, typed.password)
        signed_in = records.accounts.sessions.sign_in(
            credentials, SessionKind.CONSOLE, visit.request_id, origin, device
        )
    except SecondFactorNeeded:
        if not held:
            held = records.accounts.two_step.hold(credentials, visit.secret)
        return _page(visit, _filled(typed.next, typed.login, held))
    except TooManyAttempts as error:
        message = messages.by_code("too_many_attempts", visit.speech)
        form = _filled(typed.next, typed.login)
        return _page(visit, form.refused(error, visit.speech, message, _TOO_MANY))
    except NotAuthenticated as error:
        form = _filled(typed.next, typed.login, held if typed.code else "")
        return _page(visit, form.refused(error, visit.speech, status=_UNAUTHORIZED))
    return begun(visit, signed_in, safe_redirect(typed.next))


def begun(visit: Guest, signed_in: SignedIn, going_to: str) -> Response:
    """Hand a new session to the browser, and show the officer where they were going."""
    actor = signed_in.actor
    if actor.incomplete is not None:
        going_to = ACCOUNT
    elif going_to == HOME:
        going_to = home_of(actor, visit.service.grounds)
    answer = visit.go(going_to)
    secure = visit.console.secure
    cookies.keep_session(answer, signed_in.text, secure=secure)
    if signed_in.officer.language in LANGUAGES:
        cookies.remember(answer, cookies.LANGUAGE, signed_in.officer.language, secure=secure)
    return answer


@router.post("/sign-out")
def sign_out(visit: Someone) -> Response:
    """End the session."""
    visit.service.accounts.sessions.end(visit.actor)
    answer = visit.go(SIGN_IN, done="signed_out")
    cookies.drop_session(answer, secure=visit.console.secure)
    return answer


def _read(typed: FormData, model: type[SignInForm]) -> Mapping[str, object]:
    """Return the fields; a password's spaces count."""
    del model
    exact = {name: typed.raw(name) for name in ("password", "held")}
    return exact | {name: typed.text(name) for name in ("login", "code", "next")}


def _filled(going_to: str, login: str = "", held: str = "") -> Form[SignInForm]:
    """Return the form as it is shown: never with a password or a code."""
    values = {"next": (safe_redirect(going_to),), "login": (login,), "held": (held,)}
    return Form(SignInForm, FormData(values), _read)


def _page(visit: Guest, form: Form[SignInForm]) -> Response:
    settings = visit.state.settings
    return visit.page(
        "sign_in.html",
        status=form.status,
        form=form,
        provider=_PROVIDER if settings.oidc_issuer is not None else None,
        passwords=settings.passwords,
    )
