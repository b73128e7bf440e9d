"""Keys of records: each goes with its record, and a rotation leaves no other way to open it."""

import os
from contextlib import suppress

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from casework.kernel import rows
from casework.kernel.data_key import FileKeys, GivenKeys, fingerprint
from casework.kernel.errors import ErasedMeanwhile, SetUpError, WrongDataKey
from casework.kernel.key_ring import INSTALLATION, Purpose
from casework.kernel.key_rotation import rotate
from casework.kernel.own_keys import KINDS
from casework.kernel.sealed_fields import open_fields_in
from casework.kernel.vault import OWN_KEY, RowName
from casework.records import Records
from casework.tables import (
    EncounterKey,
    EnrolledPhoto,
    KeyHolder,
    StoredKey,
    Subject,
    SubjectKey,
    Template,
)
from tests.casework.kernel.test_data_key import OTHER, Fragile, Killed
from tests.services import DATA_KEY, DATA_KEYS, OPERATOR, QUICK, Desk, FakeClock, open_service
from tests.services import url_of as url

pytestmark = pytest.mark.every_database

KEPT = (StoredKey, Subject, SubjectKey, EnrolledPhoto, Template)


@pytest.fixture
def keys():
    return Fragile(DATA_KEY)


@pytest.fixture
def desk(database, keys):
    clock = FakeClock()
    service = open_service(database, clock, data_keys=keys)
    yield Desk(service, clock)
    service.close()


def opened(database, keys):
    return Records.open(url(database), keys, FakeClock(), passwords=QUICK)


def copied(kernel):
    """A backup: rows as they stand, keys and all."""
    with kernel.database.read() as session:
        return {
            table: [dict(row) for row in session.execute(select(table.__table__)).mappings()]
            for table in KEPT
        }


def put_back(kernel, backup, *tables):
    with kernel.database.write() as session:
        for table in tables:
            session.execute(insert(table.__table__), backup[table])


def photo_of(kernel, backup):
    """Open the photo of a backup's subject with what the database has now."""
    (subject,), (photo,) = backup[Subject], backup[EnrolledPhoto]
    name = rows.photo(photo["id"], subject["id"], subject["agency_id"])
    return kernel.vault.open(photo["sealed_content"], name)


def wrapping(kernel):
    with kernel.database.read() as session:
        query = select(StoredKey.id).where(StoredKey.purpose == Purpose.OWN_KEYS.value)
        return set(session.scalars(query))


def test_what_was_erased_opens_no_more_from_a_backup_once_keys_were_rotated(desk, database, keys):
    """The rows and their keys were copied away; the live database and its key are at hand."""
    subject = desk.enrol(1)
    backup = copied(desk.service.kernel)
    assert photo_of(desk.service.kernel, backup)
    desk.service.lists.subjects.remove(OPERATOR, subject)
    with opened(database, keys) as records:
        kernel = records.kernel
        with pytest.raises(WrongDataKey):
            photo_of(kernel, backup)
        put_back(kernel, backup, Subject, EnrolledPhoto, Template)
        with pytest.raises(WrongDataKey):
            photo_of(kernel, backup)
        put_back(kernel, backup, SubjectKey)
        assert photo_of(kernel, backup)  # which is why keys are to be rotated
        kernel.vault.own_keys.forget()
        records.lists.subjects.remove(OPERATOR, subject)
        rotate(kernel.vault)
    with opened(database, keys) as records:
        put_back(records.kernel, backup, Subject, EnrolledPhoto, Template)
        with pytest.raises(IntegrityError):
            put_back(records.kernel, backup, SubjectKey)
        former = [each for each in backup[StoredKey] if each["purpose"] == Purpose.OWN_KEYS.value]
        put_back(records.kernel, {StoredKey: former}, StoredKey)
        put_back(records.kernel, backup, SubjectKey)
        with pytest.raises(SetUpError, match="is missing"):
            photo_of(records.kernel, backup)


def test_every_value_of_a_record_is_sealed_under_its_own_key(desk):
    desk.enrol(1, reference="R")
    desk.screen(1, traveller_ref="PNR")
    kernel = desk.service.kernel
    with kernel.database.read() as session:
        for kind in KINDS.values():
            for row in session.execute(select(kind.record.__table__)).mappings():
                sealed = [row[name] for name in row if name.startswith("sealed_")]
                assert all(each[:1] == OWN_KEY for each in sealed if each is not None)
        for table, name in ((EnrolledPhoto, "sealed_content"), (Template, "sealed_vector")):
            for row in session.execute(select(table.__table__)).mappings():
                assert row[name][:1] == OWN_KEY


def test_keys_go_with_their_records(desk):
    subject = desk.enrol(1)
    encounter = desk.screen(1, traveller_ref="PNR").encounter.id
    desk.screen(2)  # nothing of it is sealed: it needs no key
    database = desk.service.kernel.database
    with database.read() as session:
        assert session.scalars(select(SubjectKey.owner)).all() == [subject]
        assert session.scalars(select(EncounterKey.owner)).all() == [encounter]
    desk.service.lists.subjects.remove(OPERATOR, subject)
    with database.read() as session:
        assert session.scalars(select(SubjectKey.owner)).all() == []
    assert desk.service.kernel.vault.own_keys.of(subject) is None


