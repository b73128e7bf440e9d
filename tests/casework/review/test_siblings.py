"""Alerts of one face on several lists are one question for each agency."""

from importlib import import_module

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import select, update

from casework.kernel.errors import IllegalTransition
from casework.kernel.vocabulary import AlertState, Disposal
from casework.review.alerts import AlertFilter
from casework.tables import Alert, AuditRecord
from tests.casework.review.people import NO, YES, people, share, traces

pytestmark = pytest.mark.every_database


@pytest.fixture
def asked(desk):
    """One person on a list with strict rules, on one without, and on another agency's."""
    strict = desk.watchlist("strict", requires_second_officer=True)
    quick = desk.watchlist("quick", requires_acknowledgement=False)
    foreign = desk.watchlist("foreign", agency_id=desk.agency("BNN"))
    subject = desk.enrol(1, strict, quick)
    desk.enrol(1, foreign)
    encounter = desk.screen(1).encounter
    found = {each.watchlist_id: each for each in encounter.alerts}
    assert found[strict].subject_id == found[quick].subject_id == subject
    return found[strict].id, found[quick].id, found[foreign].id


def state(desk, alert_id):
    with desk.service.kernel.database.read() as session:
        return session.get_one(Alert, alert_id).state


def test_they_have_the_strictest_rules_and_another_agency_s_has_its_own(desk, asked):
    with desk.service.kernel.database.read() as session:
        rows = [session.get_one(Alert, each) for each in asked]
    rules = [(row.requires_acknowledgement, row.requires_second_officer) for row in rows]
    assert rules == [(True, True), (True, True), (True, False)]


def test_they_are_taken_decided_and_confirmed_in_one_act_and_closed_each_by_itself(desk, asked):
    them, review = people(desk), desk.service.review.decisions
    strict, quick, _ = asked
    view = desk.service.review.alerts.get(them.first, quick)
    assert [each.id for each in view.siblings] == [strict]
    review.acknowledge(them.first, quick)
    review.decide(them.first, quick, NO)
    for alert_id in (strict, quick):
        assert state(desk, alert_id) == "not_candidate"
        for reader in (them.second, them.supervisor, them.analyst):
            assert desk.service.review.alerts.get(reader, alert_id).state == "under_review"
        with pytest.raises(IllegalTransition, match="A second officer has to look first"):
            review.close(them.second, alert_id, Disposal.MISTAKEN_IDENTITY)
    review.confirm(them.supervisor, strict, NO)
    assert [state(desk, each) for each in asked] == ["rejected", "rejected", "new"]
    assert traces(desk, strict) == traces(desk, quick) == (3, 3)
    review.close(them.second, quick, Disposal.MISTAKEN_IDENTITY)
    assert [state(desk, each) for each in asked] == ["rejected", "closed", "new"]


def test_a_guest_answers_for_the_lists_that_it_sees_and_learns_of_no_other(desk, asked):
    them, review = people(desk), desk.service.review.decisions
    strict, quick, _ = asked
    share(desk, desk.watchlists["quick"], desk.agency("POL"))
    review.acknowledge(them.guest, quick)
    review.decide(them.guest, quick, YES)
    assert (state(desk, quick), state(desk, strict)) == ("potential_candidate", "new")
    review.acknowledge(them.first, strict)
    review.decide(them.first, strict, NO)
    review.confirm(them.guest_supervisor, quick, YES)
    # The owner's second officer is still to look at the other: nothing may be read off this one.
    alerts = desk.service.review.alerts
    assert alerts.get(them.supervisor, quick).state == "under_review"
    assert {step.opinion for step in alerts.get(them.supervisor, quick).steps} == {None}
    assert alerts.page(them.supervisor, None, 9, AlertFilter((AlertState.CONFIRMED,))) == []
    guest = alerts.get(them.guest_supervisor, quick)
    assert (guest.state, guest.siblings, guest.others) == ("confirmed", (), ())
    with pytest.raises(IllegalTransition, match="A second officer has to look first"):
        review.close(them.supervisor, quick, Disposal.OBSERVED)
    review.confirm(them.supervisor, strict, NO)
    assert alerts.get(them.supervisor, quick).state == "confirmed"


def test_one_that_went_its_own_way_before_is_left_as_it_is(desk, asked):
    them, review = people(desk), desk.service.review.decisions
    strict, quick, _ = asked
    with desk.service.kernel.database.write() as session:
        session.execute(update(Alert).where(Alert.id == quick).values(state="closed"))
    review.acknowledge(them.first, strict)
    review.decide(them.first, strict, YES)
    assert (state(desk, strict), state(desk, quick)) == ("potential_candidate", "closed")
    assert traces(desk, quick) == (0, 0)


def test_the_trail_learns_of_the_opinion_on_each_with_the_second_one(desk, asked):
    them, review = people(desk), desk.service.review.decisions
    review.acknowledge(them.first, asked[0])
    review.decide(them.first, asked[0], YES)
    with desk.service.kernel.database.read() as session:
        query = select(AuditRecord.detail).where(AuditRecord.action == "alert.decide")
        assert list(session.scalars(query)) == [{"from": "acknowledged", "to": "under_review"}] * 2


def test_open_alerts_of_an_earlier_version_get_the_strictest_rules(desk, asked):
    lax = {"requires_second_officer": False, "requires_acknowledgement": False}
    with desk.service.kernel.database.write() as session:
        session.execute(update(Alert).where(Alert.id == asked[1]).values(**lax))
    migration = import_module("casework.migrations.versions.0015_siblings")
    with (
        desk.service.kernel.database.write_core() as connection,
        Operations.context(MigrationContext.configure(connection)),
    ):
        migration.upgrade()
    with desk.service.kernel.database.read() as session:
        rows = [session.get_one(Alert, each) for each in asked]
        assert [row.requires_second_officer for row in rows] == [True, True, False]
        assert all(row.requires_acknowledgement for row in rows)
