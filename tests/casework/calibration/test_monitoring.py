"""Alarms against their targets."""

from decimal import Decimal, localcontext
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sqlalchemy import event, select, update

from casework.calibration.monitoring import LEVEL, upper_limit
from casework.kernel.vocabulary import Direction
from casework.review.findings import (
    SEVERITY,
    AdjudicationResult,
    counts_as_chance,
    result_of,
    severity,
)
from casework.tables import Alert, AuditRecord
from tests.services import open_service

pytestmark = pytest.mark.every_database


def alarms(desk, name="wanted", days=30):
    report = desk.service.calibration.monitoring.alarms(days)
    (found,) = [each for each in report.watchlists if each.name == name]
    return found


def decide(desk, encounter, state):
    with desk.service.kernel.database.write() as session:
        session.execute(update(Alert).where(Alert.encounter_id == encounter.id).values(state=state))


def exact_limit(searches, rate, level=0.999):
    """The definition, term by term, in 60 decimal places."""
    with localcontext(prec=60, Emin=-(10**9)):
        odds = Decimal(rate) / (1 - Decimal(rate))
        term = reached = (1 - Decimal(rate)) ** searches
        for k in range(searches):
            if reached >= Decimal(level):
                return k
            term *= odds * (searches - k) / (k + 1)
            reached += term
        return searches


def test_the_limit_is_the_exact_binomial_quantile():
    """At 3,000 drawn numbers of travellers and rates, with up to 200 alarms in the mean."""
    random, wrong = Random(1), []
    for _ in range(3000):
        searches = int(10 ** random.uniform(0, 6)) - 1
        rate = min(10 ** random.uniform(-5, -0.05), 200 / max(1, searches))
        if upper_limit(searches, rate) != exact_limit(searches, rate):
            wrong.append((searches, rate))
    assert wrong == []


@given(searches=st.integers(0, 300_000), exponent=st.floats(-5, -0.05) | st.floats(-320, -0.05))
@settings(max_examples=200, deadline=None)
def test_the_limit_is_reached_with_its_probability_and_no_lower_count_is(searches, exponent):
    rate = 10**exponent
    limit = upper_limit(searches, rate)
    assert stats.binom.cdf(limit, searches, rate) >= LEVEL - 1e-9
    assert limit == 0 or stats.binom.cdf(limit - 1, searches, rate) < LEVEL + 1e-9


@pytest.mark.parametrize("searches", [10**6, 10**7])
def test_the_limit_of_a_large_port_costs_nothing_and_is_exact(searches):
    for rate in (1e-6, 1e-3, 0.3):
        assert upper_limit(searches, rate) == stats.binom.ppf(0.999, searches, rate)


@pytest.mark.parametrize(
    ("state", "outcome", "reads"),
    [
        ("new", None, AdjudicationResult.OPEN),
        ("acknowledged", None, AdjudicationResult.OPEN),
        ("inconclusive", None, AdjudicationResult.OPEN),
        ("potential_candidate", None, AdjudicationResult.MATCH),
        ("confirmed", None, AdjudicationResult.MATCH),
        ("referred", None, AdjudicationResult.MATCH),
        ("closed", "arrested", AdjudicationResult.MATCH),
        ("closed", None, AdjudicationResult.MATCH),
        ("closed", "cleared", AdjudicationResult.MATCH),
        ("closed", "mistaken_identity", AdjudicationResult.FALSE_ALARM),
        ("not_candidate", None, AdjudicationResult.FALSE_ALARM),
        ("rejected", None, AdjudicationResult.FALSE_ALARM),
    ],
)
def test_states_read_as_people_meant_them(desk, state, outcome, reads):
    assert result_of(state, outcome) is reads
    assert counts_as_chance(state, outcome) is (reads is not AdjudicationResult.MATCH)
    if outcome is None:  # statements read them alike
        desk.enrol(1)
        decide(desk, desk.screen(1).encounter, state)
        with desk.service.kernel.database.read_one() as connection:
            assert SEVERITY[connection.scalar(select(severity()))] is reads


def test_travellers_alarms_and_what_people_decided_are_counted(desk):
    desk.enrol(1)
    desk.enrol(2)
    encounters = [desk.screen(1).encounter for _ in range(4)]
    for encounter, state in zip(
        encounters, ("confirmed", "rejected", "rejected", "new"), strict=True
    ):
        decide(desk, encounter, state)
    for person in range(10, 16):
        desk.screen(person)
    desk.screen()  # nobody to be searched
    found = alarms(desk)
    assert (found.travellers, found.alarms) == (10, 4)
    assert (found.matches, found.false_alarms, found.undecided) == (1, 2, 1)
    assert found.limit == upper_limit(10, 1e-3) == 1
    assert found.breach
    assert found.per_thousand(found.alarms) == 400
    decide(desk, encounters[1], "confirmed")
    decide(desk, encounters[3], "confirmed")
    assert not alarms(desk).breach


