"""Counting failures by a name that the caller cannot choose freely, such as a network address.

The counts live in memory: they end with the process, and the oldest give way to new ones, so that
nobody can fill the memory with names. What must outlive a restart is counted on the account itself.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from casework.kernel.clock import Clock
from casework.kernel.errors import TooManyAttempts

MOST_NAMES: Final = 10_000


@dataclass(slots=True)
class _Count:
    since: datetime
    failures: int = 0
    under_way: int = 0
    locked_until: datetime | None = None


class Throttle:
    """Lets a name fail so many times, then locks it for a while. Made for many threads."""

    def __init__(
        self,
        attempts: int,
        lock: timedelta,
        forget: timedelta,
        clock: Clock,
        names: int = MOST_NAMES,
    ) -> None:
        """Start without counts.

        Args:
            attempts: failures after which a name is locked.
            lock: for how long.
            forget: after this time from the first failure, counting starts again.
            clock: the present.
            names: most names that are remembered.
        """
        self._attempts = attempts
        self._lock_for = lock
        self._forget = forget
        self._clock = clock
        self._names = names
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._turn = threading.Lock()

    def begin(self, name: str) -> None:
        """Let an attempt begin; `succeeded` or `failed` must follow.

        Raises:
            TooManyAttempts: the name is locked, or those under way may use up what is left.
        """
        now = self._clock()
        with self._turn:
            count = self._counts.pop(name, None) or _Count(now)
            self._counts[name] = count  # the youngest now
            while len(self._counts) > self._names:
                self._counts.popitem(last=False)
            if count.locked_until is not None and now < count.locked_until:
                raise TooManyAttempts(count.locked_until - now)
            if now - count.since >= self._forget:
                count.since, count.failures = now, 0
            if count.failures + count.under_way >= self._attempts:
                raise TooManyAttempts(timedelta(seconds=1))
            count.under_way += 1

    def succeeded(self, name: str) -> None:
        """Let an attempt end well: it does not count."""
        with self._turn:
            self._ended(name)

    def failed(self, name: str) -> TooManyAttempts | None:
        """Count a failure; returns what to answer if it was one too many."""
        with self._turn:
            count = self._ended(name)
            count.failures += 1
            if count.failures < self._attempts:
                return None
            count.failures, count.locked_until = 0, self._clock() + self._lock_for
            return TooManyAttempts(self._lock_for)

    def _ended(self, name: str) -> _Count:
        count = self._counts.get(name) or _Count(self._clock())
        count.under_way = max(0, count.under_way - 1)
        return count
