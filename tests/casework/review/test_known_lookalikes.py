"""Known look-alikes: who is spared, and above all who is not."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.approvals.approvals import ActWaits
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.errors import (
    IllegalTransition,
    NotFound,
    NotPermitted,
    NotSecondPerson,
)
from casework.kernel.vocabulary import Disposal, Outcome, PadResult, Role, SessionKind
from casework.review.known_lookalikes import FMR, bar_over
from casework.screening.screening import Presentation
from casework.tables import AuditRecord, KnownLookalike, KnownLookalikeKey
from casework.watchlists.enrolment import PhotoFile
from index.threshold import FalseMatchCurve
from tests.casework.review.people import NO
from tests.fakes import photo_between, photo_of
from tests.services import OPERATOR, PASSWORD, Desk, officer, open_service

REASON = "another man, ten years younger"


def between(one: int, other: int, brightness: float = 0.9) -> bytes:
    """A photo of somebody who resembles two drawn people, above a list's bar with the first."""
    return photo_between(one, other, brightness=brightness)


@dataclass(slots=True)
class Scene:
    """A subject, a traveller who was taken for them, and those who decide."""

    desk: Desk
    subject: str
    alert: str
    asks: Actor
    decides: Actor

    def screen(self, photo: bytes | None = None, **fields: Any) -> Outcome:
        given = photo or between(1, 2)
        return Outcome(self.desk.screen(photo=given, **fields).encounter.outcome)

    def ask(self, days: int = 365) -> str:
        known = self.desk.service.screening.known
        with pytest.raises(ActWaits) as waits:
            known.propose(self.asks, self.alert, days, REASON)
        return waits.value.approval_id

    def keep(self, days: int = 365) -> KnownLookalike:
        requests = self.desk.service.approvals.requests
        assert requests.accept(self.decides, self.ask(days)).row.state == "in_effect"
        return self.kept()[-1]

    def kept(self) -> list[KnownLookalike]:
        return self.desk.service.screening.known.of_subject(self.asks, self.subject)


def supervisor(desk: Desk, login: str) -> Actor:
    roles = frozenset({Role.SUPERVISOR})
    new = NewOfficer(desk.agency(), login, f"Name of {login}", roles)
    return signed_in(desk, new)


def signed_in(desk: Desk, new: NewOfficer) -> Actor:
    """An officer with an account that somebody works with."""
    accounts = desk.service.accounts
    row, first = accounts.officers.create(OPERATOR, new)
    session = accounts.sessions.sign_in(Credentials(new.login, first or ""), SessionKind.PROGRAM)
    accounts.account.change_password(session.actor, first or "", PASSWORD)
    return Actor(ActorKind.OFFICER, row.id, new.login, desk.agency(), new.roles)


def mistaken(desk: Desk, photo: bytes, subject_id: str, actor: Actor) -> str:
    """Raise an alert and close it as mistaken identity."""
    alerts = desk.screen(photo=photo).encounter.alerts
    (alert,) = [each for each in alerts if each.subject_id == subject_id]
    review = desk.service.review.decisions
    review.acknowledge(actor, alert.id)
    review.decide(actor, alert.id, NO)
    review.close(actor, alert.id, Disposal.MISTAKEN_IDENTITY)
    return alert.id


@pytest.fixture
def scene(desk: Desk) -> Scene:
    subject_id = desk.enrol(1)
    asks, decides = supervisor(desk, "budi"), supervisor(desk, "sari")
    alert_id = mistaken(desk, between(1, 2), subject_id, asks)
    return Scene(desk, subject_id, alert_id, asks, decides)


def test_a_traveller_whom_two_know_is_not_stopped_again_and_that_is_recorded(scene):
    scene.ask()
    assert scene.screen() is Outcome.ALERT  # asked for is not decided
    scene.desk.service.approvals.requests.settle()
    (waiting,) = scene.desk.service.approvals.requests.page(scene.decides, None, 5)
    scene.desk.service.approvals.requests.accept(scene.decides, waiting.row.id)
    screened = scene.desk.screen(photo=between(1, 2, 0.8))
    assert screened.encounter.outcome == Outcome.CLEAR
    (row,) = scene.kept()
    assert (screened.spared, row.spared, row.spared_at) == ((row.id,), 1, scene.desk.clock())
    filters = AuditFilter(object_id=screened.encounter.id)
    (record,) = scene.desk.service.oversight.trail.page(OPERATOR, None, 5, filters)
    assert record.detail["look_alikes"] == [row.id]
    # Neither a face nor a score of it is kept.
    assert screened.encounter.sealed_portrait is None


