"""An opinion is taken back within seconds, and nobody was let through for it."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from casework.accounts.officers import NewOfficer
from casework.kernel.actor import Actor
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.errors import IllegalTransition, StaleVersion
from casework.kernel.vocabulary import AlertState, Disposal, Disposition, Role
from casework.review.alerts import AlertFilter
from casework.tables import PendingRelease
from tests.casework.review.people import NO, YES, people, raised
from tests.casework.review.test_disposition import stands, told, wait
from tests.services import OPERATOR


@pytest.fixture
def staff(desk):
    return people(desk)


@pytest.fixture
def review(desk):
    return desk.service.review.decisions


def taken(desk, review, officer, **policy):
    """Raise an alert that an officer takes."""
    alert_id = raised(desk, **policy)
    review.acknowledge(officer, alert_id)
    return alert_id


def state(desk, officer, alert_id):
    return desk.service.review.alerts.get(officer, alert_id).state


def test_a_traveller_is_not_let_through_for_an_opinion_that_is_taken_back(desk, staff, review):
    alert_id = taken(desk, review, staff.first, requires_second_officer=False)
    review.decide(staff.first, alert_id, NO)
    desk.clock.advance(seconds=10)
    review.withdraw(staff.first, alert_id)
    wait(desk)
    assert (stands(desk, alert_id), told(desk)) == (Disposition.PENDING, [])
    review.decide(staff.first, alert_id, YES)
    assert stands(desk, alert_id) is Disposition.HELD
    assert len(told(desk)) == 1
    steps = desk.service.review.alerts.get(staff.second, alert_id).steps
    assert [step.action.removeprefix("alert.") for step in steps] == [
        *("acknowledge", "decide", "withdraw", "decide")
    ]


def test_who_is_to_be_held_is_held_at_once_and_while_it_is_taken_back_pending(desk, staff, review):
    alert_id = taken(desk, review, staff.first, requires_second_officer=False)
    review.decide(staff.first, alert_id, YES)
    assert stands(desk, alert_id) is Disposition.HELD
    review.withdraw(staff.first, alert_id)
    assert stands(desk, alert_id) is Disposition.PENDING
    assert len(told(desk)) == 2


def test_it_is_the_officers_own_the_last_step_and_ten_seconds_old_at_most(desk, staff, review):
    alert_id = taken(desk, review, staff.first, requires_second_officer=False)
    with pytest.raises(IllegalTransition, match="no opinion of yours"):
        review.withdraw(staff.first, alert_id)
    version = review.decide(staff.first, alert_id, NO).version
    with pytest.raises(IllegalTransition, match="no opinion of yours"):
        review.withdraw(staff.second, alert_id)
    with pytest.raises(StaleVersion):
        review.withdraw(staff.first, alert_id, version - 1)
    desk.clock.advance(seconds=10.1)
    with pytest.raises(IllegalTransition, match="for 10 seconds"):
        review.withdraw(staff.first, alert_id)
    review.close(staff.first, alert_id, Disposal.MISTAKEN_IDENTITY)
    with pytest.raises(IllegalTransition, match="no opinion of yours"):
        review.withdraw(staff.first, alert_id)


def test_the_second_officer_never_learns_a_first_opinion_that_was_taken_back(desk, staff, review):
    alert_id = taken(desk, review, staff.first, requires_second_officer=True)
    review.decide(staff.first, alert_id, NO)
    review.withdraw(staff.first, alert_id)
    review.decide(staff.first, alert_id, YES)
    alerts = desk.service.review.alerts
    for reader in (staff.supervisor, staff.analyst, staff.second):
        seen = [(step.opinion, step.note) for step in alerts.get(reader, alert_id).steps]
        assert seen == [(None, None)] * 4
    own = [step.opinion for step in alerts.get(staff.first, alert_id).steps]
    assert own == [None, "not_candidate", None, "potential_candidate"]
    details = [
        each.detail
        for act in ("alert.decide", "alert.withdraw")
        for each in desk.service.oversight.trail.page(OPERATOR, None, 5, AuditFilter(action=act))
    ]
    assert not any("candidate" in str(each) for each in details), details


def test_a_second_opinion_that_is_taken_back_begins_the_review_again(desk, staff, review):
    """Who gave it has seen the first one by now."""
    alert_id = taken(desk, review, staff.first, requires_second_officer=True)
    review.decide(staff.first, alert_id, NO)
    review.confirm(staff.chief, alert_id, NO)
    review.withdraw(staff.chief, alert_id)
    wait(desk)
    assert state(desk, staff.second, alert_id) is AlertState.ACKNOWLEDGED
    assert (stands(desk, alert_id), told(desk)) == (Disposition.PENDING, [])
    review.decide(staff.chief, alert_id, YES)
    with pytest.raises(IllegalTransition):
        review.confirm(staff.chief, alert_id, YES)
    review.confirm(staff.supervisor, alert_id, YES)
    assert stands(desk, alert_id) is Disposition.HELD


def test_it_is_in_the_hands_of_who_took_it_back_and_was_taken_when_it_was_taken(desk, review):
    first, chief = account(desk, "Siti", Role.OFFICER), account(desk, "Budi", Role.SUPERVISOR)
    alert_id = taken(desk, review, first, requires_second_officer=True)
    begun = desk.clock()
    desk.clock.advance(minutes=5)
    review.decide(first, alert_id, NO)
    assert review.withdraw(first, alert_id).acknowledged_at == begun
    review.decide(first, alert_id, NO)
    review.confirm(chief, alert_id, NO)
    assert hands(desk, chief) == "Siti"
    withdrawn = review.withdraw(chief, alert_id)
    assert (withdrawn.acknowledged_by, withdrawn.acknowledged_at) == (chief.id, desk.clock())
    assert hands(desk, chief) == "Budi"


def account(desk, name, role):
    """Make an officer with an account."""
    new = NewOfficer(desk.agency("IMI"), name.lower(), name, frozenset({role}))
    row, _ = desk.service.accounts.officers.create(OPERATOR, new)
    return replace(Actor.of_officer(row), roles=frozenset({role}))


def hands(desk, reader):
    """Whose hands the queue says that an alert is in."""
    page = desk.service.review.queue.page(reader, AlertFilter(), 1, 1)
    return page.takers[page.alerts[0].id].name


def test_what_was_answered_in_one_act_is_taken_back_in_one(desk, staff, review):
    for name in ("one", "two"):
        desk.watchlist(name, requires_second_officer=False)
    desk.enrol(1, *desk.watchlists.values())
    one, other = (each.id for each in desk.screen(1).encounter.alerts)
    review.acknowledge(staff.first, one)
    review.decide(staff.first, one, NO)
    review.withdraw(staff.first, other)
    assert {state(desk, staff.first, each) for each in (one, other)} == {AlertState.ACKNOWLEDGED}


def test_a_closing_tells_the_port_at_once(desk, staff, review):
    alert_id = taken(desk, review, staff.first, requires_second_officer=False)
    review.decide(staff.first, alert_id, NO)
    review.close(staff.first, alert_id, Disposal.MISTAKEN_IDENTITY)
    assert stands(desk, alert_id) is Disposition.RELEASED
    with desk.service.kernel.database.read() as session:
        assert session.scalars(select(PendingRelease)).all() == []
    wait(desk)
    assert len(told(desk)) == 1
