"""Days in any time zone: their first and last instants, and whether an entry is in force."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from casework.kernel.errors import InvalidPeriod
from casework.kernel.period import (
    begin_of,
    beginning,
    check_period,
    day_of,
    end_of,
    ending,
    has_lapsed,
    in_force,
    limit,
    written_day,
)

TICK = timedelta.resolution
DAY = timedelta(days=1)
JAKARTA = ZoneInfo("Asia/Jakarta")

zones = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)
days = st.dates(date.min + DAY, date.max - DAY)
# Clocks have been changed within these years.
changing = st.dates(date(1880, 1, 1), date(2040, 1, 1))
instants = st.builds(
    lambda day, time: datetime.combine(day, time, UTC),
    st.dates(date(1, 1, 4), date(9999, 12, 28)),
    st.times(),
)


@given(zones, days | changing)
@example(ZoneInfo("America/Sao_Paulo"), date(2018, 11, 4))  # midnight is skipped
@example(ZoneInfo("America/Sao_Paulo"), date(2018, 2, 17))  # the last hour comes twice
@example(ZoneInfo("America/Havana"), date(2026, 11, 1))  # midnight comes twice
@example(ZoneInfo("America/St_Johns"), date(2006, 10, 28))  # the day before comes back
@example(ZoneInfo("America/St_Johns"), date(2006, 10, 29))
@example(ZoneInfo("Asia/Beirut"), date(2023, 3, 30))
@example(ZoneInfo("Europe/London"), date(2026, 3, 29))
def test_no_instant_outside_a_day_is_of_it(zone, day):
    first, last = begin_of(day, zone), end_of(day, zone)
    assert first.tzinfo is last.tzinfo is UTC
    assert day_of(first - TICK, zone) < day <= day_of(first, zone)
    assert day_of(last, zone) <= day < day_of(last + TICK, zone)
    if first < last:
        assert day_of(first, zone) == day_of(last, zone) == day


@given(zones, days, days, instants, st.sampled_from([None, "first", "last", "before", "after"]))
def test_an_entry_is_in_force_on_its_days_and_on_no_other(zone, one, other, at, edge):
    first, last = min(one, other), max(one, other)
    begin, end = begin_of(first, zone), end_of(last, zone)
    at = {"first": begin, "last": end, "before": begin - TICK, "after": end + TICK}.get(edge, at)
    assert in_force(begin, end, at) == (first <= day_of(at, zone) <= last)


@given(zones, changing, st.integers(0, 3), st.timedeltas(-DAY, 5 * DAY))
def test_an_entry_is_in_force_on_its_days_whatever_the_clocks_do(zone, first, more, moved):
    last = first + more * DAY
    begin, end = begin_of(first, zone), end_of(last, zone)
    at = begin + moved
    if first <= day_of(at, zone) <= last:
        assert in_force(begin, end, at)
    elif in_force(begin, end, at):
        # Only where clocks went back over midnight does another day come between.
        assert begin <= at <= end
        assume(day_of(at, zone) in (first - DAY, last + DAY))


def test_a_day_that_the_calendar_skips_has_no_instant():
    apia, skipped = ZoneInfo("Pacific/Apia"), date(2011, 12, 30)
    assert begin_of(skipped, apia) == begin_of(skipped + DAY, apia)
    assert end_of(skipped, apia) == end_of(skipped - DAY, apia) == begin_of(skipped, apia) - TICK


@pytest.mark.parametrize("name", ["UTC", "Asia/Jakarta", "America/Los_Angeles", "Etc/GMT-14"])
def test_the_edges_of_the_calendar(name):
    zone = ZoneInfo(name)
    for day in (date.min, date.max):
        first, last = begin_of(day, zone), end_of(day, zone)
        assert first < last
        assert day_of(first, zone) == day_of(last, zone) == day
        after = limit(day, zone)
        assert after is not None
        assert last <= after
    assert in_force(
        begin_of(date.min, zone), end_of(date.max, zone), datetime(2026, 1, 1, tzinfo=UTC)
    )


def test_a_time_with_its_zone_is_what_it_says():
    noon = datetime(2026, 6, 30, 12, tzinfo=JAKARTA)
    assert beginning(noon, UTC) is ending(noon, UTC) is limit(noon, UTC) is noon
    assert beginning(None, UTC) is ending(None, UTC) is limit(None, UTC) is None
    assert limit(date(2026, 6, 30), JAKARTA) == datetime(2026, 7, 1, tzinfo=JAKARTA)


def test_what_is_written_as_a_day():
    assert written_day("2027-01-05") == date(2027, 1, 5)
    for text in (
        "",
        "2027-1-5",
        "20270105",
        "2027-W01-1",
        "2027-01-05T00:00:00Z",
        "\u0662027-01-05",
    ):
        assert written_day(text) is None
    for text in ("2027-02-29", "2027-13-01", "0000-01-01"):
        with pytest.raises(ValueError, match=r"."):
            written_day(text)


@given(zones, days)
def test_an_entry_may_be_for_one_day(zone, day):
    begin, end = begin_of(day, zone), end_of(day, zone)
    assume(begin < end)
    check_period(begin, end)
    assert not has_lapsed(end, begin)
    assert has_lapsed(end, end + TICK)
    with pytest.raises(InvalidPeriod):
        check_period(begin, ending(day - DAY, zone))
