"""Counts by place: exact of the own agency, blurred of all, alerts and tips where they happened."""

from collections import Counter
from datetime import timedelta

import pytest

from casework.cases.steps import NewCase
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.errors import InvalidPeriod, NotPermitted
from casework.kernel.processing import Grounds
from casework.kernel.vocabulary import Role, Scope, TipOrigin
from casework.reports.calendar import CalendarPeriod
from casework.reports.cuts import CutRequest
from casework.reports.dimensions import UNKNOWN, Dimension
from casework.reports.figures import FigureKind
from casework.reports.places import OF_ALL, OF_STAYS, TREND_MONTHS, PlaceMeasure
from casework.review.alerts import AlertFilter
from casework.screening.travel_document import TravelDocument
from casework.stays.reports import NewStay
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


# Joint cases, stays, and guests who are on a list

LODGING = "HTL-0042"
GUEST = TravelDocument(name="DOE", nationality="AUS", number="N1234567", country="AUS")


def hotel(desk, agency="IMI"):
    scopes, ports = frozenset({Scope.STAYS}), frozenset({LODGING})
    return Actor(ActorKind.SYSTEM, agency, "hotel", desk.agency(agency), ports=ports, scopes=scopes)


def report_guest(desk, area, agency="IMI", **more):
    new = NewStay(LODGING, "Hotel Contoh", GUEST, desk.clock(), area=area, **more)
    desk.service.stays.reports.report(hotel(desk, agency), new)


def screen_guests(desk):
    while (claim := desk.service.stays.screening.claim()) is not None:
        desk.service.stays.screening.screen(claim)


def test_stays_are_counted_for_the_agency_that_receives_them_alone(scene):
    boss = officer(scene.agency(), Role.SUPERVISOR)
    soon = scene.clock() + timedelta(days=1)
    report_guest(scene, "51.91.01", expected_out_at=soon)
    report_guest(scene, "51.91", expected_out_at=soon + timedelta(days=9))
    report_guest(scene, None)
    report_guest(scene, "36", "POL", expected_out_at=soon)
    scene.clock.advance(days=2)
    places = scene.service.reports.places
    report = places.own(boss, MARCH)
    stays = counts(report, PlaceMeasure.STAYS)
    assert (stays[BALI], stays[BANTEN], stays[UNKNOWN]) == (2, 0, 1)
    assert counts(report, PlaceMeasure.CHECK_OUTS)[BALI] == 1
    inside = places.own(boss, MARCH, BALI)
    assert counts(inside, PlaceMeasure.STAYS) == {"51.91": 2}
    off = places.where(Grounds()).own(boss, MARCH)
    assert off.measures == OF_ALL
    scene.clock.advance(days=31)
    coordinator = officer(scene.agency("COORD"), Role.COORDINATOR)
    everything = places.totals(coordinator, MARCH)
    assert OF_STAYS.isdisjoint(everything.measures)
    assert all(OF_STAYS.isdisjoint(line.figures) for line in everything.lines)


def test_joint_cases_are_counted_where_they_lie_for_those_who_take_part(scene):
    imi, pol = (officer(scene.agency(each), Role.SUPERVISOR) for each in ("IMI", "POL"))
    steps = scene.service.cases.steps
    for area in ("51.91", "51", None):
        steps.open(imi, NewCase("Vila", "Periksa", "UU 6/2011", area))
    shared = steps.open(pol, NewCase("Pasar", "Periksa", "UU 6/2011", "51.91")).id
    steps.invite(pol, shared, imi.agency_id)
    places = scene.service.reports.places
    assert counts(places.own(imi, MARCH), PlaceMeasure.CASES)[BALI] == 2
    steps.join(imi, shared)
    own = counts(places.own(imi, MARCH), PlaceMeasure.CASES)
    assert (own[BALI], own[UNKNOWN], own[BANTEN]) == (3, 1, 0)
    assert counts(places.own(pol, MARCH), PlaceMeasure.CASES)[BALI] == 1
    scene.clock.advance(days=31)
    coordinator = officer(scene.agency("COORD"), Role.COORDINATOR)
    shown = {line.area: line.figures for line in places.totals(coordinator, MARCH).lines}
    assert shown[BALI][PlaceMeasure.CASES].kind is FigureKind.FEWER_THAN_5
    assert shown[BANTEN][PlaceMeasure.CASES].value == 0


def test_a_listed_guest_is_found_where_the_lodging_lies(scene):
    boss = officer(scene.agency(), Role.SUPERVISOR)
    scene.enrol(9, documents=({"kind": "passport", "number": "N1234567", "country": "AUS"},))
    report_guest(scene, "51.91.01")
    screen_guests(scene)
    report = scene.service.reports.places.own(boss, MARCH)
    assert counts(report, PlaceMeasure.ALERTS)[BALI] == 3
    assert counts(report, PlaceMeasure.ALERTS)[UNKNOWN] == 0
    # A lodging is no port.
    assert {line.area: line.ports for line in report.lines}[BALI] == ("DPS",)
    cut = CutRequest(Dimension.REGENCY, Dimension.STAGE)
    table = scene.service.reports.cuts.own(boss, cut, MARCH)
    assert table.cells["51.91", "stay"].value == 1
    reader = officer(scene.agency(), Role.OFFICER)
    alerts = scene.service.review.alerts
    for area, found in (("51.91.01", 3), ("51", 3), ("ID", 5), ("36", 1)):
        assert len(alerts.page(reader, None, 9, AlertFilter(area=area))) == found, area
    assert scene.service.review.queue.areas(reader) == ["51.91.01"]
    assert scene.service.review.queue.areas(officer(scene.agency("POL"), Role.OFFICER)) == []


def test_of_all_agencies_no_lodging_is_named(scene):
    scene.enrol(9, documents=({"kind": "passport", "number": "N1234567", "country": "AUS"},))
    report_guest(scene, "51.91.01")
    report_guest(scene, None)
    screen_guests(scene)
    scene.clock.advance(days=31)
    coordinator = officer(scene.agency("COORD"), Role.COORDINATOR)
    reports = scene.service.reports
    table = reports.cuts.totals(coordinator, CutRequest(Dimension.PORT), MARCH)
    assert LODGING not in table.rows
    assert {"lodgings/51.91", "lodgings/unknown"} <= set(table.rows)
    assert table.names["51.91"] == "Kabupaten Contoh"
    boss = officer(scene.agency(), Role.SUPERVISOR)
    own = reports.cuts.own(boss, CutRequest(Dimension.PORT), MARCH)
    assert own.row_totals[LODGING].value == 2
    assert LODGING not in {each.port for each in reports.performance.count(MARCH).ports}
    named = [line.ports for line in reports.places.totals(coordinator, MARCH).lines]
    assert {port for ports in named for port in ports} == {"DPS", "CGK", "IDBTM"}
