"""Streams of server-sent events: how many are open, what each is sent, and when each ends."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from api.problems import TooManyStreams
from api.v1.webhooks.schemas import render
from casework.kernel.actor import Actor
from casework.kernel.errors import NotAuthenticated, NotPermitted
from casework.kernel.outbox import Outbox
from casework.webhooks.feed import Batch, Cursor, Feed, FeedEvent
from casework.webhooks.worker import first_of

Serializer = Callable[[Sequence[FeedEvent], Actor], list[ServerSentEvent]]
"""How events are written for one reader."""

_BATCH: Final = 200
_MOST_EACH: Final = 5
"""Streams of one reader: a program that opens them in a loop must not take everybody's."""

# How often a reader's right to read is looked at again where nothing happens.
_LOOK_AGAIN_S: Final = 5.0
_RETRY_MS: Final = 2000
"""How long a client should wait before it comes back."""


_GATHER_S: Final = 0.1
"""How long what comes after an event is gathered, to be read and sent together."""

_HEARTBEAT_S: Final = 15
_STALLED_S: Final = 30


class EventStream(EventSourceResponse):
    """The answer that sends events, with a comment now and then so that proxies keep it open."""

    def __init__(self, events: AsyncIterator[ServerSentEvent]) -> None:
        super().__init__(events, ping=_HEARTBEAT_S, send_timeout=_STALLED_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until either side ends it; a client that takes nothing for a while is let go."""
        with suppress(SendTimeoutError):
            await super().__call__(scope, receive, send)


class Streams:
    """The open streams of one application. Belongs to one event loop."""

    def __init__(self, most: int, most_per_agency: int, *, practice: bool = False) -> None:
        self.most = most
        self.most_per_agency = most_per_agency
        self._practice = practice
        self._open: Counter[str] = Counter()
        self._by_agency: Counter[str | None] = Counter()
        self._closing = asyncio.Event()

    @property
    def open(self) -> int:
        """How many there are."""
        return self._open.total()

    @contextmanager
    def place(self, reader: Actor) -> Iterator[None]:
        """Count one stream of a reader, and of their agency, for as long as it lasts.

        Raises:
            TooManyStreams: the reader, the agency or the application has as many as it may.
        """
        full = (
            self.open >= self.most
            or self._open[reader.id] >= _MOST_EACH
            or self._by_agency[reader.agency_id] >= self.most_per_agency
        )
        if full:
            raise TooManyStreams(
                "As many streams are open as may be: close one that you no longer read, or come "
                "back later. GET /v1/alerts answers meanwhile."
            )
        self._open[reader.id] += 1
        self._by_agency[reader.agency_id] += 1
        try:
            yield
        finally:
            self._open[reader.id] -= 1
            self._by_agency[reader.agency_id] -= 1
            # Counts of nothing are forgotten.
            self._open, self._by_agency = +self._open, +self._by_agency

    def close(self) -> None:
        """End every stream: the service stops."""
        self._closing.set()

    async def events(
        self,
        feed: Feed,
        outbox: Outbox,
        recognise: Callable[[], Actor],
        point: Cursor,
        serializer: Serializer | None = None,
    ) -> AsyncIterator[ServerSentEvent]:
        """Yield events from a point on, until the reader's access ends.

        Args:
            feed: the source of events.
            outbox: signals new events.
            recognise: identifies the reader; called again before events are sent, it raises where
                the session has ended.
            point: where to begin.
            serializer: how events are written, on a thread; None means as in webhooks.
        """
        written = serializer or self._as_in_webhooks
        yield ServerSentEvent(
            event="ready",
            id=point.event_id,
            retry=_RETRY_MS,
            data=json.dumps({"resumed": point.resumed}),
        )

        def read() -> tuple[Batch, list[ServerSentEvent]]:
            actor = recognise()
            batch = feed.after(actor, seq, _BATCH)
            return batch, written(batch.events, actor) if batch.events else []

        seq, woken, loop = point.seq, asyncio.Event(), asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(woken.set)

        with outbox.listening(wake):
            while not self._closing.is_set():
                woken.clear()
                try:
                    batch, events = await asyncio.to_thread(read)
                except (NotAuthenticated, NotPermitted):
                    return
                for event in events:
                    yield event
                seq = batch.reached
                if events and not batch.more:
                    await first_of(_GATHER_S, self._closing)
                if not batch.more:
                    await first_of(_LOOK_AGAIN_S, self._closing, woken)

    def _as_in_webhooks(self, events: Sequence[FeedEvent], actor: Actor) -> list[ServerSentEvent]:
        return [
            ServerSentEvent(
                render(each, actor, practice=self._practice).decode(),
                event=each.kind.value,
                id=each.id,
            )
            for each in events
        ]
