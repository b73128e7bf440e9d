"""From a figure to the alerts behind it: conditions that say in SQL what the counts say.

A list adds them to what its reader may see: none of them shows more than the report counts.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

from sqlalchemy import ColumnElement, and_, extract, or_

from casework.kernel.vocabulary import AlertState
from casework.reports.dimensions import AlertOutcome
from casework.review.findings import SEVERITY, AdjudicationResult, severity, visible_state
from casework.tables import Alert

_STEP: Final = timedelta(minutes=15)
"""No zone changes its offset but at a quarter of an hour."""
_STEP_S: Final = _STEP.total_seconds()
_HOUR_S: Final = 3600
_DAY_S: Final = 24 * _HOUR_S


def with_outcome(outcome: AlertOutcome, now: datetime) -> ColumnElement[bool]:
    """Return the condition of alerts of which this became; see `counted._outcomes`."""
    place, undecided = severity(), SEVERITY.index(AdjudicationResult.OPEN)
    if outcome is AlertOutcome.CONFIRMED:
        return place == SEVERITY.index(AdjudicationResult.MATCH)
    if outcome is AlertOutcome.FALSE_ALARM:
        return place == SEVERITY.index(AdjudicationResult.FALSE_ALARM)
    looked_at = visible_state() == AlertState.INCONCLUSIVE.value
    if outcome is AlertOutcome.OTHER:
        return and_(place == undecided, looked_at)
    late = Alert.due_at <= now if outcome is AlertOutcome.OVERDUE else Alert.due_at > now
    return and_(place == undecided, ~looked_at, late)


def in_hour(hour: int, bounds: tuple[datetime, datetime], zone: tzinfo) -> ColumnElement[bool]:
    """Return the condition of alerts of an hour of the day, within a period.

    Args:
        hour: from 0 to 23.
        bounds: the first instant, and the first that is not meant any more.
        zone: whose hours.
    """
    # Seconds since 1970 are the same on every database, whatever zone it is set to.
    seconds = extract("epoch", Alert.created_at)
    return or_(
        *(
            and_(
                Alert.created_at >= begin,
                Alert.created_at < end,
                (seconds + offset - hour * _HOUR_S) % _DAY_S < _HOUR_S,
            )
            for begin, end, offset in _offsets(*bounds, zone)
        )
    )


@lru_cache(maxsize=64)
def _offsets(
    since: datetime, until: datetime, zone: tzinfo
) -> tuple[tuple[datetime, datetime, int], ...]:
    """Return the parts of a period in which a zone is as far from UTC, in seconds."""
    return tuple(_parts(since, until, zone))


def _parts(
    since: datetime, until: datetime, zone: tzinfo
) -> Iterator[tuple[datetime, datetime, int]]:
    begin = at = since
    while at < until:
        following = min(at + _STEP - timedelta(seconds=at.timestamp() % _STEP_S), until)
        offset = _offset(at, zone)
        if following == until or _offset(following, zone) != offset:
            yield begin, following, offset
            begin = following
        at = following


def _offset(at: datetime, zone: tzinfo) -> int:
    ahead = at.astimezone(zone).utcoffset()
    assert ahead is not None  # noqa: S101 - in a zone
    return int(ahead.total_seconds())
