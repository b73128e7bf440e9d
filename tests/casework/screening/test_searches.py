"""An officer's own search: within reach, for a purpose, on record."""

import pytest
from sqlalchemy import select, update

from casework.kernel.errors import NotFound, NotPermitted
from casework.kernel.vocabulary import SubjectStatus
from casework.screening.searches import SearchRequest
from casework.tables import AuditRecord, ProbeSearch
from detector.errors import UnreadablePhoto
from tests.casework.review.people import people, share
from tests.fakes import photo_of
from tests.services import OPERATOR, port_system

PURPOSE = "case 2026/114, missing documents"


def ask(desk, who, *seen, **fields):
    question = SearchRequest(photo_of(*seen, brightness=0.9), PURPOSE, **fields)
    return desk.service.screening.searches.search(who, question)


def found(view):
    return [(each.rank, at.watchlist.name, at.subject.name) for each, at in view.candidates]


def records(desk, action):
    with desk.service.kernel.database.read() as session:
        found = list(session.scalars(select(AuditRecord).where(AuditRecord.action == action)))
        return desk.service.oversight.trail.opened(session, found)


@pytest.fixture
def lists(desk):
    """One's own, one shared with it, and one that it may not know of; a person on each and all."""
    own = desk.watchlist("own")
    shared = desk.watchlist(
        "shared", agency_id=desk.agency("POL"), shared_with=(desk.agency("IMI"),)
    )
    hidden = desk.watchlist("hidden", agency_id=desk.agency("BNN"))
    for watchlist in (own, shared, hidden):
        desk.enrol(1, watchlist)
    return own, shared, hidden


def test_lists_within_reach_are_searched_and_no_others(desk, lists):
    own, shared, hidden = lists
    first = people(desk).first
    view = ask(desk, first, 1)
    assert {name for _, name, _ in found(view)} == {"own", "shared"}
    assert view.search.watchlist_ids == sorted([own, shared])
    assert [name for _, name, _ in found(ask(desk, first, 1, watchlist_ids=(own,)))] == ["own"]
    for foreign in (hidden, "wl_none"):
        with pytest.raises(NotFound, match=f"There is no watchlist {foreign}"):
            ask(desk, first, 1, watchlist_ids=(own, foreign))
    assert len(records(desk, "gallery.search")) == 2


def test_candidates_come_best_first_below_the_list_s_threshold_too(desk):
    strict = desk.watchlist("strict", threshold=0.9999)
    for person in range(1, 6):
        desk.enrol(person, strict)
    assert desk.screen(1).encounter.outcome == "clear"
    ((candidate, _),) = ask(desk, people(desk).first, 1).candidates
    assert not candidate.passes
    assert candidate.score < candidate.threshold
    assert candidate.one_in > 10
    low = desk.watchlist("low")
    for brightness in (1.0, 0.95, 0.85, 0.8, 0.75, 0.7):
        desk.enrol(7, low, brightness=brightness)
    view = ask(desk, people(desk).first, 7, watchlist_ids=(low,), limit=4)
    assert [rank for rank, _, _ in found(view)] == [1, 2, 3, 4]
    assert found(view)[0][2] == "Person 7"
    scores = [each.score for each, _ in view.candidates]
    assert scores == sorted(scores, reverse=True)
    assert all(each.passes for each, _ in view.candidates)


def test_a_search_is_on_record_with_its_purpose_and_without_the_photo(desk, lists):
    first = people(desk).first
    view = ask(desk, first, 1)
    (record,) = records(desk, "gallery.search")
    assert (record.actor_id, record.object_id, record.typed) == (
        first.id,
        view.search.id,
        {"purpose": PURPOSE},
    )
    # The other agency whose subject was shown sees that in its own trail.
    (shown,) = records(desk, "search.shown")
    assert (shown.owner_id, shown.typed, shown.detail) == (
        desk.agency("POL"),
        {"purpose": PURPOSE},
        {"candidates": 1},
    )
    with desk.service.kernel.database.read() as session:
        row = session.get_one(ProbeSearch, view.search.id)
        stored = {c.key for c in row.__table__.columns if isinstance(getattr(row, c.key), bytes)}
        assert stored == {"sealed_fields"}
        assert row.clear_fields() == {"purpose": PURPOSE}
    assert desk.service.kernel.audit.verify().whole


def test_only_its_maker_reads_a_search_and_what_left_the_reach_is_left_out(desk, lists):
    own, shared, _ = lists
    them, searches = people(desk), desk.service.screening.searches
    view = ask(desk, them.first, 1)
    ranks = {at.watchlist.id: each.rank for each, at in view.candidates}
    assert found(searches.get(them.first, view.search.id)) == found(view)
    assert searches.photo(them.first, view.search.id, ranks[shared]) == (photo_of(1), "jpeg", 0)
    for other in (them.second, them.chief, them.guest, them.stranger):
        with pytest.raises(NotFound, match="There is no search"):
            searches.get(other, view.search.id)
        with pytest.raises(NotFound, match="There is no search"):
            searches.photo(other, view.search.id, 1)
    share(desk, shared)
    assert {at.watchlist.id for _, at in searches.get(them.first, view.search.id).candidates} == {
        own
    }
    for rank in (ranks[shared], 3):
        with pytest.raises(NotFound, match=f"no candidate {rank}"):
            searches.photo(them.first, view.search.id, rank)
    (mine,) = (each for each, at in view.candidates if at.watchlist.id == own)
    desk.service.lists.subjects.remove(OPERATOR, mine.subject_id)
    assert searches.get(them.first, view.search.id).candidates == ()


def test_who_is_suspended_lapsed_or_on_an_inactive_list_is_not_shown(desk):
    first, records_ = people(desk).first, desk.service
    active, idle = desk.watchlist("active"), desk.watchlist("idle")
    subject = desk.enrol(1, active)
    desk.enrol(1, idle)
    records_.lists.watchlists.edit(OPERATOR, idle, {"active": False}, None, "idle")
    assert [name for _, name, _ in found(ask(desk, first, 1))] == ["active"]
    records_.lists.subjects.edit(OPERATOR, subject, {"status": SubjectStatus.SUSPENDED}, None)
    assert found(ask(desk, first, 1)) == []


def test_a_photo_of_nobody_finds_nobody_and_is_on_record(desk, lists):
    view = ask(desk, people(desk).first)
    assert view.candidates == ()
    assert view.search.quality["verdict"] == "unsearchable"
    assert len(records(desk, "gallery.search")) == 1


def test_no_photo_and_no_authority_leave_no_search(desk):
    with pytest.raises(NotPermitted):
        ask(desk, port_system(), 1)
    with pytest.raises(UnreadablePhoto):
        desk.service.screening.searches.search(
            people(desk).first, SearchRequest(photo_of(1)[:200], PURPOSE)
        )
    assert records(desk, "gallery.search") == []


def test_a_photo_that_is_another_subject_s_is_not_given_out(desk, lists):
    first = people(desk).first
    view = ask(desk, first, 1)
    stranger = desk.enrol(9, lists[2])
    (photo,) = desk.service.lists.subjects.get(OPERATOR, stranger).photos
    forged = [{**each, "photo_id": photo.id} for each in view.search.candidates]
    with desk.service.kernel.database.write() as session:
        session.execute(
            update(ProbeSearch).where(ProbeSearch.id == view.search.id).values(candidates=forged)
        )
    with pytest.raises(NotFound):
        desk.service.screening.searches.photo(first, view.search.id, 1)
