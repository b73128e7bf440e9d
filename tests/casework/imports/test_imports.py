"""Importing a list: what is stored, what is refused, and what survives being stopped."""

import json
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from casework.imports.queue import ImportTaken
from casework.imports.upload import PIECE
from casework.kernel.errors import (
    AlreadyExists,
    CodeRefused,
    EnrolmentRefused,
    IllegalTransition,
    ImportRefused,
    NotFound,
    NotPermitted,
    TooManyImports,
)
from casework.kernel.vocabulary import ImportState, Requirement, Role, SubjectStatus
from casework.tables import (
    AuditRecord,
    EnrolledPhoto,
    GalleryChange,
    ImportJob,
    ImportPart,
    Subject,
    Template,
)
from casework.watchlists.enrolment import Application
from casework.watchlists.subjects import NewSubject, SubjectFilter
from casework.watchlists.watchlists import NewWatchlist
from tests.casework.imports.lists import (
    CHECK,
    LIMITS,
    ZONE,
    counts,
    csv_of,
    faults,
    imported,
    person,
    photos_of,
    store,
    tried,
    upload,
    work_off,
    zip_of,
)
from tests.fakes import photo_of
from tests.services import OPERATOR, officer, photo_file

everywhere = pytest.mark.every_database


def subjects(desk):
    with desk.service.kernel.database.read() as session:
        return {row.reference: row for row in session.scalars(select(Subject))}


def count(desk, table):
    with desk.service.kernel.database.read() as session:
        return session.scalar(select(func.count()).select_from(table))


@everywhere
def test_rows_become_subjects_who_are_found(desk):
    rows = [
        person(
            1,
            aliases="Siti; S. R.",
            sex="F",
            birth_date="1980-02-29",
            nationality="IDN",
            documents="passport:A1:IDN; ktp:31",
            reason="overstay",
            decision_number="K-1",
            valid_from="2026-01-01",
            valid_until="2026-06-30",
            photos="1.jpg",
        ),
        person(
            2,
            **dict.fromkeys(
                (
                    "aliases",
                    "sex",
                    "birth_date",
                    "nationality",
                    "documents",
                    "reason",
                    "decision_number",
                    "valid_from",
                    "valid_until",
                ),
                "",
            ),
            photos="2.jpg",
        ),
    ]
    job = imported(desk, csv_of(*rows), photos_of([1, 2]))
    assert (job.state, job.rows, job.done, *counts(job)) == (ImportState.DONE, 2, 2, 2, 0, 0, 0)
    one = subjects(desk)["R-1"]
    assert (one.aliases, one.sex, one.nationality) == (["Siti", "S. R."], "F", "IDN")
    assert one.documents == [
        {"kind": "passport", "number": "A1", "country": "IDN"},
        {"kind": "ktp", "number": "31", "country": None},
    ]
    assert one.valid_from == datetime(2026, 1, 1, tzinfo=ZONE)
    assert one.valid_until == datetime(2026, 6, 30, 23, 59, 59, 999_999, tzinfo=ZONE)
    (alert,) = desk.screen(1).encounter.alerts
    assert alert.subject_id == one.id
    assert count(desk, ImportPart) == 0, "the file is erased once all is done"


def test_the_same_file_again_changes_nothing_and_looks_at_no_photo_twice(desk):
    rows = csv_of(*(person(n, photos=f"{n}.jpg") for n in range(5)))
    imported(desk, rows, photos_of(range(5)))
    versions = {row.id: row.version for row in subjects(desk).values()}
    looked_at = len(desk.service.pipeline.detector.calls)
    again = imported(desk, rows, photos_of(range(5)))
    assert counts(again) == (0, 0, 5, 0)
    assert (again.photos_added, again.photos_refused) == (0, 0)
    assert {row.id: row.version for row in subjects(desk).values()} == versions
    assert len(desk.service.pipeline.detector.calls) == looked_at


@everywhere
def test_rows_that_lack_what_the_category_requires_are_refused_but_not_those_of_before(desk):
    one = desk.watchlist(category="tangkal")
    before = csv_of(person(1, photos="1.jpg"))
    assert counts(imported(desk, before, photos_of([1]), watchlist=one)) == (1, 0, 0, 0)
    requires = {"requires": frozenset(Requirement) - {Requirement.LEGAL_BASIS}}
    desk.service.lists.categories.edit(OPERATOR, "tangkal", requires, None)
    sound = {"decision_number": "KEP-1/2026", "valid_until": "2027-01-01"}
    rows = csv_of(
        person(1, name="Renamed", photos="", **dict.fromkeys(sound, "")),
        person(2, photos="2.jpg", **{**sound, "decision_number": ""}),
        person(3, photos="3.jpg", **sound),
    )
    job = imported(desk, rows, photos_of([2, 3]), watchlist=one)
    assert counts(job) == (1, 1, 0, 1)
    (fault,) = faults(desk, job)
    assert (fault.reference, fault.field, fault.code) == (
        "R-2",
        "decision_number",
        "requirement_missing",
    )