def test_no_key_is_stored_for_what_was_undone(desk):
    kernel, agency = desk.service.kernel, desk.agency()
    own = kernel.vault.own_keys
    with kernel.database.write() as session:
        own.make("sub_undone", agency, session)
    with suppress(Killed), kernel.database.write() as session:
        own.make("sub_failed", agency, session)
        raise Killed
    desk.enrol(1)
    with kernel.database.read() as session:
        assert len(session.scalars(select(SubjectKey.owner)).all()) == 1


def test_nothing_is_sealed_for_another_agency_than_its_records(desk):
    vault = desk.service.kernel.vault
    subject, other = desk.enrol(1), desk.agency("POL")
    with pytest.raises(WrongDataKey):
        vault.seal(b"", rows.subject(subject, other))
    sealed = vault.seal(b"text", rows.photo_fields("pho_1", subject))
    assert vault.open(sealed, rows.photo_fields("pho_1", subject)) == b"text"
    with pytest.raises(WrongDataKey):
        vault.open(sealed, rows.photo_fields("pho_1", "sub_other"))
    with pytest.raises(WrongDataKey):
        vault.open(sealed, rows.photo_fields("pho_2", subject))


# Rotation


def test_records_of_before_get_keys_of_their_own_with_the_first_rotation(desk, database, keys):
    subject, encounter = desk.enrol(1, reference="R"), desk.screen(1, traveller_ref="PNR").encounter
    kernel = desk.service.kernel
    with kernel.database.read() as session:
        agency = session.get_one(Subject, subject).agency_id
    as_before(kernel, subject, agency)
    assert kernel.vault.own_keys.of(subject) is None
    assert desk.service.lists.subjects.get(OPERATOR, subject).reference == "R"
    kernel.vault.own_keys.forget()
    with opened(database, keys) as command:
        rotate(command.kernel.vault)
        assert command.kernel.audit.verify().whole
    test_every_value_of_a_record_is_sealed_under_its_own_key(desk)
    row = desk.service.lists.subjects.get(OPERATOR, subject)
    assert (row.name, row.reference) == ("Person 1", "R")
    assert desk.service.review.alerts.get(OPERATOR, encounter.alerts[0].id)


def test_a_small_face_that_is_made_of_a_record_of_before_goes_with_it(desk):
    subject, alert = desk.enrol(1), desk.screen(1).encounter.alerts[0]
    kernel = desk.service.kernel
    with kernel.database.read() as session:
        agency = session.get_one(Subject, subject).agency_id
    as_before(kernel, subject, agency)
    with kernel.database.write() as session:
        session.execute(update(EnrolledPhoto).values(sealed_face=None))
    face = desk.service.screening.faces.enrolled(OPERATOR, alert.id)
    with kernel.database.read() as session:
        assert session.scalars(select(EnrolledPhoto.sealed_face)).one()[:1] == OWN_KEY
    assert desk.service.screening.faces.enrolled(OPERATOR, alert.id) == face


def as_before(kernel, subject, agency):
    """Seal a subject as before there were keys of records: under its agency's."""
    vault = kernel.vault

    def shared(sealed, row):
        return vault.seal(vault.open(sealed, row), _shared(row))

    with kernel.database.write() as session:
        values = {}
        for photo in session.execute(select(EnrolledPhoto.__table__)).mappings():
            name = rows.photo(photo["id"], subject, agency)
            content = shared(photo["sealed_content"], name)
            fields = shared(photo["sealed_fields"], rows.photo_fields(photo["id"], subject))
            values = {"sealed_content": content, "sealed_fields": fields}
        session.execute(update(EnrolledPhoto).values(values))
        for each in session.execute(select(Template.__table__)).mappings():
            name = rows.template(each["photo_id"], each["model"], subject, agency)
            values = {"sealed_vector": shared(each["sealed_vector"], name)}
        session.execute(update(Template).values(values))
        for each in session.execute(select(Subject.__table__)).mappings():
            values = {"sealed_fields": shared(each["sealed_fields"], rows.subject(subject, agency))}
        session.execute(update(Subject).values(values))
        session.execute(delete(SubjectKey))
    vault.own_keys.forget()


def _shared(row):
    return RowName(row, row.agency, row.subject)


def test_processes_at_work_go_on_before_during_and_after(desk, database, keys):
    """Two at work, a third rotates; what each writes the others read."""
    first = desk.enrol(1)
    clock = FakeClock()
    other = Desk(open_service(database, clock, data_keys=keys), clock, desk.watchlists)
    old = wrapping(desk.service.kernel)
    with opened(database, keys) as command:
        vault = command.kernel.vault
        vault.keys.prepare()
        vault.keys.renew_own_keys()
        during = desk.enrol(2)  # has met no new key yet
        for _ in vault.own_keys.wrap_again():
            assert other.screen(1).encounter.alerts
        rotate(vault)
    after = other.enrol(3)
    for each in (desk, other):
        each.service.kernel.vault.own_keys.forget()
        for subject in (first, during, after):
            assert each.service.lists.subjects.get(OPERATOR, subject).name.startswith("Person")
    assert not old & wrapping(desk.service.kernel)
    other.service.close()
    with pytest.raises(SetUpError, match="is missing"):
        opened(database, DATA_KEYS)