def test_undecided_alarms_turn_a_list_red_once_their_review_time_is_over(desk):
    desk.enrol(1)
    for _ in range(3):
        desk.screen(1)
    found = alarms(desk)
    assert (found.undecided, found.overdue, found.breach) == (3, 0, False)
    desk.clock.advance(hours=1)
    found = alarms(desk)
    assert (found.undecided, found.overdue, found.by_chance, found.breach) == (3, 3, 3, True)


def test_a_list_counts_only_the_travellers_it_looks_at(desk):
    batam = desk.watchlist("batam", ports=["IDBTM"], direction=Direction.EXIT)
    everywhere = desk.watchlist("everywhere")
    desk.enrol(1, batam, everywhere)
    desk.screen(5)
    desk.screen(1, port="IDBTM")
    desk.screen(6, port="IDBTM", direction=Direction.EXIT)
    assert (alarms(desk, "batam").travellers, alarms(desk, "batam").alarms) == (1, 0)
    assert (alarms(desk, "everywhere").travellers, alarms(desk, "everywhere").alarms) == (3, 1)


def test_two_alerts_of_one_traveller_on_one_list_are_one_alarm(desk):
    for _ in range(2):
        desk.enrol(1, desk.watchlist("any"))
    encounter = desk.screen(1).encounter
    assert len(encounter.alerts) == 2
    with desk.service.kernel.database.write() as session:
        first, second = encounter.alerts
        session.execute(update(Alert).where(Alert.id == first.id).values(state="rejected"))
    assert (alarms(desk, "any").alarms, alarms(desk, "any").undecided) == (1, 1)
    with desk.service.kernel.database.write() as session:
        session.execute(update(Alert).where(Alert.id == second.id).values(state="confirmed"))
    assert alarms(desk, "any").matches == 1


def test_what_is_older_than_the_window_does_not_count(desk):
    desk.enrol(1)
    desk.screen(1)
    desk.clock.advance(days=10)
    desk.screen(2)
    assert (alarms(desk).travellers, alarms(desk).alarms) == (2, 1)
    assert (alarms(desk, days=9).travellers, alarms(desk, days=9).alarms) == (1, 0)
    desk.clock.advance(days=60)
    empty = alarms(desk)
    assert (empty.travellers, empty.breach, empty.per_thousand(0)) == (0, False, None)


@pytest.mark.on_sqlite
def test_travellers_are_counted_from_an_index_alone(desk):
    """A row of an encounter is kilobytes: a month of them must not be read to count them."""
    desk.enrol(1)
    desk.screen(2)
    engine, statements = desk.service.kernel.database.engine, []

    @event.listens_for(engine, "before_cursor_execute")
    def on_execute(_connection, _cursor, statement, parameters, _context, _many):
        statements.append((statement, parameters))

    desk.service.calibration.monitoring.alarms()
    # Days that are over by themselves, of which one is as another.
    counting = dict(each for each in statements if "FROM encounter" in each[0])
    assert counting
    for statement, parameters in counting.items():
        with engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        assert "COVERING INDEX ix_encounter_screened" in str(plan)


def test_a_breach_is_on_record_once_when_it_begins_and_once_when_it_ends(desk, database):
    """Also across a restart, and only for the list that is concerned."""
    desk.enrol(1)
    desk.watchlist("quiet")
    encounters = [desk.screen(1).encounter for _ in range(2)]

    def recorded():
        with desk.service.kernel.database.read() as session:
            query = select(AuditRecord).where(AuditRecord.action == "watchlist.breach")
            return [
                (row.object_id, row.owner_id, row.actor_kind, row.detail["breach"])
                for row in session.scalars(query.order_by(AuditRecord.seq))
            ]

    begun = (desk.watchlist(), desk.agency(), "service", True)
    desk.clock.advance(hours=1)  # nobody decides in time
    desk.service.calibration.monitoring.watch()
    desk.service.calibration.monitoring.watch()
    assert recorded() == [begun]
    desk.service.close()
    restarted = open_service(database, desk.clock)
    restarted.calibration.monitoring.watch()
    assert recorded() == [begun]
    desk.service = restarted
    for encounter in encounters:
        decide(desk, encounter, "confirmed")
    restarted.calibration.monitoring.watch()
    restarted.calibration.monitoring.watch()
    ended = (*begun[:3], False)
    assert recorded() == [begun, ended]
    for encounter in encounters:
        decide(desk, encounter, "rejected")
    restarted.calibration.monitoring.watch()
    assert recorded() == [begun, ended, begun]
    assert restarted.kernel.audit.verify().whole
    restarted.close()


def test_one_opinion_of_two_decides_nothing(desk):
    desk.enrol(1, desk.watchlist("wanted", requires_second_officer=True))
    encounter = desk.screen(1).encounter
    for state in ("potential_candidate", "not_candidate", "inconclusive"):
        decide(desk, encounter, state)
        assert (alarms(desk).matches, alarms(desk).undecided, alarms(desk).false_alarms) == (
            0,
            1,
            0,
        )
