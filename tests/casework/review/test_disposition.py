"""What a port learns of its traveller, and when."""

from itertools import product

import pytest
from sqlalchemy import select

from casework.kernel.vocabulary import Disposal, Disposition, EventKind, MatchedBy, Outcome
from casework.review import disposition
from casework.review.disposition import at_first, of_alerts, of_encounter
from casework.tables import Alert, Encounter, OutboxEvent
from tests.casework.review.people import NO, UNSURE, YES, people, raised
from tests.services import port_system

PORT = port_system()


@pytest.fixture
def staff(desk):
    return people(desk)


def told(desk) -> list[str]:
    """Return the encounters that the port was told of, in order."""
    kind = EventKind.ENCOUNTER_DISPOSITION
    with desk.service.kernel.database.read() as session:
        query = select(OutboxEvent).where(OutboxEvent.kind == kind).order_by(OutboxEvent.seq)
        events = list(session.scalars(query))
    assert {event.key_id for event in events} <= {PORT.id}
    # No agency hears of it: what there is to see is the alert.
    assert all(event.owner_id is event.watchlist_id is None for event in events)
    return [event.object_id for event in events]


def stands(desk, alert_id: str) -> Disposition | None:
    """Return what the port reads now."""
    with desk.service.kernel.database.read() as session:
        encounter_id = session.get_one(Alert, alert_id).encounter_id
    return of_encounter(desk.service.screening.encounters.get(encounter_id, PORT))


def wait(desk, seconds: float = 11) -> None:
    """Let time pass, and the service look for what ports may hear."""
    desk.clock.advance(seconds=seconds)
    desk.service.review.decisions.tell_releases()


def test_it_begins_as_pending_where_there_is_an_alert():
    assert set(disposition._GRAVITY) == set(Disposition)
    assert all(set(each) == {"id", "en"} for each in disposition.INSTRUCTIONS.values())
    assert [at_first(outcome) for outcome in Outcome] == [None, Disposition.PENDING, None]
    assert of_alerts([]) is None


def test_two_officers_release_a_traveller_once_the_second_opinion_stands(desk, staff):
    alert_id = raised(desk, requires_second_officer=True)
    decisions = desk.service.review.decisions
    decisions.acknowledge(staff.first, alert_id)
    decisions.decide(staff.first, alert_id, NO)
    assert (stands(desk, alert_id), told(desk)) == (Disposition.PENDING, [])
    decisions.confirm(staff.chief, alert_id, NO)
    wait(desk, 9)
    assert (stands(desk, alert_id), told(desk)) == (Disposition.PENDING, [])
    wait(desk, 1)
    assert stands(desk, alert_id) is Disposition.RELEASED
    assert len(told(desk)) == 1
    wait(desk)
    decisions.close(staff.chief, alert_id, Disposal.MISTAKEN_IDENTITY)
    assert len(told(desk)) == 1


def test_of_a_first_opinion_that_is_veiled_the_port_hears_nothing_whatever_it_is(desk, staff):
    for finding in (YES, NO, UNSURE):
        alert_id = raised(desk, requires_second_officer=True)
        desk.service.review.decisions.acknowledge(staff.first, alert_id)
        desk.service.review.decisions.decide(staff.first, alert_id, finding)
        assert (stands(desk, alert_id), told(desk)) == (Disposition.PENDING, [])


def test_one_opinion_is_enough_where_the_list_asks_for_one(desk, staff):
    alert_id = raised(desk, requires_second_officer=False)
    decisions = desk.service.review.decisions
    decisions.acknowledge(staff.chief, alert_id)
    decisions.decide(staff.chief, alert_id, YES)
    assert stands(desk, alert_id) is Disposition.HELD
    decisions.close(staff.chief, alert_id, Disposal.OBSERVED)
    assert stands(desk, alert_id) is Disposition.RELEASED
    decisions.correct(staff.chief, alert_id, "the wrong line", Disposal.ENTRY_REFUSED)
    assert stands(desk, alert_id) is Disposition.HELD
    decisions.correct(staff.chief, alert_id, "another person")
    assert stands(desk, alert_id) is Disposition.PENDING
    assert len(told(desk)) == 4


def test_of_several_alerts_the_gravest_counts(desk, staff):
    def made(state: Disposition) -> Alert:
        (chosen,) = [each for each, of in disposition._BY_STATE.items() if of is state][:1]
        return Alert(
            state=chosen.value,
            requires_second_officer=False,
            matched_by=MatchedBy.FACE.value,
            encounter=Encounter(),
            encounter_id="enc_1",
            subject_id=f"sub_{state}",
            owner_id="agc_1",
        )

    order = disposition._GRAVITY
    for one, other in product(Disposition, Disposition):
        gravest = max((one, other), key=order.index)
        assert of_alerts([made(one), made(other)]) is gravest


def test_one_persons_two_lists_are_told_once(desk, staff):
    for name in ("one", "two"):
        desk.watchlist(name, requires_second_officer=False)
    desk.enrol(1, *desk.watchlists.values())
    encounter = desk.screen(1).encounter
    first, second = (alert.id for alert in encounter.alerts)
    decisions = desk.service.review.decisions
    decisions.acknowledge(staff.chief, first)
    decisions.decide(staff.chief, first, YES)
    assert told(desk) == [encounter.id]
    decisions.close(staff.chief, first, Disposal.OBSERVED)
    assert (stands(desk, first), told(desk)) == (Disposition.HELD, [encounter.id])
    decisions.close(staff.chief, second, Disposal.OBSERVED)
    assert stands(desk, second) is Disposition.RELEASED
    assert told(desk) == [encounter.id] * 2