def test_nobody_else_is_silenced(scene):
    scene.keep()
    assert scene.screen(photo_of(1, brightness=0.9)) is Outcome.ALERT  # the subject
    assert scene.screen(between(1, 3)) is Outcome.ALERT  # another who resembles the subject
    # Another entry of the same face, of another agency.
    listed = scene.desk.watchlist("police", agency_id=scene.desk.agency("POL"))
    other = scene.desk.enrol(1, listed)
    screened = scene.desk.screen(photo=between(1, 2))
    assert [each.subject_id for each in screened.encounter.alerts] == [other]
    assert len(screened.spared) == 1


@pytest.mark.parametrize("result", [PadResult.FAIL, PadResult.UNDETERMINED])
def test_nobody_is_spared_whom_the_gate_does_not_vouch_for(scene, result):
    scene.keep()
    assert scene.screen(presentation=Presentation(result)) is Outcome.ALERT
    assert scene.screen(presentation=Presentation(PadResult.PASS)) is Outcome.CLEAR


def test_two_who_no_comparison_keeps_apart_are_refused(scene):
    alert_id = mistaken(scene.desk, photo_of(1, brightness=0.9), scene.subject, scene.asks)
    with pytest.raises(IllegalTransition, match="so alike"):
        scene.desk.service.screening.known.propose(scene.asks, alert_id, 9, REASON)
    # Nor once the entry has a photo that they are too much like.
    approval = scene.ask()
    add = scene.desk.service.enrolment.add_photos
    add(OPERATOR, scene.subject, [PhotoFile("b.jpg", between(1, 2))])
    view = scene.desk.service.approvals.requests.accept(scene.decides, approval)
    assert view.row.state == "lapsed"
    assert scene.kept() == []


def test_a_photo_enrolled_later_ends_the_sparing_where_it_is_too_alike(scene):
    scene.keep()
    photo = PhotoFile("b.jpg", between(1, 2, 0.8))
    scene.desk.service.enrolment.add_photos(OPERATOR, scene.subject, [photo])
    assert scene.screen() is Outcome.ALERT


def test_a_merge_takes_none_along_and_its_undo_brings_them_back(scene):
    row, twin = scene.keep(), scene.desk.enrol(1)
    merges = scene.desk.service.lists.merges
    merges.merge(OPERATOR, scene.subject, twin, "the same passport")
    screened = scene.desk.screen(photo=between(1, 2))
    assert ([each.subject_id for each in screened.encounter.alerts], screened.spared) == (
        [twin],
        (),
    )
    merges.undo(OPERATOR, scene.subject)
    screened = scene.desk.screen(photo=between(1, 2))
    assert [each.subject_id for each in screened.encounter.alerts] == [twin]
    assert screened.spared == (row.id,)


def test_it_takes_two_supervisors_and_an_alert_that_was_mistaken(scene):
    desk, known = scene.desk, scene.desk.service.screening.known
    plain = officer(desk.agency(), Role.OFFICER, Role.ANALYST)
    with pytest.raises(NotPermitted):
        known.propose(plain, scene.alert, 9, REASON)
    with pytest.raises(NotFound):
        known.propose(officer(desk.agency("BEA"), Role.SUPERVISOR), scene.alert, 9, REASON)
    with pytest.raises(IllegalTransition):
        known.propose(OPERATOR, scene.alert, 9, REASON)  # the machine's owner is no two officers
    (alert,) = desk.screen(photo=between(1, 2)).encounter.alerts
    with pytest.raises(IllegalTransition, match="mistaken identity"):
        known.propose(scene.asks, alert.id, 9, REASON)
    approval = scene.ask()
    with pytest.raises(NotSecondPerson):
        desk.service.approvals.requests.accept(scene.asks, approval)
    # Nor an administrator, who compares no faces.
    new = NewOfficer(desk.agency(), "hadi", "Hadi", frozenset({Role.ADMIN}))
    hadi = signed_in(desk, new)
    with pytest.raises(NotSecondPerson):
        desk.service.approvals.requests.accept(hadi, approval)
    assert scene.screen() is Outcome.ALERT


def templates(desk: Desk) -> tuple[int, int]:
    """How many templates of look-alikes are kept, and how many keys."""
    with desk.service.kernel.database.read() as session:
        kept = select(func.count()).where(KnownLookalike.sealed_vector.is_not(None))
        keys = select(func.count()).select_from(KnownLookalikeKey)
        return session.scalar(kept) or 0, session.scalar(keys) or 0


