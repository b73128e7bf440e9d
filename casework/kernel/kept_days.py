"""Days that are over, as a process has read them once and keeps them until a row of one changes.

Reports read the same rows again and again, and nearly all of them are of days that are over. The
database marks a day whenever a row of it is added, changed or removed: triggers do it, in the same
transaction, whatever statement it was. A reader sees marks and rows in one state, so that what it
takes from memory is what it would have read. Nothing is kept on disk: see ADR 0043.

Days are those of UTC, whatever zone a report is asked for.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final, Generic, TypeAlias, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.kernel.clock import utc_now
from casework.tables import ChangedDay

KEPT: Final = "siaga_kept"
"""Name under which sessions carry what a process keeps of a database between transactions."""
_DAY: Final = timedelta(days=1)
_SETTLED: Final = timedelta(hours=1)
"""So long after its end a day is over: clocks of this machine and of the database's may differ,
and a transaction may end after the day that it began on."""
_CLOCK_MOVED: Final = timedelta(minutes=30)
"""Against the time that has passed: what was read before is read again. A clock that went ahead had
days end that had not, whose rows nobody marked."""
MOST_DAYS: Final = 1000
"""Kept in memory, and looked for before the end of a period: three years of reports."""

T = TypeVar("T")
Bounds: TypeAlias = tuple[datetime, datetime]
"""The first instant, and the first that is not meant any more."""


@dataclass(frozen=True, slots=True)
class Split:
    """A period: its days that are over, and the rest of it."""

    days: tuple[date, ...]
    rest: tuple[Bounds, ...]


def split(bounds: Bounds, now: datetime, *, whole: bool) -> Split:
    """Return the days of a period that may be kept, and the times outside them.

    Args:
        bounds: the period's.
        now: the present; no day after it is over.
        whole: only days that lie wholly within the period; else any that the period touches.
    """
    since, until = bounds
    over = _begin(min(now, utc_now()) - _SETTLED)
    if since >= min(until, over):
        return Split((), (bounds,))
    last = min(until, over)
    end = _begin(last)
    if end < last and not whole:
        end += _DAY
    first = _begin(since)
    if end - first > MOST_DAYS * _DAY:
        first = end - MOST_DAYS * _DAY
    elif first < since and whole:
        first += _DAY
    if first >= end:
        return Split((), (bounds,))
    days = tuple((first + each * _DAY).date() for each in range((end - first).days))
    rest = tuple(each for each in ((since, first), (end, until)) if each[0] < each[1])
    return Split(days, rest)


@dataclass(frozen=True, slots=True)
class _ReadDay(Generic[T]):
    """What a day holds."""

    changes: int
    """Marks of the day when it was read."""
    started: datetime
    """When the machine started, by the clock that it was read by."""
    content: T


class KeptDays(Generic[T]):
    """What was read of each day, for one database."""

    def __init__(self) -> None:
        self._kept: dict[date, _ReadDay[T]] = {}
        self._lock = threading.Lock()

    def read(
        self,
        session: Session,
        days: Sequence[date],
        read: Callable[[Session, Bounds], Mapping[date, T]],
        empty: T,
    ) -> list[T]:
        """Return what each day holds, from memory where nothing of it has changed.

        Args:
            session: of a transaction that only reads: what others see must not change under it.
            days: in order; see `split`.
            read: reads the days of a period.
            empty: what a day without a row holds.
        """
        if not days:
            return []
        marks, started = _marks(session, days), _started()
        with self._lock:
            found = {
                day: kept.content
                for day in days
                if (kept := self._kept.get(day)) is not None
                and kept.changes == marks.get(day, 0)
                and abs(kept.started - started) < _CLOCK_MOVED
            }
        for run in _runs([day for day in days if day not in found]):
            made = read(session, (_at(run[0]), _at(run[-1]) + _DAY))
            found |= {day: made.get(day, empty) for day in run}
        with self._lock:
            for day in days:
                self._kept.pop(day, None)
                self._kept[day] = _ReadDay(marks.get(day, 0), started, found[day])
            while len(self._kept) > MOST_DAYS:
                del self._kept[next(iter(self._kept))]
        return [found[day] for day in days]


@dataclass(slots=True)
class Memory:
    """What a process keeps of one database, by what it is."""

    _parts: dict[str, object] = field(default_factory=dict)

    def part(self, name: str, make: Callable[[], T]) -> T:
        """Return a part of it, made when it is first asked for."""
        return self._parts.setdefault(name, make())  # type: ignore[return-value]


def memory_of(session: Session) -> Memory:
    """Return what this process keeps of a session's database."""
    memory: Memory = session.info.get(KEPT) or Memory()
    return memory


def _marks(session: Session, days: Sequence[date]) -> dict[date, int]:
    first, last = days[0].isoformat(), days[-1].isoformat()
    query = select(ChangedDay.day, ChangedDay.changes).where(ChangedDay.day.between(first, last))
    return {date.fromisoformat(day): changes for day, changes in session.execute(query)}


def _started() -> datetime:
    """Return when time began that nobody sets: later or earlier only where the clock was set."""
    return utc_now() - timedelta(seconds=time.monotonic())


def _runs(days: Sequence[date]) -> Iterator[list[date]]:
    """Yield days that follow each other together."""
    run: list[date] = []
    for day in days:
        if run and day - run[-1] != _DAY:
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _begin(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
