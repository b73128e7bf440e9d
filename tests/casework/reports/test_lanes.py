"""A lane's clock: told beyond 5 minutes, refused beyond a day, on both databases."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.kernel.errors import CaptureTimeRefused, NotPermitted
from casework.kernel.vocabulary import Role
from casework.screening import capture_time
from casework.screening.capture_time import CaptureClock, check_capture_time, clock_of
from tests.services import BEGIN, officer

SECOND = timedelta(seconds=1)


@given(st.integers(-(10**10), 10**10))
def test_what_is_told_and_what_is_refused(milliseconds):
    offset = timedelta(milliseconds=milliseconds)
    told = CaptureClock.AHEAD if milliseconds > 0 else CaptureClock.BEHIND
    if abs(offset) <= capture_time.OFF:
        told = CaptureClock.RIGHT
    assert clock_of(BEGIN + offset, BEGIN) is told
    if abs(offset) <= capture_time.REFUSED:
        check_capture_time(BEGIN + offset, BEGIN)
    else:
        with pytest.raises(CaptureTimeRefused):
            check_capture_time(BEGIN + offset, BEGIN)


@pytest.mark.parametrize("year", [2000, 2099])
def test_a_clock_that_was_reset_is_told_both_times(desk, year):
    with pytest.raises(CaptureTimeRefused) as refused:
        desk.screen(1, captured_at=BEGIN.replace(year=year))
    assert refused.value.field == "captured_at"
    for named in (f"{year}-03-01T08:00:00Z", "2026-03-01T08:00:00Z"):
        assert named in str(refused.value)
    assert not desk.service.reports.lanes.count().lanes


def test_an_answer_that_was_given_is_repeated_however_late(desk):
    sent = {"idempotency_key": "k", "captured_at": desk.clock()}
    first = desk.screen(1, **sent)
    desk.clock.advance(days=3)
    again = desk.screen(1, **sent)
    assert again.replayed
    assert again.encounter.id == first.encounter.id


@pytest.mark.every_database
def test_each_lane_is_counted_with_its_offsets(desk):
    now = desk.clock()
    for lane, offset in (("1", 0), ("1", -40), ("2", 301), ("2", 900), ("3", -301), (None, 300)):
        desk.screen(1, lane=lane, captured_at=now + timedelta(seconds=offset))
    desk.screen(lane="3", captured_at=now)
    desk.screen(1, port="IDBTM", lane="1", captured_at=now - timedelta(hours=20))
    report = desk.service.reports.lanes.report(officer(desk.agency(), Role.SUPERVISOR))
    found = [
        (each.port, each.lane, each.encounters, each.unsearchable, each.ahead, each.behind)
        for each in report.lanes
    ]
    assert found == [
        ("CGK", "2", 2, 0, 2, 0),
        ("CGK", "3", 2, 1, 0, 1),
        ("IDBTM", "1", 1, 0, 0, 1),
        ("CGK", "1", 2, 0, 0, 0),
        ("CGK", None, 1, 0, 0, 0),
    ]
    offsets = {
        (each.port, each.lane): (each.least_offset_s, each.greatest_offset_s)
        for each in report.lanes
    }
    assert offsets["CGK", "2"] == (301, 900)
    assert offsets["CGK", "1"] == (-40, 0)
    assert offsets["IDBTM", "1"] == (-72_000, -72_000)
    assert {each.last_at for each in report.lanes} == {now}


def test_only_the_days_asked_for_and_only_who_may(desk):
    desk.screen(1, lane="1")
    desk.clock.advance(days=1, seconds=1)
    lanes = desk.service.reports.lanes
    actor = officer(desk.agency(), Role.AUDITOR)
    assert not lanes.report(actor).lanes
    assert [each.lane for each in lanes.report(actor, 2).lanes] == ["1"]
    with pytest.raises(NotPermitted):
        lanes.report(officer(desk.agency(), Role.OFFICER))


def test_the_overview_shows_what_was_counted_last(desk):
    lanes, actor = desk.service.reports.lanes, officer(desk.agency(), Role.SUPERVISOR)
    first = lanes.latest(actor)
    desk.screen(1, lane="1")
    lanes.report(actor, 2)
    assert lanes.latest(actor) is first
    assert lanes.latest(actor) is not lanes.count()
    assert len(lanes.latest(actor).lanes) == 1
    desk.screen(1, lane="2")
    desk.clock.advance(minutes=11)
    assert len(lanes.latest(actor).lanes) == 2
    with pytest.raises(NotPermitted):
        lanes.latest(officer(desk.agency(), Role.OFFICER))