def test_revoked_it_ends_at_once_and_its_template_is_gone(scene):
    row = scene.keep()
    known = scene.desk.service.screening.known
    with pytest.raises(NotFound):
        known.revoke(officer(scene.desk.agency("BEA"), Role.SUPERVISOR), row.id, "wrong")
    known.revoke(scene.decides, row.id, "a second look")
    assert scene.screen() is Outcome.ALERT
    assert templates(scene.desk) == (0, 0)
    with pytest.raises(IllegalTransition):
        known.revoke(scene.decides, row.id, "again")
    (left,) = scene.kept()
    assert left.revoked_by == scene.decides.id


def test_its_period_ends_it_and_its_template_goes(scene):
    scene.keep(days=10)
    scene.desk.clock.advance(days=10, seconds=-1)
    assert scene.screen() is Outcome.CLEAR
    scene.desk.clock.advance(seconds=2)
    assert scene.screen() is Outcome.ALERT
    known = scene.desk.service.screening.known
    assert [known.finish(), known.finish()] == [1, 0]
    assert templates(scene.desk) == (0, 0)


def test_what_nobody_accepts_leaves_nothing(scene):
    approval, known = scene.ask(), scene.desk.service.screening.known
    assert known.finish() == 0
    assert templates(scene.desk) == (1, 1)
    scene.desk.service.approvals.requests.refuse(scene.decides, approval, "too alike for me")
    assert known.finish() == 1
    assert templates(scene.desk) == (0, 0)


def test_it_goes_with_the_subject(scene):
    scene.keep()
    scene.desk.service.lists.subjects.remove(OPERATOR, scene.subject)
    with scene.desk.service.kernel.database.read() as session:
        assert session.scalar(select(func.count()).select_from(KnownLookalike)) == 0
    assert templates(scene.desk) == (0, 0)
    assert scene.desk.service.kernel.audit.verify().whole


def test_one_template_does_not_stand_in_for_another(scene):
    """Somebody with the database, and no key, gives a look-alike's template to another entry."""
    row = scene.keep()
    listed = scene.desk.watchlist("police", agency_id=scene.desk.agency("POL"))
    other = scene.desk.enrol(1, listed)
    with scene.desk.service.kernel.database.write() as session:
        session.get_one(KnownLookalike, row.id).subject_id = other
    screened = scene.desk.screen(photo=between(1, 2))
    assert {each.subject_id for each in screened.encounter.alerts} == {scene.subject, other}


def test_it_counts_after_a_restart_and_its_alert_says_so(scene):
    scene.keep()
    again = open_service(
        scene.desk.service.kernel.database.url.render_as_string(hide_password=False),
        scene.desk.clock,
    )
    try:
        assert Desk(again, scene.desk.clock).screen(photo=between(1, 2)).spared
    finally:
        again.close()
    (alert,) = scene.desk.screen(photo=between(1, 3)).encounter.alerts
    alerts = scene.desk.service.review.alerts
    assert [each.spared for each in alerts.get(scene.asks, alert.id).look_alikes] == [1]
    with scene.desk.service.kernel.database.read() as session:
        acts = set(session.scalars(select(AuditRecord.action)))
    assert {"lookalike.ask", "lookalike.keep"} <= acts


@given(st.floats(0, 0.9))
def test_the_bar_is_above_every_lists_threshold(threshold):
    curve = FalseMatchCurve((1e-1, 1e-3, 1e-6), (0.2, 0.35, 0.5))
    bar = bar_over(curve, threshold)
    assert bar >= 0.5
    assert bar > threshold
    assert curve.fmr_at(bar) <= min(FMR, curve.fmr_at(threshold) / 10) * (1 + 1e-9)


def test_on_a_list_that_few_strangers_pass_look_alikes_are_kept_too(desk):
    """A fixed bar was below the thresholds of large lists: all who alert were too alike."""
    watchlist = desk.watchlist("large", target_fpir=FMR / 2)
    subject_id = desk.enrol(1, watchlist)
    asks, decides = supervisor(desk, "budi"), supervisor(desk, "sari")
    alike = photo_between(1, 2, share=0.58, brightness=0.9)
    scene = Scene(desk, subject_id, mistaken(desk, alike, subject_id, asks), asks, decides)
    scene.keep()
    assert scene.screen(alike) is Outcome.CLEAR
    assert scene.screen(photo_of(1, brightness=0.9)) is Outcome.ALERT
