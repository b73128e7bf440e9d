"""Live updates of pages, from the same feed as the stream of the HTTP API."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final

from sse_starlette import ServerSentEvent

from api import cookies
from api.console.page import OfficerRequest
from api.streams import EventStream, Serializer
from casework.kernel.actor import Actor
from casework.kernel.errors import NotAuthenticated, NotPermitted
from casework.kernel.vocabulary import SessionKind
from casework.webhooks.feed import Cursor

_UNBUFFERED: Final = {"X-Accel-Buffering": "no"}


async def place(visit: OfficerRequest) -> AsyncIterator[None]:
    """Hold a place among the streams while the answer goes on; for a dependency.

    Raises:
        TooManyStreams: before anything is answered.
    """
    with visit.state.streams.place(visit.actor):
        yield


async def stream(visit: OfficerRequest, serializer: Serializer) -> EventStream:
    """Answer with events until the page is left or the session ends; it does not prolong a session.

    What can be refused is refused before the answer begins; `place` goes with it.

    Args:
        visit: who watches. The page says where it was read (`since`), or a browser that comes back
            where it left off (`Last-Event-ID`).
        serializer: writes events for the page; called on a thread.
    """
    given = visit.request.headers.get("last-event-id") or visit.request.query_params.get("since")
    point = await asyncio.to_thread(visit.service.exchange.feed.open, visit.actor, given)
    answer = EventStream(_events(visit, serializer, point))
    answer.headers.update(_UNBUFFERED)
    return answer


def event(name: str, data: object, event_id: str) -> ServerSentEvent:
    """Return an event for a page."""
    return ServerSentEvent(json.dumps(data), event=name, id=event_id)


async def _events(
    visit: OfficerRequest, serializer: Serializer, point: Cursor
) -> AsyncIterator[ServerSentEvent]:
    records = visit.service
    streams = visit.state.streams

    def recognise() -> Actor:
        text = cookies.read(visit.request, cookies.SESSION) or ""
        return records.accounts.sessions.recognise(text, used=False, kind=SessionKind.CONSOLE)

    async for each in streams.events(
        records.exchange.feed, records.kernel.outbox, recognise, point, serializer
    ):
        yield each
    try:
        await asyncio.to_thread(recognise)
    except (NotAuthenticated, NotPermitted):
        yield event("ended", {}, point.event_id)
