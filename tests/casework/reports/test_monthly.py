"""The monthly report, and a month's performance: counts that people can check by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from casework.kernel.errors import InvalidPeriod, NotPermitted
from casework.kernel.vocabulary import Opinion, Role
from casework.reports.calendar import CalendarPeriod
from casework.reports.dimensions import Dimension
from casework.reports.performance import interval
from casework.review.decisions import Finding
from tests.services import officer

MARCH = CalendarPeriod(2026, 3, 1)


@pytest.fixture
def scene(desk):
    """In March 6 alerts, one a false alarm, among 9 searched photos and one that was refused."""
    desk.enrol(1)
    desk.enrol(2, desk.watchlist("police", agency_id=desk.agency("POL")))
    for person in (1, 1, 1, 1, 1, 2, 5, 6, 7):
        desk.screen(person)
    (alert,) = desk.screen(1, port="IDBTM").encounter.alerts
    desk.screen(port="IDBTM")
    clerk, decisions = officer(desk.agency(), Role.OFFICER), desk.service.review.decisions
    decisions.acknowledge(clerk, alert.id)
    decisions.decide(clerk, alert.id, Finding(Opinion.NOT_CANDIDATE))
    desk.clock.advance(days=31)
    desk.screen(1)
    return desk


def test_performance_compares_false_alarms_with_the_target(scene):
    boss = officer(scene.agency(), Role.SUPERVISOR)
    found = scene.service.reports.performance.report(boss, MARCH)
    assert (found.screened, found.unsearchable) == (11, 1)
    assert [(each.port, each.screened, each.unsearchable) for each in found.ports] == [
        ("CGK", 9, 0),
        ("IDBTM", 2, 1),
    ]
    assert found.reasons == {"no_face": 1}
    assert found.times.answers == 11
    (own,) = found.lists  # none of the police's
    assert (own.alarms.travellers, own.alarms.false_alarms, own.alarms.overdue) == (10, 1, 5)
    assert own.rate == 0.1
    assert own.least_rate < own.rate < own.greatest_rate
    assert not own.kept
    with pytest.raises(NotPermitted):
        scene.service.reports.performance.report(officer(scene.agency(), Role.OFFICER))


def test_an_agencys_report_is_exact(scene):
    boss = officer(scene.agency(), Role.SUPERVISOR)
    report = scene.service.reports.monthly.own(boss)
    assert (report.month, report.exact) == (MARCH, True)
    assert report.whole.alerts.value == 6
    assert report.whole.false_alarms.value == 1
    groups = dict(report.groups)
    assert [line.group for line in groups[Dimension.WATCHLIST]] == [("wanted",)]
    assert [figure.value for figure in report.trend.figures[-2:]] == [0, 6]
    running = scene.service.reports.monthly.own(boss, CalendarPeriod(2026, 4, 1))
    assert running.whole.alerts.value == 1
    with pytest.raises(NotPermitted):
        scene.service.reports.monthly.team(boss)


def test_the_teams_report_is_blurred_and_names_no_list(scene):
    coordinator = officer(scene.agency("COORD"), Role.COORDINATOR)
    report = scene.service.reports.monthly.team(coordinator)
    assert not report.exact
    assert report.whole.alerts.value == 5
    assert Dimension.WATCHLIST not in dict(report.groups)
    assert report.performance.lists == ()
    with pytest.raises(InvalidPeriod):
        scene.service.reports.monthly.team(coordinator, CalendarPeriod(2026, 4, 1))
    with pytest.raises(NotPermitted):
        scene.service.reports.monthly.own(coordinator)


@given(st.integers(0, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_the_exact_one(drawn):
    count, of = drawn
    least, most = interval(count, of)
    if not of:
        assert (least, most) == (0, 1)
        return
    expected = stats.binomtest(count, of).proportion_ci(0.95, "exact")
    assert least == pytest.approx(expected.low, abs=1e-9)
    assert most == pytest.approx(expected.high, abs=1e-9)
