"""Enrolling people: what is accepted, what is refused, what happens twice."""

import pytest
from sqlalchemy import func, select

from casework.kernel.errors import EnrolmentRefused, InvalidPeriod, NotFound, TemplatesMissing
from casework.records import Records
from casework.service import Service
from casework.tables import EnrolledPhoto, Subject, Template
from casework.watchlists.enrolment import Application, PhotoFile
from casework.watchlists.subjects import NewSubject
from tests.fakes import fake_pipeline, photo_of
from tests.services import BEGIN, DATA_KEYS, OPERATOR, drawn_pack, open_service, photo_file, url_of

pytestmark = pytest.mark.every_database


def count(desk, table):
    with desk.service.kernel.database.read() as session:
        return session.scalar(select(func.count()).select_from(table))


def person(desk, **fields):
    return NewSubject(name="Somebody", watchlist_ids=(desk.watchlist(),), **fields)


def test_each_photo_is_accepted_or_refused_with_its_reason(desk):
    files = [
        photo_file(1),
        PhotoFile("nobody.jpg", photo_of()),
        PhotoFile("broken.jpg", photo_of(1)[:500]),
        PhotoFile("empty.jpg", b""),
        PhotoFile("text.txt", b"hello"),
        photo_file(1),
    ]
    enrolled = desk.service.enrolment.enrol(OPERATOR, person(desk), files)
    codes = [report.code for report in enrolled.reports]
    assert codes == [
        "accepted",
        "unsearchable",
        "photo_unreadable",
        "photo_empty",
        "photo_format_unsupported",
        "already_enrolled",
    ]
    assert all(report.detail for report in enrolled.reports)
    assert count(desk, EnrolledPhoto) == count(desk, Template) == 1


def test_a_person_whose_every_photo_is_refused_is_not_created(desk):
    with pytest.raises(EnrolmentRefused, match="No face was found"):
        desk.service.enrolment.enrol(OPERATOR, person(desk), [PhotoFile("nobody.jpg", photo_of())])
    assert count(desk, Subject) == 0


def test_an_unknown_watchlist_creates_nothing(desk):
    new = NewSubject(name="Somebody", watchlist_ids=(desk.watchlist(), "wl_none"))
    with pytest.raises(NotFound, match="wl_none"):
        desk.service.enrolment.enrol(OPERATOR, new, [photo_file(1)])
    assert count(desk, Subject) == 0


def test_a_period_that_ends_before_it_begins_creates_nothing(desk):
    with pytest.raises(InvalidPeriod):
        desk.service.enrolment.enrol(
            OPERATOR, person(desk, valid_from=BEGIN, valid_until=BEGIN), [photo_file(1)]
        )
    assert count(desk, Subject) == 0


def test_the_same_reference_again_adds_what_is_new_to_the_same_subject(desk):
    enrolment = desk.service.enrolment
    first = enrolment.enrol(OPERATOR, person(desk, reference="P-1"), [photo_file(1)])
    other = NewSubject(name="Somebody", watchlist_ids=(desk.watchlist("second"),), reference="P-1")
    again = enrolment.enrol(OPERATOR, other, [photo_file(1), photo_file(1, brightness=0.8)])
    assert (first.created, again.created) == (True, False)
    assert again.subject_id == first.subject_id
    assert [report.code for report in again.reports] == ["already_enrolled", "accepted"]
    subject = desk.service.lists.subjects.get(OPERATOR, first.subject_id)
    assert len(subject.photos) == 2
    assert {m.watchlist_id for m in subject.memberships} == set(desk.watchlists.values())


def test_enrolling_the_very_same_again_changes_nothing(desk):
    enrolment = desk.service.enrolment
    first = enrolment.enrol(OPERATOR, person(desk, reference="P-1"), [photo_file(1)])
    before = desk.service.lists.subjects.get(OPERATOR, first.subject_id).version
    position = desk.service.gallery.replica.catch_up()
    (again,) = enrolment.store(
        OPERATOR, [Application(person(desk, reference="P-1"), (enrolment.examine(photo_file(1)),))]
    )
    assert again.subject_id == first.subject_id
    assert desk.service.lists.subjects.get(OPERATOR, first.subject_id).version == before
    assert desk.service.gallery.replica.catch_up() == position