@everywhere
def test_a_known_reference_is_changed_and_added_to(desk):
    imported(
        desk, csv_of(person(1, reason="old", nationality="IDN", photos="1.jpg")), photos_of([1])
    )
    more = zip_of({"more.jpg": photo_of(1, side=96, brightness=0.8)})
    job = imported(desk, csv_of(person(1, reason="new", photos="more.jpg")), more)
    assert counts(job) == (0, 1, 0, 0)
    assert job.photos_added == 1
    row = subjects(desk)["R-1"]
    assert (row.reason, row.nationality) == ("new", "IDN"), "what the file does not have stays"
    assert count(desk, EnrolledPhoto) == count(desk, Template) == 2
    emptied = imported(desk, csv_of(person(1, reason="", nationality="")))
    assert counts(emptied) == (0, 1, 0, 0)
    row = subjects(desk)["R-1"]
    assert (row.reason, row.nationality) == ("", None), "an empty cell clears a field"


def test_an_import_lifts_no_suspension_that_it_does_not_speak_of(desk):
    imported(desk, csv_of(person(1, photos="1.jpg")), photos_of([1]))
    row = subjects(desk)["R-1"]
    desk.service.lists.subjects.edit(OPERATOR, row.id, {"status": SubjectStatus.SUSPENDED}, None)
    job = imported(desk, csv_of(person(1, status="")))
    assert counts(job) == (0, 0, 1, 0)
    assert subjects(desk)["R-1"].status == SubjectStatus.SUSPENDED


@pytest.mark.parametrize("change", [{"status": "suspended"}, {"valid_until": "2027-01-05"}])
def test_a_row_takes_nobody_off_a_list_of_two_officers(desk, change):
    two = desk.watchlist("two", requires_second_officer=True)
    imported(desk, csv_of(person(1, photos="1.jpg")), photos_of([1]), watchlist=two)
    desk.service.approvals.founding.end(
        officer(desk.agency(), Role.ADMIN), desk.agency(), "complete"
    )
    analyst = officer(desk.agency(), Role.ANALYST)
    job = imported(desk, csv_of(person(1, **change)), watchlist=two, actor=analyst)
    assert counts(job) == (0, 0, 0, 1)
    (fault,) = faults(desk, job)
    assert (fault.code, "change the subject itself" in fault.message) == ("takes_two", True)
    assert len(desk.screen(1).encounter.alerts) == 1


def test_a_subject_joins_the_list_besides_its_own(desk):
    imported(desk, csv_of(person(1, photos="1.jpg")), photos_of([1]))
    other = desk.watchlist("other")
    job = imported(desk, csv_of(person(1)), watchlist=other)
    assert counts(job) == (0, 1, 0, 0)
    lists = {membership.watchlist_id for membership in subjects(desk)["R-1"].memberships}
    assert lists == {other, desk.watchlist()}
    assert len(desk.screen(1).encounter.alerts) == 2


def test_a_reference_is_known_in_either_spelling_of_its_accents(desk):
    imported(desk, csv_of(person(1, reference="Jos\u00e9", photos="1.jpg")), photos_of([1]))
    other = person(1, reference="Jose\u0301", reason="another")
    job = imported(desk, csv_of(other))
    assert counts(job) == (0, 1, 0, 0)
    assert subjects(desk)["Jos\u00e9"].reason == "another"
    twice = imported(desk, csv_of(other, {**other, "reference": "Jos\u00e9\u200b"}))
    assert [each.code for each in faults(desk, twice)] == ["duplicate_reference"]


