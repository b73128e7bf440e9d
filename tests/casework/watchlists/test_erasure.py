"""Erasing with a time of grace: suspended at once, gone in time, taken back until then."""

from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.approvals.approvals import ActWaits
from casework.imports.exports import ExportForm
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.errors import (
    EnrolmentRefused,
    IllegalTransition,
    NotFound,
    NotPermitted,
    NotSecondPerson,
    ReasonMissing,
    StillInUse,
)
from casework.kernel.vocabulary import Role, SessionKind, SubjectStatus
from casework.review.alerts import Alerts
from casework.watchlists.erasure import Erasures
from casework.watchlists.subjects import NewSubject
from tests.services import OPERATOR, PASSWORD, Desk, FakeClock, officer, open_service, photo_file

WHY = "entered by mistake"

PEOPLE = count(1)
"""A person of its own for each example."""


@pytest.fixture
def erasures(desk):
    return desk.service.lists.erasures


def alerts_of(desk, person):
    return len(desk.screen(person).encounter.alerts)


def acts(desk, *actions):
    """What the trail says of these acts: by whom, and why."""
    found = desk.service.oversight.trail.page(OPERATOR, None, 200, AuditFilter())
    return [(each.action, each.purpose) for each in reversed(found) if each.action in actions]


def test_what_is_erased_alerts_nobody_at_once_and_is_gone_after_the_time_of_grace(desk, erasures):
    subject = desk.enrol(1)
    assert alerts_of(desk, 1) == 1
    until = erasures.erase(OPERATOR, subject, WHY)
    assert until == desk.clock() + timedelta(hours=24)
    assert alerts_of(desk, 1) == 0
    desk.clock.advance(hours=23, minutes=59)
    assert erasures.finish() == 0
    assert desk.service.lists.subjects.get(OPERATOR, subject).erase_at == until
    desk.clock.advance(minutes=1)
    assert (erasures.finish(), erasures.finish()) == (1, 0)
    with pytest.raises(NotFound):
        desk.service.lists.subjects.get(OPERATOR, subject)
    assert acts(desk, "subject.erase", "subject.remove") == [
        ("subject.erase", WHY),
        ("subject.remove", None),
    ]


def test_what_is_restored_alerts_again(desk, erasures):
    subject = desk.enrol(1)
    erasures.erase(OPERATOR, subject, WHY)
    with pytest.raises(IllegalTransition):
        erasures.erase(OPERATOR, subject, WHY)
    assert erasures.restore(OPERATOR, subject).erase_at is None
    with pytest.raises(IllegalTransition):
        erasures.restore(OPERATOR, subject)
    assert alerts_of(desk, 1) == 1
    desk.clock.advance(days=2)
    assert erasures.finish() == 0
    assert alerts_of(desk, 1) == 1


def test_a_photo_that_is_erased_finds_nobody_and_can_be_restored(desk, erasures):
    subject = desk.enrol(1)
    desk.service.enrolment.add_photos(OPERATOR, subject, [photo_file(2)])
    one, two = desk.service.lists.subjects.get(OPERATOR, subject).photos
    assert (alerts_of(desk, 1), alerts_of(desk, 2)) == (1, 1)
    erasures.erase_photo(OPERATOR, subject, two.id, WHY)
    assert (alerts_of(desk, 1), alerts_of(desk, 2)) == (1, 0)
    with pytest.raises(StillInUse):
        erasures.erase_photo(OPERATOR, subject, one.id, WHY)
    with pytest.raises(EnrolmentRefused, match="being erased"):
        desk.service.enrolment.add_photos(OPERATOR, subject, [photo_file(2)])
    erasures.restore_photo(OPERATOR, subject, two.id)
    assert alerts_of(desk, 2) == 1
    erasures.erase_photo(OPERATOR, subject, two.id, WHY)
    desk.clock.advance(hours=24)
    assert erasures.finish() == 1
    assert [p.id for p in desk.service.lists.subjects.get(OPERATOR, subject).photos] == [one.id]