@pytest.mark.on_sqlite
@pytest.mark.parametrize("batches", [0, 1, 2])
def test_a_rotation_killed_between_batches_is_ended_by_the_next(desk, database, keys, batches):
    subject, encounter = desk.enrol(1), desk.screen(1).encounter.id
    with opened(database, keys) as command:
        command.kernel.vault.keys.prepare()
        command.kernel.vault.keys.renew_own_keys()
        again = command.kernel.vault.own_keys.wrap_again()
        for _ in range(batches):
            next(again)
    kept = wrapping(desk.service.kernel)
    with opened(database, keys) as command:
        rotate(command.kernel.vault)
    assert wrapping(desk.service.kernel) < kept
    with opened(database, keys) as records:
        assert records.lists.subjects.get(OPERATOR, subject).name == "Person 1"
        own = records.kernel.vault.own_keys.of(encounter)
        assert own is not None
        assert own.scope == INSTALLATION
        assert records.kernel.audit.verify().whole


# Processes at work


def at_once(seconds: float) -> None:
    pytest.fail(f"it waits {seconds} s")


def test_a_rotation_leaves_no_process_at_work_without_the_new_key(database):
    """One has its key from a variable: it was not started again with both."""
    with (
        opened(database, GivenKeys.of(DATA_KEY)) as working,
        opened(database, GivenKeys.of(DATA_KEY, OTHER)) as ready,
        opened(database, GivenKeys.of(DATA_KEY, OTHER)) as command,
    ):
        kept = wrapping(command.kernel)
        ready.kernel.vault.holders.sign()
        working.kernel.vault.holders.sign()
        working.kernel.vault.holders.sign()
        waits: list[float] = []
        with pytest.raises(SetUpError, match=rf"nothing was changed.*\({os.getpid()}\)"):
            rotate(command.kernel.vault, waits.append)
        assert 60 < sum(waits) < 120
        assert command.kernel.vault.keys.data_key == fingerprint(DATA_KEY)
        assert wrapping(command.kernel) == kept
        working.kernel.vault.holders.leave()
        assert rotate(command.kernel.vault, waits.append)[1] == fingerprint(OTHER)


def test_processes_that_read_the_same_file_are_not_waited_for(database, tmp_path):
    keys = FileKeys(tmp_path / "siaga.key")
    with opened(database, keys) as working:
        holders = working.kernel.vault.holders
        holders.sign()
        with opened(database, keys) as command:
            _, now = rotate(command.kernel.vault, at_once)
        holders.sign()
        assert holders.without(now) == []


def test_a_process_that_died_holds_nobody_up(database):
    clock = FakeClock()
    with (
        Records.open(url(database), GivenKeys.of(DATA_KEY), clock, passwords=QUICK) as dead,
        Records.open(url(database), GivenKeys.of(DATA_KEY, OTHER), clock, passwords=QUICK) as last,
    ):
        dead.kernel.vault.holders.sign()
        clock.advance(minutes=4)
        rotate(last.kernel.vault, at_once)
        last.kernel.vault.holders.sign()
        with last.kernel.database.read() as session:
            assert len(session.scalars(select(KeyHolder)).all()) == 1


def test_what_was_read_before_a_record_was_erased_is_shown_as_it_was(desk):
    """A page was read, and the subject erased before its name was asked for."""
    subject = desk.enrol(1)
    subjects = desk.service.lists.subjects
    (row,) = subjects.page(OPERATOR, None, 10)
    subjects.remove(OPERATOR, subject)
    assert row.name == "Person 1"


def test_a_row_opens_in_a_transaction_that_began_before_its_record_was_erased(desk):
    subject = desk.enrol(1)
    kernel = desk.service.kernel
    with kernel.database.read() as session:
        session.execute(select(Subject.id)).all()
        desk.service.lists.subjects.remove(OPERATOR, subject)
        sealed = session.execute(select(Subject.agency_id, Subject.sealed_fields)).one()
        name = rows.subject(subject, sealed.agency_id)
        assert open_fields_in(session, name, sealed.sealed_fields)["name"] == "Person 1"
        row = session.get_one(Subject, subject)
    assert row.name == "Person 1"


def test_what_was_erased_while_it_was_read_is_no_wrong_key(desk):
    """Nothing holds the record's key: what is asked for is gone, and nobody has to set it right."""
    subject = desk.enrol(1)
    kernel = desk.service.kernel
    backup = copied(kernel)
    desk.service.lists.subjects.remove(OPERATOR, subject)
    with pytest.raises(ErasedMeanwhile):
        photo_of(kernel, backup)