@pytest.mark.parametrize(
    ("day", "year", "kept"),
    [
        ("2981-02-28", "", (None, None)),
        ("28/02/2523", "1980", (None, 1980)),
        ("1400-05-01", "", (None, None)),
        ("1980-02", "1981", (None, 1980)),
        ("1980-02-29", "1981", (date(1980, 2, 29), None)),
        ("1980-02-29", "ca. 1981", (date(1980, 2, 29), None)),
        ("1980-02-29", "02/1981", (date(1980, 2, 29), None)),
        ("", "2523", (None, None)),
    ],
)
def test_a_birth_that_cannot_be_keeps_nobody_off_a_list(desk, day, year, kept):
    row = csv_of(person(1, birth_date=day, birth_year=year, photos="1.jpg"))
    job = imported(desk, row, photos_of([1]))
    assert counts(job) == (1, 0, 0, 0)
    assert sum(job.warnings.values()) >= 1
    subject = subjects(desk)["R-1"]
    assert (subject.birth_date, subject.birth_year) == kept
    strict = imported(desk, row.replace(b"R-1", b"R-2"), photos_of([1]), strict=True)
    assert counts(strict) == (0, 0, 0, 1)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"reference": ""}, "reference", "field_invalid"),
        ({"reference": "R-2"}, "reference", "duplicate_reference"),
        ({"name": " "}, "name", "field_invalid"),
        ({"name": "x\n" * 300}, "name", "field_invalid"),
        ({"status": "gone"}, "status", "field_invalid"),
        ({"documents": "[1"}, "documents", "field_invalid"),
        ({"documents": "passport"}, "documents", "field_invalid"),
        ({"valid_until": "04/03/2027"}, "valid_until", "field_invalid"),
        (
            {"valid_from": "2026-06-30", "valid_until": "2026-06-29"},
            "valid_until",
            "invalid_period",
        ),
        ({"valid_until": "2026-01-01"}, "valid_until", "invalid_period"),
        ({"photos": ""}, "photos", "no_photo"),
        ({"photos": "none.jpg"}, "photos", "photo_not_found"),
        ({"photos": "../1.jpg"}, "photos", "photo_not_found"),
        ({"photos": "nobody.jpg"}, "photos", "unsearchable"),
        ({"photos": "text.jpg"}, "photos", "photo_format_unsupported"),
        ({"photos": "large.jpg"}, "photos", "photo_too_large"),
        ({"photos": "1.jpg;2.jpg;3.jpg;4.jpg"}, "photos", "too_many_photos"),
    ],
)
def test_a_bad_row_is_named_and_the_others_go_on(desk, change, field, code):
    columns = (
        "sex",
        "birth_date",
        "nationality",
        "documents",
        "status",
        "valid_from",
        "valid_until",
    )
    empty = dict.fromkeys(columns, "")
    rows = [person(n, **empty, photos=f"{n}.jpg") for n in (2, 1, 3)]
    rows[1] |= change
    photos = {
        **{f"{n}.jpg": photo_of(n, side=96) for n in (1, 2, 3)},
        "nobody.jpg": photo_of(),
        "text.jpg": b"no photo",
        "large.jpg": bytes(LIMITS.photo_bytes + 1),
    }
    job = imported(desk, csv_of(*rows), zip_of(photos))
    assert counts(job) == (2, 0, 0, 1)
    found = faults(desk, job)
    assert {(each.row, each.row_refused) for each in found} == {(3, True)}
    assert (found[0].field, found[0].code) == (field, code)
    assert found[0].reference == (rows[1]["reference"] or None)
    assert set(subjects(desk)) == {"R-2", "R-3"}


LAST_OF_JANUARY = datetime(2027, 1, 31, 16, 59, 59, 999999, UTC)
DESCRIBED: dict[str, tuple[object, object, str]] = {
    "name": ("x" * 501, "x" * 500, "known_in_part"),
    "aliases": (";".join(map(str, range(201))), [*map(str, range(200))], "known_in_part"),
    "sex": ("perempuan", "F", "written_otherwise"),
    "birth_date": ("yesterday", None, "left_out"),
    "nationality": ("IDN/NLD", "IDN", "known_in_part"),
    "valid_until": (
        "31/01/2027",
        datetime(2027, 1, 31, 16, 59, 59, 999999, UTC),
        "written_otherwise",
    ),
}


@everywhere
def test_what_describes_warns_and_strict_refuses(desk):
    described = {name: given for name, (given, _, _) in DESCRIBED.items()}
    rows = csv_of(person(1, **described, photos="1.jpg"), person(2, sex="F", photos="2.jpg"))
    job = imported(desk, rows, photos_of([1, 2]))
    assert counts(job) == (2, 0, 0, 0)
    assert job.warnings == {"known_in_part": 3, "left_out": 1, "written_otherwise": 2}
    assert {each.field: each.code for each in faults(desk, job)} == {
        name: code for name, (_, _, code) in DESCRIBED.items()
    }
    assert not any(each.row_refused for each in faults(desk, job))
    stored = subjects(desk)["R-1"]
    assert {name: getattr(stored, name) for name in DESCRIBED} == {
        name: kept for name, (_, kept, _) in DESCRIBED.items()
    }
    rows = csv_of(person(3, **described, photos="1.jpg"), person(4, sex="F", photos="2.jpg"))
    job = imported(desk, rows, photos_of([1, 2]), strict=True)
    assert counts(job) == (1, 0, 0, 1)
    assert {each.row_refused for each in faults(desk, job) if each.row == 2} == {True}
    assert set(job.warnings) == {"looks_like"}