def test_without_a_time_of_grace_it_is_gone_at_once(desk):
    subject = desk.enrol(1)
    service = desk.service
    approvals = service.approvals.requests
    at_once = Erasures(service.kernel, service.lists.subjects, approvals, timedelta())
    assert at_once.erase(OPERATOR, subject, WHY) is None
    with pytest.raises(NotFound):
        desk.service.lists.subjects.get(OPERATOR, subject)
    assert acts(desk, "subject.erase", "subject.remove") == [("subject.remove", WHY)]


@pytest.fixture
def people(desk):
    """An analyst who asks, and a supervisor who accepts; the agency is founded."""
    accounts, agency = desk.service.accounts, desk.agency()
    made = {}
    for login, role in (("lina", Role.ANALYST), ("budi", Role.SUPERVISOR)):
        new = NewOfficer(agency, login, login, frozenset({role}))
        _, first = accounts.officers.create(OPERATOR, new)
        assert first is not None
        session = accounts.sessions.sign_in(Credentials(login, first), SessionKind.PROGRAM)
        accounts.account.change_password(session.actor, first, PASSWORD)
        made[login] = accounts.sessions.recognise(session.text)
    desk.service.approvals.founding.end(officer(agency, Role.ADMIN), agency, "complete")
    return made


def test_on_a_list_of_two_officers_a_second_person_erases(desk, erasures, people):
    subject = desk.enrol(1, desk.watchlist("two", requires_second_officer=True))
    with pytest.raises(ActWaits) as waits:
        erasures.erase(people["lina"], subject, WHY)
    assert alerts_of(desk, 1) == 1
    assert erasures.consequences(people["lina"], subject).two_officers
    approvals = desk.service.approvals.requests
    with pytest.raises((NotSecondPerson, NotPermitted)):
        approvals.accept(people["lina"], waits.value.approval_id)
    approvals.accept(people["budi"], waits.value.approval_id)
    assert alerts_of(desk, 1) == 0
    erasures.restore(people["lina"], subject)
    assert alerts_of(desk, 1) == 1


def test_on_a_list_of_two_officers_a_second_person_erases_a_photo_too(desk, erasures, people):
    """Else another's photo is added, the true one erased, and nobody is found any more."""
    subject = desk.enrol(1, desk.watchlist("two", requires_second_officer=True))
    desk.service.enrolment.add_photos(people["lina"], subject, [photo_file(2)])
    true, other = desk.service.lists.subjects.get(OPERATOR, subject).photos
    with pytest.raises(ActWaits) as waits:
        erasures.erase_photo(people["lina"], subject, true.id, WHY)
    assert erasures.takes_two(people["lina"], subject)
    assert str(waits.value.view.summary).startswith(f"Erase a photo of subject {subject}")
    assert alerts_of(desk, 1) == 1
    desk.service.approvals.requests.accept(people["budi"], waits.value.approval_id)
    assert (alerts_of(desk, 1), alerts_of(desk, 2)) == (0, 1)
    erasures.restore_photo(people["lina"], subject, true.id)
    # What was accepted too late for it lapses: the last photo goes only with its subject.
    with pytest.raises(ActWaits) as waits:
        erasures.erase_photo(people["lina"], subject, true.id, WHY)
    erasures.erase_photo(OPERATOR, subject, other.id, WHY)
    done = desk.service.approvals.requests.accept(people["budi"], waits.value.approval_id)
    assert (done.row.state, alerts_of(desk, 1)) == ("lapsed", 1)


def test_in_the_founding_period_one_administrator_s_agency_erases_alone(desk, erasures):
    subject = desk.enrol(1, desk.watchlist("two", requires_second_officer=True))
    lina = officer(desk.agency(), Role.ANALYST)
    runs = desk.service.accounts.officers.create(
        OPERATOR, NewOfficer(desk.agency(), "first", "First", frozenset({Role.ADMIN}))
    )
    assert runs
    assert not erasures.takes_two(lina, subject)
    assert not erasures.consequences(lina, subject).two_officers
    assert erasures.erase(lina, subject, WHY) is not None


