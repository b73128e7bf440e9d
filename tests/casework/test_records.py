"""Watchlists, subjects, keys, the vault and the database's own promises."""

import sqlite3
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.accounts.api_keys import NewKey
from casework.kernel.errors import (
    AlreadyExists,
    DatabaseTooNew,
    ImpossibleBirth,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    StaleVersion,
    StillInUse,
)
from casework.kernel.permissions import Permission, require
from casework.kernel.vocabulary import Role, Scope
from casework.records import Records
from casework.tables import Subject
from casework.watchlists.subjects import SubjectFilter
from casework.watchlists.watchlists import NewWatchlist
from tests.services import (
    DATA_KEYS,
    OPERATOR,
    open_service,
    photo_file,
    port_system,
)

pytestmark = pytest.mark.every_database

# Watchlists and subjects


def test_a_watchlist_s_name_is_taken_once(desk):
    desk.watchlist("wanted")
    with pytest.raises(AlreadyExists):
        desk.service.lists.watchlists.create(OPERATOR, NewWatchlist("wanted", desk.agency()))
    other = desk.watchlist("other")
    with pytest.raises(AlreadyExists):
        desk.service.lists.watchlists.edit(OPERATOR, other, {"name": "wanted"}, None)


def test_two_agencies_may_call_their_lists_alike(desk):
    watchlists = desk.service.lists.watchlists
    for code in ("IMI", "POL"):
        watchlists.create(OPERATOR, NewWatchlist("wanted", desk.agency(code)))
    assert len(watchlists.page(OPERATOR, None, 10)) == 2


def test_ensure_makes_a_watchlist_once(desk):
    watchlists = desk.service.lists.watchlists
    assert (
        watchlists.ensure(OPERATOR, NewWatchlist("a", desk.agency())).id
        == watchlists.ensure(OPERATOR, NewWatchlist("a", desk.agency())).id
    )


def test_an_outdated_version_changes_nothing(desk):
    watchlists = desk.service.lists.watchlists
    row = watchlists.get(OPERATOR, desk.watchlist())
    changed = watchlists.edit(
        OPERATOR, row.id, {"instruction": {"id": "", "en": "first"}}, row.version
    )
    assert changed.version == row.version + 1
    with pytest.raises(StaleVersion):
        watchlists.edit(OPERATOR, row.id, {"instruction": {"id": "", "en": "second"}}, row.version)
    assert watchlists.get(OPERATOR, row.id).instruction["en"] == "first"


def test_only_an_empty_watchlist_can_be_removed(desk):
    watchlist, subject = desk.watchlist(), desk.enrol(1)
    with pytest.raises(StillInUse, match="1 subjects"):
        desk.service.lists.watchlists.remove(OPERATOR, watchlist)
    desk.service.lists.subjects.remove(OPERATOR, subject)
    desk.service.lists.watchlists.remove(OPERATOR, watchlist)
    with pytest.raises(NotFound):
        desk.service.lists.watchlists.get(OPERATOR, watchlist)


def test_moving_a_subject_to_another_list_moves_its_alerts(desk):
    first, second = desk.watchlist("first"), desk.watchlist("second")
    subject = desk.enrol(1, first)
    desk.service.lists.subjects.edit(OPERATOR, subject, {"watchlist_ids": [second]}, None)
    (alert,) = desk.screen(1).encounter.alerts
    assert alert.watchlist_id == second


def test_an_edit_with_an_unknown_watchlist_changes_nothing(desk):
    subject = desk.enrol(1)
    with pytest.raises(NotFound):
        desk.service.lists.subjects.edit(
            OPERATOR, subject, {"name": "changed", "watchlist_ids": ["wl_none"]}, None
        )
    assert desk.service.lists.subjects.get(OPERATOR, subject).name == "Person 1"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"birth_year": 1981}, "birth_year"),
        ({"birth_date": date(2026, 3, 3)}, "birth_date"),
        ({"birth_date": date(1879, 12, 31)}, "birth_date"),
        ({"birth_date": None, "birth_year": 2027}, "birth_year"),
    ],
)
def test_a_birth_that_cannot_be_changes_nothing(desk, changes, field):
    subject = desk.enrol(1, birth_date=date(1980, 2, 29), birth_year=1980)
    subjects = desk.service.lists.subjects
    with pytest.raises(ImpossibleBirth) as refusal:
        subjects.edit(OPERATOR, subject, {"name": "changed", **changes}, None)
    assert refusal.value.field == field
    assert subjects.get(OPERATOR, subject).name == "Person 1"


