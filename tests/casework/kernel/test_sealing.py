"""What is kept is sealed, bound to its place, and gone when it is erased."""

import hashlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from casework.kernel import rows
from casework.kernel.errors import WrongDataKey
from casework.kernel.key_ring import INSTALLATION
from casework.kernel.sealed_fields import SEALED_TABLES
from casework.kernel.vault import RowName
from casework.kernel.vocabulary import Role
from casework.tables import EnrolledPhoto, Subject, SubjectDocument, Table, Template
from casework.watchlists.subjects import SubjectFilter
from tests.services import OPERATOR, officer, open_service, photo_file

pytestmark = pytest.mark.every_database

NAME, ALIAS, DOCUMENT = "Ségolène Harapan", "Si Belang", "X7300411"
REFERENCE, REASON, DECISION = "REF-55020", "wanted for arson", "KEP-90210"
TRAVELLER = "PNR-QWX7Z"
PERSON = {
    "aliases": [ALIAS],
    "birth_date": date(1979, 12, 24),
    "documents": [{"kind": "passport", "number": DOCUMENT, "country": "IDN"}],
    "reference": REFERENCE,
    "reason": REASON,
    "decision_number": DECISION,
}
PLANTED = [NAME, *NAME.split(), ALIAS, DOCUMENT, REFERENCE, REASON, DECISION, TRAVELLER, "1979-12"]


def enrolled(desk, person=1, **fields):
    subject_id = desk.enrol(person, **{**PERSON, **fields})
    desk.service.lists.subjects.edit(OPERATOR, subject_id, {"name": NAME}, None)
    return subject_id


def in_files(database):
    """Planted texts that stand in the files of a SQLite database."""
    content = b"".join(each.read_bytes() for each in database.parent.glob("siaga.db*"))
    forms = {word: (word.encode(), word.encode("unicode_escape")) for word in PLANTED}
    return [word for word, forms_of in forms.items() if any(f in content for f in forms_of)]


def in_rows(desk):
    """The same, of whatever every column of every table answers."""
    database = desk.service.kernel.database
    with database.read() as session:
        found = []
        for table in Table.metadata.sorted_tables:
            rows_of = session.execute(text(f'SELECT * FROM "{table.name}"')).all()
            found += [
                repr([bytes(v) if isinstance(v, memoryview) else v for v in row]) for row in rows_of
            ]
    return [word for word in PLANTED if any(word in row for row in found)]


# A dump


def test_a_dump_shows_nobody(desk, database):
    enrolled(desk)
    desk.screen(1, traveller_ref=TRAVELLER, idempotency_key=TRAVELLER)
    assert in_rows(desk) == []
    if desk.service.kernel.database.local:
        assert in_files(database) == []


def test_a_dump_holds_no_digest_that_a_guess_can_be_tested_against(desk):
    enrolled(desk)
    photo = photo_file(1)
    desk.screen(1, idempotency_key="one")
    guesses = {photo.sha256, hashlib.sha256(b"one").hexdigest()}
    database = desk.service.kernel.database
    with database.read() as session:
        assert session.scalars(select(EnrolledPhoto)).one().sha256 == photo.sha256
        for table in Table.metadata.sorted_tables:
            for row in session.execute(text(f'SELECT * FROM "{table.name}"')).all():
                assert not guesses & {value for value in row if isinstance(value, str)}


# Places


def test_swapped_templates_are_noticed(desk, database):
    desk.enrol(1)
    desk.enrol(2)
    with desk.service.kernel.database.write() as session:
        one, two = session.scalars(select(Template).order_by(Template.id))
        one.sealed_vector, two.sealed_vector = two.sealed_vector, one.sealed_vector
    with pytest.raises(WrongDataKey, match="does not open"):
        open_service(database)