@pytest.mark.parametrize(
    "less",
    [
        lambda desk: {"watchlist_ids": [desk.watchlist("laxer")]},
        lambda _: {"status": SubjectStatus.SUSPENDED},
        lambda desk: {"valid_until": desk.clock() + timedelta(minutes=1)},
        lambda desk: {"valid_from": desk.clock() + timedelta(days=300)},
    ],
    ids=["off", "suspended", "ends", "begins"],
)
def test_nobody_alone_stops_looking_for_a_subject_on_a_list_of_two_officers(desk, people, less):
    subject = desk.enrol(1, desk.watchlist("two", requires_second_officer=True))
    subjects, approvals = desk.service.lists.subjects, desk.service.approvals.requests
    changes = less(desk) | {"name": "Other"}
    with pytest.raises(ReasonMissing):
        subjects.edit(people["lina"], subject, changes, None)
    with pytest.raises(ActWaits) as waits:
        subjects.edit(people["lina"], subject, changes, None, WHY)
    assert str(waits.value.view.summary).startswith(f"Change subject {subject}: it")
    subjects.edit(people["lina"], subject, {"reason": "more is known"}, None)
    assert (alerts_of(desk, 1), subjects.get(OPERATOR, subject).name) == (1, "Person 1")
    done = approvals.accept(people["budi"], waits.value.approval_id)
    assert (done.row.state, subjects.get(OPERATOR, subject).name) == ("in_effect", "Other")
    desk.clock.advance(minutes=2)
    found = desk.screen(1).encounter.alerts
    assert [each.watchlist_id for each in found] == changes.get("watchlist_ids", [])


def test_what_lets_a_subject_alert_as_long_or_longer_takes_nobody_else(desk, people):
    two = desk.watchlist("two", requires_second_officer=True)
    subject, lax = desk.enrol(1, two), desk.enrol(2, desk.watchlist("laxer"))
    edit, now = desk.service.lists.subjects.edit, desk.clock()
    edit(people["lina"], lax, {"status": SubjectStatus.SUSPENDED}, None)
    edit(people["lina"], subject, {"watchlist_ids": [two, desk.watchlist("laxer")]}, None)
    edit(people["lina"], subject, {"valid_from": now - timedelta(days=1)}, None)
    edit(OPERATOR, subject, {"valid_until": now + timedelta(days=1)}, None)
    edit(people["lina"], subject, {"valid_until": now + timedelta(days=2)}, None)


def test_a_subject_that_was_changed_meanwhile_is_not_taken_off(desk, people):
    two, laxer = desk.watchlist("two", requires_second_officer=True), desk.watchlist("laxer")
    subject = desk.enrol(1, two)
    subjects = desk.service.lists.subjects
    with pytest.raises(ActWaits) as waits:
        subjects.edit(people["lina"], subject, {"watchlist_ids": [laxer]}, None, WHY)
    subjects.edit(people["lina"], subject, {"watchlist_ids": [two, laxer]}, None)
    approvals = desk.service.approvals.requests
    done = approvals.accept(people["budi"], waits.value.approval_id)
    assert (done.row.state, done.row.lapsed_because) == ("lapsed", "approval_outdated")
    assert len(desk.screen(1).encounter.alerts) == 2


def test_an_erasure_at_once_takes_two_and_leaves_nothing(desk, erasures, people):
    subject = desk.enrol(1)
    erasures.erase(people["lina"], subject, WHY)
    with pytest.raises(ActWaits) as waits:
        erasures.erase(people["lina"], subject, "request 7 of the person", immediately=True)
    desk.service.approvals.requests.accept(people["budi"], waits.value.approval_id)
    with pytest.raises(NotFound):
        desk.service.lists.subjects.get(OPERATOR, subject)
    assert acts(desk, "subject.remove") == [("subject.remove", "request 7 of the person")]


