"""SQLite's write-ahead log: when what was committed moves from it into the file.

By itself SQLite moves it at the end of a commit that finds a thousand pages in it: within that
writer's turn, with all others waiting, and for as long as it takes to write and flush them. Here
it moves after a turn, while others write; only its last few pages, without which the log would
never start again from its front, are moved within a turn. What is committed is durable before, in
the log, as ever.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from casework.kernel.turns import Turns

LARGEST: Final = 4 << 20
"""Bytes beyond which it is moved, a thousand pages; SQLite cuts it to so many when it restarts."""

_FEW: Final = 500
"""Pages that are moved in the time of a commit or two."""
_PAUSE_S: Final = 0.01
# How long emptying it waits for readers in all, and while nobody else can write.
_EMPTY_S: Final = 2.0
_EMPTY_MS: Final = 25
# A reader may hold it back: it is tried again this often, and after a fault less so.
_BETWEEN_S: Final = 0.25
_AFTER_FAULT_S: Final = 10.0

_log: Final = logging.getLogger(__name__)


class SqliteLog:
    """The log of one SQLite file, as this process moves it. Safe to call from several threads."""

    def __init__(self, engine: Engine, turns: Turns, most_s: float) -> None:
        """Take the engine whose connections begin no transaction, and the writers' line.

        Args:
            engine: of the file.
            turns: of those of this process who write.
            most_s: seconds to wait for a turn, and for other processes.
        """
        self.left = False
        """Whether what was erased still stands in it, because it could not be emptied."""
        self._engine = engine
        self._turns = turns
        self._most_s = most_s
        self._moving = threading.Lock()
        self._next = 0.0
        name = engine.url.database
        self._file = Path(f"{name}-wal") if name and name != ":memory:" else None

    def move(self) -> None:
        """Move it if it has grown: call it after a turn, outside of any.

        A thread that finds another at it does nothing. A fault is logged and goes no further: what
        is committed is safe in the log, and the next one tries again.
        """
        if self._file is None or time.monotonic() < self._next:
            return
        if not self._moving.acquire(blocking=False):
            return
        try:
            if self._size() > LARGEST:
                self._next = time.monotonic() + _BETWEEN_S
                self._move()
        except (SQLAlchemyError, TimeoutError):
            self._next = time.monotonic() + _AFTER_FAULT_S
            _log.warning("the log of the database could not be moved: later again", exc_info=True)
        finally:
            self._moving.release()

    def empty(self) -> None:
        """Move everything out of it, so that nothing erased lingers there.

        Readers at work may hold a part back: then `left` stays true until the next time.
        """
        deadline = time.monotonic() + _EMPTY_S
        with self._engine.connect() as connection:
            # Most of it is moved while others write; only the rest keeps them out, for a moment.
            while _pages_left(connection) > _FEW and time.monotonic() < deadline:
                time.sleep(_PAUSE_S)
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_EMPTY_MS}")
            try:
                while (busy := self._truncated(connection)) and time.monotonic() < deadline:
                    time.sleep(_PAUSE_S)
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(1000 * self._most_s)}")
        self.left = busy
        if busy:
            _log.warning("readers hold what was erased in the log of the database: later again")

    def _size(self) -> int:
        assert self._file is not None  # noqa: S101 - asked before
        try:
            return self._file.stat().st_size
        except OSError:
            return 0

    def _move(self) -> None:
        with self._engine.connect() as connection:
            left = _pages_left(connection)
            if left > _FEW:
                left = _pages_left(connection)  # what came meanwhile
            # The very last pages, so that the log starts again: nobody writes meanwhile.
            if left <= _FEW:
                with self._turn():
                    _pages_left(connection)

    def _truncated(self, connection: Connection) -> bool:
        """Empty it, unless somebody holds it: returns whether somebody does."""
        with self._turn():
            query = "PRAGMA wal_checkpoint(TRUNCATE)"
            (busy, _, _) = connection.exec_driver_sql(query).one()
            return bool(busy)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        self._turns.take(self._most_s)
        try:
            yield
        finally:
            self._turns.give_back()


def _pages_left(connection: Connection) -> int:
    """Move what can be moved while others write; returns how many pages are left."""
    (_, pages, moved) = connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
    return int(pages) - int(moved)