@pytest.mark.parametrize("table", [Template, EnrolledPhoto])
def test_what_is_given_to_another_subject_is_noticed(desk, table):
    """Two persons' photos and templates, swapped by the column that says whose they are."""
    subjects = [desk.enrol(1), desk.enrol(2)]
    kernel = desk.service.kernel
    with kernel.database.write() as session:
        one, two = session.scalars(select(table).order_by(table.id))
        one.subject_id, two.subject_id = two.subject_id, one.subject_id
    with kernel.database.read() as session:
        row = session.scalars(select(table).order_by(table.id)).first()
        agency = session.get_one(Subject, subjects[0]).agency_id
        if table is Template:
            sealed = row.sealed_vector
            name = rows.template(row.photo_id, row.model, row.subject_id, agency)
        else:
            sealed, name = row.sealed_content, rows.photo(row.id, row.subject_id, agency)
    with pytest.raises(WrongDataKey):
        kernel.vault.open(sealed, name)


def test_a_subject_given_to_another_agency_does_not_open(desk):
    subject_id, other = enrolled(desk), desk.agency("POL")
    with desk.service.kernel.database.write() as session:
        session.execute(text("UPDATE subject SET agency_id = :other"), {"other": other})
    with desk.service.kernel.database.read() as session:
        row = session.get_one(Subject, subject_id)
        with pytest.raises(WrongDataKey):
            _ = row.name


def test_identities_do_not_open_in_each_others_rows(desk):
    first, second = enrolled(desk), desk.enrol(2, reference="other")
    with desk.service.kernel.database.write() as session:
        fields = text("UPDATE subject SET sealed_fields = :sealed WHERE id = :id")
        sealed = session.get_one(Subject, second).sealed_fields
        session.execute(fields, {"sealed": sealed, "id": first})
    with desk.service.kernel.database.read() as session:
        row = session.get_one(Subject, first)
        with pytest.raises(WrongDataKey):
            _ = row.reason


@pytest.mark.on_sqlite
def test_what_is_sealed_opens_in_its_own_place_only(desk):
    vault, agency, other = desk.service.kernel.vault, desk.agency(), desk.agency("POL")

    @given(content=st.binary(max_size=2000), name=st.text(max_size=20), flip=st.integers(1, 255))
    def holds(content, name, flip):
        sealed = vault.seal(content, RowName(name, agency, "s"))
        assert vault.open(sealed, RowName(name, agency, "s")) == content
        elsewhere = [
            RowName(name + "x", agency, "s"),
            RowName(name, other, "s"),
            RowName(name, INSTALLATION, "s"),
            RowName(name, agency, "t"),
            RowName(name, agency),
        ]
        for row in elsewhere:
            with pytest.raises(WrongDataKey):
                vault.open(sealed, row)
        altered = bytearray(sealed)
        altered[len(content) % len(sealed)] ^= flip
        for rubbish in (bytes(altered), content, b"\x02" + content, b"\x01" + content, b""):
            with pytest.raises(WrongDataKey):
                vault.open(rubbish, RowName(name, agency, "s"))

    holds()


# Searching


def test_subjects_are_found_by_part_of_what_is_sealed(desk):
    subject_id = enrolled(desk)
    other = desk.enrol(2)
    page = desk.service.lists.subjects.page

    def found(words, after=None, limit=10):
        return [each.id for each in page(OPERATOR, after, limit, SubjectFilter(words=words))]

    for words in ("harap", "BELANG", DOCUMENT[2:6], REFERENCE.lower(), "ségol", "SÉGOL"):
        assert found(words) == [subject_id]
    assert found("nobody") == found("%") == []
    desk.service.lists.subjects.edit(OPERATOR, other, {"name": "Harapan too"}, None)
    assert found("harap") == [subject_id, other]
    assert found("harap", limit=1) == [subject_id]
    assert found("harap", after=subject_id) == [other]
    desk.service.lists.subjects.edit(OPERATOR, subject_id, {"name": "Changed"}, None)
    desk.service.lists.subjects.remove(OPERATOR, other)
    assert found("harap") == []


