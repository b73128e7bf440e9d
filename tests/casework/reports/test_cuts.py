"""Tables by two dimensions: exact of the own agency, as the totals are of everybody's."""

from datetime import timedelta

import pytest

from casework.kernel.errors import AreaRefused, InvalidPeriod, NotPermitted
from casework.kernel.vocabulary import Role
from casework.reports.calendar import CalendarPeriod
from casework.reports.cuts import CutRequest
from casework.reports.dimensions import Dimension
from casework.reports.figures import FigureKind
from tests.services import officer

MARCH = CalendarPeriod(2026, 3, 1)
APRIL = CalendarPeriod(2026, 4, 1)
BY = CutRequest(Dimension.AREA, Dimension.PORT)


@pytest.fixture
def scene(desk):
    """In March 7 alerts at CGK (Banten) and 2 at IDBTM (Riau Islands), in April 3 at CGK."""
    desk.enrol(1)
    for port in 7 * ["CGK"] + 2 * ["IDBTM"]:
        desk.screen(1, port=port)
    desk.clock.advance(days=31)
    for _ in range(3):
        desk.screen(1)
    desk.clock.advance(days=30)
    return desk


def test_own_figures_are_exact_beside_the_period_before(scene):
    boss = officer(scene.agency(), Role.SUPERVISOR)
    table = scene.service.reports.cuts.own(boss, BY, APRIL)
    assert table.rows == ("21", "36")
    assert table.columns == ("CGK",)
    assert table.names["36"] == "Banten"
    assert {row: figure.value for row, figure in table.row_totals.items()} == {"21": 0, "36": 3}
    assert {row: figure.value for row, figure in table.row_changes.items()} == {"21": -2, "36": -4}
    assert (table.total.value, table.total_change.value) == (3, -6)
    assert [each.value for each in table.trend.figures[-3:]] == [0, 9, 3]
    begin = scene.clock() - timedelta(days=45)
    free = scene.service.reports.cuts.own(boss, BY, (begin, scene.clock()))
    assert (free.total.value, free.period) == (3, None)
    with pytest.raises(InvalidPeriod):
        scene.service.reports.cuts.own(boss, BY, (begin, begin))


def test_figures_of_all_agencies_are_those_of_the_totals(scene):
    coordinator = officer(scene.agency("COORD"), Role.COORDINATOR)
    reports = scene.service.reports
    table = reports.cuts.totals(coordinator, BY, MARCH)
    lines = reports.counts.totals(coordinator, MARCH, [Dimension.PORT]).lines
    assert table.column_totals == {line.group[0]: line.alerts for line in lines}
    assert table.total.value == 10
    assert table.row_totals["21"].kind is FigureKind.FEWER_THAN_5
    assert reports.cuts.totals(coordinator, BY, APRIL).total_change.kind is FigureKind.NOT_TOLD
    for refused in (CutRequest(Dimension.WATCHLIST), CutRequest(Dimension.PORT, Dimension.DAY)):
        with pytest.raises(NotPermitted):
            reports.cuts.totals(coordinator, refused, MARCH)
    with pytest.raises(InvalidPeriod):
        reports.cuts.totals(coordinator, BY, CalendarPeriod(2026, 5, 1))


def test_within_a_province_its_regencies_are_counted(scene):
    boss = officer(scene.agency(), Role.AUDITOR)
    within = CutRequest(Dimension.AREA, Dimension.STAGE, "36")
    table = scene.service.reports.cuts.own(boss, within, MARCH)
    # Nobody has said in which regency the airport lies.
    assert (table.by[0], table.rows) == (Dimension.REGENCY, ("36",))
    assert table.total.value == 7
    for refused in (
        CutRequest(Dimension.AREA, within="36.71"),
        CutRequest(Dimension.AREA, within="x"),
        CutRequest(Dimension.PORT, within="36"),
    ):
        with pytest.raises(AreaRefused):
            scene.service.reports.cuts.own(boss, refused, MARCH)


def test_who_may(scene):
    cuts = scene.service.reports.cuts
    with pytest.raises(NotPermitted):
        cuts.own(officer(scene.agency(), Role.OFFICER), BY)
    with pytest.raises(NotPermitted):
        cuts.own(officer(scene.agency(), Role.COORDINATOR), BY)
    with pytest.raises(NotPermitted):
        cuts.totals(officer(scene.agency(), Role.SUPERVISOR), BY)
