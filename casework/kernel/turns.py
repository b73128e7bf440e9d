"""Turns within a process: the thread that has waited longest is next.

A lock of the standard library goes to any thread that is awake: one that writes batch after batch
can keep all others waiting. A SQLite file that is locked is looked at again every so often, which
is no line at all.
"""

import threading
from collections import deque


class Turns:
    """A line of threads, of which one has its turn. Made to be called from many at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._line: deque[threading.Lock] = deque()

    def take(self, most_s: float) -> None:
        """Wait for a turn, which lasts until it is given back.

        Args:
            most_s: seconds to wait at most.

        Raises:
            TimeoutError: those before took longer.
        """
        called = threading.Lock()
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            called.acquire()
            self._line.append(called)
        if called.acquire(timeout=most_s):
            return
        with self._lock:
            if called in self._line:
                self._line.remove(called)
                raise TimeoutError("others have been writing for too long")
        # It was called at the last moment.

    def give_back(self) -> None:
        """End a turn: the thread that has waited longest has the next. Any thread may do so."""
        with self._lock:
            if self._line:
                self._line.popleft().release()
            else:
                self._taken = False
