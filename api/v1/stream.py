"""The stream of alerts: sent within a second, to those who may see them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header

from api import problems
from api.dependencies import Recognise, TheFeed, TheOutbox, TheStreams
from api.routing import StrictRoute
from api.streams import EventStream
from api.v1.alerts.routes import Reader
from casework.kernel import errors

router: Final = APIRouter(prefix="/v1/alerts", tags=["alerts"], route_class=StrictRoute)

# One event as lines of the stream.
_EVENT: Final = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "event": {"enum": ["ready", "alert.raised", "alert.changed"]},
        "data": {"type": "string", "description": "JSON."},
        "retry": {"type": "integer", "description": "Milliseconds before connecting again."},
    },
    "required": ["event", "data"],
}


async def _place(streams: TheStreams, actor: Reader) -> AsyncIterator[None]:
    """Hold a place for as long as the answer goes on."""
    with streams.place(actor):
        yield


@router.get(
    "/stream",
    dependencies=[Depends(_place)],
    # The framework reads it off the constructor of a response class, and this one has no such.
    status_code=200,
    summary="Follow alerts as they happen",
    response_class=EventStream,
    responses={
        200: {
            "description": "Server-sent events: `ready` first, then `alert.raised` and "
            "`alert.changed`, each with its `id` and an event as in webhooks (`EventOut`) as data.",
            "content": {"text/event-stream": {"schema": _EVENT}},
        },
        **problems.responses(
            errors.NotAuthenticated,
            errors.NotPermitted,
            problems.TooManyStreams,
            problems.RequestInvalid,
        ),
    },
)
async def stream(
    outbox: TheOutbox,
    feed: TheFeed,
    actor: Reader,
    recognise: Recognise,
    streams: TheStreams,
    last_event_id: Annotated[
        str | None,
        Header(max_length=100, description="The `id` of the last event that you had."),
    ] = None,
) -> EventStream:
    """Give what happens to the alerts that you may see, from now on or from where you left off.

    `ready` says with `resumed` whether the stream goes on exactly where `Last-Event-ID` left off;
    if not, read `GET /v1/alerts` once. The stream ends with your session.
    """
    point = await asyncio.to_thread(feed.open, actor, last_event_id or None)
    return EventStream(streams.events(feed, outbox, recognise, point))
