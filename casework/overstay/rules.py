"""When a person overstays: pure rules, from permits and comings and goings, no records.

A person counts as being in the country from an arrival, or from the first day of a permit to stay,
until a departure. Who left, even before the permit ended, overstays nothing. Of several permits
the latest end counts, and one that was over before the person came last counts for nothing: who
arrives must have been abroad. Where nobody knows an end, nobody overstays.

Not everything is certain: an alert that nobody has decided may be about somebody else. What rests
on one, or may be over by one, is marked as undecided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from casework.kernel.period import begin_of, day_of, end_of


@dataclass(frozen=True, slots=True)
class Coming:
    """The person is in the country: by an arrival, or by a permit that begins."""

    at: datetime
    permit: bool
    """Whether it says until when the person may stay."""
    until: date | None = None
    """The last day; with `permit`, None stands for no end."""
    undecided: bool = False
    """Whether it is an alert that nobody has decided."""


@dataclass(frozen=True, slots=True)
class Going:
    """The person leaves the country."""

    at: datetime
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A permit has ended, and no departure is known."""

    until: date
    """The last day that was permitted."""
    undecided: bool
    """Whether it rests on an alert that nobody has decided, or may be over by one."""


def exceeded(
    comings: Sequence[Coming], goings: Sequence[Going], today: date, zone: tzinfo
) -> Exceeded | None:
    """Return by which permit a person overstays; None who does not, as far as is known.

    Args:
        comings: arrivals and permits that have begun.
        goings: departures.
        today: the day in the installation's time zone.
        zone: that time zone.
    """
    certain = [each for each in comings if not each.undecided]
    decided = [each for each in goings if not each.undecided]
    # What is so by what is certain, and what may be so by what is not.
    worlds = [
        _over(some, left, today, zone) for some in (certain, comings) for left in (decided, goings)
    ]
    ends = [each for each in (worlds[0], worlds[2]) if each is not None]
    return Exceeded(ends[0], undecided=None in worlds) if ends else None


def recorded(valid_from: date, valid_until: date | None, zone: tzinfo) -> Coming:
    """Return the coming that a recorded permit stands for."""
    return Coming(begin_of(valid_from, zone), permit=True, until=valid_until)


def departed(day: date, zone: tzinfo) -> Going:
    """Return the going of a day of which no more is known."""
    return Going(end_of(day, zone))


def _over(
    comings: Sequence[Coming], goings: Sequence[Going], today: date, zone: tzinfo
) -> date | None:
    """Return the last permitted day of who is here after it; None of who left, or may stay."""
    if not comings:
        return None
    came = max(each.at for each in comings)
    if any(each.at >= came for each in goings):
        return None
    day = day_of(came, zone)
    permits = [each for each in comings if each.permit and _reaches(each, day)]
    ends = [each.until for each in permits if each.until is not None]
    if not ends or len(ends) < len(permits) or max(ends) >= today:
        return None
    return max(ends)


def _reaches(permit: Coming, day: date) -> bool:
    return permit.until is None or permit.until >= day
