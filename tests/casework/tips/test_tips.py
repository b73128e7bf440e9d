"""Tips: recorded, searched, and made something of or not; their source kept apart."""

import pytest
from sqlalchemy import select

from casework.kernel.errors import (
    EnrolmentRefused,
    IllegalTransition,
    InvalidPeriod,
    InvalidReferral,
    NotFound,
    NotPermitted,
    StaleVersion,
)
from casework.kernel.vocabulary import Disposal, Role, TipOrigin, TipState
from casework.tables import AuditRecord, Tip
from casework.tips.payload import TipField
from casework.tips.reports import NewTip
from casework.tips.tips import TipFilter
from casework.watchlists.enrolment import ACCEPTED
from casework.watchlists.subjects import NewSubject
from detector.errors import UnsupportedFormat
from tests.casework.referrals.scenes import Scene
from tests.fakes import photo_of
from tests.services import OPERATOR, officer

TEXT, PLACE, SOURCE = "Seen at the harbour.", "Pier 3", "the fishmonger, 0812"
NEW = NewTip(TEXT, TipOrigin.PUBLIC, PLACE, source=SOURCE)
PURPOSE = "a report from the public"

S = TipState


@pytest.fixture
def scene(desk):
    return Scene.of(desk)


@pytest.fixture
def work(desk):
    return desk.service.tip_steps


@pytest.fixture
def tips(desk):
    return desk.service.exchange.tips


@pytest.fixture
def analyst(desk):
    return officer(desk.agency("IMI"), Role.ANALYST, name="analyst")


@pytest.fixture
def supervisor(desk):
    return officer(desk.agency("IMI"), Role.SUPERVISOR, name="supervisor")


def state_of(tips, actor, tip):
    return S(tips.get(actor, tip.id).tip.state)


def actions_on(desk, object_id):
    with desk.service.kernel.database.read() as session:
        query = select(AuditRecord).where(AuditRecord.object_id == object_id)
        return [record.action for record in session.scalars(query.order_by(AuditRecord.seq))]


# Recording and reading


@pytest.mark.every_database
def test_a_tip_is_recorded_with_its_photo(scene, work, tips):
    content = photo_of(1)
    row = work.record(scene.sender, NEW, content)
    view = tips.get(scene.sender, row.id)
    assert (view.report.text, view.report.place, view.dismissal) == (TEXT, PLACE, None)
    assert view.tip.state == S.NEW
    assert view.tip.photo_quality is not None
    assert view.tip.photo_quality["verdict"] == "marginal"  # as drawn people are
    assert tips.photo(scene.sender, row.id) == (content, "jpeg", 0)
    assert len(row.reference) == 9


def test_a_photo_without_a_face_is_kept_and_what_is_no_photo_is_refused(scene, work, tips):
    row = work.record(scene.sender, NEW, photo_of())
    assert row.photo_quality is not None
    assert row.photo_quality["verdict"] == "unsearchable"
    with pytest.raises(UnsupportedFormat):
        work.record(scene.sender, NEW, b"no photo at all")
    assert len(tips.page(scene.sender, None, 10, TipFilter())) == 1


def test_nothing_personal_lies_open_in_the_database(scene, work, desk, supervisor):
    content = photo_of(1)
    row = work.record(scene.sender, NEW, content)
    work.dismiss(scene.sender, row.id, "a harmless fisherman")
    with desk.service.kernel.database.read() as session:
        stored = session.get_one(Tip, row.id)
        columns = [getattr(stored, column.key) for column in Tip.__table__.columns]
    text = repr(columns)
    for secret in (TEXT, PLACE, SOURCE, "fisherman"):
        assert secret not in text
    assert content not in columns


def test_a_tip_belongs_to_an_agency(work):
    with pytest.raises(NotPermitted):
        work.record(OPERATOR, NEW)


def test_the_source_is_for_the_agency_s_supervisors_and_each_reading_is_audited(
    scene, work, tips, desk, supervisor, analyst
):
    row = work.record(scene.sender, NEW)
    assert tips.source(supervisor, row.id) == SOURCE
    assert tips.source(supervisor, row.id) == SOURCE
    for other in (scene.sender, analyst):
        with pytest.raises(NotPermitted):
            tips.source(other, row.id)
    with pytest.raises(NotFound):
        tips.source(scene.stranger, row.id)  # a supervisor, of another agency
    assert actions_on(desk, row.id) == ["tip.record", "tip.source", "tip.source"]
    nameless = work.record(scene.sender, NewTip(TEXT, TipOrigin.AGENCY))
    with pytest.raises(NotFound):
        tips.source(supervisor, nameless.id)


