"""Objections: recorded, answered once, shown where the entry is, and gone with it."""

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from casework.kernel.audit.reader import AuditFilter
from casework.kernel.errors import IllegalTransition, InvalidPeriod, NotFound, NotPermitted
from casework.kernel.vocabulary import ObjectionOutcome, Role
from casework.tables import Objection
from casework.watchlists.objections import NewObjection
from tests.services import OPERATOR, officer

NEW = NewObjection("Person 1", "Another person of the same name.")


@pytest.fixture
def objections(desk):
    return desk.service.lists.objections


@pytest.fixture
def chief(desk):
    return officer(desk.agency(), Role.SUPERVISOR, name="chief")


@pytest.fixture
def clerk(desk):
    return officer(desk.agency(), Role.OFFICER, name="clerk")


def test_it_is_recorded_and_answered_once_with_who_and_when(desk, objections, clerk, chief):
    subject_id = desk.enrol(1)
    view = objections.record(clerk, subject_id, NEW, UTC)
    assert (view.row.received_on, view.row.due_on) == (date(2026, 3, 1), date(2026, 3, 15))
    assert [each.row.id for each in objections.page(chief, None, None, unanswered=True)] == [
        view.row.id
    ]
    with pytest.raises(NotPermitted):
        objections.answer(clerk, view.row.id, ObjectionOutcome.REJECTED, "No.")
    desk.clock.advance(days=2)
    answered = objections.answer(chief, view.row.id, ObjectionOutcome.REJECTED, "It is you.")
    assert (answered.row.answered_by, answered.row.answered_at) == (chief.id, desk.clock())
    with pytest.raises(IllegalTransition):
        objections.answer(chief, view.row.id, ObjectionOutcome.UPHELD, "After all.")
    assert objections.page(chief, None, None, unanswered=True) == []
    assert objections.waiting(chief) == 0
    (again,) = objections.of_subject(clerk, subject_id)
    assert (again.row.grounds, again.row.answer) == (NEW.grounds, "It is you.")
    filters = AuditFilter(object_id=view.row.id)
    found = desk.service.oversight.trail.page(OPERATOR, None, 10, filters)
    assert {each.action for each in found} == {"objection.record", "objection.answer"}
    assert NEW.grounds not in repr(found)


def test_it_shows_on_every_alert_of_the_subject_until_that_is_erased(
    desk, objections, clerk, chief
):
    subject_id = desk.enrol(1)
    (alert,) = desk.screen(1).encounter.alerts
    view = objections.record(clerk, subject_id, NEW, UTC)
    alerts = desk.service.review.alerts
    (mark,) = alerts.get(clerk, alert.id).objections
    assert (mark.received_on, mark.outcome) == (date(2026, 3, 1), None)
    objections.answer(chief, view.row.id, ObjectionOutcome.UPHELD, "You are right.")
    (later,) = desk.screen(1).encounter.alerts
    (mark,) = alerts.get(clerk, later.id).objections
    assert mark.outcome is ObjectionOutcome.UPHELD
    desk.service.lists.subjects.remove(OPERATOR, subject_id)
    assert alerts.get(clerk, alert.id).objections == ()
    with desk.service.kernel.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Objection)) == 0


def test_days_that_cannot_be_are_refused(desk, objections, clerk):
    subject_id = desk.enrol(1)
    tomorrow = date(2026, 3, 2)
    with pytest.raises(InvalidPeriod) as refused:
        objections.record(clerk, subject_id, NewObjection("x", "y", tomorrow), UTC)
    assert refused.value.field == "received_on"
    early = NewObjection("x", "y", date(2026, 2, 28), date(2026, 2, 27))
    with pytest.raises(InvalidPeriod) as refused:
        objections.record(clerk, subject_id, early, UTC)
    assert refused.value.field == "due_on"
    # Where it is tomorrow already, tomorrow is today.
    desk.clock.advance(hours=10)
    objections.record(
        clerk, subject_id, NewObjection("x", "y", tomorrow), ZoneInfo("Asia/Jayapura")
    )


def test_it_is_the_agencys_own(desk, objections, clerk):
    view = objections.record(clerk, desk.enrol(1), NEW, UTC)
    other = officer(desk.agency("BEA"), Role.SUPERVISOR)
    for act in (
        lambda: objections.get(other, view.row.id),
        lambda: objections.answer(other, view.row.id, ObjectionOutcome.UPHELD, "x"),
        lambda: objections.of_subject(other, view.row.subject_id),
        lambda: objections.record(other, view.row.subject_id, NEW, UTC),
    ):
        with pytest.raises(NotFound):
            act()
    assert objections.page(other, None, None) == []
    assert objections.waiting(other) == 0


def test_entries_that_lapse_soon_stand_in_the_box_until_they_are_extended(desk):
    now = desk.clock()
    analyst = officer(desk.agency(), Role.ANALYST, name="analyst")
    subjects = desk.service.lists.subjects
    ends = {1: 29, 2: 3, 3: 31, 5: None}
    ids = {
        person: desk.enrol(
            person, valid_until=now + timedelta(days=days) if days is not None else None
        )
        for person, days in ends.items()
    }
    assert [each.id for each in subjects.lapsing(analyst, 10)] == [ids[2], ids[1]]
    assert subjects.count_lapsing(analyst) == 2
    assert subjects.count_lapsing(officer(desk.agency("BEA"), Role.ANALYST)) == 0
    later = now + timedelta(days=180)
    row = subjects.extend(analyst, ids[2], later, "D-9/2026", None)
    assert (row.valid_until, row.decision_number) == (later, "D-9/2026")
    assert subjects.count_lapsing(analyst) == 1
    for person, until in ((2, now + timedelta(days=90)), (5, later)):
        with pytest.raises(InvalidPeriod):
            subjects.extend(analyst, ids[person], until, None, None)
    desk.service.lists.erasures.erase(OPERATOR, ids[1], "mistake")
    assert subjects.count_lapsing(analyst) == 0


def test_they_go_along_in_a_merge_and_come_back_with_its_undo(desk, objections, clerk, chief):
    gone, kept = desk.enrol(1), desk.enrol(1)
    first = objections.record(clerk, gone, NEW, UTC).row.id
    own = objections.record(clerk, kept, NEW, UTC).row.id
    merges = desk.service.lists.merges
    merges.merge(OPERATOR, gone, kept, "the same passport")
    assert {each.row.id for each in objections.of_subject(clerk, kept)} == {first, own}
    answered = objections.answer(chief, first, ObjectionOutcome.REJECTED, "It is you.")
    assert (answered.row.grounds, answered.row.subject_id) == (NEW.grounds, kept)
    merges.undo(OPERATOR, gone)
    (back,) = objections.of_subject(clerk, gone)
    assert (back.row.id, back.row.grounds, back.row.answer) == (first, NEW.grounds, "It is you.")
    assert [each.row.id for each in objections.of_subject(clerk, kept)] == [own]
    assert desk.service.oversight.trail.verify(OPERATOR).whole


def test_they_outlive_the_entry_that_was_merged(desk, objections, clerk):
    gone, kept = desk.enrol(1), desk.enrol(1)
    objections.record(clerk, gone, NEW, UTC)
    desk.service.lists.merges.merge(OPERATOR, gone, kept, "the same passport")
    desk.clock.advance(hours=25)
    desk.service.lists.erasures.finish()
    (left,) = objections.of_subject(clerk, kept)
    assert left.row.grounds == NEW.grounds