def test_what_is_not_understood_leaves_what_is_known(desk):
    known = person(1, sex="F", nationality="IDN", birth_date="1980-02-29", photos="1.jpg")
    imported(desk, csv_of(known), photos_of([1]))
    row = person(1, sex="?", nationality="Wakanda", birth_date="1980-02-XX")
    job = imported(desk, csv_of(row))
    assert job.warnings == {"known_in_part": 1, "left_out": 2}
    stored = subjects(desk)["R-1"]
    assert (stored.sex, stored.nationality, stored.birth_date) == ("F", "IDN", date(1980, 2, 29))


def test_a_refused_photo_is_told_although_the_row_is_stored(desk):
    rows = csv_of(person(1, photos="1.jpg;nobody.jpg"))
    photos = zip_of({"1.jpg": photo_of(1, side=96), "nobody.jpg": photo_of()})
    job = imported(desk, rows, photos)
    assert (*counts(job), job.photos_added, job.photos_refused) == (1, 0, 0, 0, 1, 1)
    (fault,) = faults(desk, job)
    assert (fault.code, fault.row_refused) == ("unsearchable", False)


@everywhere
def test_a_dry_run_reports_the_same_and_stores_nothing(desk):
    imported(desk, csv_of(person(1, photos="1.jpg")), photos_of([1]))
    rows = csv_of(
        person(1, reason="new", photos="1.jpg"),
        person(2, reason="", photos="2.jpg"),
        person(3, reason="", photos="none.jpg"),
    )
    before = count(desk, AuditRecord)
    trial = imported(desk, rows, photos_of([1, 2]), dry_run=True)
    assert (*counts(trial), trial.photos_added) == (1, 1, 0, 1, 1)
    assert set(subjects(desk)) == {"R-1"}
    assert subjects(desk)["R-1"].reason == ""
    assert count(desk, EnrolledPhoto) == 1
    assert count(desk, AuditRecord) == before + 2, "its begin and its end alone"
    real = imported(desk, rows, photos_of([1, 2]))
    assert counts(real) == counts(trial)
    told = [(e.row, e.code, e.message) for e in faults(desk, trial)]
    assert [(e.row, e.code, e.message) for e in faults(desk, real)] == told
    assert not desk.service.kernel.audit.verify().fault


@everywhere
def test_a_dry_run_into_a_list_that_is_not_there_leaves_none_behind(desk):
    rows = csv_of(
        person(1, photos="1.jpg", valid_until="2030-01-01"), person(2, photos="2.jpg"), person(3)
    )
    new = NewWatchlist("Cegah", desk.agency(), "cegah", legal_basis="UU 6/2011")
    requires = {"requires": frozenset({Requirement.VALID_UNTIL})}
    desk.service.lists.categories.edit(OPERATOR, "cegah", requires, None)
    before = count(desk, GalleryChange)
    trial = tried(desk, rows, photos_of([1, 2]), new)
    assert (*counts(trial), trial.photos_added, trial.open_ended) == (1, 0, 0, 2, 1, 0)
    assert [each.code for each in faults(desk, trial)] == ["requirement_missing", "no_photo"]
    assert desk.service.lists.watchlists.page(OPERATOR, None, 10) == []
    assert (count(desk, GalleryChange), subjects(desk)) == (before, {})
    real_list = desk.service.lists.watchlists.create(OPERATOR, new)
    real = imported(desk, rows, photos_of([1, 2]), watchlist=real_list.id)
    assert counts(real) == counts(trial)
    assert not desk.service.kernel.audit.verify().fault


def test_a_dry_run_into_a_list_that_could_not_be_made_is_refused(desk):
    desk.agency()
    with pytest.raises(CodeRefused):
        tried(desk, csv_of(person(1)), None, NewWatchlist("x", desk.agency(), "x-none"))
    assert count(desk, ImportJob) == 0