def test_nothing_of_what_is_being_erased_changes_or_leaves(desk, erasures):
    subject = desk.enrol(1, reference="P-1")
    (alert,) = desk.screen(1).encounter.alerts
    erasures.erase(OPERATOR, subject, WHY)
    subjects, enrolment = desk.service.lists.subjects, desk.service.enrolment
    with pytest.raises(IllegalTransition):
        subjects.edit(OPERATOR, subject, {"name": "Other"}, None)
    with pytest.raises(IllegalTransition):
        enrolment.add_photos(OPERATOR, subject, [photo_file(2)])
    again = NewSubject("Person 1", (desk.watchlist(),), reference="P-1")
    with pytest.raises(EnrolmentRefused, match="being erased"):
        enrolment.enrol(OPERATOR, again, [photo_file(3)])
    exported = desk.service.exchange.exports.export(
        OPERATOR, desk.watchlist(), ExportForm.JSONL, photos=True
    )
    assert (exported.subjects, exported.photos) == (0, 0)
    assert b"Person 1" not in b"".join(exported.content)
    reader = officer(desk.agency(), Role.OFFICER)
    reviewed: Alerts = desk.service.review.alerts
    assert reviewed.get(reader, alert.id).subject is None
    with pytest.raises(NotFound):
        reviewed.enrolled(reader, alert.id)
    erasures.restore(OPERATOR, subject)
    shown = reviewed.get(reader, alert.id).subject
    assert shown is not None
    assert shown.name == "Person 1"


def test_consequences_count_what_depends_on_a_subject(desk, erasures):
    subject = desk.enrol(1)
    desk.screen(1)
    found = erasures.consequences(OPERATOR, subject)
    assert (found.name, found.watchlists, found.photos) == ("Person 1", ("wanted",), 1)
    assert (found.open_alerts, found.open_referrals, found.erase_at) == (1, 0, None)


def test_another_agency_erases_and_restores_nothing(desk, erasures):
    subject = desk.enrol(1)
    stranger = officer(desk.agency("POL"), Role.ANALYST)
    for act in (erasures.restore, erasures.consequences):
        with pytest.raises(NotFound):
            act(stranger, subject)
    with pytest.raises(NotFound):
        erasures.erase(stranger, subject, WHY)


class Life(RuleBasedStateMachine):
    """Whatever is done in whatever order: who alerts is who is neither erased nor being erased."""

    desk: Desk

    def __init__(self) -> None:
        super().__init__()
        self.service = self.desk.service
        self.person = next(PEOPLE)
        self.subject = self.desk.enrol(self.person)
        self.until: datetime | None = None
        self.gone = False

    @precondition(lambda self: not self.gone and self.until is None)
    @rule()
    def erase(self):
        self.until = self.service.lists.erasures.erase(OPERATOR, self.subject, WHY)

    @precondition(lambda self: not self.gone and self.until is not None)
    @rule()
    def restore(self):
        self.service.lists.erasures.restore(OPERATOR, self.subject)
        self.until = None

    @rule()
    def wait(self):
        self.desk.clock.advance(hours=10)

    @rule()
    def finish(self):
        self.service.lists.erasures.finish()
        self.gone = self.gone or (self.until is not None and self.until <= self.desk.clock())

    @invariant()
    def alerts(self):
        found = [each.subject_id for each in self.desk.screen(self.person).encounter.alerts]
        assert (self.subject in found) == (not self.gone and self.until is None)


def test_the_life_of_a_subject(tmp_path):
    clock = FakeClock()
    with open_service(tmp_path / "siaga.db", clock) as service:
        Life.desk = Desk(service, clock)
        Life.TestCase.settings = settings(
            max_examples=10, stateful_step_count=8, suppress_health_check=list(HealthCheck)
        )
        Life.TestCase("runTest").runTest()