@pytest.mark.every_database
def test_a_tip_is_there_for_its_agency_alone(scene, work, tips):
    row = work.record(scene.sender, NEW, photo_of(1))
    for attempt in (
        lambda: tips.get(scene.stranger, row.id),
        lambda: tips.photo(scene.stranger, row.id),
        lambda: work.search(scene.stranger, row.id, PURPOSE),
        lambda: work.refer(scene.stranger, row.id, scene.to(), []),
        lambda: work.dismiss(scene.stranger, row.id, "x"),
    ):
        with pytest.raises(NotFound, match=row.id):
            attempt()
    assert tips.page(scene.stranger, None, 10, TipFilter()) == []


def test_tips_are_found_by_state_reference_and_time(scene, work, tips, desk):
    first = work.record(scene.sender, NEW)
    desk.clock.advance(hours=1)
    second = work.record(scene.sender, NEW)
    work.dismiss(scene.sender, first.id, "nothing")

    def ids(**wanted):
        return [row.id for row in tips.page(scene.sender, None, 10, TipFilter(**wanted))]

    assert ids() == [second.id, first.id]
    assert ids(states=(S.DISMISSED,)) == [first.id]
    assert ids(reference=second.reference.lower()) == [second.id]
    assert ids(since=desk.clock()) == [second.id]
    assert [row.id for row in tips.page(scene.sender, second.id, 10, TipFilter())] == [first.id]


# Searching


@pytest.mark.every_database
def test_a_tip_s_photo_is_searched_for_a_purpose(scene, work, tips, desk):
    subject = desk.enrol(1)
    row = work.record(scene.sender, NEW, photo_of(1, brightness=0.9))
    found = work.search(scene.sender, row.id, PURPOSE)
    assert found.candidates[0][0].subject_id == subject
    assert found.search.purpose == PURPOSE
    view = tips.get(scene.sender, row.id)
    assert (view.tip.state, view.tip.search_id) == (S.SEARCHED, found.search.id)
    assert desk.service.screening.searches.get(scene.sender, found.search.id).candidates


def test_a_tip_without_a_photo_cannot_be_searched(scene, work, tips):
    row = work.record(scene.sender, NEW)
    with pytest.raises(IllegalTransition, match="without a photo"):
        work.search(scene.sender, row.id, PURPOSE)
    with pytest.raises(NotFound):
        tips.photo(scene.sender, row.id)


def test_a_settled_tip_is_not_searched(scene, work, desk):
    row = work.record(scene.sender, NEW, photo_of(1))
    work.dismiss(scene.sender, row.id, "nothing")
    with pytest.raises(IllegalTransition):
        work.search(scene.sender, row.id, PURPOSE)
    assert "gallery.search" not in actions_on(desk, row.id)


# Making something of it


@pytest.mark.every_database
def test_a_tip_is_referred_with_what_was_chosen(scene, work, tips, desk):
    records = desk.service
    row = work.record(scene.sender, NEW, photo_of(1))
    fields = [TipField.TEXT, TipField.PHOTO]
    referral = work.refer(scene.sender, row.id, scene.to(), fields)
    assert state_of(tips, scene.sender, row) is S.REFERRED
    view = records.exchange.referrals.get(scene.receiver, referral.id)
    assert (view.values, view.photos, view.object_id) == ({"text": TEXT}, ("photo",), None)
    assert records.exchange.referrals.photo(scene.receiver, referral.id, "photo") == (
        photo_of(1),
        "jpeg",
        0,
    )
    for read in (tips.get, tips.photo):
        with pytest.raises(NotFound):
            read(scene.receiver, row.id)


def test_every_field_of_a_tip_can_be_carried_and_its_source_cannot(scene, work, desk):
    row = work.record(scene.sender, NEW, photo_of(1))
    referral = work.refer(scene.sender, row.id, scene.to(), list(TipField))
    view = desk.service.exchange.referrals.get(scene.receiver, referral.id)
    assert {*view.values, *view.photos} == {field.value for field in TipField}
    assert SOURCE not in str(view.values)
    assert "source" not in {field.value for field in TipField}


