"""Duplicates become one, nobody is looked for less, and it is taken back to the letter."""

from datetime import date, timedelta
from typing import Any

import pytest

from casework.approvals.approvals import ActWaits
from casework.kernel.errors import (
    IllegalTransition,
    NoSecondPerson,
    NotFound,
    NotPermitted,
    RequirementMissing,
)
from casework.kernel.vocabulary import Requirement, Role, SubjectStatus
from casework.tables import Subject
from casework.watchlists.subjects import NewSubject
from tests.fakes import photo_of
from tests.services import BEGIN, OPERATOR, officer, photo_file

WHY = "the same passport"
PASSPORT = {"kind": "passport", "number": "X1", "country": "IDN"}


def fields(desk, subject_id: str) -> dict[str, Any]:
    """Everything that is kept of a subject, but what says when it was changed."""
    row = desk.service.lists.subjects.get(OPERATOR, subject_id)
    plain = {name: getattr(row, name) for name in Subject.fields_of_class}
    return plain | {
        "status": row.status,
        "nationality": row.nationality,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "lists": sorted(each.watchlist_id for each in row.memberships),
        "photos": sorted(each.sha256 for each in row.photos),
        "merged_from": list(row.merged_from),
    }


def met(desk, person: int, **how) -> set[tuple[str, str]]:
    """Who alerts on which list."""
    desk.service.gallery.replica.catch_up()
    photo = photo_of(person, **how)
    return {
        (alert.subject_id, alert.watchlist_id)
        for alert in desk.screen(person, photo=photo).encounter.alerts
    }


@pytest.fixture
def pair(desk):
    """Two entries of one person."""
    one, other = desk.watchlist("one"), desk.watchlist("other")
    kept = desk.enrol(1, one, valid_until=BEGIN + timedelta(days=30))
    twin = desk.service.enrolment.enrol(
        OPERATOR,
        _twin(other),
        [photo_file(2, brightness=0.9), photo_file(1)],
    ).subject_id
    return kept, twin, one, other


def _twin(watchlist: str):
    return NewSubject(
        "Achmad",
        (watchlist,),
        aliases=["Mad"],
        birth_date=date(1980, 2, 28),
        nationality="IDN",
        documents=[PASSPORT],
        decision_number="KEP-1/2026",
    )


def test_who_stays_is_found_by_both_faces_on_both_lists_and_the_other_no_more(desk, pair):
    kept, twin, one, other = pair
    assert met(desk, 2) == {(twin, other)}
    done = desk.service.lists.merges.merge(OPERATOR, twin, kept, WHY)
    assert done.erase_at == desk.clock() + timedelta(hours=24)
    assert met(desk, 2) == met(desk, 1) == {(kept, one), (kept, other)}
    after = fields(desk, kept)
    assert (after["name"], after["aliases"]) == ("Person 1", ["Achmad", "Mad"])
    assert (after["birth_date"], after["nationality"]) == (date(1980, 2, 28), "IDN")
    assert (after["documents"], after["decision_number"]) == ([PASSPORT], "KEP-1/2026")
    assert after["valid_until"] is None, "the longer period counts"
    assert len(after["photos"]) == 2, "the photo that both have is kept once"
    desk.clock.advance(hours=25)
    desk.service.lists.erasures.finish()
    assert met(desk, 2) == {(kept, one), (kept, other)}
    with pytest.raises(NotFound):
        desk.service.lists.merges.undo(OPERATOR, twin)


def test_a_merge_is_taken_back_to_the_letter(desk, pair):
    kept, twin, *_ = pair
    before = fields(desk, kept), fields(desk, twin), met(desk, 1), met(desk, 2)
    merges = desk.service.lists.merges
    merges.merge(OPERATOR, twin, kept, WHY)
    with pytest.raises(IllegalTransition, match="merged into"):
        desk.service.lists.erasures.restore(OPERATOR, twin)
    assert merges.undo(OPERATOR, twin).stays == ()
    assert (fields(desk, kept), fields(desk, twin), met(desk, 1), met(desk, 2)) == before
    with pytest.raises(IllegalTransition):
        merges.undo(OPERATOR, twin)
    verdict = desk.service.oversight.trail.verify(OPERATOR)
    assert verdict.whole, verdict.fault


def test_what_somebody_has_changed_since_stays_and_is_named(desk, pair):
    kept, twin, one, _ = pair
    merges = desk.service.lists.merges
    merges.merge(OPERATOR, twin, kept, WHY)
    changes = {"nationality": "MYS", "aliases": ["Achmad", "Mad", "Mamat"]}
    desk.service.lists.subjects.edit(OPERATOR, kept, changes, None)
    assert merges.undo(OPERATOR, twin).stays == ("nationality",)
    after = fields(desk, kept)
    assert (after["nationality"], after["aliases"], after["lists"]) == ("MYS", ["Mamat"], [one])


def test_where_the_one_who_stayed_is_gone_the_other_comes_back(desk, pair):
    kept, twin, _, other = pair
    merges = desk.service.lists.merges
    merges.merge(OPERATOR, twin, kept, WHY)
    desk.service.lists.erasures.erase(OPERATOR, kept, WHY, immediately=True)
    assert merges.undo(OPERATOR, twin).stays == ()
    assert met(desk, 2) == {(twin, other)}