def test_subjects_are_found_by_the_exact_number_of_a_document_however_it_is_written(desk):
    subject_id, other = enrolled(desk), desk.enrol(2)
    subjects = desk.service.lists.subjects
    elsewhere = desk.enrol(3, desk.watchlist("theirs", agency_id=desk.agency("POL")), **PERSON)

    def found(actor=OPERATOR, **exactly):
        page = subjects.page(actor, None, 10, SubjectFilter(**exactly))
        return {each.id for each in page}

    for written in (DOCUMENT, DOCUMENT.lower(), "x 730-0411", "\uff38730.0411"):
        assert found(document=written) == {subject_id, elsewhere}
        assert found(words=written) == {subject_id, elsewhere}
    assert found(officer(desk.agency(), Role.ANALYST), document=DOCUMENT) == {subject_id}
    assert found(document=DOCUMENT[:-1]) == found(document="-") == set()
    assert found(reference=REFERENCE) == {subject_id, elsewhere}
    assert found(reference=REFERENCE.lower()) == set()
    assert found(reference=REFERENCE, document="other") == set()
    subjects.edit(OPERATOR, other, {"documents": [{"kind": "id", "number": "N-1"}]}, None)
    subjects.edit(OPERATOR, subject_id, {"documents": []}, None)
    assert found(document=DOCUMENT) == {elsewhere}
    assert found(document="n1") == {other}
    subjects.remove(OPERATOR, other)
    with desk.service.kernel.database.read() as session:
        assert len(session.scalars(select(SubjectDocument.digest)).all()) == 1


def test_a_sealed_field_cannot_be_asked_for_in_a_statement():
    with pytest.raises(TypeError, match="sealed"):
        _ = Subject.name == NAME


def test_fields_read_as_they_were_written(desk):
    subject_id = enrolled(desk)
    row = desk.service.lists.subjects.get(OPERATOR, subject_id)
    assert {name: getattr(row, name) for name in PERSON} == PERSON
    assert (row.name, row.sex, row.birth_year) == (NAME, None, None)
    edit = desk.service.lists.subjects.edit
    assert edit(OPERATOR, subject_id, {"name": NAME}, row.version).name == NAME
    changed = edit(OPERATOR, subject_id, {"reference": None, "aliases": []}, None)
    assert (changed.reference, changed.reference_digest, changed.aliases) == (None, None, [])


# Erasing


@pytest.mark.on_sqlite
def test_what_is_erased_is_in_no_file(desk, database):
    """Not even the key would help: what was sealed is gone too."""
    subject_id = enrolled(desk)
    with desk.service.kernel.database.read() as session:
        row = session.get_one(Subject, subject_id)
        sealed = [row.sealed_fields, row.reference_digest.encode()]
        sealed += [photo.sealed_content[:200] for photo in row.photos]
        sealed += session.scalars(select(Template.sealed_vector)).all()

    def left():
        content = b"".join(each.read_bytes() for each in database.parent.glob("siaga.db*"))
        return [piece for piece in sealed if piece in content]

    assert left() == sealed
    desk.service.lists.subjects.remove(OPERATOR, subject_id)
    assert left() == []
    assert in_files(database) == []


# Every column


DIGESTS = {
    "subject": "reference_digest look_digest",
    "subject_document": "digest",
    "photo": "digest",
    "officer": "login_digest oidc_digest",
    "idempotency": "key fingerprint",
    "held_permit": "reference_digest",
    "import_job": "digest",
    "sign_in_count": "digest",
    "stay": "repeat_digest fingerprint",
}
"""Keyed: nobody can test a guess without the key."""