def test_what_it_makes_without_an_end_is_counted(desk):
    rows = [
        person(number, photos=f"{number}.jpg", valid_until=until)
        for number, until in ((1, ""), (2, "2030-01-01"), (3, ""))
    ]
    assert imported(desk, csv_of(*rows), photos_of([1, 2, 3])).open_ended == 2
    assert imported(desk, csv_of(*rows), photos_of([1, 2, 3])).open_ended == 0  # made before


@everywhere
def test_an_import_stopped_anywhere_goes_on_without_a_duplicate(desk):
    rows = [person(n, photos=f"{n}.jpg") for n in range(70)]
    rows[40]["name"] = ""
    rows[50]["reference"] = "R-3"  # a duplicate of a row that is done before the stop
    job = upload(desk, csv_of(*rows), photos_of(range(70)))
    half = work_off(desk, batches=1)
    assert half is not None
    assert (half.id, half.done, half.state) == (job.id, 32, ImportState.RUNNING)
    done = work_off(desk)
    assert done is not None
    assert (done.state, done.done, *counts(done)) == (ImportState.DONE, 70, 68, 0, 0, 2)
    assert [(e.row, e.code) for e in faults(desk, done)] == [
        (42, "field_invalid"),
        (52, "duplicate_reference"),
    ]
    assert count(desk, Subject) == count(desk, EnrolledPhoto) == 68


@everywhere
def test_who_lost_an_import_stores_nothing_more(desk):
    upload(desk, csv_of(person(1, photos="1.jpg")), photos_of([1]))
    queue, imports = desk.service.import_runner.queue, desk.service.exchange.imports
    first = queue.claim()
    assert first is not None
    assert queue.claim() is None, "it is being worked on"
    with imports.uploads.source(first.job.id, LIMITS) as source:
        (batch,) = desk.service.import_runner.batches(first, source, CHECK, LIMITS)
        second = queue.claim(take_over=True)
        assert second is not None
        with pytest.raises(ImportTaken):
            store(desk, first, batch)
        with pytest.raises(ImportTaken):
            queue.renew(first)
    assert count(desk, Subject) == 0
    queue.release(second)
    assert queue.claim() is not None


def test_a_silent_process_s_import_is_taken_up(desk):
    upload(desk, csv_of(person(1, photos="1.jpg")), photos_of([1]))
    queue = desk.service.import_runner.queue
    assert queue.claim() is not None
    desk.clock.advance(minutes=2)
    assert queue.claim() is not None


def test_an_import_that_ends_the_process_again_and_again_is_given_up(desk):
    job = upload(desk, csv_of(person(1, photos="1.jpg")), photos_of([1]))
    queue = desk.service.import_runner.queue
    for _ in range(5):
        assert queue.claim(take_over=True) is not None
    assert queue.claim(take_over=True) is None
    ended = desk.service.exchange.imports.get(OPERATOR, job.id)
    assert (ended.state, ended.done) == (ImportState.FAILED, 0)
    assert "first 0 rows" in ended.failure


@everywhere
def test_a_cancelled_import_keeps_what_it_stored_and_goes_no_further(desk):
    rows = csv_of(*(person(n, photos=f"{n}.jpg") for n in range(40)))
    job = upload(desk, rows, photos_of(range(40)))
    imports = desk.service.exchange.imports
    work_off(desk, batches=1)
    cancelled = imports.cancel(OPERATOR, job.id, "wrong file")
    assert (cancelled.state, cancelled.done) == (ImportState.CANCELLED, 32)
    assert desk.service.import_runner.queue.claim(take_over=True) is None
    with pytest.raises(IllegalTransition):
        imports.cancel(OPERATOR, job.id, "wrong file")
    imports.tidy()
    assert count(desk, ImportPart) == 0
    assert count(desk, Subject) == 32


def test_a_list_removed_meanwhile_stores_nothing(desk):
    other = desk.watchlist("other")
    upload(desk, csv_of(person(1, photos="1.jpg")), photos_of([1]), watchlist=other)
    desk.service.lists.watchlists.remove(OPERATOR, other)
    with pytest.raises(NotFound):
        work_off(desk)
    assert count(desk, Subject) == 0


