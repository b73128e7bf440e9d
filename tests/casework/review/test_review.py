"""The review of alerts: who may know what when, and what is written."""

import threading
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import select

from casework.codes.built_in import OUTCOMES
from casework.kernel.errors import IllegalTransition, NotFound, StaleVersion
from casework.kernel.vocabulary import AlertState, Direction, Disposal, Opinion, Role, Stage
from casework.review import states
from casework.review.alerts import AlertFilter
from casework.review.allowed_steps import allowed_steps
from casework.review.states import AlertPosition, ReviewPolicy
from casework.tables import AlertEvent, AuditRecord
from tests.casework.review.people import NO, UNSURE, YES, people, raised, share, traces
from tests.services import OPERATOR, officer, port_system


def shown(desk, actor, alert_id):
    return desk.service.review.alerts.get(actor, alert_id).state


@pytest.mark.every_database
def test_two_officers_never_both_take_one_alert(desk):
    """Each pair starts at the same moment; one is told that the other was first."""
    them, review = people(desk), desk.service.review.decisions
    for _ in range(10):
        alert_id = raised(desk)
        ready = threading.Barrier(2)
        outcomes: list[str | None] = []

        def take(actor, alert_id=alert_id, ready=ready, outcomes=outcomes):
            ready.wait()
            try:
                review.acknowledge(actor, alert_id, 1)
                outcomes.append(actor.id)
            except StaleVersion:
                outcomes.append(None)

        threads = [threading.Thread(target=take, args=[who]) for who in (them.first, them.second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (taker,) = [each for each in outcomes if each is not None]
        assert len(outcomes) == 2
        view = desk.service.review.alerts.get(them.analyst, alert_id)
        assert view.alert.acknowledged_by == taker
        assert traces(desk, alert_id) == (1, 1)


def test_without_a_version_the_second_is_refused_by_the_state(desk):
    them, alert_id = people(desk), raised(desk)
    review = desk.service.review.decisions
    review.acknowledge(them.first, alert_id)
    with pytest.raises(IllegalTransition, match="Another officer"):
        review.acknowledge(them.second, alert_id)
    with pytest.raises(IllegalTransition, match="already taken"):
        review.acknowledge(them.first, alert_id)
    review.acknowledge(them.supervisor, alert_id)
    with pytest.raises(IllegalTransition, match="Another officer"):
        review.decide(them.first, alert_id, YES)
    assert traces(desk, alert_id) == (2, 2)


OTHERS = ("second", "supervisor", "chief", "analyst", "guest", "guest_supervisor")


@pytest.mark.parametrize("finding", [YES, NO, UNSURE])
def test_nobody_learns_the_first_opinion_before_the_second_is_given(desk, finding):
    """Detail, queue, filters, counts, history, reports, audit: each looks the same for all."""
    them = people(desk)
    alert_id = raised(desk, requires_second_officer=True, shared_with=(desk.agency("POL"),))
    records = desk.service
    records.review.decisions.acknowledge(them.first, alert_id)
    records.review.decisions.decide(them.first, alert_id, finding)
    for name in OTHERS:
        reader = getattr(them, name)
        if name != "analyst" or reader.agency_id == desk.agency():
            view = records.review.alerts.get(reader, alert_id)
            assert view.state is AlertState.UNDER_REVIEW
            step = view.steps[-1]
            assert (step.opinion, step.reasons, step.note) == (None, (), None)
            assert step.state_after is AlertState.UNDER_REVIEW
            for state in AlertState:
                found = records.review.alerts.page(reader, None, 10, AlertFilter((state,)))
                assert bool(found) == (state is AlertState.UNDER_REVIEW), (name, state)
            assert records.review.alerts.counts(reader) == {AlertState.UNDER_REVIEW: 1}
    subject = view.alert.subject_id
    (meeting,) = records.review.history.page(them.supervisor, subject, None, 10)
    assert meeting.alerts[0].id == alert_id
    (alarms,) = desk.service.calibration.monitoring.report(them.supervisor).watchlists
    assert (alarms.matches, alarms.undecided, alarms.false_alarms) == (0, 1, 0)
    with records.kernel.database.read() as session:
        told = session.scalars(select(AuditRecord.detail).where(AuditRecord.object_id == alert_id))
        assert not any("candidate" in str(detail) or "inconcl" in str(detail) for detail in told)
    # The officer who gave it does see it.
    view = records.review.alerts.get(them.first, alert_id)
    assert view.state == finding.opinion
    assert (view.steps[-1].opinion, view.steps[-1].note) == (finding.opinion, finding.note)
    assert records.review.alerts.counts(them.first) == {AlertState(finding.opinion): 1}


def answers(desk, who, alert_id):
    """What every act of one who does not know the first opinion is answered."""
    records = desk.service
    review = records.review.decisions

    def refer():
        with records.kernel.database.write() as session:
            review.refer(session, who, alert_id, None)

    acts = [
        lambda: review.acknowledge(who, alert_id),
        lambda: review.decide(who, alert_id, YES),
        refer,
        *(lambda end=end: review.close(who, alert_id, end) for end in Disposal),
    ]
    told = []
    for act in acts:
        with pytest.raises(IllegalTransition) as refusal:
            act()
        told.append(str(refusal.value))
    return told


def test_acts_on_a_veiled_alert_are_answered_alike_whatever_the_opinion(desk):
    them, told = people(desk), set()
    for finding in (YES, NO, UNSURE):
        alert_id = raised(desk, requires_second_officer=True)
        desk.service.review.decisions.acknowledge(them.first, alert_id)
        desk.service.review.decisions.decide(them.first, alert_id, finding)
        told.add(tuple(answers(desk, them.chief, alert_id)))
    assert len(told) == 1


def test_the_second_opinion_opens_both_and_goes_into_the_audit_trail(desk):
    them, alert_id = people(desk), raised(desk, requires_second_officer=True)
    records = desk.service
    records.review.decisions.acknowledge(them.first, alert_id)
    records.review.decisions.decide(them.first, alert_id, YES)
    with pytest.raises(IllegalTransition, match="another officer"):
        records.review.decisions.confirm(
            officer(desk.agency(), Role.SUPERVISOR, name="first"), alert_id, YES
        )
    records.review.decisions.confirm(them.supervisor, alert_id, YES)
    view = records.review.alerts.get(them.second, alert_id)
    assert view.state is AlertState.CONFIRMED
    assert [step.opinion for step in view.steps] == [None, *["potential_candidate"] * 2]
    with records.kernel.database.read() as session:
        query = select(AuditRecord.detail).where(AuditRecord.action == "alert.confirm")
        (detail,) = session.scalars(query)
    assert (detail["from"], detail["to"]) == ("potential_candidate", "confirmed")


@pytest.mark.parametrize(
    ("first", "second", "after"),
    [
        (YES, YES, "confirmed"),
        (YES, NO, "rejected"),
        (YES, UNSURE, "inconclusive"),
        (NO, YES, "inconclusive"),
        (NO, NO, "rejected"),
        (NO, UNSURE, "inconclusive"),
        (UNSURE, YES, "inconclusive"),
        (UNSURE, NO, "rejected"),
        (UNSURE, UNSURE, "inconclusive"),
    ],
)
def test_it_takes_two_to_confirm_and_the_second_to_reject(desk, first, second, after):
    them, alert_id = people(desk), raised(desk, requires_second_officer=True)
    review = desk.service.review.decisions
    review.acknowledge(them.first, alert_id)
    review.decide(them.first, alert_id, first)
    assert review.confirm(them.supervisor, alert_id, second).state == after


def test_who_did_not_agree_look_anew_and_veiled_again(desk):
    them, alert_id = people(desk), raised(desk, requires_second_officer=True)
    records = desk.service
    records.review.decisions.acknowledge(them.first, alert_id)
    records.review.decisions.decide(them.first, alert_id, NO)
    records.review.decisions.confirm(them.supervisor, alert_id, YES)
    assert shown(desk, them.second, alert_id) is AlertState.INCONCLUSIVE
    with pytest.raises(IllegalTransition, match="did not agree"):
        records.review.decisions.confirm(them.chief, alert_id, YES)
    with pytest.raises(IllegalTransition, match="cannot end as entry_refused"):
        records.review.decisions.close(them.supervisor, alert_id, Disposal.ENTRY_REFUSED)
    records.review.decisions.acknowledge(them.second, alert_id)
    records.review.decisions.decide(them.second, alert_id, YES)
    seen = records.review.alerts.get(them.chief, alert_id)
    assert seen.state is AlertState.UNDER_REVIEW
    # The round before is over, so its opinions are open; the present one is not.
    opinions = [step.opinion for step in seen.steps]
    assert opinions == [None, "not_candidate", "potential_candidate", None, None]
    assert records.review.decisions.confirm(them.chief, alert_id, YES).state == "confirmed"


def test_an_inconclusive_alert_of_two_can_be_referred_and_closed(desk):
    them = people(desk)
    review = desk.service.review.decisions
    alert_id = raised(desk, requires_second_officer=True)
    review.acknowledge(them.first, alert_id)
    review.decide(them.first, alert_id, UNSURE)
    review.confirm(them.supervisor, alert_id, UNSURE)
    assert review.close(them.supervisor, alert_id, Disposal.OBSERVED).state == "closed"


def test_a_list_without_acknowledgement_is_decided_at_once_and_taken_by_that(desk):
    them = people(desk)
    alert_id = raised(desk, requires_acknowledgement=False)
    row = desk.service.review.decisions.decide(them.first, alert_id, YES)
    assert (row.state, row.acknowledged_by) == ("potential_candidate", them.first.id)
    must = raised(desk)
    with pytest.raises(IllegalTransition, match="Acknowledge"):
        desk.service.review.decisions.decide(them.first, must, YES)


def test_each_step_is_a_new_version_even_where_it_changes_nothing(desk):
    them, alert_id = people(desk), raised(desk)
    review = desk.service.review.decisions
    review.acknowledge(them.first, alert_id, 1)
    review.decide(them.first, alert_id, UNSURE, 2)
    assert review.decide(them.first, alert_id, UNSURE, 3).version == 4
    with pytest.raises(StaleVersion):
        review.decide(them.first, alert_id, YES, 3)


def test_notes_are_sealed_at_rest(desk, database: Path):
    them, alert_id = people(desk), raised(desk)
    records = desk.service
    records.review.decisions.acknowledge(them.first, alert_id)
    records.review.decisions.decide(them.first, alert_id, YES)
    records.review.decisions.close(
        them.supervisor, alert_id, Disposal.HANDED_OVER, "to the duty officer"
    )
    view = records.review.alerts.get(them.second, alert_id)
    assert [step.note for step in view.steps] == [None, "the left ear", "to the duty officer"]
    for file in database.parent.glob("siaga.db*"):
        content = file.read_bytes()
        assert b"the left ear" not in content, file
        assert b"duty officer" not in content, file
    with records.kernel.database.read() as session:
        assert all(
            b"ear" not in (e.sealed_note or b"") for e in session.scalars(select(AlertEvent))
        )


def test_an_agency_that_sees_a_list_works_its_alerts_until_it_is_unshared(desk):
    them = people(desk)
    alert_id = raised(desk, shared_with=(desk.agency("POL"),))
    records = desk.service
    watchlist = records.review.alerts.get(them.guest, alert_id).alert.watchlist_id
    records.review.decisions.acknowledge(them.guest, alert_id)
    share(desk, watchlist)
    for act in (
        lambda: records.review.alerts.get(them.guest, alert_id),
        lambda: records.review.alerts.probe(them.guest, alert_id),
        lambda: records.review.alerts.enrolled(them.guest, alert_id),
        lambda: records.review.decisions.decide(them.guest, alert_id, YES),
    ):
        with pytest.raises(NotFound, match=f"There is no alert {alert_id}"):
            act()
    assert records.review.alerts.page(them.guest, None, 10, AlertFilter()) == []
    assert records.review.alerts.counts(them.guest) == {}
    # The owner goes on, by a supervisor who takes it over.
    records.review.decisions.acknowledge(them.supervisor, alert_id)
    assert records.review.decisions.decide(them.supervisor, alert_id, NO).state == "not_candidate"


def test_other_candidates_of_the_encounter_are_shown_within_reach_alone(desk):
    them = people(desk)
    own = desk.watchlist("own")
    foreign = desk.watchlist("foreign", agency_id=desk.agency("BNN"))
    desk.enrol(3, own, brightness=0.8)
    desk.enrol(3, own, brightness=0.7)
    desk.enrol(3, foreign, brightness=0.9)
    alerts = desk.screen(3).encounter.alerts
    assert len(alerts) == 3
    view = desk.service.review.alerts.get(them.first, alerts[1].id)
    assert [other.id for other in view.others] == [alerts[2].id]


def test_a_port_system_reads_no_alert(desk):
    alert_id = raised(desk)
    with pytest.raises(Exception, match="You may not do this"):
        desk.service.review.alerts.get(port_system(), alert_id)


def test_every_act_from_every_state_is_decided():
    """No combination falls through to something unforeseen; closed alerts stay closed."""
    officers = (None, "a", "b")
    for state, four, must, holder, author, second in product(
        set(AlertState) - {AlertState.UNDER_REVIEW},
        (False, True),
        (False, True),
        officers,
        officers,
        officers,
    ):
        at, rules = AlertPosition(state, holder, author, second), ReviewPolicy(must, four)
        acts = [
            lambda at=at, rules=rules: states.acknowledge(at, "a", rules, may_take_over=True),
            lambda at=at, rules=rules: states.refer(at, rules),
            *(
                lambda at=at, rules=rules, each=each: states.decide(at, "a", each, rules)
                for each in Opinion
            ),
            *(lambda at=at, each=each: states.confirm(at, "a", each) for each in Opinion),
            *(
                lambda at=at, rules=rules, each=each: states.close(at, each, rules)
                for each in OUTCOMES.values()
            ),
        ]
        for act in acts:
            try:
                after = act()
            except IllegalTransition:
                continue
            assert after not in (AlertState.NEW, AlertState.UNDER_REVIEW)
            assert state is not AlertState.CLOSED


def test_the_operator_at_the_machine_is_veiled_too(desk):
    them, alert_id = people(desk), raised(desk, requires_second_officer=True)
    desk.service.review.decisions.acknowledge(them.first, alert_id)
    desk.service.review.decisions.decide(them.first, alert_id, YES)
    assert shown(desk, OPERATOR, alert_id) is AlertState.UNDER_REVIEW


@pytest.mark.parametrize(
    ("direction", "stage", "impossible"),
    [
        (Direction.ENTRY, Stage.ARRIVAL, {Disposal.EXIT_REFUSED}),
        (Direction.EXIT, Stage.DEPARTURE, {Disposal.ENTRY_REFUSED}),
        (
            Direction.ENTRY,
            Stage.VISA,
            {
                Disposal.EXIT_REFUSED,
                Disposal.DETAINED,
                Disposal.DEPORTED,
                Disposal.CHARGED,
                Disposal.PLACES_BARRED,
                Disposal.RESIDENCE_ASSIGNED,
            },
        ),
    ],
)
def test_an_alert_ends_only_as_its_traveller_can(desk, direction, stage, impossible):
    them = people(desk)
    watchlist = desk.watchlist(requires_second_officer=False)
    desk.enrol(1, watchlist)
    (alert,) = desk.screen(1, direction=direction, stage=stage).encounter.alerts
    decisions = desk.service.review.decisions
    decisions.acknowledge(them.chief, alert.id)
    decisions.decide(them.chief, alert.id, YES)
    view = desk.service.review.alerts.get(them.chief, alert.id)
    offered = allowed_steps(view.alert, them.chief, OUTCOMES.values()).disposals
    assert {each.code for each in offered} == set(Disposal) - impossible
    for end in impossible:
        with pytest.raises(IllegalTransition):
            decisions.close(them.chief, alert.id, end)
    assert decisions.close(them.chief, alert.id, Disposal.LISTED).state == "closed"
    with pytest.raises(IllegalTransition):
        decisions.correct(them.chief, alert.id, "a slip", min(impossible))