CLEAR = {
    "of random secrets, which nobody guesses": {
        "api_key": "secret_sha256 former_sha256",
        "officer_session": "secret_sha256",
        "officer": "password_hash",
        "recovery_code": "code_sha256",
    },
    "ids that were drawn, and what refers to them": {
        "*": "id owner wrapped_by",
        "alert": "encounter_id owner_id subject_id watchlist_id photo_id calibration_id "
        "acknowledged_by decided_by confirmed_by",
        "alert_event": "alert_id officer_id agency_id",
        "api_key": "agency_id",
        "approval": "agency_id object_id asked_by decided_by",
        "calibration": "made_by",
        "measured_prior": "made_by",
        "case_counter": "agency_id",
        "case_entry": "case_id agency_id officer_id object_id subject_id assignee_id taken_by "
        "done_by",
        "case_member": "case_id agency_id",
        "case_outcome": "case_id",
        "case_photo": "entry_id name",
        "case_reader": "entry_id agency_id",
        "case_step": "case_id officer_id agency_id about_id",
        "joint_case": "agency_id team_id",
        "joint_case_counter": "agency_id",
        "delivery": "webhook_id event_id object_id lane claim replay_of",
        "duty_shift": "agency_id officer_ids",
        "encounter": "api_key_id",
        "gallery_change": "template_id",
        "idempotency": "api_key_id encounter_id",
        "pending_release": "encounter_id",
        "import_fault": "import_id",
        "import_job": "agency_id watchlist_id actor_kind actor_id claim",
        "import_part": "import_id stream number",
        "membership": "watchlist_id subject_id",
        "known_lookalike": "agency_id subject_id alert_id asked_by revoked_by",
        "objection": "agency_id subject_id recorded_by answered_by",
        "encounter_permit": "encounter_id",
        "held_permit": "agency_id",
        "residence": "agency_id subject_id recorded_by",
        "announced_overstay": "subject_id",
        "office": "agency_id",
        "officer": "agency_id oidc_issuer",
        "officer_session": "officer_id",
        "outbox": "object_id owner_id watchlist_id key_id",
        "photo": "subject_id",
        "probe_search": "officer_id agency_id watchlist_ids candidates",
        "recovery_code": "officer_id",
        "referral": "object_id subject_id sender_id receiver_id",
        "referral_message": "referral_id officer_id agency_id",
        "referral_photo": "referral_id name",
        "referral_preset": "agency_id receiver_id",
        "stay": "agency_id receipt reporter_id lodging encounter_id claim",
        "stay_photo": "stay_id",
        "stored_key": "purpose scope number data_key",
        "subject": "agency_id",
        "subject_document": "subject_id",
        "team": "agency_id",
        "team_member": "team_id agency_id",
        "template": "photo_id subject_id",
        "tip": "agency_id reference recorded_by search_id subject_id assigned_to team_id "
        "photo_digest",
        "tip_subject": "tip_id subject_id linked_by",
        "unsealed": "row_table row_key",
        "watchlist": "agency_id",
        "watchlist_share": "watchlist_id agency_id",
        "webhook": "agency_id key_id",
    },
    "states, times, counts, measures": {
        "*": "version created_at updated_at",
        "area": "code",
        "port_area": "port area",
        "office": "area",
        "team": "area",
        "alert": "case_number port category requires_acknowledgement requires_second_officer "
        "acknowledge_within_s priority due_at score threshold threshold_basis one_in rank state "
        "escalation acknowledged_at decided_at disposal released found closed_at matched_by",
        "alert_event": "at action state_before state_after opinion reasons disposal",
        "api_key": "scopes ports revoked_at former_until expires_at used_at warned_at",
        "approval": "kind state asked_at effective_from lapses_at decided_at settled_at "
        "lapsed_because",
        "category_code": "code priority requires active",
        "outcome_code": "code disposition directions stages after active",
        "calibration": "model runtimes source searches gallery_size parameters",
        "measured_prior": "model runtime photos curve",
        "case_counter": "last",
        "case_entry": "kind at withdrawn_at object_kind fields due_at done_at format size",
        "case_member": "state invited_at settled_at",
        "case_outcome": "code persons",
        "case_photo": "format turn",
        "case_step": "at action",
        "joint_case": "number state area started_at closed_at",
        "joint_case_counter": "last",
        "chance_score": "model runtime score gallery_size noted_on",
        "changed_day": "day changes",
        "delivery": "seq kind at state attempts due_at claimed_until attempted_at status_code "
        "latency_ms",
        "duty_shift": "port zone weekdays begins ends first_day last_day next_port",
        "encounter": "port lane direction stage captured_at received_at outcome faces quality "
        "model runtime gallery_version gallery_size stages verification presentation "
        "person_required document_check area recapture recapture_of",
        "encounter_permit": "until",
        "held_permit": "in_country port came_at ends_at",
        "residence": "kind valid_from valid_until departed_on area recorded_at changed_at",
        "announced_overstay": "until",
        "gallery_change": "seq kind",
        "import_fault": "row field code row_refused",
        "installation": "practice",
        "key_holder": "fingerprints seen_at",
        "import_job": "uploaded dry_run strict warnings state rows done created updated unchanged "
        "refused open_ended photos_added photos_refused worked_s attempts claimed_until started_at "
        "finished_at",
        "known_lookalike": "case_number model score asked_at decided_at valid_until "
        "revoked_at spared spared_at",
        "objection": "received_on due_on recorded_at outcome answered_at",
        "officer": "roles language active must_change_password first_password_until "
        "totp_confirmed totp_step signed_in_at",
        "officer_session": "kind seen_at expires_at ended_at",
        "outbox": "seq kind at",
        "photo": "format width height quality erase_at",
        "pending_release": "until",
        "probe_search": "made_at model runtime gallery_size quality",
        "recovery_code": "used_at",
        "reference_set": "model photos kept_at",
        "referral": "kind state due_at accepted_at outcome fields closed_at",
        "referral_message": "at action state_after",
        "referral_photo": "format turn",
        "referral_preset": "kind fields days",
        "sign_in_count": "failures locked_until since succeeded_at",
        "stay": "source area checked_in_at expected_out_at checked_out_at reported_at screened_at "
        "attempts claimed_until",
        "subject": "status valid_from valid_until erase_at",
        "template": "model",
        "tip": "state origin area has_source happened_at photo_format photo_quality searched_at "
        "priority",
        "tip_subject": "linked_at",
        "webhook": "events former_until active cursor failures succeeded_at failed_at",
    },
    "counted in reports by the database, and says of whole peoples only": {
        "subject": "nationality",
    },
    "policy, shown to ports and other agencies; its form asks for no names": {
        "alert": "watchlist_name instruction",
        "category_code": "label instruction",
        "outcome_code": "label",
        "referral_preset": "name note",
        "watchlist": "name category direction stages ports target_fpir threshold legal_basis "
        "instruction requires_acknowledgement requires_second_officer "
        "requires_person_on_failed_pad acknowledge_within_s priority active breaker_tripped_at "
        "breaker_reset_at",
    },
    "kept too coarse to tell one person or address by": {
        "officer_session": "device network",
    },
    "names and addresses of authorities and systems": {
        "area": "name",
        "office": "name",
        "team": "name",
        "agency": "code name kind active founding_until",
        "key_holder": "machine place",
        "api_key": "name",
        "calibration": "detail",
        "delivery": "error error_sentence",
        "webhook": "url description disabled_reason disabled_sentence",
    },
    "the audit trail's own format: see its decision": {
        "*": "state_salt",
        "audit": "node seq at actor_kind actor_id actor_card agency_id action object_id owner_id "
        "outcome detail texts states request_id earlier salt hash",
        "audit_head": "node seq hash covers seal",
        "audit_text": "node seq name",
        "audit_actor": "digest lookup",
        "audit_checkpoint": "number at text signature sent_at",
    },
    "the first format of the trail, empty once it is taken over": {
        "audit_earlier": "seq at actor_kind actor_id actor_name agency_id action object_id "
        "owner_id outcome purpose detail request_id hash",
        "audit_earlier_head": "seq hash seal",
    },
    "empty but during an upgrade": {"unsealed": "content"},
}


def _why_clear(table, column):
    return [
        why
        for why, tables in CLEAR.items()
        if column in f"{tables.get('*', '')} {tables.get(table, '')}".split()
    ]


COLUMNS = [
    (table.name, column.name) for table in Table.metadata.sorted_tables for column in table.columns
]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_every_column_is_sealed_a_keyed_digest_or_clear_for_a_reason(table, column):
    sealed = column.startswith("sealed_") or column == "wrapped"
    digest = column in DIGESTS.get(table, "").split()
    clear = _why_clear(table, column)
    assert sealed + digest + len(clear) == 1, "say in this file why it may stand as it does"


def test_the_documentation_names_what_is_sealed():
    told = (Path(__file__).parents[3] / "docs" / "encryption.md").read_text(encoding="utf-8")
    for name, kind in SEALED_TABLES.items():
        for field in kind.fields_of_class:
            assert f"`{name}.{field}`" in told
    for table, column in COLUMNS:
        if column.startswith("sealed_") and column != "sealed_fields":
            assert f"`{table}.{column}`" in told
        if column in DIGESTS.get(table, "").split():
            assert f"`{table}.{column}`" in told