def test_only_the_owner_s_analysts_import_and_nobody_else_learns_of_it(desk):
    own, watchlist = desk.agency(), desk.watchlist()
    analyst, stranger = officer(own, Role.ANALYST), officer(desk.agency("KJA"), Role.ANALYST)
    imports = desk.service.exchange.imports
    job = imported(desk, csv_of(person(1, photos="1.jpg")), photos_of([1]), actor=analyst)
    assert [row.id for row in imports.page(analyst, None, 9)] == [job.id]
    assert imports.page(stranger, None, 9) == []
    for act in (
        lambda who: imports.receive(who, watchlist, dry_run=False),
        lambda who: imports.get(who, job.id),
        lambda who: imports.faults(who, job.id, None, 9),
        lambda who: imports.cancel(who, job.id, "wrong file"),
    ):
        with pytest.raises(NotFound):
            act(stranger)
        with pytest.raises(NotPermitted):
            act(officer(own, Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN))
    with desk.service.kernel.database.read() as session:
        query = select(AuditRecord).order_by(AuditRecord.seq.desc()).limit(3)
        end, enrol, begin = session.scalars(query)
    assert (begin.action, begin.object_id, begin.actor_id) == ("import.run", job.id, analyst.id)
    assert (enrol.action, enrol.actor_id, enrol.request_id) == ("subject.enrol", analyst.id, job.id)
    assert (end.action, end.detail["created"]) == ("import.finish", 1)


@everywhere
def test_an_agency_s_uploads_are_bounded(desk):
    rows = csv_of(person(1))
    jobs = [upload(desk, rows) for _ in range(10)]
    with pytest.raises(TooManyImports):
        upload(desk, rows)
    desk.service.exchange.imports.cancel(OPERATOR, jobs[0].id, "wrong file")
    upload(desk, rows)


@pytest.mark.parametrize(
    ("file", "photos", "message"),
    [
        (b"", None, "file is empty"),
        (b"reference,name\n", None, "no rows"),
        (b"reference,name\n\n \n", None, "no rows"),
        (b"reference,photos\n1,a\n", None, "`name` is missing"),
        (b"reference,name,colour\n", None, "`colour` is unknown"),
        (b"reference,name,name\n", None, "appears twice"),
        ("reference,name,имя\n1,x\n".encode("koi8-r"), None, "not UTF-8"),
        (b"reference\0,name\n1,x\n", None, "not text"),
        (b'[{"reference": "1"}]', None, "JSON array"),
        (csv_of(person(1)), b"no zip", "not a ZIP"),
        (zip_of({"list.csv": csv_of(person(1))}), None, "one list, at its top"),
        (zip_of({"subjects.csv": b"name\n1\n"}), None, "`reference` is missing"),
        (zip_of({"subjects.csv": csv_of(person(1))}), zip_of({}), "send no other"),
        (csv_of(person(1)), zip_of({"../a.jpg": b"x"}), "leads out"),
        (csv_of(person(1)), zip_of({"/a.jpg": b"x"}), "leads out"),
        (csv_of(person(1)), zip_of({"a\\..\\..\\b.jpg": b"x"}), "leads out"),
        (csv_of(person(1)), zip_of({"a\n.jpg": b"x"}), "no file has"),
        (csv_of(person(1)), zip_of({"bomb.jpg": bytes(20 << 20)}), "far more than it is"),
        (csv_of(person(1)), zip_of({f"{n}": bytes(4 << 20) for n in range(33)}), "more than"),
    ],
)
def test_a_file_that_is_no_list_is_refused_whole(desk, file, photos, message):
    with pytest.raises(ImportRefused, match=message):
        upload(desk, file, photos)
    assert count(desk, ImportJob) == count(desk, ImportPart) == count(desk, AuditRecord) - 2 == 0


def test_too_many_rows_are_refused_whole(desk):
    rows = b"reference,name\n" + b"1,a\n" * (LIMITS.rows + 1)
    with pytest.raises(ImportRefused, match="more than 10000 rows"):
        upload(desk, rows)


def test_what_is_kept_of_an_upload_is_sealed(desk):
    secret = b"Nobody may read this name"
    rows = csv_of(person(1, photos="1.jpg"), {"reference": "R-2", "name": secret.decode()})
    job = upload(desk, rows + b"\n" * PIECE, photos_of([1]))
    with desk.service.kernel.database.read() as session:
        parts = list(session.scalars(select(ImportPart)))
    assert len(parts) == 3
    assert not any(secret in part.sealed_content for part in parts)
    done = work_off(desk)
    assert done is not None
    assert (job.rows, counts(done)) == (2, (1, 0, 0, 1))


