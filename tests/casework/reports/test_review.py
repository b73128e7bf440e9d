"""Figures are those of the records, each agency's for itself, and totals hide small numbers."""

from datetime import timedelta

import pytest

from casework.kernel.errors import InvalidPeriod, NotPermitted
from casework.kernel.vocabulary import Disposal, Opinion, Role
from casework.reports.calendar import CalendarPeriod
from casework.reports.dimensions import Dimension
from casework.reports.figures import FigureKind
from casework.reports.review import ReportRequest
from casework.review.decisions import Finding
from tests.services import officer

MARCH = CalendarPeriod(2026, 3, 1)


def told(line):
    figures = line.alerts, line.confirmed, line.false_alarms, line.waiting, line.overdue
    return tuple(each.value for each in figures)


def question(desk, *by, zone="UTC"):
    return ReportRequest(
        desk.clock() - timedelta(days=7), desk.clock() + timedelta(days=1), by, zone
    )


def decided(desk, encounter, opinion, after=30):
    actor = officer(desk.agency(), Role.OFFICER)
    (alert,) = encounter.alerts
    desk.clock.advance(seconds=after)
    desk.service.review.decisions.acknowledge(actor, alert.id)
    desk.clock.advance(seconds=after)
    desk.service.review.decisions.decide(actor, alert.id, Finding(opinion))


@pytest.fixture
def scene(desk):
    """Agency IMI: three alerts at CGK, one at IDBTM; agency POL: one."""
    desk.enrol(1, nationality="IDN")
    theirs = desk.watchlist("police", agency_id=desk.agency("POL"))
    desk.enrol(2, theirs, nationality="MYS")
    decided(desk, desk.screen(1).encounter, Opinion.NOT_CANDIDATE, after=10)
    decided(desk, desk.screen(1).encounter, Opinion.POTENTIAL_CANDIDATE, after=30)
    desk.screen(1)
    desk.screen(1, port="IDBTM")
    desk.screen(2)
    return desk


def test_one_line_over_everything_of_the_own_agency(scene):
    actor = officer(scene.agency(), Role.SUPERVISOR)
    (line,) = scene.service.reports.counts.review(actor, question(scene)).lines
    assert told(line) == (4, 1, 1, 2, 0)
    assert (line.acknowledge_median_s, line.decide_median_s) == (20, 40)
    assert line.decide_p90_s == pytest.approx(56)


def test_groups_in_order_and_none_of_other_agencies(scene):
    actor = officer(scene.agency(), Role.AUDITOR)
    reports = scene.service.reports.counts
    lines = reports.review(actor, question(scene, Dimension.PORT, Dimension.WATCHLIST)).lines
    assert [(line.group, line.alerts.value) for line in lines] == [
        (("CGK", "wanted"), 3),
        (("IDBTM", "wanted"), 1),
    ]
    nations = reports.review(actor, question(scene, Dimension.NATIONALITY)).lines
    assert [line.group for line in nations] == [("IDN",)]


def test_hours_are_the_asked_zones(scene):
    actor = officer(scene.agency(), Role.SUPERVISOR)
    (line,) = scene.service.reports.counts.review(
        actor, question(scene, Dimension.HOUR, Dimension.DAY, zone="Asia/Jakarta")
    ).lines
    assert line.group == ("15", "2026-03-01")


def test_totals_hide_small_numbers_and_single_lists(scene):
    actor = officer(scene.agency("COORD"), Role.COORDINATOR)
    reports = scene.service.reports.counts
    scene.clock.advance(days=31)
    (everything,) = reports.totals(actor, MARCH).lines
    assert everything.alerts.value == 5
    assert everything.waiting.value == 0
    kinds = {everything.confirmed.kind, everything.false_alarms.kind, everything.overdue.kind}
    assert FigureKind.NUMBER not in kinds
    assert everything.decide_median_s is None  # of two
    for line in reports.totals(actor, by=[Dimension.AGENCY]).lines:
        assert FigureKind.NUMBER not in {line.alerts.kind, line.overdue.kind}
        assert line.confirmed.value in (None, 0)
    for refused in (
        [Dimension.WATCHLIST],
        [Dimension.DAY],
        [Dimension.AREA, Dimension.STAGE, Dimension.HOUR],
        [Dimension.PORT, Dimension.NATIONALITY],
    ):
        with pytest.raises(NotPermitted):
            reports.totals(actor, MARCH, refused)


def test_numbers_of_undecided_alerts_are_shown_rounded(desk):
    """98 of them were printed as "< 5", because one number beside them was small."""
    desk.enrol(1)
    actor = officer(desk.agency("COORD"), Role.COORDINATOR)
    for _ in range(33):
        desk.screen(1)
    decided(desk, desk.screen(1).encounter, Opinion.POTENTIAL_CANDIDATE)
    desk.clock.advance(days=31)
    (line,) = desk.service.reports.counts.totals(actor, MARCH).lines
    assert told(line) == (35, None, 0, 0, 35)
    (line,) = desk.service.reports.counts.totals(actor, MARCH, [Dimension.PORT]).lines
    assert told(line) == (35, None, 0, 0, 35)
    (deep,) = desk.service.reports.counts.totals(
        actor, MARCH, [Dimension.PORT, Dimension.AGENCY]
    ).lines
    assert (deep.alerts.value, deep.overdue.kind) == (35, FigureKind.NOT_TOLD)


def test_totals_are_of_months_that_are_over(scene):
    actor = officer(scene.agency("COORD"), Role.COORDINATOR)
    reports = scene.service.reports.counts
    assert not reports.totals(actor).lines  # February
    for period in (MARCH, CalendarPeriod(2026, 1, 3), CalendarPeriod(2026, 1, 12)):
        with pytest.raises(InvalidPeriod, match="2026-02"):
            reports.totals(actor, period)
    scene.clock.advance(days=31)
    (line,) = reports.totals(actor, CalendarPeriod(2026, 1, 3), [Dimension.MONTH]).lines
    assert (line.group, line.alerts.value) == (("2026-03",), 5)


def test_who_may_not_and_what_cannot_be(scene):
    reports = scene.service.reports.counts
    with pytest.raises(NotPermitted):
        reports.review(officer(scene.agency(), Role.OFFICER), question(scene))
    with pytest.raises(NotPermitted):
        reports.review(officer(scene.agency(), Role.COORDINATOR), question(scene))
    with pytest.raises(NotPermitted):
        reports.totals(officer(scene.agency(), Role.SUPERVISOR))
    now = scene.clock()
    with pytest.raises(InvalidPeriod):
        reports.review(officer(scene.agency(), Role.SUPERVISOR), ReportRequest(now, now))


def test_a_closed_alert_counts_by_how_it_ended(scene):
    actor = officer(scene.agency(), Role.OFFICER)
    alert = scene.screen(1).encounter.alerts[0].id
    review = scene.service.review.decisions
    review.acknowledge(actor, alert)
    review.decide(actor, alert, Finding(Opinion.POTENTIAL_CANDIDATE))
    review.close(actor, alert, Disposal.MISTAKEN_IDENTITY)
    boss = officer(scene.agency(), Role.SUPERVISOR)
    (line,) = scene.service.reports.counts.review(boss, question(scene)).lines
    assert told(line) == (5, 1, 2, 2, 0)
    assert line.closed.value == 1
