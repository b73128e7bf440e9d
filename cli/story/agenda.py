"""Time in a story: what happens next, and what the clock says then."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count


class Agenda:
    """Calls what was planned, in the order of its time, with the clock set to it."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        self.now, self.end = begin, end
        self._planned: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()

    def __call__(self) -> datetime:
        """Return the present: the clock of the records."""
        return self.now

    def at(self, when: datetime, act: Callable[[], None]) -> None:
        """Plan something; what would come after the end does not happen."""
        if when < self.end:
            heapq.heappush(self._planned, (when, next(self._order), act))

    def after(self, wait: timedelta, act: Callable[[], None]) -> None:
        """Plan something for some time from now."""
        self.at(self.now + wait, act)

    def play(self) -> None:
        """Let everything happen, up to the end."""
        while self._planned:
            # Of two planned for one moment, the one that was planned first; none turns time back.
            when, _, act = heapq.heappop(self._planned)
            self.now = max(self.now, when)
            act()
        self.now = self.end