def test_merges_into_one_are_taken_back_from_the_last_on(desk, pair):
    kept, twin, _, other = pair
    third = desk.enrol(3, other)
    before = fields(desk, kept)
    merges = desk.service.lists.merges
    merges.merge(OPERATOR, twin, kept, WHY)
    merges.merge(OPERATOR, third, kept, WHY)
    # The third is on the other list by what the twin gave: without it, nobody would look for them.
    with pytest.raises(IllegalTransition, match=f"that of {third} back first"):
        merges.undo(OPERATOR, twin)
    assert met(desk, 3) == {(kept, membership) for membership in fields(desk, kept)["lists"]}
    merges.undo(OPERATOR, third)
    merges.undo(OPERATOR, twin)
    assert fields(desk, kept) == before
    assert met(desk, 3) == {(third, other)}


def test_what_was_passed_on_is_taken_back_first(desk, pair):
    kept, twin, one, _ = pair
    last = desk.enrol(3, one)
    before = fields(desk, last)
    merges = desk.service.lists.merges
    merges.merge(OPERATOR, twin, kept, WHY)
    merges.merge(OPERATOR, kept, last, WHY)
    with pytest.raises(IllegalTransition, match=f"that of {kept} back first"):
        merges.undo(OPERATOR, twin)
    merges.undo(OPERATOR, kept)
    merges.undo(OPERATOR, twin)
    assert fields(desk, last) == before


def test_a_photo_that_both_have_is_not_being_erased_of_who_stays(desk, pair):
    kept, twin, *_ = pair
    desk.service.enrolment.add_photos(OPERATOR, kept, [photo_file(9)])
    photos = desk.service.lists.subjects.get(OPERATOR, kept).photos
    (shared,) = (each for each in photos if each.sha256 in fields(desk, twin)["photos"])
    erasures, merges = desk.service.lists.erasures, desk.service.lists.merges
    erasures.erase_photo(OPERATOR, kept, shared.id, "blurred")
    for refused in (merges.merge, lambda *asked: merges.preview(*asked[:3])):
        with pytest.raises(IllegalTransition, match="photo of the other that is being erased"):
            refused(OPERATOR, twin, kept, WHY)
    erasures.restore_photo(OPERATOR, kept, shared.id)
    merges.merge(OPERATOR, twin, kept, WHY)
    assert len(fields(desk, kept)["photos"]) == 3


def test_who_merges_hears_of_open_alerts_that_lose_the_person(desk, pair):
    kept, twin, *_ = pair
    merges = desk.service.lists.merges
    assert merges.preview(OPERATOR, twin, kept).open_alerts == 0
    met(desk, 2)
    assert merges.preview(OPERATOR, twin, kept).open_alerts == 1


def test_what_cannot_be_merged_is_refused(desk, pair):
    kept, twin, one, _ = pair
    merges, edit = desk.service.lists.merges, desk.service.lists.subjects.edit
    with pytest.raises(IllegalTransition, match="itself"):
        merges.merge(OPERATOR, kept, kept, WHY)
    foreign = desk.enrol(5, desk.watchlist("theirs", agency_id=desk.agency("POL")))
    with pytest.raises(IllegalTransition, match="two agencies"):
        merges.merge(OPERATOR, foreign, kept, WHY)
    analyst = officer(desk.agency("IMI"), Role.ANALYST)
    with pytest.raises(NotFound):
        merges.merge(analyst, foreign, kept, WHY)
    with pytest.raises(NotPermitted):
        merges.merge(officer(desk.agency("IMI"), Role.SUPERVISOR), twin, kept, WHY)
    edit(OPERATOR, twin, {"status": SubjectStatus.SUSPENDED}, None)
    with pytest.raises(IllegalTransition, match="suspended"):
        merges.merge(OPERATOR, twin, kept, WHY)
    edit(OPERATOR, twin, {"status": SubjectStatus.ACTIVE}, None)
    desk.service.lists.watchlists.edit(OPERATOR, one, {"category": "tangkal"}, None)
    merges.merge(OPERATOR, twin, kept, WHY)
    with pytest.raises(IllegalTransition, match="being erased"):
        merges.merge(OPERATOR, twin, kept, WHY)


def test_who_stays_has_what_the_lists_of_the_other_require(desk, pair):
    kept, twin, *_ = pair
    requires = {"requires": frozenset({Requirement.VALID_UNTIL})}
    desk.service.lists.categories.edit(OPERATOR, "other", requires, None)
    merges = desk.service.lists.merges
    with pytest.raises(RequirementMissing):
        merges.merge(OPERATOR, twin, kept, WHY)
    until = {"valid_until": BEGIN + timedelta(days=90)}
    desk.service.lists.subjects.edit(OPERATOR, twin, until, None)
    merges.merge(OPERATOR, twin, kept, WHY)
    assert fields(desk, kept)["valid_until"] == until["valid_until"]


def test_off_a_list_that_takes_two_nobody_is_merged_alone(desk, pair):
    kept, twin, _, other = pair
    tighter = {"requires_second_officer": True}
    desk.service.lists.watchlists.edit(OPERATOR, other, tighter, None)
    desk.service.approvals.founding.end(OPERATOR, desk.agency("IMI"), "complete")
    analyst = officer(desk.agency("IMI"), Role.ANALYST)
    with pytest.raises((ActWaits, NoSecondPerson)):
        desk.service.lists.merges.merge(analyst, twin, kept, WHY)
    assert desk.service.lists.merges.preview(analyst, twin, kept).takes_two
    assert fields(desk, kept)["merged_from"] == []