@everywhere
def test_json_lines_say_the_same(desk):
    lines = [
        person(1, aliases=["a;b", "[c]"], birth_year=1980, photos=["1.jpg"]),
        person(2, documents=[{"kind": "x", "number": "1:2"}], photos=["2.jpg"]),
        person(3, photos="3.jpg"),
        person(4, nmae="x", photos=["1.jpg"]),
        person(5, watchlist_ids=["wl_other"], photos=["1.jpg"]),
    ]
    text = "\n\n".join(map(json.dumps, lines)) + '\n{"reference": "a", "reference": "b"}\nx\n'
    job = imported(desk, b"\xef\xbb\xbf" + text.encode(), photos_of([1, 2, 3]))
    assert counts(job) == (2, 0, 0, 5)
    assert [(e.row, e.field, e.code) for e in faults(desk, job)] == [
        (5, "photos", "field_invalid"),
        (7, "nmae", "field_unknown"),
        (9, "watchlist_ids", "field_unknown"),
        (10, None, "row_malformed"),
        (11, None, "row_malformed"),
    ]
    assert subjects(desk)["R-1"].aliases == ["a;b", "[c]"]


@everywhere
def test_an_upload_that_was_cut_off_is_forgotten(desk):
    receiving = desk.service.exchange.imports.receive(OPERATOR, desk.watchlist(), dry_run=False)
    receiving.write("file", bytes(PIECE + 1))
    imports = desk.service.exchange.imports
    assert imports.page(OPERATOR, None, 9) == []
    with pytest.raises(NotFound):
        imports.get(OPERATOR, receiving.import_id)
    imports.tidy()
    assert count(desk, ImportPart) == 1
    desk.clock.advance(hours=7)
    imports.tidy()
    assert count(desk, ImportPart) == count(desk, ImportJob) == 0


@everywhere
def test_reports_of_imports_are_erased_on_time(desk):
    job = imported(desk, csv_of(person(1)))
    assert faults(desk, job)
    desk.clock.advance(days=89)
    desk.service.oversight.retention.run(OPERATOR)
    assert count(desk, ImportJob) == 1
    desk.clock.advance(days=2)
    desk.service.oversight.retention.run(OPERATOR)
    assert count(desk, ImportJob) == 0


def similar(desk, job):
    return [each for each in faults(desk, job) if each.code == "looks_like"]


def test_a_row_whose_face_is_known_is_stored_with_a_warning(desk):
    known = desk.enrol(1, desk.watchlist("own"))
    agency = desk.agency("POL")
    theirs = desk.watchlist("theirs", agency_id=agency, shared_with=(desk.agency(),))
    hidden = desk.watchlist("hidden", agency_id=agency)
    desk.enrol(2, theirs)
    desk.enrol(3, hidden)
    rows = [person(number, photos=f"{number}.jpg") for number in (1, 2, 3, 4)]
    rows.append(person(5, photos="4.jpg"))  # the face of the row before
    job = imported(desk, csv_of(*rows), photos_of([1, 2, 3, 4]))
    assert counts(job) == (5, 0, 0, 0)
    assert job.state == "done"
    warned = similar(desk, job)
    assert [(each.reference, each.field, each.row_refused) for each in warned] == [
        ("R-1", "photos", False),
        ("R-2", "photos", False),
        ("R-4", "photos", False),
        ("R-5", "photos", False),
    ]
    assert f"{known} (own)" in warned[0].message
    assert "somebody on a list of POL" in warned[1].message
    for each in warned:
        assert "theirs" not in each.message
        assert "Person" not in each.message
    # Sent again, no photo is new: nobody is asked about twice.
    again = imported(desk, csv_of(*rows), photos_of([1, 2, 3, 4]))
    assert not similar(desk, again)


def test_a_dry_run_warns_as_well(desk):
    desk.enrol(1)
    job = imported(desk, csv_of(person(1, photos="1.jpg")), photos_of([1]), dry_run=True)
    assert [each.reference for each in similar(desk, job)] == ["R-1"]


def test_an_import_that_was_stopped_before_its_end_only_ends(desk):
    upload(desk, csv_of(person(1, photos="1.jpg")), photos_of([1]))
    runner = desk.service.import_runner
    claim = runner.queue.claim(take_over=True)
    with desk.service.exchange.imports.uploads.source(claim.job.id, LIMITS) as source:
        (batch,) = runner.batches(claim, source, CHECK, LIMITS)
        for task in batch.tasks:
            task.done = task.work()
        runner._store_rows(claim, batch)
    job = work_off(desk)
    assert job is None
    (row,) = desk.service.exchange.imports.page(OPERATOR, None, 5)
    assert (row.state, row.created) == ("done", 1)


SPELT = ("PL-001", "PL\u2013001", "\uff30\uff2c\u2010001", "PL\u200b\u2011001")