def test_pages_go_on_where_the_last_one_ended(desk):
    made = [desk.enrol(person) for person in range(5)]
    subjects = desk.service.lists.subjects
    first = subjects.page(OPERATOR, None, 3)
    rest = subjects.page(OPERATOR, first[-1].id, 3)
    assert [row.id for row in first + rest] == sorted(made)
    empty = desk.watchlist("empty")
    assert subjects.page(OPERATOR, None, 10, SubjectFilter(empty)) == []


def test_the_last_photo_goes_only_with_its_subject(desk):
    subject = desk.enrol(1)
    subjects = desk.service.lists.subjects
    (only,) = subjects.get(OPERATOR, subject).photos
    with pytest.raises(StillInUse):
        subjects.remove_photo(OPERATOR, subject, only.id)
    desk.service.enrolment.add_photos(OPERATOR, subject, [photo_file(1, brightness=0.8)])
    subjects.remove_photo(OPERATOR, subject, only.id)
    assert len(subjects.get(OPERATOR, subject).photos) == 1
    with pytest.raises(NotFound):
        subjects.remove_photo(OPERATOR, subject, only.id)
    with pytest.raises(NotFound):
        subjects.photo_content(
            OPERATOR, desk.enrol(2), subjects.get(OPERATOR, subject).photos[0].id
        )


def test_an_alert_outlives_its_subject(desk):
    subject = desk.enrol(1)
    encounter = desk.screen(1, key=None).encounter
    desk.service.lists.subjects.remove(OPERATOR, subject)
    kept = desk.service.screening.encounters.get(encounter.id, port_system())
    assert kept.alerts[0].subject_id == subject


# Keys


def test_a_key_is_recognised_until_it_is_revoked(desk):
    keys = desk.service.accounts.keys
    record, text = keys.create(
        OPERATOR, NewKey("port", frozenset({Scope.SCREEN}), frozenset({"CGK"}))
    )
    found = keys.recognise(text)
    assert (found.id, found.roles, found.ports) == (
        record.id,
        frozenset({Role.PORT}),
        frozenset({"CGK"}),
    )
    require(found, Permission.SCREEN)
    with pytest.raises(NotPermitted, match="one of the scopes enrol"):
        require(found, Permission.EDIT_SUBJECT)
    keys.revoke(OPERATOR, record.id)
    with pytest.raises(NotAuthenticated):
        keys.recognise(text)
    with pytest.raises(NotFound):
        keys.revoke(OPERATOR, "key_none")


@pytest.mark.on_sqlite
def test_only_a_hash_of_a_key_is_stored(desk, database):
    _, text = desk.service.accounts.keys.create(OPERATOR, NewKey("port", frozenset({Scope.SCREEN})))
    desk.service.close()
    stored = b"".join(path.read_bytes() for path in database.parent.glob("siaga.db*"))
    assert text.rpartition(".")[2].encode() not in stored


def test_a_wrong_secret_for_a_known_key_is_not_recognised(desk):
    keys = desk.service.accounts.keys
    record, text = keys.create(OPERATOR, NewKey("port", frozenset({Scope.SCREEN})))
    with pytest.raises(NotAuthenticated):
        keys.recognise(text[:-1] + ("A" if text[-1] != "A" else "B"))
    with pytest.raises(NotAuthenticated):
        keys.recognise(f"siaga.{record.id}.")


def test_no_text_is_a_key_by_accident_and_none_breaks_recognition():
    with Records.open("sqlite://", DATA_KEYS) as records:

        @given(text=st.text(max_size=300))
        def is_unknown(text):
            with pytest.raises(NotAuthenticated):
                records.accounts.keys.recognise(text)

        is_unknown()


# The database


@pytest.mark.on_sqlite
def test_a_database_of_a_later_version_is_left_alone(desk, database):
    desk.service.close()
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(DatabaseTooNew, match="9999"):
        open_service(database)


@pytest.mark.on_sqlite
def test_sqlite_is_set_up_to_keep_what_it_acknowledges(desk):
    with desk.service.kernel.database.engine.connect() as connection:

        def pragma(name):
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

        assert pragma("journal_mode") == "wal"
        assert pragma("synchronous") == 2  # FULL
        assert pragma("foreign_keys") == 1
        assert pragma("secure_delete") == 1


def test_a_failed_write_leaves_nothing(desk):
    now = desk.clock()
    agency_id = desk.agency()
    lacking = {"name": "x", "aliases": [], "documents": [], "status": "active", "reason": ""}

    def fail_halfway():
        with desk.service.kernel.database.write() as session:
            session.add(
                Subject(
                    id="sub_x",
                    agency_id=agency_id,
                    created_at=now,
                    updated_at=now,
                    **lacking,
                )
            )
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    with desk.service.kernel.database.read() as session:
        assert session.get(Subject, "sub_x") is None
