"""The breaker of a list that alarms on too many travellers."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select, update

from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.approvals.approvals import ActWaits
from casework.approvals.states import ApprovalStep
from casework.calibration.breaker import Breaker
from casework.calibration.breaker_rules import BreakerRules
from casework.calibration.policy import least_threshold
from casework.kernel.errors import IllegalTransition, NotFound, NotPermitted
from casework.kernel.vocabulary import EventKind, Role, SessionKind
from casework.tables import Alert, AuditRecord, OutboxEvent, Watchlist
from tests.services import OPERATOR, PASSWORD, Desk, FakeClock, officer, open_service

pytestmark = pytest.mark.every_database

RULES = BreakerRules(share=0.5, window=timedelta(hours=1), travellers=4)


def breaker_of(service):
    return Breaker(service.kernel, service.approvals.requests, RULES)


@pytest.fixture
def breaker(desk):
    return breaker_of(desk.service)


def policy(desk, watchlist):
    return desk.service.screening.matching.policies()[watchlist]


def loose(desk, people=3):
    """A list whose threshold was set by hand as low as is accepted, below what its target asks."""
    watchlist = desk.watchlist("loose", target_fpir=1e-5)
    for person in range(1, people + 1):
        desk.enrol(person, watchlist)
    found = policy(desk, watchlist)
    floor = least_threshold(found.templates, found.chance) + 0.001
    desk.service.lists.watchlists.edit(_analyst(desk), watchlist, {"threshold": floor}, None)
    return watchlist


def _analyst(desk):
    return officer(desk.agency(), Role.ANALYST, name="analyst")


def supervisor(desk, code="IMI"):
    return officer(desk.agency(code), Role.SUPERVISOR, name="supervisor")


def signed_in(desk, login, role):
    """Somebody with an account, who counts as a second person."""
    accounts = desk.service.accounts
    new = NewOfficer(desk.agency(), login, login.title(), frozenset({role}))
    _, first = accounts.officers.create(OPERATOR, new)
    session = accounts.sessions.sign_in(Credentials(login, first), SessionKind.PROGRAM)
    accounts.account.change_password(session.actor, first, PASSWORD)
    return accounts.sessions.sign_in(Credentials(login, PASSWORD), SessionKind.PROGRAM).actor


def trail(desk, action):
    with desk.service.kernel.database.read() as session:
        return list(session.scalars(select(AuditRecord).where(AuditRecord.action == action)))


def test_a_list_that_alarms_on_too_many_is_kept_to_the_threshold_of_its_target(desk, breaker):
    watchlist = loose(desk)
    for person in (1, 1, 1, 9):
        desk.screen(person)
    (tripped,) = breaker.watch()
    assert (tripped.watchlist_id, tripped.travellers, tripped.not_matches) == (watchlist, 4, 3)
    found = policy(desk, watchlist)
    assert found.tripped_at == desk.clock()
    assert found.threshold == found.chance.threshold(1e-5, 3) > found.set_by_hand
    # Whoever reaches the calibrated threshold raises an alert as before.
    (alert,) = desk.screen(1).encounter.alerts
    assert "replaced by the breaker: FPIR 1e-05 at 3 templates" in alert.threshold_basis
    assert breaker.watch() == ()
    assert breaker.tripped() == (watchlist,)


def test_it_is_on_record_and_an_event(desk, breaker):
    watchlist = loose(desk)
    for _ in range(4):
        desk.screen(1)
    breaker.watch()
    (record,) = trail(desk, "watchlist.trip")
    assert (record.object_id, record.owner_id) == (watchlist, desk.agency())
    assert record.detail == {"travellers": 4, "not_matches": 4, "share": 0.5, "window_s": 3600}
    feed = desk.service.exchange.feed
    for reader, hears in ((supervisor(desk), True), (supervisor(desk, "POL"), False)):
        kinds = [event.kind for event in feed.after(reader, 0).events]
        assert (EventKind.BREAKER_TRIPPED in kinds) is hears


def test_too_few_travellers_old_alarms_and_true_matches_are_no_reason(desk, breaker):
    loose(desk)
    for _ in range(3):
        desk.screen(1)
    assert breaker.watch() == ()
    desk.clock.advance(hours=1, seconds=1)
    desk.screen(1)
    assert breaker.watch() == ()
    for _ in range(3):
        desk.screen(2)
    with desk.service.kernel.database.write() as session:
        session.execute(update(Alert).values(state="confirmed"))
    assert breaker.watch() == ()


def test_a_list_that_keeps_to_its_target_stays_as_it_is_and_is_named(desk, breaker):
    watchlist = desk.watchlist()
    desk.enrol(1)
    before = policy(desk, watchlist).threshold
    for _ in range(4):
        desk.screen(1)
    assert [each.watchlist_id for each in breaker.watch()] == [watchlist]
    assert policy(desk, watchlist).threshold == before
    desk.service.lists.watchlists.edit(_analyst(desk), watchlist, {"threshold": 0.95}, None)
    assert policy(desk, watchlist).threshold == 0.95  # stricter than the target: never lowered


def test_a_supervisor_of_the_agency_resets_it_with_a_reason_and_counting_begins_anew(desk, breaker):
    watchlist = loose(desk)
    with pytest.raises(IllegalTransition, match="has not tripped"):
        breaker.reset(supervisor(desk), watchlist, "a blurred photo")
    for _ in range(4):
        desk.screen(1)
    breaker.watch()
    for actor, refusal in ((_analyst(desk), NotPermitted), (supervisor(desk, "POL"), NotFound)):
        with pytest.raises(refusal):
            breaker.reset(actor, watchlist, "a blurred photo was removed")
    desk.clock.advance(seconds=1)
    breaker.reset(supervisor(desk), watchlist, "a blurred photo was removed")
    with desk.service.kernel.database.read() as session:
        found = trail(desk, "watchlist.reset")
        (record,) = desk.service.oversight.trail.opened(session, found)
    assert record.purpose == "a blurred photo was removed"
    assert policy(desk, watchlist).threshold == policy(desk, watchlist).set_by_hand
    assert breaker.watch() == ()
    for _ in range(4):
        desk.screen(1)
    assert [each.watchlist_id for each in breaker.watch()] == [watchlist]


def test_a_threshold_set_by_hand_counts_again_when_a_second_person_has_accepted_it(desk, breaker):
    watchlist = loose(desk)
    second, boss = signed_in(desk, "agus", Role.ADMIN), signed_in(desk, "budi", Role.SUPERVISOR)
    desk.service.approvals.founding.end(second, desk.agency(), "all are here")
    for _ in range(4):
        desk.screen(1)
    breaker.watch()
    kept = policy(desk, watchlist).threshold
    with pytest.raises(ActWaits) as waits:
        breaker.reset(boss, watchlist, "a blurred photo was removed")
    requests = desk.service.approvals.requests
    assert "set by hand" in str(waits.value.view.summary)
    assert requests.get(boss, waits.value.approval_id).steps == {ApprovalStep.WITHDRAW}
    requests.accept(second, waits.value.approval_id)
    assert policy(desk, watchlist).threshold == kept
    desk.clock.advance(hours=24)
    requests.settle()
    found = policy(desk, watchlist)
    assert found.tripped_at is None
    assert found.threshold == found.set_by_hand < kept
    # Without a threshold set by hand nothing is loosened: one supervisor does it.
    for _ in range(4):
        desk.screen(1)
    assert breaker.watch()
    desk.service.lists.watchlists.edit(_analyst(desk), watchlist, {"threshold": None}, None)
    breaker.reset(boss, watchlist, "the threshold follows the target now")
    assert policy(desk, watchlist).tripped_at is None


def test_it_outlasts_a_restart_and_one_of_several_processes_trips_it(database, desk, breaker):
    watchlist = loose(desk)
    for _ in range(4):
        desk.screen(1)
    other = open_service(database, desk.clock)
    try:
        found = [breaker_of(each)._counted for each in (desk.service, other)]
        with other.kernel.database.read() as session:
            (counted,) = [each for each in found[1](session) if each.watchlist_id == watchlist]
        assert breaker.watch()
        assert not breaker_of(other)._trip(counted)
        other.screening.matching.catch_up()
        assert other.screening.matching.policies()[watchlist].tripped_at is not None
    finally:
        other.close()
    with desk.service.kernel.database.read() as session:
        events = session.scalars(
            select(OutboxEvent.kind).where(OutboxEvent.kind == EventKind.BREAKER_TRIPPED)
        )
        assert len(list(events)) == 1


class Screenings(RuleBasedStateMachine):
    """Whatever happens, who reaches the calibrated threshold of a list raises its alert."""

    def __init__(self):
        super().__init__()
        self.folder = TemporaryDirectory()
        clock = FakeClock()
        self.desk = Desk(open_service(Path(self.folder.name) / "siaga.db", clock), clock)
        self.breaker = breaker_of(self.desk.service)
        self.watchlist = loose(self.desk)

    def teardown(self):
        self.desk.service.close()
        self.folder.cleanup()

    @rule(person=st.integers(1, 5))
    def screen(self, person):
        self.desk.screen(person)

    @rule(minutes=st.integers(1, 90))
    def wait(self, minutes):
        self.desk.clock.advance(minutes=minutes)

    @rule()
    def look(self):
        self.breaker.watch()

    @rule(threshold=st.sampled_from([None, 0.75, 0.8, 0.99]))
    def edit(self, threshold):
        changes = {"threshold": threshold}
        self.desk.service.lists.watchlists.edit(_analyst(self.desk), self.watchlist, changes, None)

    @precondition(lambda self: self.breaker.tripped())
    @rule()
    def reset(self):
        self.breaker.reset(supervisor(self.desk), self.watchlist, "it was looked into")

    @invariant()
    def nobody_falls_silent(self):
        found = policy(self.desk, self.watchlist)
        calibrated = found.chance.threshold(1e-5, found.templates)
        assert found.threshold >= least_threshold(found.templates, found.chance)
        assert found.threshold <= max(calibrated, found.set_by_hand or calibrated)
        with self.desk.service.kernel.database.read() as session:
            row = session.get_one(Watchlist, self.watchlist)
            assert (row.breaker_tripped_at is not None) == (found.tripped_at is not None)
            if row.breaker_tripped_at is not None:
                assert found.threshold >= calibrated


Screenings.TestCase.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
TestScreenings = pytest.mark.on_sqlite(Screenings.TestCase)
