"""From a figure to its alerts: lists find just what was counted."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.kernel.vocabulary import Disposal, Opinion, OpinionReason, Role
from casework.reports.calendar import CalendarPeriod
from casework.reports.cuts import CutRequest
from casework.reports.dimensions import AlertOutcome, Dimension
from casework.reports.drill_down import _offsets, in_hour, with_outcome
from casework.review.alerts import AlertFilter
from casework.review.decisions import Finding
from tests.services import officer

MARCH = CalendarPeriod(2026, 3, 1)
SAME = Finding(Opinion.POTENTIAL_CANDIDATE, (OpinionReason.FACIAL_FEATURES_AGREE,))
OTHER = Finding(Opinion.NOT_CANDIDATE, (OpinionReason.FACIAL_FEATURES_DIFFER,))
UNCLEAR = Finding(Opinion.INCONCLUSIVE, (OpinionReason.FACIAL_FEATURES_DIFFER,))


@pytest.fixture
def scene(desk):
    """Alerts of every outcome, some of them before a second opinion."""
    desk.watchlist("plain", requires_second_officer=False)
    desk.watchlist("second", requires_second_officer=True)
    for person in (1, 2):
        desk.enrol(person, desk.watchlists["plain"], nationality=("AUS", "NGA")[person - 1])
    desk.enrol(3, desk.watchlists["second"], nationality="AUS")
    who, other = (officer(desk.agency(), Role.OFFICER, name=name) for name in ("one", "two"))
    boss = officer(desk.agency(), Role.SUPERVISOR, name="boss")
    review = desk.service.review.decisions
    for number, (person, finding, ended) in enumerate(
        [
            (1, None, None),
            (1, SAME, None),
            (2, SAME, Disposal.HANDED_OVER),
            (2, OTHER, None),
            (2, SAME, Disposal.MISTAKEN_IDENTITY),
            (1, UNCLEAR, None),
            (3, SAME, None),
            (3, OTHER, None),
            (3, UNCLEAR, None),
        ]
    ):
        desk.clock.advance(hours=7 * number + 1)
        (alert,) = desk.screen(person).encounter.alerts
        if finding is not None:
            review.acknowledge(who, alert.id)
            review.decide(who, alert.id, finding)
        if ended is not None:
            review.close(boss, alert.id, ended)
    assert other
    (desk.screen(2),)  # the last one is within its time
    return desk


def listed(desk, **filters):
    reader = officer(desk.agency(), Role.OFFICER)
    return desk.service.review.alerts.page(reader, None, 50, AlertFilter(**filters))


def counted(desk, dimension):
    boss = officer(desk.agency(), Role.AUDITOR)
    table = desk.service.reports.cuts.own(boss, CutRequest(dimension), MARCH)
    return {row: figure.value for row, figure in table.row_totals.items() if figure.value}


@pytest.mark.every_database
def test_each_outcome_lists_what_it_counts(scene):
    now = scene.clock()
    found = {each: len(listed(scene, further=(with_outcome(each, now),))) for each in AlertOutcome}
    assert {each.value: count for each, count in found.items() if count} == counted(
        scene, Dimension.OUTCOME
    )
    assert min(found.values()) > 0
    assert sum(found.values()) == 10


@pytest.mark.every_database
def test_each_hour_lists_what_it_counts(scene):
    zone = scene.service.reports.cuts.zone
    found: Counter[str] = Counter()
    for hour in range(24):
        condition = in_hour(hour, MARCH.bounds(zone), zone)
        found[f"{hour:02}"] = len(listed(scene, further=(condition,)))
    assert dict(+found) == counted(scene, Dimension.HOUR)
    assert found.total() == 10


@pytest.mark.every_database
def test_hours_follow_a_zone_that_changes_its_clock(scene):
    """In Berlin summer begins on 29 March 2026: noon is another hour of UTC from then on."""
    berlin, subject = ZoneInfo("Europe/Berlin"), 1
    for day in (28, 30):
        at = datetime(2026, 3, day, 12, 30, tzinfo=berlin).astimezone(UTC)
        scene.clock.advance(seconds=(at - scene.clock()).total_seconds())
        scene.screen(subject)
    bounds = MARCH.bounds(berlin)
    noon = {each.created_at for each in listed(scene, further=(in_hour(12, bounds, berlin),))}
    assert {each.hour for each in noon} >= {10, 11}
    assert all(each.astimezone(berlin).hour == 12 for each in noon)


def test_nationality_stage_and_direction_list_what_they_count(scene):
    assert counted(scene, Dimension.NATIONALITY) == {
        nation: len(listed(scene, nationality=nation)) for nation in ("AUS", "NGA")
    }
    assert counted(scene, Dimension.STAGE) == {"arrival": len(listed(scene, stage="arrival"))}
    assert listed(scene, direction="exit") == []


@given(st.integers(0, 2_000_000), st.integers(1, 400))
def test_a_zones_parts_make_up_the_period(minutes, days):
    zone = ZoneInfo("Europe/Berlin")
    since = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    until = since + timedelta(days=days)
    parts = _offsets(since, until, zone)
    assert (parts[0][0], parts[-1][1]) == (since, until)
    assert all(one[1] == other[0] for one, other in pairwise(parts))
    for first, last, offset in parts:
        for at in (first, last - timedelta(minutes=1)):
            if at >= first:
                assert at.astimezone(zone).utcoffset() == timedelta(seconds=offset)
