"""Handing an alert to another agency, and what the two do with it."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from casework.kernel.errors import (
    IllegalTransition,
    InvalidReferral,
    NotFound,
    NotPermitted,
    StaleVersion,
)
from casework.kernel.vocabulary import AlertState, Disposal, ReferralState, Role
from casework.referrals import payload
from casework.referrals.fields import AlertField, AlertSource, FieldGroup
from casework.referrals.referrals import Box, ReferralFilter
from casework.referrals.steps import Handover, ReferralSteps
from casework.tables import (
    Alert,
    AuditRecord,
    OutboxEvent,
    Referral,
    ReferralMessage,
    ReferralPhoto,
)
from tests.casework.referrals.scenes import FIELDS, NOTE, Scene
from tests.services import OPERATOR, officer

S = ReferralState


@pytest.fixture
def scene(desk):
    return Scene.of(desk)


@pytest.fixture
def records(desk):
    return desk.service


def state_of(records, scene, row):
    return S(records.exchange.referrals.get(scene.sender, row.id).referral.state)


def actions_on(records, object_id):
    with records.kernel.database.read() as session:
        query = select(AuditRecord).where(AuditRecord.object_id == object_id)
        return [record.action for record in session.scalars(query.order_by(AuditRecord.seq))]


# Sending


@pytest.mark.every_database
def test_an_alert_is_referred_with_what_was_chosen(scene, records):
    row = scene.sent()
    view = records.exchange.referrals.get(scene.receiver, row.id)
    assert view.values == {"name": "Person 1", "port": "CGK"}
    assert view.photos == ("probe_photo",)
    assert view.object_id is None
    (first,) = view.messages
    assert (first.action, first.text, first.by.name) == ("send", NOTE, "sender")
    own = records.exchange.referrals.get(scene.sender, row.id)
    assert own.object_id == row.object_id
    assert records.review.alerts.get(scene.sender, row.object_id).state is AlertState.REFERRED


def test_every_field_of_an_alert_can_be_carried(scene, records):
    row = scene.sent(*AlertField)
    view = records.exchange.referrals.get(scene.receiver, row.id)
    assert {*view.values, *view.photos} == {field.value for field in AlertField}
    assert view.values["documents"] == [{"kind": "passport", "number": "X1", "country": "IDN"}]
    assert view.values["birth"] == "1980"


def test_a_preview_says_what_would_be_carried(scene, records):
    alert = scene.alert()
    view = records.review.alerts.get(scene.sender, alert.id)
    source = AlertSource(view.alert, view.subject, view.legal_basis)
    shown = payload.preview(tuple(AlertField), source)
    refer = records.exchange.referral_steps.refer_alert
    row = refer(scene.sender, alert.id, scene.to(), list(AlertField))
    carried = records.exchange.referrals.get(scene.receiver, row.id).values
    assert json.loads(json.dumps(shown, default=datetime.isoformat)) == carried


def test_a_preview_leaves_out_what_was_erased(scene, records):
    alert = scene.alert()
    records.lists.subjects.remove(OPERATOR, alert.subject_id)
    view = records.review.alerts.get(scene.sender, alert.id)
    source = AlertSource(view.alert, view.subject, view.legal_basis)
    shown = payload.preview(tuple(AlertField), source)
    person = {each for each in AlertField if each.field.group is FieldGroup.PERSON}
    assert shown.keys() == set(AlertField) - person - {
        AlertField.PROBE_PHOTO,
        AlertField.REFERENCE_PHOTO,
    }


def test_a_referral_may_carry_nothing(scene, records):
    alert = scene.alert()
    row = records.exchange.referral_steps.refer_alert(scene.sender, alert.id, scene.to(), [])
    view = records.exchange.referrals.get(scene.receiver, row.id)
    assert (view.values, view.photos) == ({}, ())


def test_what_is_carried_is_a_copy_of_that_moment(scene, records):
    row = scene.sent()
    with records.kernel.database.read() as session:
        subject_id = session.get_one(Alert, row.object_id).subject_id
    before = records.exchange.referrals.photo(scene.receiver, row.id, "probe_photo")
    records.lists.subjects.edit(OPERATOR, subject_id, {"name": "Renamed"}, None)
    records.lists.subjects.remove(OPERATOR, subject_id)
    assert records.exchange.referrals.get(scene.receiver, row.id).values["name"] == "Person 1"
    assert records.exchange.referrals.photo(scene.receiver, row.id, "probe_photo") == before


def test_nothing_personal_lies_open_in_the_database(scene, records, database):
    row = scene.sent(*AlertField)
    records.exchange.referral_steps.ask(scene.receiver, row.id, "Which gate, for heaven's sake?")
    with records.kernel.database.read() as session:
        referral = session.get_one(Referral, row.id)
        messages = session.scalars(select(ReferralMessage)).all()
        photos = session.scalars(select(ReferralPhoto)).all()
        stored = [referral.sealed_carried, *(message.sealed_text for message in messages)]
        stored += [photo.sealed_content for photo in photos]
    assert len(stored) == 6
    for secret in (b"Person 1", b"a sealed reason", b"gate", NOTE.encode(), b"\xff\xd8\xff"):
        assert not any(secret in (blob or b"") for blob in stored)


def test_an_erased_subject_s_fields_cannot_be_carried(scene, records):
    alert = scene.alert()
    records.lists.subjects.remove(OPERATOR, alert.subject_id)
    for fields in ([AlertField.NAME], [AlertField.ENROLLED_PHOTO]):
        with pytest.raises(InvalidReferral, match="erased") as error:
            records.exchange.referral_steps.refer_alert(scene.sender, alert.id, scene.to(), fields)
        assert error.value.field == "fields"
    records.exchange.referral_steps.refer_alert(
        scene.sender, alert.id, scene.to(), [AlertField.PORT]
    )


@pytest.mark.parametrize(
    ("agency", "days", "field"),
    [("IMI", 2, "receiver_id"), ("POL", 0, "due_at"), ("POL", -1, "due_at")],
)
def test_a_referral_goes_to_another_agency_and_is_due_later(scene, records, agency, days, field):
    alert = scene.alert()
    with pytest.raises(InvalidReferral) as error:
        records.exchange.referral_steps.refer_alert(
            scene.sender, alert.id, scene.to(agency, days), FIELDS
        )
    assert error.value.field == field
    # Nothing was changed: neither the alert nor the trail.
    assert records.review.alerts.get(scene.sender, alert.id).state is AlertState.ACKNOWLEDGED
    assert "alert.refer" not in actions_on(records, alert.id)


def test_an_agency_must_be_there_and_at_work(scene, records, desk):
    alert = scene.alert()
    records.accounts.agencies.edit(OPERATOR, desk.agency("OLD"), {"active": False}, None, "over")
    due = desk.clock() + timedelta(days=1)
    for receiver_id in (desk.agency("OLD"), "agy_none"):
        with pytest.raises(InvalidReferral) as error:
            records.exchange.referral_steps.refer_alert(
                scene.sender, alert.id, Handover(receiver_id, NOTE, due), FIELDS
            )
        assert error.value.field == "receiver_id"


def test_an_alert_nobody_has_looked_at_is_not_referred(scene, records, desk):
    desk.enrol(1)
    (alert,) = desk.screen(1).encounter.alerts
    with pytest.raises(IllegalTransition):
        records.exchange.referral_steps.refer_alert(scene.sender, alert.id, scene.to(), FIELDS)
    with records.kernel.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Referral)) == 0


def test_an_outdated_alert_is_not_referred(scene, records):
    alert = scene.alert()
    with pytest.raises(StaleVersion):
        records.exchange.referral_steps.refer_alert(
            scene.sender, alert.id, scene.to(), FIELDS, version=1
        )


def test_only_its_own_list_may_be_handed_on(scene, records, desk):
    """A list is shared so that its alerts are worked on: who sees them hands on no more."""
    friend = officer(desk.agency("FRI"), Role.OFFICER, name="friend")
    alert = scene.alert(shared_with=(desk.agency("FRI"),))
    refer = records.exchange.referral_steps.refer_alert
    with pytest.raises(InvalidReferral, match="leave out name"):
        refer(friend, alert.id, scene.to(), [AlertField.NAME, AlertField.PORT])
    row = refer(friend, alert.id, scene.to(), [AlertField.PORT, AlertField.PROBE_PHOTO])
    assert row.sender_id == desk.agency("FRI")
    # The owner's auditors see that it was referred, and by whom.
    with records.kernel.database.read() as session:
        query = select(AuditRecord).where(AuditRecord.action == "alert.refer")
        record = session.scalars(query).one()
    assert (record.owner_id, record.agency_id) == (desk.agency("IMI"), desk.agency("FRI"))


def test_who_sees_a_shared_list_may_refer_all_of_it_to_its_owner(scene, records, desk):
    friend = officer(desk.agency("FRI"), Role.OFFICER, name="friend")
    alert = scene.alert(shared_with=(desk.agency("FRI"),))
    records.exchange.referral_steps.refer_alert(friend, alert.id, scene.to("IMI"), list(AlertField))


# Who sees it


@pytest.mark.every_database
def test_a_referral_is_there_for_its_two_agencies_alone(scene, records, desk):
    row = scene.sent()
    for read in (
        lambda: records.exchange.referrals.get(scene.stranger, row.id),
        lambda: records.exchange.referrals.photo(scene.stranger, row.id, "probe_photo"),
        lambda: records.exchange.referral_steps.accept(scene.stranger, row.id),
    ):
        with pytest.raises(NotFound, match=row.id):
            read()
    for box in Box:
        assert records.exchange.referrals.page(scene.stranger, None, 10, ReferralFilter(box)) == []
    analyst = officer(desk.agency("POL"), Role.ANALYST)
    with pytest.raises(NotPermitted):
        records.exchange.referrals.get(analyst, row.id)


def test_no_way_leads_from_a_referral_to_the_list(scene, records):
    row = scene.sent(*AlertField)
    with pytest.raises(NotFound):
        records.review.alerts.get(scene.receiver, row.object_id)
    with pytest.raises(NotFound):
        records.lists.subjects.get(scene.receiver, row.subject_id or "")
    assert records.lists.watchlists.page(scene.receiver, None, 10) == []


def test_a_photo_that_is_not_carried_is_not_there(scene, records):
    row = scene.sent(AlertField.PROBE_PHOTO)
    with pytest.raises(NotFound):
        records.exchange.referrals.photo(scene.receiver, row.id, "enrolled_photo")


@pytest.mark.every_database
def test_boxes_and_filters(scene, records, desk):
    first, second = scene.sent(), scene.sent(person=2)
    page = records.exchange.referrals.page

    def ids(actor, **wanted):
        return [row.id for row, _ in page(actor, None, 10, ReferralFilter(**wanted))]

    assert ids(scene.receiver) == [second.id, first.id]
    assert ids(scene.sender) == []
    assert ids(scene.sender, box=Box.OUT) == [second.id, first.id]
    assert [row.id for row, _ in page(scene.receiver, second.id, 10, ReferralFilter())] == [
        first.id
    ]
    records.exchange.referral_steps.accept(scene.receiver, first.id)
    assert ids(scene.receiver, states=(S.ACCEPTED,)) == [first.id]
    assert ids(scene.sender, box=Box.OUT, about=second.object_id) == [second.id]
    assert ids(scene.receiver, about=second.object_id) == []
    assert ids(scene.receiver, overdue=True) == []
    desk.clock.advance(days=3)
    assert ids(scene.receiver, overdue=True) == [second.id, first.id]
    records.exchange.referral_steps.answer(scene.receiver, first.id, "Met.", Disposal.HANDED_OVER)
    assert ids(scene.receiver, overdue=True) == [second.id]
    assert ids(scene.receiver, overdue=False) == [first.id]
    assert records.exchange.referrals.get(scene.sender, second.id).overdue


# What the two do


@pytest.mark.every_database
def test_from_question_to_outcome_to_the_alert_s_end(scene, records):
    row = scene.sent()
    steps: ReferralSteps = records.exchange.referral_steps
    steps.ask(scene.receiver, row.id, "Which flight?")
    assert state_of(records, scene, row) is S.QUESTIONED
    steps.answer(scene.sender, row.id, "GA 1.")
    assert state_of(records, scene, row) is S.SENT
    steps.accept(scene.receiver, row.id)
    steps.answer(scene.receiver, row.id, "Met at the gate.", Disposal.HANDED_OVER)
    steps.close(scene.sender, row.id, "Thank you.")
    view = records.exchange.referrals.get(scene.sender, row.id)
    assert view.referral.outcome == Disposal.HANDED_OVER
    assert view.referral.closed_at is not None
    assert [(message.action, message.text) for message in view.messages] == [
        ("send", NOTE),
        ("ask", "Which flight?"),
        ("reply", "GA 1."),
        ("accept", None),
        ("answer", "Met at the gate."),
        ("close", "Thank you."),
    ]
    records.review.decisions.close(scene.sender, row.object_id, Disposal.HANDED_OVER)
    assert records.review.alerts.get(scene.sender, row.object_id).state is AlertState.CLOSED


def test_a_declined_alert_may_be_referred_to_another_agency(scene, records):
    row = scene.sent()
    refer = records.exchange.referral_steps.refer_alert
    with pytest.raises(IllegalTransition):
        refer(scene.sender, row.object_id, scene.to("BEA"), FIELDS)
    records.exchange.referral_steps.decline(scene.receiver, row.id, "Not ours.")
    again = refer(scene.sender, row.object_id, scene.to("BEA"), FIELDS)
    assert records.exchange.referrals.get(scene.stranger, again.id).values["name"] == "Person 1"


def test_the_outcome_is_the_receiver_s_to_name(scene, records):
    row = scene.sent()
    steps = records.exchange.referral_steps
    steps.accept(scene.receiver, row.id)
    for actor, outcome in ((scene.receiver, None), (scene.sender, Disposal.CLEARED)):
        with pytest.raises(InvalidReferral) as error:
            steps.answer(actor, row.id, "So.", outcome)
        assert error.value.field == "outcome"
    assert state_of(records, scene, row) is S.ACCEPTED


def test_a_step_of_the_wrong_side_or_time_changes_nothing(scene, records):
    row = scene.sent()
    steps = records.exchange.referral_steps
    for step in (
        lambda: steps.accept(scene.sender, row.id),
        lambda: steps.answer(scene.receiver, row.id, "x", Disposal.OTHER),
        lambda: steps.answer(scene.sender, row.id, "x"),
        lambda: steps.close(scene.receiver, row.id),
    ):
        with pytest.raises(IllegalTransition):
            step()
    assert len(records.exchange.referrals.get(scene.sender, row.id).messages) == 1
    with pytest.raises(NotPermitted):
        steps.accept(OPERATOR, row.id)


def test_two_officers_never_both_take_a_referral(scene, records):
    row = scene.sent()
    records.exchange.referral_steps.accept(scene.receiver, row.id, version=row.version)
    with pytest.raises(StaleVersion):
        records.exchange.referral_steps.decline(scene.receiver, row.id, "No.", version=row.version)
    assert state_of(records, scene, row) is S.ACCEPTED


# What is written down


def test_every_step_and_every_reading_is_audited(scene, records):
    row = scene.sent()
    records.exchange.referral_steps.accept(scene.receiver, row.id, "On our way.")
    records.exchange.referrals.get(scene.receiver, row.id)
    records.exchange.referrals.photo(scene.receiver, row.id, "probe_photo")
    assert actions_on(records, row.id) == [
        "referral.send",
        "referral.accept",
        "referral.read",
        "referral.photo",
    ]
    assert records.kernel.audit.verify().whole
    with records.kernel.database.read() as session:
        query = select(AuditRecord).where(AuditRecord.object_id == row.id)
        told = [str(record.detail) for record in session.scalars(query)]
    assert not any("Person 1" in text or "On our way" in text for text in told)


def test_both_agencies_hear_of_every_step(scene, records, desk):
    row = scene.sent()
    rung = []
    with records.kernel.outbox.listening(lambda: rung.append(1)):
        records.exchange.referral_steps.accept(scene.receiver, row.id)
    assert rung
    with records.kernel.database.read() as session:
        query = select(OutboxEvent.kind, OutboxEvent.owner_id)
        found = session.execute(query.where(OutboxEvent.object_id == row.id)).all()
    both = (desk.agency("IMI"), desk.agency("POL"))
    assert sorted(map(tuple, found)) == sorted(
        (kind, agency) for kind in ("referral.sent", "referral.changed") for agency in both
    )


# What waits, and what others have just done


def test_each_side_is_counted_what_waits_for_it_and_told_what_the_other_did(scene, records):
    referrals, steps = records.exchange.referrals, records.exchange.referral_steps

    def waiting(reader):
        found = referrals.waiting(reader)
        return (found.received, found.sent)

    def news(reader):
        found = referrals.news(reader, [row.id])
        return (bool(found.arrived), bool(found.moved))

    row = scene.sent()
    assert (waiting(scene.receiver), waiting(scene.sender)) == ((1, 0), (0, 0))
    assert (news(scene.receiver), news(scene.sender)) == ((True, False), (False, False))
    steps.accept(scene.receiver, row.id)
    assert (waiting(scene.receiver), waiting(scene.sender)) == ((0, 0), (0, 0))
    assert (news(scene.receiver), news(scene.sender)) == ((False, False), (False, True))
    steps.ask(scene.receiver, row.id, "Which gate?")
    assert waiting(scene.sender) == (0, 1)
    steps.answer(scene.sender, row.id, "Gate 4.")
    assert (waiting(scene.sender), news(scene.receiver)) == ((0, 0), (False, True))
    steps.answer(scene.receiver, row.id, "Held.", Disposal.DETAINED)
    assert waiting(scene.sender) == (0, 1)
    steps.close(scene.sender, row.id)
    assert waiting(scene.sender) == (0, 0)
    assert (waiting(scene.stranger), news(scene.stranger)) == ((0, 0), (False, False))
    analyst = officer(scene.desk.agency("POL"), Role.ANALYST)
    assert referrals.waiting(analyst) is None
    assert referrals.news(analyst, [row.id]).moved == ()
