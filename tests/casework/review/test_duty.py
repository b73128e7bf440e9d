"""Shifts: who may keep them, and who is on duty when."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.accounts.officers import NewOfficer
from casework.kernel.errors import InvalidShift, NotFound, NotPermitted, StaleVersion
from casework.kernel.vocabulary import Role, Weekday
from casework.review.duty import NewShift, ends_at
from casework.tables import DutyShift
from tests.services import OPERATOR, officer

EVERY_DAY = tuple(day.value for day in Weekday)
JAKARTA = "Asia/Jakarta"


def account(desk, login: str, *roles: Role, agency: str = "IMI") -> str:
    new = NewOfficer(desk.agency(agency), login, f"Name of {login}", frozenset(roles))
    officer_id: str = desk.service.accounts.officers.create(OPERATOR, new)[0].id
    return officer_id


@pytest.fixture
def chief(desk):
    return officer(desk.agency(), Role.SUPERVISOR, name="chief")


def shift(*officers: str, port: str = "CGK", begins: str = "07:00", ends: str = "19:00", **more):
    return NewShift(port, EVERY_DAY, begins, ends, officers, **more)


def test_who_is_on_duty_follows_from_the_ports_own_clocks(desk, chief):
    duty = desk.service.review.duty
    siti, budi = (account(desk, each, Role.OFFICER) for each in ("siti", "budi"))
    duty.create(chief, shift(siti), JAKARTA)
    far = duty.create(chief, shift(budi, port="DJJ", begins="16:00", ends="18:00"), JAKARTA)
    assert far.zone == "Asia/Jayapura"
    # 8:00 UTC is 15:00 in Jakarta and 17:00 in Jayapura.
    found = duty.now(chief)
    assert [(each.port, [who.id for who in each.officers]) for each in found] == [
        ("CGK", [siti]),
        ("DJJ", [budi]),
    ]
    assert found[0].until == datetime(2026, 3, 1, 12, tzinfo=UTC)
    desk.clock.advance(hours=2)
    assert [each.port for each in duty.now(chief)] == ["CGK"]
    assert duty.now(chief, "DJJ") == []
    desk.clock.advance(hours=3)
    assert duty.now(chief) == []


def test_whose_account_is_off_is_on_no_duty(desk, chief):
    duty, officers = desk.service.review.duty, desk.service.accounts.officers
    siti = account(desk, "siti", Role.OFFICER)
    duty.create(chief, shift(siti), JAKARTA)
    officers.edit(OPERATOR, siti, {"active": False}, None, "left")
    assert [each.officers for each in duty.now(chief)] == [()]
    assert duty.staff(chief) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"officer_ids": ("off_nobody",)}, "officer_ids"),
        ({"begins": "7:00"}, "begins"),
        ({"ends": "24:00"}, "ends"),
        ({"next_port": "CGK"}, "next_port"),
        ({"first_day": date(2026, 3, 2), "last_day": date(2026, 3, 1)}, "last_day"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(desk, chief, change, field):
    siti = account(desk, "siti", Role.OFFICER)
    fields = {
        "port": "CGK",
        "weekdays": EVERY_DAY,
        "begins": "07:00",
        "ends": "19:00",
        "officer_ids": (siti,),
    }
    with pytest.raises(InvalidShift) as refused:
        desk.service.review.duty.create(chief, NewShift(**(fields | change)), JAKARTA)
    assert refused.value.field == field


def test_others_people_and_analysts_are_on_no_duty(desk, chief):
    stranger = account(desk, "stranger", Role.OFFICER, agency="BEA")
    analyst = account(desk, "analyst", Role.ANALYST)
    for each in (stranger, analyst):
        with pytest.raises(InvalidShift):
            desk.service.review.duty.create(chief, shift(each), JAKARTA)


def test_it_is_the_agencys_own_and_kept_by_who_may(desk, chief):
    duty = desk.service.review.duty
    siti = account(desk, "siti", Role.OFFICER)
    row = duty.create(chief, shift(siti), JAKARTA)
    plain = officer(desk.agency(), Role.OFFICER)
    assert [each.id for each in duty.page(plain, None, None)] == [row.id]
    with pytest.raises(NotPermitted):
        duty.remove(plain, row.id)
    other = officer(desk.agency("BEA"), Role.ADMIN)
    assert duty.page(other, None, None) == duty.now(other) == []
    with pytest.raises(NotFound):
        duty.get(other, row.id)
    with pytest.raises(NotFound):
        duty.create(other, shift(siti, agency_id=desk.agency()), JAKARTA)
    with pytest.raises(StaleVersion):
        duty.edit(chief, row.id, {"begins": "08:00"}, row.version + 1, JAKARTA)
    moved = duty.edit(chief, row.id, {"port": "DPS"}, row.version, JAKARTA)
    assert (moved.port, moved.zone) == ("DPS", "Asia/Makassar")
    duty.remove(chief, row.id)
    assert duty.page(chief, None, None) == []


days = st.lists(st.sampled_from(EVERY_DAY), min_size=1, unique=True)
# The strategy takes moments without a zone.
YEAR = (datetime(2026, 1, 1), datetime(2026, 12, 31))  # noqa: DTZ001
times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))


@given(days, times, times, st.datetimes(*YEAR))
def test_a_shift_is_under_way_from_its_beginning_to_its_end(weekdays, begins, ends, at):
    zone = "Asia/Makassar"
    row = DutyShift(zone=zone, weekdays=weekdays, begins=begins, ends=ends)
    moment = at.replace(tzinfo=ZoneInfo(zone))
    end = ends_at(row, moment)
    # Minute by minute backwards: the last one that a shift begins on, if it has not ended since.
    lasts = (_minutes(ends) - _minutes(begins)) % 1440 or 1440
    since = (at.hour * 60 + at.minute - _minutes(begins)) % 1440
    began = at - timedelta(minutes=since)
    under_way = since < lasts and EVERY_DAY[began.weekday()] in weekdays
    assert (end is not None) == under_way
    if end is not None:
        assert end.strftime("%H:%M") == ends
        assert timedelta() < end - moment <= timedelta(days=1)


def _minutes(time: str) -> int:
    hours, minutes = time.split(":")
    return 60 * int(hours) + int(minutes)


def test_first_and_last_day_bound_it():
    row = DutyShift(
        zone=JAKARTA,
        weekdays=list(EVERY_DAY),
        begins="22:00",
        ends="06:00",
        first_day=date(2026, 3, 2),
        last_day=date(2026, 3, 2),
    )
    zone = ZoneInfo(JAKARTA)
    assert ends_at(row, datetime(2026, 3, 1, 23, tzinfo=zone)) is None
    assert ends_at(row, datetime(2026, 3, 2, 23, tzinfo=zone)) is not None
    assert ends_at(row, datetime(2026, 3, 3, 5, tzinfo=zone)) is not None
    assert ends_at(row, datetime(2026, 3, 3, 23, tzinfo=zone)) is None
