"""Days and periods: which instants a day has, and whether an entry is in force at one.

"Valid until 2027-01-05" means to the end of that day, as the clocks of the place have
it. So a bare day becomes its first instant where something begins, and its last where it ends, in
the time zone of the installation; a time that names its zone is the instant it says.
"""

import re
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, overload

from casework.kernel.errors import InvalidPeriod

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TICK: Final = timedelta.resolution
# Of two midnights of one day, where clocks go back to it.
_LATER_MIDNIGHT: Final = time.min.replace(fold=1)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


def written_day(text: str) -> date | None:
    """Return the day that a text such as `2027-01-05` names, None where it is not written so.

    Raises:
        ValueError: the month has no such day.
    """
    return date.fromisoformat(text) if _DAY.fullmatch(text) else None


def begin_of(day: date, zone: tzinfo) -> datetime:
    """Return the first instant of a day in a time zone, in UTC.

    Where clocks go forward over midnight, the day begins with the change. A day that the calendar
    of the zone skips begins with the next. Nothing is before the first instant that UTC can say.
    """
    first = _instant(datetime.combine(day, time.min), zone)
    if first == _FIRST or day_of(first - _TICK, zone) < day == day_of(first, zone):
        return first
    # Clocks skip midnight: the change lies between the midnights by the clock after and before.
    earliest = _instant(datetime.combine(day, _LATER_MIDNIGHT), zone)
    seconds = range(int((first - earliest).total_seconds()))
    skipped = bisect_left(
        seconds, day, key=lambda after: day_of(earliest + timedelta(seconds=after), zone)
    )
    return earliest + timedelta(seconds=skipped)


def end_of(day: date, zone: tzinfo) -> datetime:
    """Return the last instant of a day in a time zone, to the microsecond, in UTC.

    Where clocks go back over midnight and so return to the day, it is the last of all. Nothing is
    after the last instant that UTC can say.
    """
    if day == date.max:
        return _instant(datetime.combine(day, time.max), zone)
    following = day + timedelta(days=1)
    again = _instant(datetime.combine(following, _LATER_MIDNIGHT), zone)
    if again > _FIRST and day_of(again, zone) == following and day_of(again - _TICK, zone) == day:
        return again - _TICK
    return max(begin_of(following, zone), _FIRST + _TICK) - _TICK


def day_of(at: datetime, zone: tzinfo) -> date:
    """Return the day that an instant lies in; beyond the calendar's edges, its last or first."""
    try:
        return at.astimezone(zone).date()
    except OverflowError:
        return date.min if at.year == date.min.year else date.max


@overload
def beginning(at: date, zone: tzinfo) -> datetime: ...


@overload
def beginning(at: date | None, zone: tzinfo) -> datetime | None: ...


def beginning(at: date | None, zone: tzinfo) -> datetime | None:
    """Return the instant at which something begins: a time as it is, or the first of a day."""
    return at if at is None or isinstance(at, datetime) else begin_of(at, zone)


@overload
def ending(at: date, zone: tzinfo) -> datetime: ...


@overload
def ending(at: date | None, zone: tzinfo) -> datetime | None: ...


def ending(at: date | None, zone: tzinfo) -> datetime | None:
    """Return the instant at which something ends: a time as it is, or the last of a day."""
    return at if at is None or isinstance(at, datetime) else end_of(at, zone)


def limit(at: date | None, zone: tzinfo) -> datetime | None:
    """Return the first instant that is not meant any more: a time, or the one after a day."""
    if at is None or isinstance(at, datetime):
        return at
    return min(end_of(at, zone), _LAST - _TICK) + _TICK


def in_force(valid_from: datetime | None, valid_until: datetime | None, at: datetime) -> bool:
    """Whether an entry counts at a time: lapsed entries never alert."""
    begun = valid_from is None or valid_from <= at
    return begun and (valid_until is None or at <= valid_until)


def check_period(valid_from: datetime | None, valid_until: datetime | None) -> None:
    """Raise InvalidPeriod unless an entry ends after it begins."""
    if valid_from is not None and valid_until is not None and valid_until <= valid_from:
        raise InvalidPeriod("period_reversed", field="valid_until")


def has_lapsed(valid_until: datetime | None, now: datetime) -> bool:
    """Whether an entry has ended: it would never alert, so there is no reason to make it."""
    return valid_until is not None and valid_until <= now


def _instant(local: datetime, zone: tzinfo) -> datetime:
    """Return when clocks say this, in UTC; at the calendar's edges, the nearest it can say."""
    try:
        return local.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return _FIRST if local.year == date.min.year else _LAST
