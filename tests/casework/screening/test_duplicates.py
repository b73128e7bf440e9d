"""The warning at enrolment that a face stands on a list already."""

import pytest

from casework.kernel.vocabulary import Role
from casework.screening.duplicates import Lookalike
from casework.watchlists.enrolment import Application
from casework.watchlists.subjects import NewSubject
from tests.services import OPERATOR, officer, photo_file


@pytest.fixture
def analyst(desk):
    return officer(desk.agency(), Role.ANALYST, name="analyst")


def enrolled(desk, who, person, watchlist, reference=None, **how):
    new = NewSubject("Newcomer", (watchlist,), reference)
    result = desk.service.enrolment.enrol(who, new, [photo_file(person, **how)])
    (similar,) = desk.service.screening.lookalikes.of(who, [result])
    return similar


def test_one_s_own_are_named_shared_lists_alone_and_others_not_at_all(desk, analyst):
    own, more = desk.watchlist("own"), desk.watchlist("more")
    shared = desk.watchlist("shared", agency_id=desk.agency("POL"), shared_with=(desk.agency(),))
    hidden = desk.watchlist("hidden", agency_id=desk.agency("BNN"))
    subject = desk.enrol(1, own, more)
    desk.enrol(1, shared)
    desk.enrol(1, hidden)
    desk.enrol(2, own)
    assert set(enrolled(desk, analyst, 1, own, brightness=0.8)) == {
        Lookalike("own", "IMI", subject, "Person 1"),
        Lookalike("more", "IMI", subject, "Person 1"),
        Lookalike("shared", "POL"),
    }
    desk.service.lists.watchlists.edit(OPERATOR, shared, {"shared_with": []}, None)
    names = {each.watchlist for each in enrolled(desk, analyst, 1, more, brightness=0.7)}
    assert names == {"own", "more"}


def test_the_operator_at_the_machine_is_told_what_the_owner_may_know(desk):
    own = desk.watchlist("own")
    desk.enrol(1, desk.watchlist("hidden", agency_id=desk.agency("BNN")))
    assert enrolled(desk, OPERATOR, 1, own) == ()


def test_the_subject_itself_is_no_lookalike(desk, analyst):
    own = desk.watchlist("own")
    assert enrolled(desk, analyst, 1, own, "P-1") == ()
    assert enrolled(desk, analyst, 1, own, "P-1", brightness=0.8) == ()
    assert enrolled(desk, analyst, 1, own, "P-1", brightness=0.8) == ()


def test_each_list_s_own_threshold_counts(desk, analyst):
    desk.enrol(1, desk.watchlist("strict", threshold=0.9999))
    desk.enrol(1, desk.watchlist("loose", threshold=0.7))
    own = desk.watchlist("own")
    assert [each.watchlist for each in enrolled(desk, analyst, 1, own, brightness=0.8)] == ["loose"]


def test_two_of_one_group_are_told_of_each_other(desk, analyst):
    own = desk.watchlist("own")
    people = [Application(NewSubject(name, (own,)), ()) for name in ("A", "B", "C")]
    photos = [(1, 1.0), (1, 0.8), (2, 1.0)]
    applications = [
        Application(each.person, (desk.service.enrolment.examine(photo_file(n, brightness=b)),))
        for each, (n, b) in zip(people, photos, strict=True)
    ]
    stored = desk.service.enrolment.store(analyst, applications)
    told = desk.service.screening.lookalikes.of(analyst, stored)
    assert [[each.name for each in some] for some in told] == [["B"], ["A"], []]


def test_of_a_face_that_a_list_holds_many_times_only_the_most_alike_are_looked_up(desk):
    own = desk.watchlist("own")
    for reference in ("P-1", "P-2", "P-3", "P-4"):
        desk.enrol(1, own, reference=reference)
    matching = desk.service.screening.matching
    face = desk.service.pipeline.analyse(photo_file(1).content).embedding
    policies, now = matching.policies(), desk.service.kernel.clock()
    (every,) = matching.find_all([face], policies, now)
    (some,) = matching.find_all([face], policies, now, most=2)
    assert len(every.candidates) == 4
    assert len(some.candidates) == 2
