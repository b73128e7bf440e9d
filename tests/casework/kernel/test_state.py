"""What an act leaves behind is in its record: nine manipulations in SQL, and what is listed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, text

from casework.accounts import recovery_codes
from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.areas.offices import NewOffice
from casework.areas.teams import NewTeam
from casework.kernel.audit import state
from casework.kernel.audit.chain import STATE_CHANGE, Link, encode
from casework.kernel.audit.checkpoints import Checkpoints, Signers
from casework.kernel.audit.log import AuditedAct, AuditEntry
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.vocabulary import (
    Disposal,
    Opinion,
    OpinionReason,
    PermitKind,
    ReferralKind,
    Role,
    Scope,
)
from casework.referrals.presets import NewPreset
from casework.review.decisions import Finding
from casework.review.duty import NewShift
from casework.tables import (
    Alert,
    Approval,
    AuditRecord,
    EnrolledPhoto,
    KnownLookalike,
    Table,
    Template,
)
from casework.watchlists.enrolment import Application
from casework.watchlists.objections import NewObjection
from casework.watchlists.residences import NewResidence
from casework.watchlists.subjects import NewSubject
from index.false_matches import least_photos
from tests.packs import unit_rows
from tests.services import BEGIN, OPERATOR, Desk, officer, photo_file

pytestmark = pytest.mark.every_database

NO_FILTER = AuditFilter()
FINDING = Finding(
    Opinion.POTENTIAL_CANDIDATE, (OpinionReason.FACIAL_FEATURES_AGREE,), "the left ear"
)


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """An installation where everything that is protected has rows."""
    records, agency = desk.service, desk.agency("IMI")
    records.lists.categories.edit(OPERATOR, "tangkal", {"priority": 1}, None)
    records.lists.outcomes.edit(OPERATOR, "deported", {"label": {"en": "Sent back"}}, None)
    records.areas.ports.put(OPERATOR, "CGK", "31")
    records.areas.offices.create(officer(agency, Role.ADMIN), NewOffice("Office", "31"))
    records.areas.teams.create(
        officer(agency, Role.COORDINATOR), NewTeam("Team", "31", (desk.agency("POL"),))
    )
    desk.watchlist(requires_second_officer=True, shared_with=(desk.agency("POL"),))
    desk.enrol(1, reference="S-1")
    desk.enrol(2, reference="S-2")
    (alert,) = desk.screen(1).encounter.alerts
    desk.screen(2)
    desk.screen(9)
    records.accounts.officers.create(
        OPERATOR, NewOfficer(agency, "siti", "Siti Rahma", frozenset({Role.OFFICER}))
    )
    key = NewKey("gate", frozenset({Scope.SCREEN}), None, agency)
    records.accounts.keys.create(OPERATOR, key)
    first = officer(agency, Role.OFFICER, name="first")
    records.review.decisions.acknowledge(first, alert.id)
    records.review.decisions.decide(first, alert.id, FINDING)
    accounts = records.accounts.officers.page(OPERATOR, None, None)
    shift = NewShift("CGK", ("mon",), "07:00", "15:00", (accounts[0].id,), agency_id=agency)
    records.review.duty.create(OPERATOR, shift, "Asia/Jakarta")
    preset = NewPreset(ReferralKind.ALERT, "Usual", desk.agency("POL"), ("name",), "Look.", 3)
    records.exchange.referral_presets.create(officer(agency, Role.ADMIN, name="admin"), preset)
    objection = NewObjection("Person 1", "It is not me.")
    records.lists.objections.record(OPERATOR, alert.subject_id, objection, UTC)
    permit = NewResidence(PermitKind.VISIT, BEGIN.date())
    records.lists.residences.record(OPERATOR, alert.subject_id, permit, UTC)
    with records.kernel.database.write() as session:
        session.add(waiting(agency, accounts[0].id, desk.clock()))
        recovery_codes.renew(session, accounts[0].id, desk.clock())
        session.add(look_alike(alert, desk.clock()))
    scores = [0.3 + 0.3 * number / 1000 for number in range(1000)]
    desk.service.calibration.calibrations.make_from_reference(OPERATOR, scores)
    desk.service.calibration.priors.measure(OPERATOR, list(unit_rows(least_photos())))
    verdict = records.kernel.audit.verify()
    assert verdict.whole, verdict.fault
    return desk


def look_alike(alert: Alert, now: datetime) -> KnownLookalike:
    """Somebody who was taken for the subject of an alert."""
    return KnownLookalike(
        id="lka_1",
        agency_id=alert.owner_id,
        subject_id=alert.subject_id,
        alert_id=alert.id,
        case_number=alert.case_number,
        model="a model",
        sealed_vector=b"a template",
        score=0.5,
        asked_by="off_1",
        asked_at=now,
        decided_at=now,
        valid_until=now,
        spared=0,
    )


def waiting(agency: str, officer_id: str, now: datetime) -> Approval:
    """A request for a second person."""
    sealed = b"a request"
    return Approval(
        id="apr_1",
        kind="officer.edit",
        agency_id=agency,
        sealed_request=sealed,
        state="open",
        asked_by=officer_id,
        asked_at=now,
        effective_from=now,
        lapses_at=now,
    )


def sql(desk: Desk, *statements: str) -> None:
    """What somebody does who can write to the database, and has no key."""
    with desk.service.kernel.database.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


MANIPULATIONS = {
    "an alert is closed": (
        "UPDATE alert SET state = 'closed', disposal = 'cleared' WHERE rank = 1",
        "state_row_altered",
    ),
    "a role is given": (
        """UPDATE officer SET roles = '["admin", "officer"]'
        WHERE id = (SELECT MAX(id) FROM officer)""",
        "state_row_altered",
    ),
    "a policy is weakened": (
        "UPDATE watchlist SET requires_second_officer = false",
        "state_row_altered",
    ),
    "a membership is taken away": (
        """DELETE FROM membership WHERE subject_id =
        (SELECT MIN(id) FROM subject)""",
        "state_row_missing",
    ),
    "an outcome releases instead": (
        "UPDATE outcome_code SET disposition = 'released'",
        "state_row_altered",
    ),
    "a share is added": (
        """INSERT INTO watchlist_share (watchlist_id, agency_id)
        SELECT watchlist.id, agency.id FROM watchlist, agency WHERE agency.code = 'IMI'""",
        "state_row_added",
    ),
    "an encounter is deleted": (
        "DELETE FROM encounter WHERE outcome = 'clear'",
        "state_row_missing",
    ),
    "a decision is edited": (
        "UPDATE alert_event SET opinion = 'not_candidate' WHERE opinion IS NOT NULL",
        "state_row_altered",
    ),
    "a key is given back": ("UPDATE api_key SET scopes = '[\"enrol\"]'", "state_row_altered"),
    "a password is set": ("UPDATE officer SET password_hash = 'x'", "state_row_altered"),
    "a salt is lost": ("UPDATE alert SET state_salt = NULL", "state_row_altered"),
    "a table is emptied": ("DELETE FROM calibration", "state_row_missing"),
    "two decisions are emptied": ("DELETE FROM alert_event", "state_row_missing"),
}


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_a_row_that_was_changed_without_an_act_is_found(busy, name):
    statement, code = MANIPULATIONS[name]
    sql(busy, statement)
    verdict = busy.service.kernel.audit.verify()
    assert verdict.message is not None, "nothing was found"
    assert verdict.message.code == code
    # What is done later makes it no better.
    busy.screen(8)
    assert busy.service.kernel.audit.verify().message == verdict.message


def test_two_templates_that_were_swapped_are_found(busy):
    with busy.service.kernel.database.read() as session:
        found = session.execute(text("SELECT id, subject_id FROM template ORDER BY id")).all()
    (one, hers), (other, his) = found
    sql(
        busy,
        f"UPDATE template SET subject_id = '{his}' WHERE id = {one}",
        f"UPDATE template SET subject_id = '{hers}' WHERE id = {other}",
    )
    verdict = busy.service.kernel.audit.verify()
    assert [each.code for each in (verdict.message, *verdict.more)] == ["state_row_altered"] * 2
    assert f"{one} in table template is not as record" in verdict.fault


def test_every_table_that_is_emptied_is_found(busy):
    for coverage in state.COVERAGE:
        with opened_by_force(busy, coverage.name):
            codes = faults(busy)
        assert "state_row_missing" in codes, coverage.name
    assert not faults(busy)


@contextmanager
def opened_by_force(desk: Desk, table: str) -> Iterator[None]:
    """Empty a table, and put its rows back afterwards."""
    database = desk.service.kernel.database
    off, on = ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON")
    if not database.local:
        off, on = (f"SET session_replication_role = {each}" for each in ("replica", "DEFAULT"))
    with database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute(off)
        connection.exec_driver_sql(f"CREATE TABLE kept AS SELECT * FROM {table}")
        connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.commit()
        yield
        driver.execute(off)
        connection.exec_driver_sql(f"INSERT INTO {table} SELECT * FROM kept")
        connection.exec_driver_sql("DROP TABLE kept")
        connection.commit()
        driver.execute(on)


def faults(desk: Desk) -> list[str]:
    verdict = desk.service.kernel.audit.verify()
    first = [verdict.message] if verdict.message is not None else []
    return [each.code for each in (*first, *verdict.more)]


def cut(desk: Desk, kept: int) -> None:
    """Cut the tail off, and put back every row that its acts had changed."""
    with desk.service.kernel.database.read() as session:
        row = session.scalars(select(AuditRecord).where(AuditRecord.seq == kept)).one()
    sql(
        desk,
        f"DELETE FROM audit WHERE seq > {kept}",
        f"DELETE FROM audit_text WHERE seq > {kept}",
        f"UPDATE audit_head SET seq = {kept}, hash = '{row.hash}'",
    )


def test_a_tail_that_was_cut_off_without_the_key_is_found(busy):
    note(busy, 3)
    audit = busy.service.kernel.audit
    cut(busy, audit.verify().records - 2)
    assert audit.verify().message.code == "trail_end_unsealed"


def note(desk: Desk, count: int) -> None:
    for _ in range(count):
        desk.service.oversight.trail.page(OPERATOR, None, 1, NO_FILTER)


def test_a_tail_that_was_cut_off_with_the_key_is_found_by_checkpoints(busy, tmp_path):
    audit = busy.service.kernel.audit
    audit.signers = signers = Signers.of(Ed25519PrivateKey.generate(), every=timedelta(minutes=1))
    checkpoints = Checkpoints(audit)
    note(busy, 3)
    checkpoints.make()
    note(busy, 3)
    handed_out = checkpoints.make()
    verdict = audit.verify()
    assert (verdict.whole, verdict.proved.checkpoints) == (True, 2)
    kept = verdict.records - 2
    cut(busy, kept)
    with busy.service.kernel.database.write_core() as connection:
        end = connection.execute(text("SELECT seq, hash FROM audit_head")).one()
        audit.move(connection, Link(*end), encode(state.covers()))
    # The checkpoint in the database says so, or, where it was removed too, the one elsewhere.
    found = audit.verify()
    assert (found.message.code, found.seq) == ("trail_cut_by_checkpoint", kept + 1)
    sql(busy, "DELETE FROM audit_checkpoint WHERE number = 2")
    assert audit.verify().whole, "nobody could tell without what was handed out"
    found = audit.verify(elsewhere=[handed_out])
    assert (found.message.code, found.seq) == ("trail_cut_by_checkpoint", kept + 1)
    # New records do not hide it.
    note(busy, 5)
    assert audit.verify(elsewhere=[handed_out]).message.code == "trail_differs_from_checkpoint"
    busy.clock.advance(hours=1)
    assert "checkpoint_late" in faults(busy)
    assert signers.key == audit.verify().proved.signing_key


def test_a_change_without_a_record_gets_one(busy):
    with busy.service.kernel.database.write() as session:
        alert = session.scalars(select(Alert).limit(1)).one()
        alert.score = 0.5
    assert busy.service.kernel.audit.verify().whole
    with busy.service.kernel.database.read() as session:
        last = session.scalars(select(AuditRecord).order_by(AuditRecord.seq.desc()).limit(1)).one()
    assert last.action == STATE_CHANGE
    assert list(last.states) == ["alert"]


def test_acts_written_together_each_account_for_their_own_rows(desk):
    """As those of an import: one record a person, with that person's rows and nobody else's."""
    enrolment, lists = desk.service.enrolment, (desk.watchlist(),)
    people = [
        Application(
            NewSubject(name=f"Person {n}", reference=f"R-{n}", watchlist_ids=lists),
            tuple(enrolment.examine(photo_file(each)) for each in (n, n + 10)),
        )
        for n in range(3)
    ]
    enrolled = enrolment.store(OPERATOR, people)
    with desk.service.kernel.database.read() as session:
        query = select(AuditRecord).where(AuditRecord.action == "subject.enrol")
        records = session.scalars(query.order_by(AuditRecord.seq)).all()
        theirs = {row.id: row.subject_id for row in session.scalars(select(EnrolledPhoto))}
        templates = {str(row.id): row.subject_id for row in session.scalars(select(Template))}
    assert [each.object_id for each in records] == [each.subject_id for each in enrolled]
    for record in records:
        states = record.states
        assert set(states) == {"subject", "membership", "photo", "template"}
        assert list(states["subject"]) == [record.object_id]
        assert [key.split("/")[1] for key in states["membership"]] == [record.object_id]
        assert {theirs[key] for key in states["photo"]} == {record.object_id}
        assert {templates[key] for key in states["template"]} == {record.object_id}
        assert len(states["photo"]) == len(states["template"]) == record.detail["photos"] == 2
    assert not faults(desk)


def test_what_no_act_names_goes_with_the_last(busy):
    with busy.service.kernel.database.write() as session:
        first, second = session.scalars(select(Alert).order_by(Alert.id))
        first.score = second.score = 0.5
        acts = [AuditedAct(AuditEntry(OPERATOR, "alert.refer", first.id), (first,))]
        acts += [
            AuditedAct(AuditEntry(OPERATOR, "alert.close", first.id), rows)
            for rows in ((first,), ())
        ]
        busy.service.kernel.audit.append_all(session, acts)
    with busy.service.kernel.database.read() as session:
        query = select(AuditRecord).order_by(AuditRecord.seq.desc()).limit(3)
        states = [each.states for each in reversed(session.scalars(query).all())]
    assert states[0] is None
    assert [list(each["alert"]) for each in states[1:]] == [[first.id], [second.id]]
    assert not faults(busy)


def test_what_several_people_did_is_not_written_as_one_of_them(desk):
    acts = [AuditedAct(AuditEntry(each, "alert.close")) for each in (OPERATOR, officer("agy_1"))]
    audit = desk.service.kernel.audit
    with pytest.raises(ValueError, match="several"), audit.database.write() as session:
        audit.append_all(session, acts)


def test_what_goes_with_a_row_is_accounted_for(busy):
    """The database deletes alerts and decisions with their encounter."""
    agency = busy.agency("IMI")
    second = officer(agency, Role.SUPERVISOR, name="second")
    decisions, clock = busy.service.review.decisions, busy.clock
    with busy.service.kernel.database.read() as session:
        alerts = session.scalars(select(Alert).order_by(Alert.id)).all()
    first = officer(agency, Role.OFFICER, name="first")
    decisions.confirm(second, alerts[0].id, FINDING)
    decisions.acknowledge(first, alerts[1].id)
    decisions.decide(first, alerts[1].id, FINDING)
    decisions.confirm(second, alerts[1].id, FINDING)
    for each in alerts:
        decisions.close(second, each.id, Disposal.CLEARED, "")
    clock.advance(days=400)
    busy.service.oversight.retention.run(OPERATOR)
    assert not faults(busy)
    with busy.service.kernel.database.read() as session:
        assert session.scalars(select(Alert)).all() == []


# The registry


def test_every_table_is_listed_once():
    covered = [each.name for each in state.COVERAGE]
    assert sorted([*covered, *state.UNCOVERED]) == sorted(Table.metadata.tables)


@pytest.mark.parametrize("coverage", state.COVERAGE, ids=lambda each: each.name)
def test_every_column_is_protected_or_left_out_with_a_reason(coverage):
    listed = [*coverage.key_names, *coverage.columns, *coverage.left_out, state.SALT]
    assert sorted(listed) == sorted(coverage.table.columns.keys())
    assert all(coverage.left_out.values())