def test_a_group_is_stored_whole_or_not_at_all(desk):
    enrolment = desk.service.enrolment
    good = Application(person(desk), (enrolment.examine(photo_file(1)),))
    bad = Application(
        NewSubject(name="x", watchlist_ids=("wl_none",)), (enrolment.examine(photo_file(2)),)
    )
    with pytest.raises(NotFound):
        enrolment.store(OPERATOR, [good, bad])
    assert count(desk, Subject) == 0
    assert desk.service.gallery.replica.catch_up() == desk.service.gallery.replica.gallery.version


@pytest.mark.on_sqlite
def test_photos_come_back_as_they_were_and_are_not_readable_in_the_file(desk, database):
    content = photo_of(1)
    desk.enrol(1)
    (subject,) = desk.service.lists.subjects.page(OPERATOR, None, 10)
    back, kind, _ = desk.service.lists.subjects.photo_content(
        OPERATOR, subject.id, subject.photos[0].id
    )
    assert (back, kind) == (content, "jpeg")
    desk.service.close()
    stored = b"".join(path.read_bytes() for path in database.parent.glob("siaga.db*"))
    assert content[100:200] not in stored
    embedding = fake_pipeline().analyse(content).embedding
    assert embedding is not None
    assert embedding.tobytes()[:64] not in stored


@pytest.mark.on_sqlite
def test_erasing_a_subject_removes_its_bytes_from_the_database_file(desk, database):
    keep, gone = desk.enrol(1), desk.enrol(2)
    subjects = desk.service.lists.subjects
    with desk.service.kernel.database.read() as session:
        sealed = {
            photo.subject_id: photo.sealed_content
            for photo in session.scalars(select(EnrolledPhoto))
        }
    subjects.remove(OPERATOR, gone)
    with desk.service.kernel.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    desk.service.close()
    stored = database.read_bytes()
    assert sealed[keep][1000:1100] in stored
    assert sealed[gone][1000:1100] not in stored


def test_a_change_of_pack_is_noticed_and_re_embedding_mends_it(desk, database):
    for number in range(3):
        desk.enrol(number)
    desk.service.close()
    pack = drawn_pack()
    newer = pack.model_copy(
        update={"recogniser": pack.recogniser.model_copy(update={"sha256": "0" * 64})}
    )
    records = Records.open(url_of(database), DATA_KEYS)
    service = Service.over(records, newer, fake_pipeline())
    with pytest.raises(TemplatesMissing, match="3 enrolled photos"):
        service.start()
    assert list(service.gallery.re_embedding.run(batch=2)) == [(1, 3), (2, 3), (3, 3)]
    service = Service.over(records, newer, fake_pipeline())
    service.start()
    assert len(service.gallery.replica.gallery) == 3
    records.close()
    old = open_service(database)  # the old pack can be returned to
    assert len(old.gallery.replica.gallery) == 3
    old.close()


def test_a_new_entry_that_has_lapsed_is_refused_a_known_one_gets_its_photos(desk):
    enrolment = desk.service.enrolment
    lapsed = person(desk, reference="P-1", valid_until=BEGIN)
    with pytest.raises(InvalidPeriod) as refusal:
        enrolment.enrol(OPERATOR, lapsed, [photo_file(1)])
    assert refusal.value.field == "valid_until"
    (left_out,) = enrolment.store(
        OPERATOR, [Application(lapsed, (enrolment.examine(photo_file(1)),))]
    )
    assert (left_out.subject_id, [each.code for each in left_out.reports]) == (None, ["lapsed"])
    enrolment.enrol(OPERATOR, person(desk, reference="P-1"), [photo_file(1)])
    again = enrolment.enrol(OPERATOR, lapsed, [photo_file(1, brightness=0.8)])
    assert (again.created, [each.code for each in again.reports]) == (False, ["accepted"])
