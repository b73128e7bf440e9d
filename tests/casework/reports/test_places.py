"""Counts by place: exact of the own agency, blurred of all, alerts and tips where they happened."""

from collections import Counter

import pytest

from casework.kernel.errors import InvalidPeriod, NotPermitted
from casework.kernel.vocabulary import Role, TipOrigin
from casework.reports.calendar import CalendarPeriod
from casework.reports.dimensions import UNKNOWN
from casework.reports.figures import FigureKind
from casework.reports.places import TREND_MONTHS, PlaceMeasure
from casework.tips.reports import NewTip
from tests.services import OPERATOR, officer

MARCH = CalendarPeriod(2026, 3, 1)
APRIL = CalendarPeriod(2026, 4, 1)
BALI, BANTEN, RIAU_ISLANDS = "51", "36", "21"


def tip(desk, area, agency="IMI"):
    actor = officer(desk.agency(agency), Role.OFFICER)
    desk.service.tip_steps.record(actor, NewTip("Seen there", TipOrigin.PUBLIC, area=area))


@pytest.fixture
def scene(desk):
    """March: alerts at three ports and tips of two agencies; a regency in Bali."""
    desk.service.areas.areas.put(OPERATOR, "51.91", "Kabupaten Contoh")
    desk.service.areas.areas.put(OPERATOR, "51.91.01", "Contoh Barat")
    desk.service.areas.ports.put(OPERATOR, "DPS", "51.91.01")
    desk.enrol(1)
    theirs = desk.watchlist("police", agency_id=desk.agency("POL"))
    desk.enrol(2, theirs)
    for port in ("DPS", "DPS", "CGK", "IDBTM"):
        desk.screen(1, port=port)
    for _ in range(7):
        desk.screen(2, port="DPS")
    tip(desk, "51.91.01")
    tip(desk, None)
    tip(desk, "51", "POL")
    return desk


def counts(report, measure):
    return {line.area: line.figures[measure].value for line in report.lines}


def test_own_counts_are_exact_and_of_the_own_agency(scene):
    boss = officer(scene.agency(), Role.SUPERVISOR)
    report = scene.service.reports.places.own(boss, MARCH)
    assert counts(report, PlaceMeasure.ALERTS) == {RIAU_ISLANDS: 1, BANTEN: 1, BALI: 2, UNKNOWN: 0}
    assert counts(report, PlaceMeasure.TIPS) == {RIAU_ISLANDS: 0, BANTEN: 0, BALI: 1, UNKNOWN: 1}
    assert [line.area for line in report.lines][-1] == UNKNOWN
    assert {line.area: line.ports for line in report.lines}[BALI] == ("DPS",)


def test_within_a_province_its_regencies_are_counted_with_their_months(scene):
    boss = officer(scene.agency(), Role.SUPERVISOR)
    report = scene.service.reports.places.own(boss, MARCH, BALI)
    (line,) = report.lines
    assert line.area == "51.91"
    assert line.figures[PlaceMeasure.ALERTS].value == 2
    assert [each.value for each in line.months[PlaceMeasure.ALERTS]] == [0] * 5 + [2]
    assert [str(each) for each in report.months] == [
        *("2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03")
    ]
    assert len(report.months) == TREND_MONTHS


def test_the_period_before_stands_beside(scene):
    boss = officer(scene.agency(), Role.SUPERVISOR)
    scene.clock.advance(days=31)
    scene.screen(1, port="DPS")
    report = scene.service.reports.places.own(boss, APRIL)
    by_area = {line.area: line for line in report.lines}
    assert by_area[BALI].figures[PlaceMeasure.ALERTS].value == 1
    assert by_area[BALI].before[PlaceMeasure.ALERTS].value == 2
    assert by_area[BANTEN].figures[PlaceMeasure.ALERTS].value == 0


def test_outcomes_are_parts_of_the_alerts(scene):
    boss = officer(scene.agency(), Role.SUPERVISOR)
    scene.clock.advance(days=1)
    report = scene.service.reports.places.own(boss, MARCH)
    assert counts(report, PlaceMeasure.OVERDUE)[BALI] == 2
    assert counts(report, PlaceMeasure.CONFIRMED)[BALI] == 0


def test_of_all_agencies_small_counts_are_no_number(scene):
    coordinator = officer(scene.agency("COORD"), Role.COORDINATOR)
    places = scene.service.reports.places
    with pytest.raises(InvalidPeriod):
        places.totals(coordinator, MARCH)  # it is still running
    scene.clock.advance(days=31)
    figures = {line.area: line.figures for line in places.totals(coordinator).lines}
    assert figures[BALI][PlaceMeasure.ALERTS].value == 10  # of nine
    assert figures[BANTEN][PlaceMeasure.ALERTS].value is None
    kinds = Counter(each[PlaceMeasure.TIPS].kind for each in figures.values())
    assert kinds[FigureKind.FEWER_THAN_5] == 2
    inside = places.totals(coordinator, MARCH, BALI)
    assert {line.area for line in inside.lines} == {"51", "51.91"}


@pytest.mark.parametrize("role", [Role.OFFICER, Role.ANALYST, Role.ADMIN, Role.COORDINATOR])
def test_who_reads_no_report_sees_no_place(scene, role):
    with pytest.raises(NotPermitted):
        scene.service.reports.places.own(officer(scene.agency(), role), MARCH)


def test_nobody_else_reads_the_places_of_all(scene):
    scene.clock.advance(days=31)
    for role in set(Role) - {Role.COORDINATOR, Role.PORT}:
        with pytest.raises(NotPermitted):
            scene.service.reports.places.totals(officer(scene.agency(), role), MARCH)
