"""Who looked at a person is for the owner's auditors and supervisors, and for nobody else."""

import pytest

from casework.cases.entries import NewItem
from casework.kernel.audit.acts import READS
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.errors import NotFound, NotPermitted
from casework.kernel.vocabulary import CaseItemKind, Role
from casework.screening.searches import SearchRequest
from tests.casework.cases.scenes import ALL, Together
from tests.casework.review.people import YES, people
from tests.contract import audit_acts
from tests.fakes import photo_of
from tests.services import OPERATOR, officer


@pytest.fixture
def scene(desk):
    """Two people on a list that is shared with POL, each with an alert; somebody looked at both."""
    them = people(desk)
    wanted = desk.watchlist("shared", shared_with=(desk.agency("POL"),))
    one, two = desk.enrol(1, wanted), desk.enrol(2, wanted)
    (alert,) = desk.screen(1).encounter.alerts
    (other,) = desk.screen(2).encounter.alerts
    alerts = desk.service.review.alerts
    alerts.get(them.guest, alert.id)
    alerts.enrolled(them.guest, alert.id)
    alerts.get(them.first, other.id)
    desk.service.lists.subjects.get(them.analyst, one)
    return desk, them, one, two, alert


def told(desk, actor, subject_id):
    found = desk.service.oversight.looks.page(actor, subject_id, None, 50)
    return [(row.action, row.actor_name) for row in found]


def test_all_that_was_done_about_a_person_and_nothing_of_another(scene):
    desk, them, one, two, _ = scene
    said = told(desk, them.supervisor, one)
    assert said == [
        ("subject.read", "analyst"),
        ("alert.photo", "guest"),
        ("alert.read", "guest"),
        ("subject.enrol", OPERATOR.name),
    ]
    assert ("alert.read", "first") in told(desk, them.supervisor, two)
    assert told(desk, them.supervisor, one)[0] == ("subject.looks", "supervisor")


def test_a_search_that_showed_the_person_is_told_even_of_another_agency(scene):
    desk, them, one, two, _ = scene
    question = SearchRequest(photo_of(1), "case 2026/114, missing documents", None, 5)
    view = desk.service.screening.searches.search(them.guest, question)
    (rank,) = [found.rank for found, _ in view.candidates if found.subject_id == one]
    desk.service.screening.searches.photo(them.guest, view.search.id, rank)
    said = told(desk, them.supervisor, one)
    assert ("search.shown", "guest") in said
    assert ("search.photo", "guest") in said
    # The search found the other, too, perhaps; the photo that was opened was not theirs.
    assert ("search.photo", "guest") not in told(desk, them.supervisor, two)


@pytest.mark.parametrize("who", ["first", "analyst", "guest", "guest_supervisor", "stranger"])
def test_nobody_else_learns_it(scene, who):
    desk, them, one, _, alert = scene
    actor = getattr(them, who)
    looks = desk.service.oversight.looks
    for ask in (
        lambda: looks.page(actor, one, None, 50),
        lambda: looks.subject_of(actor, alert.id),
    ):
        with pytest.raises((NotFound, NotPermitted)):
            ask()


def test_the_auditors_of_the_owner_do(scene):
    desk, _, one, _, alert = scene
    auditor = officer(desk.agency("IMI"), Role.AUDITOR, name="auditor")
    assert told(desk, auditor, one)
    assert desk.service.oversight.looks.subject_of(auditor, alert.id) == one
    with pytest.raises(NotFound):
        told(desk, auditor, "sub_none")
    stranger = officer(desk.agency("POL"), Role.AUDITOR, name="other_auditor")
    with pytest.raises(NotFound):
        told(desk, stranger, one)


def test_of_an_erased_person_the_alerts_are_left(scene):
    desk, them, one, _, _ = scene
    desk.service.lists.erasures.erase(OPERATOR, one, "lapsed")
    desk.clock.advance(days=60)
    desk.service.lists.erasures.finish()
    assert ("alert.read", "guest") in told(desk, them.supervisor, one)


def test_a_first_opinion_is_no_more_told_here_than_in_the_trail(desk):
    them = people(desk)
    one = desk.enrol(1, desk.watchlist("two", requires_second_officer=True))
    (alert,) = desk.screen(1).encounter.alerts
    desk.service.review.decisions.acknowledge(them.first, alert.id)
    desk.service.review.decisions.decide(them.first, alert.id, YES)
    found = desk.service.oversight.looks.page(them.supervisor, one, None, 50)
    (decided,) = [row for row in found if row.action == "alert.decide"]
    assert "potential_candidate" not in str((decided.record.detail, decided.typed))


def test_what_was_only_read_can_be_left_out(scene):
    desk, *_ = scene
    auditor = officer(desk.agency("IMI"), Role.AUDITOR, name="auditor")
    trail = desk.service.oversight.trail
    acts = {row.action for row in trail.page(auditor, None, 200, AuditFilter(reads=False))}
    assert "subject.enrol" in acts
    assert not acts & READS
    assert READS - set(audit_acts.picture()) <= {"alert.read", "referral.read", "tip.read"}


def test_objects_are_found_by_what_people_call_them(scene):
    desk, them, one, _, alert = scene
    audited = desk.service.oversight.audited
    auditor = officer(desk.agency("IMI"), Role.AUDITOR, name="auditor")
    assert [each.id for each in audited.find(auditor, alert.case_number.lower())] == [alert.id]
    (found,) = audited.find(auditor, "shar")
    assert found.name == "shared"
    assert [each.id for each in audited.find(auditor, one)] == [one]
    # Whom a list is about is not an auditor's to read.
    assert audited.find(auditor, "Person 1") == []
    assert audited.named(auditor, [one]) == {}
    both = officer(desk.agency("IMI"), Role.AUDITOR, Role.ANALYST, name="both")
    assert [each.id for each in audited.find(both, "Person 1")] == [one]
    stranger = officer(desk.agency("BNN"), Role.AUDITOR, name="other")
    for text in (alert.case_number, "shared", "Person 1"):
        assert audited.find(stranger, text) == []
    assert audited.named(stranger, [alert.id, one]) == {}
    with pytest.raises(NotPermitted):
        audited.find(them.supervisor, "shared")


def test_who_was_shown_what_was_given_of_a_person_to_a_case_is_told_to_the_giver(scene):
    desk, them, one, two, _ = scene
    together = Together(desk)
    row = together.opened("POL")
    given, other = (
        together.cases.entries.give(
            together.of("IMI"), row.id, NewItem(CaseItemKind.SUBJECT, subject, ["name"])
        ).id
        for subject in (one, two)
    )
    assert ("case.give", "imi") in told(desk, them.supervisor, one)
    assert ("case.items", "pol") not in told(desk, them.supervisor, one)
    together.cases.reading.entry(together.of("POL"), row.id, other)
    assert ("case.items", "pol") not in told(desk, them.supervisor, one)
    together.cases.reading.entries(together.of("POL"), row.id, None, 10, ALL)
    for subject in (one, two):
        assert ("case.items", "pol") in told(desk, them.supervisor, subject)
    together.cases.entries.withdraw(together.of("IMI"), row.id, given)
    assert ("case.items", "pol") not in told(desk, them.supervisor, one)
