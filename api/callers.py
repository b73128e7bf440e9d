"""Who sends a request, before any route has looked at it."""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.types import Scope

from api import cookies
from api.state import State
from casework.accounts.sessions import is_session
from casework.kernel.actor import Actor
from casework.kernel.errors import NotAuthenticated
from casework.kernel.vocabulary import SessionKind
from casework.records import Records

CALLER: Final = "siaga.caller"
"""Where a request's scope has the id of who sends it, once a route has found out."""
_BEARER: Final = "bearer "


async def identify(state: State, scope: Scope) -> str:
    """Return the id of who sends a request, by key or session: whose share of memory it uses.

    Raises:
        NotAuthenticated: nobody who is known.
        NotReady: the service is starting.
    """
    known: str | None = scope.get(CALLER)
    if known is not None:
        return known
    request = Request(scope)
    given = request.headers.get("authorization", "")
    if given.lower().startswith(_BEARER):
        actor = await recognise(state.opened, given[len(_BEARER) :].strip())
        return actor.id
    session = cookies.read(request, cookies.SESSION)
    if session is None:
        raise NotAuthenticated("credentials_missing")
    accounts = state.opened.accounts
    actor = await asyncio.to_thread(
        accounts.sessions.recognise, session, used=False, kind=SessionKind.CONSOLE
    )
    return actor.id


async def recognise(records: Records, text: str) -> Actor:
    """Return who shows a key or a session of a program; raises NotAuthenticated."""
    accounts = records.accounts
    holders = accounts.sessions if is_session(text) else accounts.keys
    # One row of a local file is read sooner than a thread is woken; a server is waited for, and so
    # is a session now and then, which is written when it was used last.
    if records.kernel.database.local and holders is accounts.keys:
        return holders.recognise(text)
    return await asyncio.to_thread(holders.recognise, text)
