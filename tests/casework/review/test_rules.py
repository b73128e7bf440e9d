"""What Python says of an alert, a statement says of its row: every combination, every database."""

from datetime import timedelta
from itertools import count, product
from random import Random

import pytest
from sqlalchemy import delete, insert, select

from casework.kernel.vocabulary import AlertState, Disposal
from casework.review import findings, states
from casework.review.alerts import AlertFilter, hides_opinion, policy, position, shown_state
from casework.review.case_number import case_number
from casework.review.queue import place_of, urgency_of
from casework.review.siblings import WITH_ENCOUNTER
from casework.tables import Alert
from tests.services import BEGIN, OPERATOR, officer

pytestmark = pytest.mark.every_database

STORED = [state.value for state in AlertState if state is not AlertState.UNDER_REVIEW]
OFFICERS = [None, "off_a", "off_b"]
NOBODY = officer("agc_nobody", name="nobody")
READERS = ["off_a", "off_b", "off_c"]
WITHIN_S = [30, 60]
AGES_S = [0, 31, 61]


PLACES = Random(1).sample(range(COUNT := len(STORED) * 3 * 2 * 2 * 3), COUNT)


def asked_with(number):
    """Put each alert beside two others, drawn at random, of which one is another agency's."""
    place = PLACES[number]
    return {
        "subject_id": f"sub_{place // 3}",
        "watchlist_id": f"wl_{place % 3}",
        "owner_id": "agc_other" if place % 3 == 2 else "agc_own",
    }


@pytest.fixture
def alerts(desk):
    """Alerts of every state, policy, officer and end, of several ages."""
    desk.enrol(1)
    encounter = desk.screen(1).encounter
    (raised,) = encounter.alerts
    known = {column.name: getattr(raised, column.name) for column in Alert.__table__.columns}
    known["encounter_id"] = encounter.id
    ends = [None, Disposal.MISTAKEN_IDENTITY.value, Disposal.CLEARED.value]
    numbers = count()
    rows = [
        known
        | {
            "id": f"alr_{number}",
            "case_number": case_number("IMI", number + 2),
            **asked_with(number),
            "state": state,
            "decided_by": decided_by,
            "confirmed_by": confirmed_by,
            "requires_second_officer": second,
            "requires_acknowledgement": bool(number % 2),
            "acknowledge_within_s": (within_s := WITHIN_S[number // 2 % 2]),
            "created_at": (raised_at := BEGIN - timedelta(seconds=AGES_S[number // 4 % 3])),
            "due_at": raised_at + timedelta(seconds=within_s),
            "priority": 1 + number % 3,
            "disposal": disposal,
        }
        for state, decided_by, confirmed_by, second, disposal in product(
            STORED, OFFICERS, OFFICERS[:2], [True, False], ends
        )
        for number in [next(numbers)]
    ]
    desk.clock.now = BEGIN
    with desk.service.kernel.database.write() as session:
        session.execute(delete(Alert))
        session.execute(insert(Alert), rows)
    with desk.service.kernel.database.read() as session:
        rows = session.scalars(select(Alert).options(WITH_ENCOUNTER))
        return {row.id: row for row in rows}


def veiled(row):
    return (
        row.requires_second_officer
        and row.state in ("potential_candidate", "not_candidate", "inconclusive")
        and row.confirmed_by is None
    )


def tells_nothing(row, alerts):
    """Whether an alert's opinion is to be hidden from everybody who did not give it."""
    beside = [
        other
        for other in alerts.values()
        if (other.subject_id, other.owner_id) == (row.subject_id, row.owner_id)
    ]
    tells = row.state in ("confirmed", "rejected") or row.state in states.FIRST_OPINIONS
    return tells and any(veiled(each) for each in beside)


def asked(desk, expression):
    """What the database says of each alert."""
    with desk.service.kernel.database.read() as session:
        return dict(session.execute(select(Alert.id, expression)).all())


def test_states_findings_and_veils_are_the_same_in_python_and_in_sql(desk, alerts):
    assert len(alerts) == COUNT
    shown = {
        key: "under_review" if tells_nothing(row, alerts) else row.state
        for key, row in alerts.items()
    }
    assert any(tells_nothing(row, alerts) and not veiled(row) for row in alerts.values())
    assert all(
        states.veiled(position(row, NOBODY), policy(row)) == veiled(row) for row in alerts.values()
    )
    assert asked(desk, findings.visible_state()) == shown
    assert set(shown.values()) == {*STORED, "under_review"}
    assert asked(desk, findings.severity()) == {
        key: findings.SEVERITY.index(findings.result_of(shown[key], row.disposal))
        for key, row in alerts.items()
    }


@pytest.mark.parametrize("agency", ["agc_own", "agc_guest"])
@pytest.mark.parametrize("reader", READERS)
def test_each_reader_is_shown_the_same(desk, alerts, reader, agency):
    actor = officer(agency, name=reader.removeprefix("off_"))
    assert actor.id == reader
    expected = {key: shown_state(row, actor) for key, row in alerts.items()}
    assert asked(desk, findings.shown_to(Alert, actor)) == expected
    hidden = {key: hides_opinion(row, actor) for key, row in alerts.items()}
    assert {
        key: bool(value) for key, value in asked(desk, findings.hidden_from(Alert, actor)).items()
    } == hidden
    assert hidden == {
        key: row.decided_by != reader
        and (veiled(row) or (row.owner_id == agency and tells_nothing(row, alerts)))
        for key, row in alerts.items()
    }
    assert any(hidden.values())
    assert not all(hidden.values())
    for chosen in [*((state,) for state in AlertState), (AlertState.NEW, AlertState.UNDER_REVIEW)]:
        (condition,) = AlertFilter(states=chosen).conditions(actor)
        with desk.service.kernel.database.read() as session:
            found = set(session.scalars(select(Alert.id).where(condition)))
        assert found == {key for key, state in expected.items() if state in chosen}


def test_the_queue_s_order_is_what_is_said_of_each_alert(desk, alerts):
    queue = desk.service.review.queue
    actor = OPERATOR
    page = queue.page(actor, AlertFilter(), 1, len(alerts))
    places = [place_of(row) for row in page.alerts]
    assert places == sorted(places)
    still_open = [row for row in page.alerts if row.state != AlertState.CLOSED.value]
    closed = [row.id for row in page.alerts[len(still_open) :]]
    assert page.alerts[: len(still_open)] == tuple(still_open)
    assert closed == sorted(closed, reverse=True)
    # An alert's own priority counts before its deadline, and both after whether it has to be taken.
    first = [(row.priority, row.due_at) for row in still_open if page.urgencies[row.id] <= 1]
    assert first == sorted(first)
    assert page.alerts[: len(first)] == tuple(still_open[: len(first)])
    assert len(set(page.urgencies.values())) == 5
    assert {row.id: urgency_of(row, BEGIN) for row in page.alerts} == page.urgencies
    # Counted is every alert, also where several are one row.
    urgencies = [urgency_of(row, BEGIN) for row in alerts.values()]
    waiting = [each for each in urgencies if each <= 1]
    overdue = [each for each in waiting if each == 0]
    counted = queue.open_alerts(actor)
    assert (counted.waiting, counted.overdue) == (len(waiting), len(overdue))
