"""What a category requires: of what is new or changed; what fell short before is listed."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from casework.kernel.errors import RequirementMissing
from casework.kernel.vocabulary import Requirement
from casework.watchlists import subjects
from casework.watchlists.enrolment import Application
from casework.watchlists.subjects import NewSubject, SubjectFilter
from tests.services import BEGIN, OPERATOR, photo_file

ALL = frozenset(Requirement)
ENTRIES = [Requirement.DECISION_NUMBER, Requirement.VALID_UNTIL]
SOUND: dict[str, Any] = {
    "decision_number": "KEP-1/2026",
    "valid_until": BEGIN + timedelta(days=180),
}


@pytest.fixture
def requiring(desk):
    """Let lists of the category tangkal, and their entries, have to have everything."""

    def require(*what: Requirement) -> None:
        changes = {"requires": frozenset(what or ALL)}
        desk.service.lists.categories.edit(OPERATOR, "tangkal", changes, None)

    return require


def ids(desk, **filters) -> list[str]:
    rows = desk.service.lists.subjects.page(OPERATOR, None, 10, SubjectFilter(**filters))
    return [row.id for row in rows]


def lacks(desk, subject_id: str) -> list[Requirement]:
    row = desk.service.lists.subjects.get(OPERATOR, subject_id)
    found: list[Requirement] = desk.service.lists.subjects.lacking([row])[row.id]
    return found


def test_a_new_list_and_a_changed_one_need_the_legal_basis(desk, requiring):
    before = desk.watchlist("before", category="tangkal")
    plain = desk.watchlist("plain")
    requiring()
    edit = desk.service.lists.watchlists.edit
    with pytest.raises(RequirementMissing) as refusal:
        desk.watchlist("new", category="tangkal", legal_basis=" ")
    assert refusal.value.field == "legal_basis"
    with pytest.raises(RequirementMissing):
        edit(OPERATOR, plain, {"category": "tangkal"}, None)
    sound = desk.watchlist("sound", category="tangkal", legal_basis="UU 6/2011, pasal 94")
    with pytest.raises(RequirementMissing):
        edit(OPERATOR, sound, {"legal_basis": ""}, None)
    # What fell short before can be changed in all else, and be switched off.
    edit(OPERATOR, before, {"name": "as before", "category": "tangkal"}, None)
    edit(OPERATOR, before, {"active": False}, None, "over")


@pytest.mark.parametrize("field", ["decision_number", "valid_until"])
def test_a_new_entry_needs_what_its_list_requires(desk, requiring, field):
    requiring()
    one = desk.watchlist(category="tangkal", legal_basis="UU 6/2011")
    fields = {**SOUND, field: None}
    with pytest.raises(RequirementMissing) as refusal:
        desk.enrol(1, one, **fields)
    assert refusal.value.field == field
    subject = desk.enrol(1, one, **SOUND)
    edit = desk.service.lists.subjects.edit
    with pytest.raises(RequirementMissing):
        edit(OPERATOR, subject, {field: None}, None)
    elsewhere = desk.enrol(2, desk.watchlist("plain"), **fields)
    with pytest.raises(RequirementMissing):
        edit(OPERATOR, elsewhere, {"watchlist_ids": (one,)}, None)


def test_a_known_reference_joins_a_list_only_with_what_it_requires(desk, requiring):
    requiring()
    one = desk.watchlist(category="tangkal", legal_basis="UU 6/2011")
    desk.enrol(1, desk.watchlist("plain"), reference="S-1")
    with pytest.raises(RequirementMissing):
        desk.service.enrolment.enrol(
            OPERATOR, NewSubject("S", (one,), reference="S-1", **SOUND), [photo_file(1)]
        )


def test_what_fell_short_before_goes_on_alerting_and_is_listed(desk, requiring):
    one = desk.watchlist(category="tangkal")
    short = desk.enrol(1, one)
    half = desk.enrol(2, one, decision_number="KEP-2/2026")
    sound = desk.enrol(3, one, **SOUND)
    other = desk.enrol(4, desk.watchlist("plain"))
    assert ids(desk, lacking=True) == []
    requiring()
    assert [lacks(desk, each) for each in (short, half, sound, other)] == [
        ENTRIES,
        [Requirement.VALID_UNTIL],
        [],
        [],
    ]
    assert ids(desk, lacking=True) == [short, half]
    assert ids(desk, lacking=True, watchlist_id=desk.watchlists["plain"]) == []
    assert ids(desk, open_ended=True) == [short, half, other]
    edit = desk.service.lists.subjects.edit
    edit(OPERATOR, short, {"name": "Renamed", "valid_until": SOUND["valid_until"]}, None)
    assert ids(desk, lacking=True, words="renamed") == [short]
    edit(OPERATOR, short, {"decision_number": "KEP-3/2026"}, None)
    assert ids(desk, lacking=True) == [half]


def test_a_page_of_those_who_fall_short_goes_on_where_it_ended(desk, requiring):
    one = desk.watchlist(category="tangkal")
    short = [desk.enrol(number, one) for number in range(3)]
    requiring(Requirement.DECISION_NUMBER)
    page = desk.service.lists.subjects.page
    found = page(OPERATOR, None, 2, SubjectFilter(lacking=True))
    assert [row.id for row in found] == short[:2]
    rest = page(OPERATOR, found[-1].id, 2, SubjectFilter(lacking=True))
    assert [row.id for row in rest] == short[2:]


def test_any_number_of_those_who_fall_short_is_searched_for_words(desk, requiring, monkeypatch):
    one, sample = desk.watchlist(category="tangkal"), desk.service.enrolment.examine(photo_file(1))
    people = [NewSubject(f"Person {number}", (one,)) for number in range(130)]
    enrolled = desk.service.enrolment.store(OPERATOR, [Application(p, (sample,)) for p in people])
    requiring()
    monkeypatch.setattr(subjects, "_AT_A_TIME", 40)
    with _few_variables(desk.service.kernel.database.engine, 100):
        assert ids(desk, lacking=True, words="person 12") == [
            enrolled[number].subject_id for number in (12, 112, *range(120, 128))
        ]


@contextmanager
def _few_variables(engine: Engine, most: int) -> Iterator[None]:
    """Let statements have so few variables: databases have a limit, and lists have more entries."""

    def limit(connection, *_):
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, most)

    event.listen(engine, "checkout", limit)
    try:
        yield
    finally:
        event.remove(engine, "checkout", limit)
