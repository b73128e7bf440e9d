"""Totals: what a coordinator is shown of everybody's alerts, over calendar periods.

What is shown of a period is worked out for all permitted cuts at once, and kept for a minute:
a page asks for several.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final, TypeAlias

from sqlalchemy.orm import Session

from casework.kernel.kernel import Kernel
from casework.reports.calendar import CalendarPeriod, require_over
from casework.reports.counted import CountedAlerts, read_alerts_of_all

if TYPE_CHECKING:
    from casework.reports.suppression import Publication

Read: TypeAlias = Callable[[Session, tuple[datetime, datetime], tzinfo, datetime], CountedAlerts]
"""How what is counted is read, of all agencies: see `read_alerts_of_all`."""

_FRESH: Final = timedelta(minutes=1)
_KEPT: Final = 30
"""Periods of which what is shown is kept: two years, and the months of a trend."""


class Publications:
    """Works out what is shown of calendar periods."""

    def __init__(self, kernel: Kernel, zone: tzinfo, read: Read = read_alerts_of_all) -> None:
        self._database = kernel.database
        self._clock = kernel.clock
        self._read = read
        self.zone = zone
        """Whose months they are: one for all readers, or a month here less a month there would
        be a few hours."""
        self._kept: dict[CalendarPeriod, tuple[datetime, Publication]] = {}
        # One at a time: people who read totals never take more than one processor from screening.
        self._one_at_a_time = threading.Lock()

    def of(self, period: CalendarPeriod) -> "Publication":
        """Return what is shown of a period.

        Raises:
            InvalidPeriod: it has not ended yet.
        """
        require_over(period, self._clock(), self.zone)
        with self._one_at_a_time:
            now = self._clock()
            kept = self._kept.pop(period, None)
            if kept is None or not now - _FRESH < kept[0] <= now:
                kept = now, self._publish(period, now)
                for month in kept[1].months.values():
                    self._kept[month.period] = now, month
            self._kept[period] = kept
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
            return kept[1]

    def last_month(self) -> CalendarPeriod:
        """Return the last month that is over."""
        return CalendarPeriod.last_month(self._clock(), self.zone)

    def _publish(self, period: CalendarPeriod, now: datetime) -> "Publication":
        # What settles figures is arithmetic on arrays, which most processes never do.
        from casework.reports.suppression import publish  # noqa: PLC0415

        with self._database.read() as session:
            months = [
                self._read(session, month.bounds(self.zone), self.zone, now)
                for month in period.parts(1)
            ]
        return publish(period, months)
