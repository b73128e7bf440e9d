"""What is due goes, from the files too; what is not stays; the trail tells of it, and is whole."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from casework.kernel.audit.reader import AuditFilter
from casework.kernel.errors import NotPermitted
from casework.kernel.vocabulary import Disposal, Opinion, Role
from casework.oversight.retention import RecordKind, Retention
from casework.review.decisions import Finding
from casework.tables import Alert, AlertEvent, Encounter, EnrolledPhoto, Subject, Template
from tests.fakes import photo_of
from tests.services import OPERATOR, officer


def counts(records):
    with records.kernel.database.read() as session:
        tables = (Encounter, Alert, AlertEvent, Subject, EnrolledPhoto, Template)
        return {
            t.__tablename__: session.scalar(select(func.count()).select_from(t)) for t in tables
        }


def erased(records):
    return {
        each.kind: each.records
        for each in records.oversight.retention.run(OPERATOR)
        if each.records
    }


def close(desk, alert_id):
    actor = officer(desk.agency(), Role.OFFICER)
    review = desk.service.review.decisions
    review.acknowledge(actor, alert_id)
    review.decide(actor, alert_id, Finding(Opinion.NOT_CANDIDATE, note="not him"))
    review.close(actor, alert_id, Disposal.MISTAKEN_IDENTITY)


def test_nothing_goes_before_its_time(desk):
    desk.enrol(1)
    desk.screen(1)
    desk.screen(2, idempotency_key="k")
    assert erased(desk.service) == {}


def test_a_clear_encounter_goes_and_one_with_an_open_alert_stays(desk):
    desk.enrol(1)
    desk.screen(1)
    desk.screen(2)
    desk.clock.advance(days=29)
    assert erased(desk.service) == {}
    desk.clock.advance(days=2)
    # What was told of the alert is forgotten; the alert is not.
    assert erased(desk.service) == {RecordKind.ENCOUNTERS: 1, RecordKind.EVENTS: 1}
    desk.clock.advance(days=5000)
    assert erased(desk.service) == {}
    assert counts(desk.service)["alert"] == 1


def test_an_alert_goes_a_year_after_its_closing_with_portrait_and_review(desk, database):
    desk.enrol(1)
    encounter = desk.screen(1, reference=photo_of(1, brightness=0.8)).encounter
    desk.clock.advance(days=400)
    close(desk, encounter.alerts[0].id)
    desk.clock.advance(days=364)
    assert RecordKind.ALERTS not in erased(desk.service)
    kept = (encounter.sealed_portrait, encounter.sealed_face, encounter.sealed_reference)
    sealed = [piece(each) for each in kept]
    assert all(each in in_files(database) for each in sealed)
    desk.clock.advance(days=2)
    assert erased(desk.service) == {RecordKind.ALERTS: 1}
    found = counts(desk.service)
    assert (found["encounter"], found["alert"], found["alert_event"]) == (0, 0, 0)
    desk.service.kernel.database.compact()
    assert not any(each in in_files(database) for each in sealed)


def test_a_lapsed_subject_goes_from_gallery_tables_and_files(desk, database):
    until = desk.clock()
    desk.clock.advance(days=-10)
    gone = desk.enrol(1, valid_until=until)
    kept = desk.enrol(2)
    with desk.service.kernel.database.read() as session:
        photo = session.scalars(select(EnrolledPhoto).where(EnrolledPhoto.subject_id == gone)).one()
        template = session.scalars(select(Template).where(Template.subject_id == gone)).one()
        kept_of = (photo.sealed_content, photo.sealed_face, template.sealed_vector)
        secrets = [piece(each) for each in kept_of]
    assert all(secret in in_files(database) for secret in secrets)
    desk.clock.advance(days=376)
    records = desk.service
    assert [
        (d.kind, d.records) for d in records.oversight.retention.due(OPERATOR) if d.records
    ] == [(RecordKind.SUBJECTS, 1)]
    assert erased(records) == {RecordKind.SUBJECTS: 1}
    desk.service.gallery.replica.catch_up()
    assert len(desk.service.gallery.replica.gallery) == 1
    with records.kernel.database.read() as session:
        assert list(session.scalars(select(Subject.id))) == [kept]
    records.kernel.database.compact()
    assert not any(secret in in_files(database) for secret in secrets)
    (removal,) = records.oversight.trail.page(
        OPERATOR, None, 9, AuditFilter(action="subject.remove")
    )
    assert (removal.object_id, removal.owner_id) == (gone, desk.agency())
    assert removal.detail == {"why": "retention"}
    assert records.kernel.audit.verify().whole


def test_a_run_is_recorded_and_zero_keeps_for_good(desk):
    records = desk.service
    desk.screen(2)
    desk.clock.advance(days=10_000)
    forever = Retention(records.kernel, {RecordKind.ENCOUNTERS: 0})
    assert all(each.records == 0 for each in forever.run(OPERATOR))
    assert erased(records) == {RecordKind.ENCOUNTERS: 1}
    (noted,) = records.oversight.trail.page(OPERATOR, None, 9, AuditFilter(action="retention"))
    assert noted.detail["kind"] == "encounters"
    assert noted.detail["records"] == 1
    assert records.kernel.audit.verify().whole


@dataclass
class Ticks:
    """Seconds that only statements take: a fixed time for each record that is deleted."""

    per_record: float
    now: float = 0

    def __call__(self):
        return self.now

    def watch(self, database):
        @event.listens_for(database.engine, "after_cursor_execute")
        def deleted(_connection, cursor, statement, *_rest):
            if statement.startswith("DELETE"):
                self.now += cursor.rowcount * self.per_record


def timed(desk, per_record, pause=lambda _seconds: None):
    """Retention on a machine that needs so many seconds for each record."""
    records = desk.service
    ticks = Ticks(per_record)
    ticks.watch(records.kernel.database)
    return Retention(records.kernel, {}, ticks, pause)


def batches(desk):
    trail = desk.service.oversight.trail.page(OPERATOR, None, 99, AuditFilter(action="retention"))
    return [record.detail["records"] for record in reversed(trail)]


def test_a_batch_is_as_large_as_fits_into_the_moment_that_others_may_wait(desk):
    for _ in range(17):
        desk.screen(2)
    desk.clock.advance(days=31)
    retention = timed(desk, 0.0055)
    gone = {each.kind: each.records for each in retention.run(OPERATOR)}
    assert gone[RecordKind.ENCOUNTERS] == 17
    assert batches(desk) == [1, 2, 4, 5, 5]
    # What was found out is not forgotten, nor is it when few are left.
    for _ in range(6):
        desk.screen(2)
    desk.clock.advance(days=31)
    retention.run(OPERATOR)
    assert batches(desk)[5:] == [5, 1]


def test_records_that_take_long_go_one_by_one(desk):
    for _ in range(3):
        desk.screen(2)
    desk.clock.advance(days=31)
    timed(desk, 10).run(OPERATOR)
    assert batches(desk) == [1, 1, 1]


@pytest.mark.every_database
def test_a_run_ends_with_its_budget_and_the_next_goes_on(desk):
    for number in range(4):
        desk.screen(2, idempotency_key=str(number))
    desk.clock.advance(days=31)
    retention = timed(desk, 0.04)
    runs = []
    while any(each.records for each in retention.due(OPERATOR)):
        run = {each.kind: each.records for each in retention.run(OPERATOR, 0.1) if each.records}
        runs.append(run)
        assert sum(run.values()) <= 3
    # Repetitions go with their encounter; otherwise they have their turn beside it.
    assert len(runs) > 1
    assert counts(desk.service)["encounter"] == 0
    assert set(batches(desk)) == {1}
    assert desk.service.kernel.audit.verify().whole


@pytest.mark.every_database
def test_a_screening_has_its_turn_between_batches(desk):
    screened = []

    def pause(seconds):
        assert seconds > 0
        screened.append(desk.screen(2).encounter.outcome)

    for _ in range(3):
        desk.screen(2)
    desk.clock.advance(days=31)
    timed(desk, 0.05, pause).run(OPERATOR)
    assert batches(desk) == [1, 1, 1]
    assert screened == ["clear"] * 3
    assert counts(desk.service)["encounter"] == 3


def test_what_is_due_is_looked_for_while_others_can_write(desk):
    """The tables are read from end to end for it."""
    records = desk.service
    desk.screen(2)
    desk.clock.advance(days=31)
    others = []

    @event.listens_for(records.kernel.database.engine, "after_cursor_execute")
    def looked(_connection, _cursor, statement, *_rest):
        if statement.startswith("SELECT encounter.id") and " IN (" not in statement:
            with closing(sqlite3.connect(records.kernel.database.url.database, timeout=0)) as other:
                other.execute("BEGIN IMMEDIATE")
            others.append(statement)

    assert erased(records) == {RecordKind.ENCOUNTERS: 1}
    assert others


def test_what_is_no_longer_due_when_its_turn_comes_stays(desk):
    records = desk.service
    subject = desk.enrol(1, valid_until=desk.clock() + timedelta(days=1))
    desk.clock.advance(days=400)
    find = records.oversight.retention._due_keys

    def found_then_extended(kind, before):
        keys = find(kind, before)
        if keys and kind is RecordKind.SUBJECTS:
            records.lists.subjects.edit(OPERATOR, subject, {"valid_until": None}, None)
        return keys

    records.oversight.retention._due_keys = found_then_extended
    assert RecordKind.SUBJECTS not in erased(records)
    assert counts(records)["subject"] == 1


def test_officers_may_not_erase(desk):
    actor = officer(desk.agency(), *set(Role) - {Role.PORT})
    with pytest.raises(NotPermitted):
        desk.service.oversight.retention.run(actor)
    with pytest.raises(NotPermitted):
        desk.service.oversight.retention.due(actor)


def piece(sealed):
    """Some bytes of a sealed value: a long one is scattered over a database's pages."""
    return bytes(sealed[20:60])


def in_files(database):
    return b"".join(path.read_bytes() for path in sorted(database.parent.glob("siaga.db*")))
