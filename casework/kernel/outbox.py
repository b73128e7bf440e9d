"""The outbox: an event is written in the transaction of what happened.

A row holds references alone: what happened, to which object, and who may see it. The message is
rendered when it is sent, as its receiver may see the object then.

Writers take turns on every database (`casework.kernel.database`), so numbers appear in the order in
which they were given: a reader who has read up to a number has missed nothing before it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.orm import Session

from casework.kernel.clock import Clock
from casework.kernel.database import Database, announce
from casework.kernel.ids import EVENT, new_id
from casework.kernel.vocabulary import EventKind
from casework.tables import OutboxEvent

_TOPIC: Final = "outbox"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, and who may hear of it."""

    kind: EventKind
    object_id: str
    owner_id: str | None = None
    """The agency it belongs to."""
    watchlist_id: str | None = None
    """The list whose other readers may see it too."""
    key_id: str | None = None
    """The port system's key that it goes back to."""


class Outbox:
    """Stores events, and wakes the threads that deliver them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._listeners: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        database.after_commit(_TOPIC, self.ring)

    def append(self, database: Connection | Session, *events: Event) -> None:
        """Write events within the transaction of what they report; its commit rings."""
        if not events:
            return
        connection = database.connection() if isinstance(database, Session) else database
        at = self._clock()
        rows = [
            {
                "id": new_id(EVENT),
                "kind": event.kind.value,
                "object_id": event.object_id,
                "owner_id": event.owner_id,
                "watchlist_id": event.watchlist_id,
                "key_id": event.key_id,
                "at": at,
            }
            for event in events
        ]
        connection.execute(_NEW_EVENTS, rows)
        announce(connection, _TOPIC)

    def newest(self) -> int:
        """Return the number of the last event, 0 where there is none."""
        with self._database.read_one() as connection:
            return connection.execute(_NEWEST).scalar_one()

    def ring(self) -> None:
        """Wake the listeners: there are events to deliver. May be called from any thread.

        A commit with new events rings by itself.
        """
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` at every `ring`, on the thread that rings."""
        with self._lock:
            self._listeners.append(listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners.remove(listener)


_TABLE: Final = OutboxEvent.__table__
assert isinstance(_TABLE, Table)  # noqa: S101 - for the type checker
_NEW_EVENTS: Final = insert(_TABLE)
_NEWEST: Final = select(func.coalesce(func.max(OutboxEvent.seq), 0))