@everywhere
@pytest.mark.parametrize("kept", SPELT)
def test_a_list_with_other_hyphens_names_the_same_people(desk, kept):
    spaced = {**person(2, photos="2.jpg"), "reference": "PL  2\u00a0b"}
    first = {**person(1, photos="1.jpg"), "reference": kept}
    imported(desk, csv_of(first, spaced), photos_of([1, 2]))
    for spelt in SPELT:
        again = csv_of({**first, "reference": spelt}, {**spaced, "reference": "PL 2 b"})
        job = imported(desk, again, photos_of([1, 2]))
        assert counts(job) == (0, 0, 2, 0)
        assert job.warnings == {"written_otherwise": 1 + (spelt != kept)}
    assert set(subjects(desk)) == {kept, "PL  2\u00a0b"}
    found = desk.service.lists.subjects.page(OPERATOR, None, 9, SubjectFilter(reference="PL-001"))
    assert [row.reference for row in found] == [kept]


def test_rows_of_one_look_in_one_file_are_one(desk):
    rows = [{**person(n, photos=f"{n}.jpg"), "reference": SPELT[n]} for n in (0, 1)]
    job = imported(desk, csv_of(*rows), photos_of([0, 1]))
    assert counts(job) == (1, 0, 0, 1)
    assert [fault.code for fault in faults(desk, job)] == ["duplicate_reference"]


def test_a_look_is_no_second_subject_s(desk):
    edit = desk.service.lists.subjects.edit
    imported(desk, csv_of(person(1, photos="1.jpg"), person(2, photos="2.jpg")), photos_of([1, 2]))
    one = subjects(desk)["R-1"].id
    with pytest.raises(AlreadyExists):
        edit(OPERATOR, one, {"reference": "R\u20132"}, None)
    assert edit(OPERATOR, one, {"reference": "R\u20131"}, None).reference == "R\u20131"


@everywhere
def test_of_two_looks_of_before_each_is_found_as_it_is_written(desk):
    """Earlier versions let them in."""
    people = csv_of(person(1, photos="1.jpg"), person(2, photos="2.jpg"))
    imported(desk, people, photos_of([1, 2]))
    with desk.service.kernel.database.write() as session:
        for row in session.scalars(select(Subject)):
            row.reference = {"R-1": "PL-001", "R-2": "PL\u2013001"}[row.reference]
    ids = {reference: row.id for reference, row in subjects(desk).items()}
    changed = csv_of({**person(3), "reference": "PL\u2013001"})
    job = imported(desk, changed)
    assert (counts(job), job.warnings) == ((0, 1, 0, 0), {"reference_alike": 1})
    assert ids["PL-001"] in faults(desk, job)[0].message
    assert subjects(desk)["PL\u2013001"].name == "Person 3"
    again = Application(NewSubject("Person 3", (desk.watchlist(),), "PL\u2013001"), ())
    (enrolled,) = desk.service.enrolment.store(OPERATOR, [again])
    assert (enrolled.subject_id, enrolled.alike) == (ids["PL\u2013001"], (ids["PL-001"],))
    neither = imported(desk, csv_of({**person(4), "reference": "PL\u2011001"}))
    assert counts(neither) == (0, 0, 0, 1)
    assert [fault.code for fault in faults(desk, neither)] == ["reference_ambiguous"]
    new = NewSubject("Person 4", (desk.watchlist(),), reference="PL\u2011001")
    with pytest.raises(EnrolmentRefused, match="exactly as one of them"):
        desk.service.enrolment.enrol(OPERATOR, new, [photo_file(4)])
    found = desk.service.lists.subjects.page(OPERATOR, None, 9, SubjectFilter(reference="PL-001"))
    assert {row.id for row in found} == set(ids.values())


@pytest.mark.parametrize(
    ("kept", "sent"),
    [
        ({"birth_year": 1980}, {"birth_date": "1979-05-01"}),
        ({"birth_date": "1979-05-01"}, {"birth_year": 1980}),
    ],
)
def test_a_birth_that_was_kept_before_refuses_no_row(desk, kept, sent):
    imported(desk, csv_of(person(1, **kept, photos="1.jpg")), photos_of([1]))
    job = imported(desk, csv_of(person(1, **sent, reason="new")))
    assert (counts(job), job.warnings) == ((0, 1, 0, 0), {"impossible_birth": 1})
    row = subjects(desk)["R-1"]
    assert (row.birth_date, row.birth_year) == (date(1979, 5, 1), None)
    assert row.reason == "new"
