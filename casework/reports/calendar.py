"""Calendar periods: whole months, quarters and years of the place.

Totals of other agencies are counted over these alone: periods that could be chosen freely would
differ by a day, and what is in one and not in the other is a person. One that is still running is
not counted either: asked for again tomorrow, it would have grown by a day.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final, Self

from casework.kernel.errors import InvalidPeriod
from casework.kernel.period import begin_of, day_of

_WRITTEN: Final = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])|-Q([1-4]))?", re.ASCII)
_MONTHS: Final = 12
_QUARTER: Final = 3


@dataclass(frozen=True, slots=True, order=True)
class CalendarPeriod:
    """A month, a quarter or a year."""

    year: int
    month: int
    """The first one."""
    months: int
    """How many: 1, 3 or 12."""

    @classmethod
    def read(cls, text: str) -> Self:
        """Return what `2026-10`, `2026-Q4` or `2026` names.

        Raises:
            InvalidPeriod: it names no such period.
        """
        found = _WRITTEN.fullmatch(text.strip())
        if found is None or not 1 < int(found[1]) < date.max.year:
            raise InvalidPeriod("period_unreadable", field="period")
        year = int(found[1])
        if found[2]:
            return cls(year, int(found[2]), 1)
        if found[3]:
            return cls(year, _QUARTER * int(found[3]) - 2, _QUARTER)
        return cls(year, 1, _MONTHS)

    @classmethod
    def last_month(cls, now: datetime, zone: tzinfo) -> Self:
        """Return the last month that is over."""
        return cls.month_of(now, zone).before(1)

    @classmethod
    def month_of(cls, at: datetime, zone: tzinfo) -> Self:
        """Return the month that an instant lies in."""
        day = day_of(at, zone)
        return cls(day.year, day.month, 1)

    @classmethod
    def between(cls, since: datetime, until: datetime, zone: tzinfo) -> Self | None:
        """Return the period from one instant to another; None where they bound none."""
        day = day_of(since, zone)
        for months in (1, _QUARTER, _MONTHS):
            found = cls(day.year, day.month, months)
            if (day.month - 1) % months == 0 and found.bounds(zone) == (since, until):
                return found
        return None

    def __str__(self) -> str:
        """Return it as `read` reads it."""
        if self.months == _MONTHS:
            return f"{self.year:04}"
        if self.months == _QUARTER:
            return f"{self.year:04}-Q{(self.month + 2) // _QUARTER}"
        return f"{self.year:04}-{self.month:02}"

    def before(self, count: int = 1) -> Self:
        """Return the period of the same length so many before."""
        place = self.year * _MONTHS + self.month - 1 - count * self.months
        year, month = divmod(place, _MONTHS)
        return type(self)(year, month + 1, self.months)

    def bounds(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """Return the first instant, and the first that is not meant any more."""
        following = self.before(-1)
        return (
            begin_of(date(self.year, self.month, 1), zone),
            begin_of(date(following.year, following.month, 1), zone),
        )

    def is_over(self, now: datetime, zone: tzinfo) -> bool:
        """Whether it has ended."""
        return self.bounds(zone)[1] <= now

    def parts(self, months: int) -> Iterator[Self]:
        """Yield the periods of so many months that it is made of."""
        for first in range(self.month, self.month + self.months, months):
            yield type(self)(self.year, first, months)


def require_over(period: CalendarPeriod, now: datetime, zone: tzinfo) -> None:
    """Raise InvalidPeriod unless a period has ended."""
    if not period.is_over(now, zone):
        last = str(CalendarPeriod.last_month(now, zone))
        raise InvalidPeriod("period_running", field="period", period=str(period), last=last)
