"""Cookies: the session of the console, and what a browser remembers without one.

Over encrypted connections their names begin with `__Host-`: a browser takes such a cookie from this
host alone, for all of it, and no neighbouring host or plain connection can set one in its place.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

SESSION: Final = "siaga_session"
VISITOR: Final = "siaga_visitor"
"""A random text that forms are bound to before anybody has signed in."""
LANGUAGE: Final = "siaga_language"
THEME: Final = "siaga_theme"

HOST_ONLY: Final = "__Host-"

_YEAR: Final = 365 * 24 * 3600


class PlainCookies:
    """Takes cookies with a quotation mark out of each request: the service gives none.

    The standard library of Python before 3.11.10 takes the escapes within quotation marks apart in
    a time that grows with the square of their number, and every route's cookies are read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "http":
            scope["headers"] = [
                (name, _plain(value) if name == b"cookie" and b'"' in value else value)
                for name, value in scope["headers"]
            ]
        await self.app(scope, receive, send)


def _plain(cookies: bytes) -> bytes:
    return b";".join(each for each in cookies.split(b";") if b'"' not in each)


def name_of(cookie: str, *, secure: bool) -> str:
    """Return what browsers call a cookie."""
    return HOST_ONLY + cookie if secure else cookie


def read(request: Request, cookie: str) -> str | None:
    """Return the value of one of our cookies; None if the browser sends none."""
    secure: bool = request.app.state.siaga.settings.cookie_secure
    return request.cookies.get(name_of(cookie, secure=secure))


def keep_session(response: Response, text: str, *, secure: bool) -> None:
    """Hand a session to the browser, out of reach of scripts and of other sites' requests.

    The browser forgets it when it is closed; when it ends is for the service to say.
    """
    response.set_cookie(
        name_of(SESSION, secure=secure),
        text,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def drop_session(response: Response, *, secure: bool) -> None:
    """Take the session back."""
    response.delete_cookie(
        name_of(SESSION, secure=secure), path="/", secure=secure, httponly=True, samesite="lax"
    )


def keep_visitor(response: Response, text: str, *, secure: bool) -> None:
    """Remember a visitor until the browser is closed."""
    response.set_cookie(
        name_of(VISITOR, secure=secure),
        text,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def remember(response: Response, name: str, value: str, *, secure: bool) -> None:
    """Remember a choice for a year: language or theme."""
    response.set_cookie(
        name_of(name, secure=secure),
        value,
        max_age=_YEAR,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
