"""Group commit: what several threads have to write shares one transaction and one flush to disk.

A flush takes the disk a millisecond or several, and SQLite lets one writer in at a time. While one
thread waits for the disk, the others queue up; the next to get its turn writes for all of them.
A thread alone writes at once: nobody waits for company.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from casework.kernel.database import Database


@dataclass(slots=True, eq=False)
class _Entry:
    """One thread's statements, and what became of them."""

    work: Callable[[Connection], None]
    done: bool = False
    error: BaseException | None = None


class GroupCommit:
    """Writes to one database in groups. Made to be called from many threads at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = threading.Lock()
        self._queue: list[_Entry] = []
        self._queue_lock = threading.Lock()

    def write(self, work: Callable[[Connection], None]) -> None:
        """Run statements in a transaction; returns once it is committed.

        Args:
            work: executes the statements; it may run on another caller's thread, and twice.

        Raises:
            whatever `work` or the commit raises; nothing of this `work` was written then.
        """
        entry = _Entry(work)
        with self._queue_lock:
            self._queue.append(entry)
        with self._turn:
            if not entry.done:
                with self._queue_lock:
                    group, self._queue = self._queue, []
                self._commit(group)
        if entry.error is not None:
            raise entry.error

    def _commit(self, group: Sequence[_Entry]) -> None:
        """Write all in one transaction; if that fails, each in its own, to see whose it is."""
        try:
            with self._database.write_core() as connection:
                for entry in group:
                    entry.work(connection)
        except BaseException as error:  # noqa: BLE001 - it belongs to the thread that waits for it
            if len(group) > 1:
                for entry in group:
                    self._commit([entry])
                return
            group[0].error = error
        for entry in group:
            entry.done = True
