"""Cookies: the session of the console, and what a browser remembers without one."""

from typing import Final

from starlette.responses import Response

SESSION: Final = "siaga_session"
VISITOR: Final = "siaga_visitor"
"""A random text that forms are bound to before anybody has signed in."""
LANGUAGE: Final = "siaga_language"
THEME: Final = "siaga_theme"

_YEAR: Final = 365 * 24 * 3600


def keep_session(response: Response, text: str, *, secure: bool) -> None:
    """Hand a session to the browser, out of reach of scripts and of other sites' requests.

    The browser forgets it when it is closed; when it ends is for the service to say.
    """
    response.set_cookie(
        SESSION,
        text,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def drop_session(response: Response, *, secure: bool) -> None:
    """Take the session back."""
    response.delete_cookie(SESSION, path="/", secure=secure, httponly=True, samesite="lax")


def keep_visitor(response: Response, text: str, *, secure: bool) -> None:
    """Remember a visitor until the browser is closed."""
    response.set_cookie(VISITOR, text, path="/", secure=secure, httponly=True, samesite="lax")


def remember(response: Response, name: str, value: str, *, secure: bool) -> None:
    """Remember a choice for a year: language or theme."""
    response.set_cookie(
        name, value, max_age=_YEAR, path="/", secure=secure, httponly=True, samesite="lax"
    )
