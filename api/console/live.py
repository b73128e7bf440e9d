"""What is new, told as it happens: one look at the database a second, for all who watch.

The seam: `Pulse.beats` says that something, somewhere, was raised or moved. Whatever else comes to
know that sooner, such as the event stream of the HTTP API, can take its place.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from sse_starlette import ServerSentEvent

from api.console.visit import OfficerVisit
from api.logging import log
from casework.errors import NotAuthenticated
from casework.service import Service

T = TypeVar("T")

RETRY_AFTER_MS: Final = 1000
LOOK_EVERY_S: Final = 0.5
PING_EVERY_S: Final = 15
# A session that was ended elsewhere is noticed within this.
CHECK_EVERY_S: Final = 10.0


class Pulse:
    """Beats whenever an alert was raised or moved. Belongs to one event loop."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None

    def join(self, service: Service) -> asyncio.Event:
        """Return an event that is set at every beat; the first to join starts the pulse."""
        event = asyncio.Event()
        self._watchers.add(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._beat(service))
        return event

    def leave(self, event: asyncio.Event) -> None:
        """Watch no more; the last to leave stops the pulse."""
        self._watchers.discard(event)
        if not self._watchers and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _beat(self, service: Service) -> None:
        known = None
        while True:
            try:
                seen = await asyncio.to_thread(service.records.queue.pulse)
            except Exception as error:  # noqa: BLE001 - the next look may succeed, and must come
                log.error("looking for changes failed", exc_info=error)
            else:
                if seen != known:
                    known = seen
                    for event in self._watchers:
                        event.set()
            await asyncio.sleep(LOOK_EVERY_S)


def event(name: str, data: dict[str, Any], mark: object) -> ServerSentEvent:
    """Return an event; the browser sends its mark back when it comes again."""
    return ServerSentEvent(json.dumps(data), event=name, id=str(mark))


async def told(
    visit: OfficerVisit,
    pulse: Pulse,
    mark: T,
    look: Callable[[T], tuple[T, ServerSentEvent | None]],
) -> AsyncIterator[ServerSentEvent]:
    """Yield what changes, until the browser goes away or the officer's session ends.

    Args:
        visit: who watches; watching keeps no session alive.
        pulse: says when to look.
        mark: how far the page has read already.
        look: reads from a mark on, on a thread; returns the next mark, and what to tell if
            anything.
    """
    beat = pulse.join(visit.service)
    beat.set()
    sessions = visit.records.sessions
    try:
        yield ServerSentEvent("{}", event="begin", id=str(mark), retry=RETRY_AFTER_MS)
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(beat.wait(), CHECK_EVERY_S)
            try:
                await asyncio.to_thread(sessions.recognise, visit.secret, used=False)
            except NotAuthenticated:
                yield event("ended", {}, mark)
                return
            if beat.is_set():
                beat.clear()
                mark, something = await asyncio.to_thread(look, mark)
                if something is not None:
                    yield something
    finally:
        pulse.leave(beat)
