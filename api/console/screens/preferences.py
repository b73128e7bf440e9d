"""Language and theme, chosen on any page; and the way to one's first screen."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api import cookies
from api.console.i18n import LANGUAGES
from api.console.navigation import home_of
from api.console.page import THEMES, Guest, OfficerRequest, RequirePermission
from api.console.urls import safe_redirect
from casework.kernel.errors import CaseworkError
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import SessionKind

router: Final = APIRouter(include_in_schema=False)

Someone = Annotated[OfficerRequest, Depends(RequirePermission(Permission.OWN_ACCOUNT))]

Onlooker = Annotated[
    OfficerRequest, Depends(RequirePermission(Permission.OWN_ACCOUNT, counts_as_use=False))
]


@router.get("/")
async def home(visit: Someone) -> Response:
    """Bring an officer to the first screen that they may use."""
    return visit.go(home_of(visit.actor, visit.service.grounds))


@router.get("/session")
async def alive(visit: Onlooker) -> Response:
    """Say whether the session still is; asked by pages that lost their stream."""
    del visit
    return Response(status_code=204)


@router.post("/preferences")
def prefer(visit: Guest) -> Response:
    """Remember a language or a theme, and show the same page again."""
    answer = visit.go(safe_redirect(visit.posted.text("next")))
    secure = visit.console.secure
    language, theme = visit.posted.text("language"), visit.posted.text("theme")
    if language in LANGUAGES:
        cookies.remember(answer, cookies.LANGUAGE, language, secure=secure)
        _keep(visit, language)
    if theme in THEMES:
        cookies.remember(answer, cookies.THEME, theme, secure=secure)
    return answer


def _keep(visit: Guest, language: str) -> None:
    """Remember the language in the account, if anybody is signed in."""
    text = cookies.read(visit.request, cookies.SESSION)
    if text is None:
        return
    try:
        actor = visit.service.accounts.sessions.recognise(text, kind=SessionKind.CONSOLE)
        visit.service.accounts.account.speak(actor, language)
    except CaseworkError:
        return  # a session that has ended: the cookie remembers it all the same
