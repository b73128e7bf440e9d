"""Figures are those of the records, each agency's for itself, and totals hide small numbers."""

from dataclasses import fields
from datetime import timedelta

import pytest

from casework.kernel.errors import InvalidPeriod, NotPermitted
from casework.kernel.vocabulary import Disposal, Opinion, Role
from casework.oversight.reports import LEAST_SHOWN, Dimension, Line, ReportRequest
from casework.review.decisions import Finding
from tests.services import officer


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
    (line,) = scene.service.oversight.reports.review(actor, question(scene)).lines
    assert (line.alerts, line.confirmed, line.false_alarms, line.undecided) == (4, 1, 1, 2)
    assert (line.acknowledge_median_s, line.decide_median_s) == (20, 40)
    assert line.decide_p90_s == pytest.approx(56)


def test_groups_in_order_and_none_of_other_agencies(scene):
    actor = officer(scene.agency(), Role.AUDITOR)
    reports = scene.service.oversight.reports
    lines = reports.review(actor, question(scene, Dimension.PORT, Dimension.WATCHLIST)).lines
    assert [(line.group, line.alerts) for line in lines] == [
        (("CGK", "wanted"), 3),
        (("IDBTM", "wanted"), 1),
    ]
    nations = reports.review(actor, question(scene, Dimension.NATIONALITY)).lines
    assert [line.group for line in nations] == [("IDN",)]


def test_hours_are_the_asked_zones(scene):
    actor = officer(scene.agency(), Role.SUPERVISOR)
    (line,) = scene.service.oversight.reports.review(
        actor, question(scene, Dimension.HOUR, Dimension.DAY, zone="Asia/Jakarta")
    ).lines
    assert line.group == ("15", "2026-03-01")


def test_totals_hide_small_numbers_and_single_lists(scene):
    actor = officer(scene.agency("COORD"), Role.COORDINATOR)
    reports = scene.service.oversight.reports
    (everything,) = reports.totals(actor, question(scene)).lines
    assert everything.alerts == LEAST_SHOWN
    assert everything.confirmed is None
    assert everything.false_alarms is None
    for line in reports.totals(actor, question(scene, Dimension.AGENCY)).lines:
        figures = [getattr(line, f.name) for f in fields(Line) if f.name != "group"]
        assert figures == [None] * 10
    with pytest.raises(NotPermitted, match="watchlist"):
        reports.totals(actor, question(scene, Dimension.WATCHLIST))


def test_who_may_not_and_what_cannot_be(scene):
    reports = scene.service.oversight.reports
    with pytest.raises(NotPermitted):
        reports.review(officer(scene.agency(), Role.OFFICER), question(scene))
    with pytest.raises(NotPermitted):
        reports.review(officer(scene.agency(), Role.COORDINATOR), question(scene))
    with pytest.raises(NotPermitted):
        reports.totals(officer(scene.agency(), Role.SUPERVISOR), question(scene))
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
    (line,) = scene.service.oversight.reports.review(boss, question(scene)).lines
    assert (line.closed, line.false_alarms, line.confirmed) == (1, 2, 1)