def test_a_photo_that_is_not_there_cannot_be_carried(scene, work, tips):
    row = work.record(scene.sender, NEW)
    with pytest.raises(InvalidReferral) as error:
        work.refer(scene.sender, row.id, scene.to(), [TipField.PHOTO])
    assert error.value.field == "fields"
    assert state_of(tips, scene.sender, row) is S.NEW


def test_a_referred_tip_waits_for_the_answer_and_then_comes_back(scene, work, tips, desk):
    steps = desk.service.exchange.referral_steps
    row = work.record(scene.sender, NEW)
    referral = work.refer(scene.sender, row.id, scene.to(), [TipField.TEXT])
    with pytest.raises(IllegalTransition, match="in hand"):
        work.dismiss(scene.sender, row.id, "x")
    steps.accept(scene.receiver, referral.id)
    steps.answer(scene.receiver, referral.id, "Nobody there.", Disposal.NOT_FOUND)
    work.dismiss(scene.sender, row.id, "the police found nobody")
    assert state_of(tips, scene.sender, row) is S.DISMISSED


@pytest.mark.every_database
def test_a_subject_is_made_of_a_tip(scene, work, tips, desk, analyst):
    row = work.record(scene.sender, NEW, photo_of(5))
    person = NewSubject("Somebody", (desk.watchlist(),))
    enrolled = work.enrol(analyst, row.id, person)
    assert [report.code for report in enrolled.reports] == [ACCEPTED]
    assert tips.get(analyst, row.id).tip.subject_id == enrolled.subject_id
    assert state_of(tips, analyst, row) is S.ENROLLED
    (alert,) = desk.screen(5).encounter.alerts
    assert alert.subject_id == enrolled.subject_id


def test_only_analysts_enrol_and_only_on_their_own_lists(scene, work, tips, desk, analyst):
    row = work.record(scene.sender, NEW, photo_of(5))
    with pytest.raises(NotPermitted):
        work.enrol(scene.sender, row.id, NewSubject("Somebody", (desk.watchlist(),)))
    foreign = desk.watchlist("foreign", agency_id=desk.agency("POL"))
    with pytest.raises(NotFound):
        work.enrol(analyst, row.id, NewSubject("Somebody", (foreign,)))
    assert state_of(tips, analyst, row) is S.NEW
    assert desk.service.lists.subjects.page(analyst, None, 10) == []


def test_nobody_is_enrolled_from_a_photo_without_a_face(scene, work, tips, desk, analyst):
    row = work.record(scene.sender, NEW, photo_of())
    with pytest.raises(EnrolmentRefused):
        work.enrol(analyst, row.id, NewSubject("Somebody", (desk.watchlist(),)))
    assert state_of(tips, analyst, row) is S.NEW


def test_an_entry_that_has_lapsed_already_is_not_made(scene, work, tips, desk, analyst):
    row = work.record(scene.sender, NEW, photo_of(5))
    lapsed = NewSubject("Somebody", (desk.watchlist(),), valid_until=desk.clock())
    desk.clock.advance(seconds=1)
    with pytest.raises(InvalidPeriod, match="lapsed"):
        work.enrol(analyst, row.id, lapsed)
    assert state_of(tips, analyst, row) is S.NEW


def test_a_dismissal_keeps_its_reason(scene, work, tips):
    row = work.record(scene.sender, NEW)
    work.dismiss(scene.sender, row.id, "a known joker")
    assert tips.get(scene.sender, row.id).dismissal == "a known joker"
    with pytest.raises(IllegalTransition):
        work.dismiss(scene.sender, row.id, "again")


def test_an_outdated_version_changes_nothing(scene, work, tips):
    row = work.record(scene.sender, NEW, photo_of(1))
    work.search(scene.sender, row.id, PURPOSE, version=row.version)
    for step in (
        lambda: work.search(scene.sender, row.id, PURPOSE, version=row.version),
        lambda: work.dismiss(scene.sender, row.id, "x", version=row.version),
        lambda: work.refer(scene.sender, row.id, scene.to(), [], version=row.version),
    ):
        with pytest.raises(StaleVersion):
            step()
    assert state_of(tips, scene.sender, row) is S.SEARCHED


def test_an_analyst_records_and_searches_but_does_not_refer(scene, work, analyst):
    row = work.record(analyst, NEW, photo_of(1))
    work.search(analyst, row.id, PURPOSE)
    with pytest.raises(NotPermitted):
        work.refer(analyst, row.id, scene.to(), [])
