"""Acts that take a second person, on accounts and lists."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.accounts.officers import NewOfficer
from casework.approvals.approvals import (
    MOST_OPEN,
    ActWaits,
    ApprovalAct,
    ApprovalView,
    Approved,
    Proposal,
)
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.errors import (
    AlreadyExists,
    IllegalTransition,
    NoSecondPerson,
    NotFound,
    NotPermitted,
    NotSecondPerson,
    ReasonMissing,
)
from casework.kernel.messages import Message
from casework.kernel.vocabulary import ApprovalState, Direction, EventKind, Role
from casework.oversight.retention import RecordKind
from casework.tables import Approval, Officer, OutboxEvent, Watchlist
from casework.watchlists.watchlists import NewWatchlist, Watchlists, agencies_of
from tests.casework.accounts.conftest import House
from tests.casework.approvals.conftest import WHY
from tests.services import OPERATOR

S = ApprovalState


def asked(act: Callable[[], object]) -> ApprovalView:
    """Do what waits; returns the request."""
    with pytest.raises(ActWaits) as waits:
        act()
    return waits.value.view


def hiring(house: House, by: Actor, login: str = "new", *roles: Role, why: str | None = WHY):
    """Ask for an account of the asker's agency."""
    new = NewOfficer(house.agency("IMI"), login, "Newcomer", frozenset(roles or {Role.OFFICER}))
    return house.records.accounts.officers.create(by, new, why)


def logins(house: House) -> set[str]:
    return {row.login for row in house.records.accounts.officers.page(OPERATOR, None, None)}


def state(house: House, view: ApprovalView) -> str:
    with house.records.kernel.database.read() as session:
        return session.get_one(Approval, view.row.id).state


def test_a_new_decider_waits_for_another_administrator_and_a_day(house, asker, second):
    requests = house.records.approvals.requests
    with pytest.raises(ActWaits) as waits:
        hiring(house, asker)
    view, password = waits.value.view, waits.value.secret
    assert (view.row.state, view.reason, view.asked_by.agency_code) == (S.WAITING, WHY, "IMI")
    assert str(view.summary) == "Make an account for Newcomer (new): officer."
    with pytest.raises(NotSecondPerson):
        requests.accept(asker, view.row.id)
    assert requests.accept(second, view.row.id).row.state == S.ACCEPTED
    house.clock.advance(hours=23, minutes=59)
    assert requests.settle() == 0
    assert "new" not in logins(house)
    house.clock.advance(minutes=1)
    assert (requests.settle(), requests.settle()) == (1, 0)
    assert state(house, view) == S.IN_EFFECT
    assert password is not None
    assert house.enter("new", password).officer.roles == ["officer"]


def test_what_was_accepted_late_takes_effect_at_once(house, asker, second):
    view = asked(lambda: hiring(house, asker))
    house.clock.advance(days=2)
    done = house.records.approvals.requests.accept(second, view.row.id)
    assert done.row.state == S.IN_EFFECT
    assert "new" in logins(house)


@pytest.mark.parametrize(
    "end",
    [
        lambda requests, asker, _second, key: requests.withdraw(asker, key),
        lambda requests, _asker, second, key: requests.refuse(second, key, "No."),
    ],
    ids=["withdrawn", "refused"],
)
def test_what_is_refused_or_withdrawn_is_never_done(house, asker, second, end):
    requests = house.records.approvals.requests
    view = asked(lambda: hiring(house, asker))
    requests.accept(second, view.row.id)
    end(requests, asker, second, view.row.id)
    house.clock.advance(days=30)
    assert requests.settle() == 0
    assert "new" not in logins(house)
    for step in (requests.accept, requests.refuse):
        with pytest.raises(IllegalTransition):
            step(second, view.row.id)


def test_what_nobody_accepts_lapses(house, asker, second):
    requests = house.records.approvals.requests
    view = asked(lambda: hiring(house, asker))
    house.clock.advance(days=8)
    with pytest.raises(IllegalTransition):
        requests.accept(second, view.row.id)
    lapsed = requests.get(second, view.row.id)
    assert (lapsed.row.state, str(lapsed.lapsed_because)) == (
        S.LAPSED,
        "Nobody accepted it in time.",
    )


def test_what_no_longer_fits_lapses_and_changes_nothing(house, asker, second):
    requests = house.records.approvals.requests
    taken = asked(lambda: hiring(house, asker))
    officer_id = house.hire("siti", Role.AUDITOR)
    edit = house.records.accounts.officers.edit
    outdated = asked(lambda: edit(asker, officer_id, {"roles": [Role.OFFICER]}, None, WHY))
    for view in (taken, outdated):
        requests.accept(second, view.row.id)
    house.hire("new", Role.OFFICER)
    edit(asker, officer_id, {"active": False}, None, "left")
    house.clock.advance(days=1)
    assert requests.settle() == 2
    assert {state(house, view) for view in (taken, outdated)} == {S.LAPSED}
    assert house.records.accounts.officers.get(OPERATOR, officer_id).roles == ["auditor"]


def test_what_somebody_asked_who_is_out_by_then_lapses(house, asker, second):
    view = asked(lambda: hiring(house, asker))
    house.records.approvals.requests.accept(second, view.row.id)
    house.records.accounts.officers.edit(second, asker.id, {"active": False}, None, "left")
    house.clock.advance(days=1)
    house.records.approvals.requests.settle()
    assert state(house, view) == S.LAPSED
    assert "new" not in logins(house)


class Killed(BaseException):
    """As if the process ended there."""


def test_a_process_that_dies_halfway_leaves_the_act_to_the_next_and_does_it_once(
    house, asker, second
):
    """An act of a room of its own, which renames whom it is about, and dies the first time."""
    requests, attempts = house.records.approvals.requests, []

    def rename(session: Session, _actor: Actor, approved: Approved) -> None:
        officer = session.get_one(Officer, approved.object_id)
        officer.name += approved.parameters["more"]
        attempts.append(approved.detail["accepted_by"])
        if len(attempts) == 1:
            session.flush()
            raise Killed

    requests.register("test.rename", ApprovalAct(lambda _: Message("approval_unknown"), rename))
    agency, siti = house.agency("IMI"), house.hire("siti", Role.AUDITOR)
    proposal = Proposal("test.rename", agency, siti, {"more": "!"}, WHY)

    def ask() -> None:
        with requests.write() as session:
            requests.require(session, asker, proposal)

    view = asked(ask)
    requests.accept(second, view.row.id)
    house.clock.advance(days=1)
    with pytest.raises(Killed):
        requests.settle()
    assert state(house, view) == S.ACCEPTED
    assert (requests.settle(), requests.settle()) == (1, 0)
    assert house.records.accounts.officers.get(OPERATOR, siti).name == "Somebody!"
    assert attempts == [second.id, second.id]


def test_a_supervisor_is_the_second_person_only_where_no_other_administrator_is(house, asker):
    requests = house.records.approvals.requests
    supervisor = house.actor("super", Role.SUPERVISOR)
    house.records.approvals.founding.end(asker, asker.agency_id, "complete")
    view = asked(lambda: hiring(house, asker))
    house.hire("second", Role.ADMIN)
    with pytest.raises(NotSecondPerson):
        requests.accept(supervisor, view.row.id)
    other = next(
        row
        for row in house.records.accounts.officers.page(OPERATOR, None, None)
        if row.login == "second"
    )
    house.records.accounts.officers.edit(asker, other.id, {"active": False}, None, "left")
    assert requests.accept(supervisor, view.row.id).row.state == S.ACCEPTED


def test_nobody_accepts_what_is_about_themselves(house, asker, second):
    reset = house.records.accounts.officers.reset
    with pytest.raises(NoSecondPerson):
        reset(asker, second.id, reason=WHY)
    house.actor("super", Role.SUPERVISOR)
    view = asked(lambda: reset(asker, second.id, second_factor=True, reason=WHY))
    with pytest.raises(NotSecondPerson):
        house.records.approvals.requests.accept(second, view.row.id)


def test_an_account_that_nobody_has_used_is_no_second_person(house, asker):
    officers = house.records.accounts.officers
    agency = house.agency("IMI")
    house.records.approvals.founding.end(asker, agency, "complete")
    officers.create(OPERATOR, NewOfficer(agency, "made", "Made", frozenset({Role.ADMIN})))
    with pytest.raises(NoSecondPerson):
        hiring(house, asker)


def test_who_waits_says_why_asks_once_and_not_without_end(house, asker, second):
    with pytest.raises(ReasonMissing) as refused:
        hiring(house, asker, why=None)
    assert refused.value.field == "reason"
    reset = house.records.accounts.officers.reset
    siti = house.hire("siti", Role.OFFICER)
    asked(lambda: reset(asker, siti, reason=WHY))
    with pytest.raises(IllegalTransition):
        reset(asker, siti, reason=WHY)
    for number in range(MOST_OPEN - 1):
        asked(partial(hiring, house, asker, f"new.{number}"))
    with pytest.raises(IllegalTransition):
        hiring(house, asker, "one.too.many")


def test_auditors_see_it_first(house, asker, second):
    auditor = house.actor("auditor", Role.AUDITOR)
    view = asked(lambda: hiring(house, asker))
    seen = house.records.approvals.requests.get(auditor, view.row.id)
    assert (seen.reason, seen.steps) == (WHY, frozenset())
    (record,) = house.records.oversight.trail.page(
        auditor, None, 10, AuditFilter(action="approval.ask")
    )
    assert (record.object_id, record.owner_id) == (view.row.id, auditor.agency_id)
    with house.records.kernel.database.read() as session:
        events = session.scalars(select(OutboxEvent)).all()
    assert [(each.kind, each.object_id) for each in events] == [
        (EventKind.APPROVAL_ASKED, view.row.id)
    ]
    assert house.records.approvals.requests.notice(auditor).waiting == 1


def test_what_strengthens_is_done_at_once(house, asker, second):
    officers = house.records.accounts.officers
    siti = house.hire("siti", Role.OFFICER, Role.SUPERVISOR)
    officers.edit(asker, siti, {"roles": [Role.OFFICER]}, None, WHY)
    officers.edit(asker, siti, {"name": "Siti", "active": False}, None, WHY)
    asked(lambda: officers.edit(asker, siti, {"active": True}, None, WHY))
    new = NewOfficer(house.agency("IMI"), "watches", "Watches", frozenset({Role.AUDITOR}))
    officers.create(asker, new)


def test_what_is_settled_goes_after_a_year_and_what_waits_never(house, asker, second):
    retention, requests = house.records.oversight.retention, house.records.approvals.requests
    refused, waiting = (asked(partial(hiring, house, asker, login)) for login in ("no", "waits"))
    requests.refuse(second, refused.row.id)
    house.clock.advance(days=364)
    assert all(each.records == 0 for each in retention.run(OPERATOR) if each.kind == "approvals")
    house.clock.advance(days=2)
    erased = {each.kind: each.records for each in retention.run(OPERATOR)}
    assert erased[RecordKind.APPROVALS] == 1
    with house.records.kernel.database.read() as session:
        assert list(session.scalars(select(Approval.id))) == [waiting.row.id]
    assert house.records.kernel.audit.verify().whole


def test_another_agency_sees_nothing_of_it(house, asker, second, runner):
    view = asked(lambda: hiring(house, asker))
    requests = house.records.approvals.requests
    stranger = house.actor("stranger", Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR, agency="POL")
    for actor in (stranger, runner):
        assert requests.page(actor, None, 10) == []
        for act in (requests.get, requests.accept, requests.refuse, requests.withdraw):
            with pytest.raises(NotFound):
                act(actor, view.row.id)


def test_names_and_passwords_are_sealed(house, asker, second):
    with pytest.raises(ActWaits) as waits:
        hiring(house, asker)
    with house.records.kernel.database.read() as session:
        row = session.get_one(Approval, waits.value.approval_id)
        kept = repr({column.key: getattr(row, column.key) for column in row.__table__.columns})
    for plain in ("Newcomer", "argon2", WHY, str(waits.value.secret)):
        assert plain not in kept


# Whose administrator decides


def test_the_operator_makes_an_agencys_first_administrator_and_no_second(house, runner):
    officers, agency = house.records.accounts.officers, house.agency("IMI")

    def hire(login: str, *roles: Role) -> object:
        new = NewOfficer(agency, login, "Somebody", frozenset(roles))
        return officers.create(runner, new, WHY)

    with pytest.raises(NoSecondPerson):
        hire("early", Role.OFFICER)
    hire("first", Role.ADMIN)
    with pytest.raises(NoSecondPerson):  # who has not even signed in
        hire("second", Role.ADMIN)
    own = house.actor("own", Role.ADMIN)
    view = asked(lambda: hire("third", Role.OFFICER))
    requests = house.records.approvals.requests
    with pytest.raises(NotFound):
        requests.accept(runner, view.row.id)
    assert requests.get(runner, view.row.id).row.state == S.WAITING
    assert requests.accept(own, view.row.id).row.state == S.ACCEPTED


def test_the_operator_begins_no_reset_but_that_of_a_last_administrator(house, runner, asker):
    reset = house.records.accounts.officers.reset
    officer = house.hire("siti", Role.OFFICER)
    with pytest.raises(NotFound):
        reset(runner, officer, reason=WHY)
    with pytest.raises(ReasonMissing):
        reset(runner, asker.id)
    with pytest.raises(ActWaits) as waits:
        reset(runner, asker.id, second_factor=True, reason=WHY)
    requests, view = house.records.approvals.requests, waits.value.view
    assert view.row.state == S.ACCEPTED  # nobody is left who could accept it, but they can refuse
    house.clock.advance(hours=23)
    assert requests.settle() == 0
    house.clock.advance(hours=1)
    assert requests.settle() == 1
    assert house.enter("asker", waits.value.secret).officer.must_change_password


def test_who_is_reset_or_a_supervisor_can_refuse_the_operator(house, runner, asker):
    requests = house.records.approvals.requests
    reset = house.records.accounts.officers.reset
    view = asked(lambda: reset(runner, asker.id, reason=WHY))
    assert requests.refuse(asker, view.row.id).row.state == S.REFUSED
    supervisor = house.actor("super", Role.SUPERVISOR)
    view = asked(lambda: reset(runner, asker.id, reason=WHY))
    house.clock.advance(days=1)
    assert requests.get(supervisor, view.row.id).row.state == S.WAITING
    assert requests.accept(supervisor, view.row.id).row.state == S.IN_EFFECT


def test_at_the_operating_agency_an_auditor_takes_two(house, runner):
    second = house.actor("ops.second", Role.ADMIN, agency="OPS")
    new = NewOfficer(house.agency("OPS"), "reads.all", "Reads", frozenset({Role.AUDITOR}))
    view = asked(lambda: house.records.accounts.officers.create(runner, new, WHY))
    house.records.approvals.requests.accept(second, view.row.id)


def test_the_operators_one_administrator_makes_nobody_who_reads_all_not_even_when_founding(
    house, runner
):
    officers, agency = house.records.accounts.officers, house.agency("OPS")
    for role in (Role.AUDITOR, Role.COORDINATOR):
        new = NewOfficer(agency, "reads.all", "Reads", frozenset({role}))
        with pytest.raises(NoSecondPerson):
            officers.create(runner, new, WHY)
    officer, _ = officers.create(
        runner, NewOfficer(agency, "ops.officer", "Works", frozenset({Role.OFFICER}))
    )
    with pytest.raises(NoSecondPerson):
        officers.edit(runner, officer.id, {"roles": [Role.AUDITOR]}, None, WHY)
    auditor = house.hire("ops.auditor", Role.AUDITOR, agency="OPS")
    with pytest.raises(NoSecondPerson):
        officers.reset(runner, auditor, reason=WHY)
    house.hire("ops.super", Role.SUPERVISOR, agency="OPS")
    asked(lambda: officers.create(runner, new, WHY))


# Founding


def test_the_founding_period_ends_when_the_second_administrator_signs_in(house, asker):
    hiring(house, asker, "alone")
    auditor = house.actor("auditor", Role.AUDITOR)
    (record,) = house.records.oversight.trail.page(
        auditor, None, 1, AuditFilter(actor_id=asker.id, action="officer.create")
    )
    assert record.detail["founding"] is True
    house.actor("second", Role.ADMIN)
    asked(lambda: hiring(house, asker, "not.alone"))
    with pytest.raises(IllegalTransition):
        house.records.approvals.founding.end(asker, asker.agency_id, "complete")


def test_the_founding_period_ends_by_itself_and_then_the_supervisor_is_the_second(house, asker):
    supervisor = house.actor("super", Role.SUPERVISOR)
    house.clock.advance(days=6, hours=23)
    hiring(house, asker, "in.time")
    house.clock.advance(hours=1)
    view = asked(lambda: hiring(house, asker, "too.late"))
    assert house.records.approvals.requests.notice(supervisor).unfinished
    assert house.records.approvals.requests.accept(supervisor, view.row.id)


def test_without_anybody_the_owner_of_the_machine_helps(house, asker):
    house.clock.advance(days=7)
    with pytest.raises(NoSecondPerson) as refused:
        hiring(house, asker)
    assert "siaga officers create" in str(refused.value)
    hiring(house, Actor.operator("Ibu Wati", "the agency is locked out"), "new", Role.ADMIN)
    assert "new" in logins(house)


# Watchlists


@pytest.fixture
def analyst(house: House, second: Actor) -> Actor:
    del second  # so that the agency is founded
    return house.actor("analyst", Role.ANALYST)


STRICT: dict[str, Any] = {
    "requires_second_officer": True,
    "requires_acknowledgement": True,
    "target_fpir": 1e-3,
}


@pytest.fixture
def listed(house: House, analyst: Actor) -> str:
    new = NewWatchlist("wanted", analyst.agency_id, **STRICT)
    return house.records.lists.watchlists.create(analyst, new).id


@pytest.mark.parametrize(
    "change",
    [
        {"requires_second_officer": False},
        {"requires_acknowledgement": False},
        {"target_fpir": 1e-2},
        {"shared_with": ["POL"]},
        {"acknowledge_within_s": 86_400},
    ],
    ids=lambda change: next(iter(change)),
)
def test_weakening_a_list_waits_as_a_whole(house, analyst, listed, second, change):
    lists = house.records.lists.watchlists
    if "shared_with" in change:
        change = {"shared_with": [house.agency("POL")]}
    everything = {**change, "name": "renamed"}
    view = asked(lambda: lists.edit(analyst, listed, everything, None, WHY))
    assert lists.get(analyst, listed).name == "wanted"
    with pytest.raises(NotPermitted):
        house.records.approvals.requests.accept(analyst, view.row.id)
    house.records.approvals.requests.accept(second, view.row.id)
    house.clock.advance(days=1)
    house.records.approvals.requests.settle()
    row = lists.get(analyst, listed)
    assert row.name == "renamed"
    # What it has become is no weakening any more, and the way back is none.
    lists.edit(analyst, listed, change, None)
    lists.edit(analyst, listed, {"shared_with": []} | _as_it_was(change), None)


def _as_it_was(change):
    """The way back, but for what raises the threshold of a list of two officers."""
    return {name: value for name, value in STRICT.items() if not {name, *change} & RAISING}


RAISING = {"target_fpir", "threshold"}
NARROWER: list[dict[str, Any]] = [
    {"active": False},
    {"target_fpir": 1e-300},
    {"ports": ["CGK"]},
    {"stages": ["visa"]},
    {"direction": Direction.EXIT},
]


@pytest.mark.parametrize("change", NARROWER, ids=lambda change: next(iter(change)))
def test_a_list_of_two_officers_looks_at_less_only_with_a_second_person(
    house, analyst, listed, second, change
):
    """Else it were the way round the rule that nobody stops looking for its subjects alone."""
    lists, requests = house.records.lists.watchlists, house.records.approvals.requests
    (name,) = change
    before = getattr(lists.get(analyst, listed), name)
    view = asked(lambda: lists.edit(analyst, listed, change, None, WHY))
    assert getattr(lists.get(analyst, listed), name) == before
    requests.accept(second, view.row.id)  # it can be taken back: there is no cooling time
    assert getattr(lists.get(analyst, listed), name) == change[name]
    if name not in RAISING:  # more false alarms take a second person too, and their time
        lists.edit(analyst, listed, {name: before}, None)
    lists.edit(analyst, listed, {"requires_second_officer": True, "name": "as before"}, None)


def test_a_threshold_set_by_hand_is_given_up_with_a_second_person(house, analyst, listed):
    """What follows from the target instead may be more than the list's subjects reach."""
    with house.records.kernel.database.write() as session:
        session.get_one(Watchlist, listed).threshold = 0.5
    lists = house.records.lists.watchlists
    asked(lambda: lists.edit(analyst, listed, {"threshold": None}, None, WHY))


@pytest.mark.parametrize("change", NARROWER, ids=lambda change: next(iter(change)))
def test_any_other_list_looks_at_less_with_a_reason_alone(house, analyst, change):
    lists = house.records.lists.watchlists
    one = lists.create(analyst, NewWatchlist("one officer", analyst.agency_id)).id
    lists.edit(analyst, one, change, None, WHY)


class Floor:
    """Any threshold may be set by hand."""

    def least(self, _session: Session, _watchlist_id: str | None) -> float:
        return 0.0


def test_a_new_list_waits_only_where_its_threshold_is_set_by_hand(house, analyst, second):
    requests = house.records.approvals.requests
    lists = Watchlists(house.records.kernel, requests, Floor())
    lax = NewWatchlist("lax", requires_acknowledgement=False, target_fpir=1e-2)
    assert lists.create(analyst, lax).name == "lax"
    new = NewWatchlist("by hand", threshold=0.9, shared_with=(house.agency("POL"),))
    with pytest.raises(ReasonMissing):
        lists.create(analyst, new)
    view = asked(lambda: lists.create(analyst, new, WHY))
    assert str(view.summary) == "Make the watchlist by hand, with a threshold set by hand."
    requests.accept(second, view.row.id)
    assert [row.name for row in lists.page(analyst, None, 10)] == ["lax"]
    house.clock.advance(days=1)
    assert requests.settle() == 1
    _, made = lists.page(analyst, None, 10)
    assert (made.name, made.threshold, agencies_of(made)) == ("by hand", 0.9, [house.agency("POL")])
    with pytest.raises(AlreadyExists):
        lists.create(analyst, new, WHY)


def test_a_list_that_was_changed_meanwhile_is_not_weakened(house, analyst, listed, second):
    lists = house.records.lists.watchlists
    view = asked(lambda: lists.edit(analyst, listed, {"acknowledge_within_s": 9000}, None, WHY))
    house.records.approvals.requests.accept(second, view.row.id)
    lists.edit(analyst, listed, {"acknowledge_within_s": 30}, None)
    house.clock.advance(days=1)
    seen = house.records.approvals.requests.get(analyst, view.row.id)
    assert (seen.row.state, seen.row.lapsed_because) == (S.LAPSED, "approval_outdated")
    assert lists.get(analyst, listed).acknowledge_within_s == 30


def test_a_key_weakens_no_list(house, analyst, listed):
    key = Actor(ActorKind.SYSTEM, "key_x", "x", analyst.agency_id, frozenset({Role.ANALYST}))
    with pytest.raises(NotPermitted):
        house.records.lists.watchlists.edit(
            key, listed, {"requires_second_officer": False}, None, WHY
        )


def test_one_administrator_cannot_make_the_two_who_confirm(house, asker, second):
    """As measured: two accounts, made and used by one person, confirmed an alert."""
    for login, role in (("first", Role.OFFICER), ("other", Role.SUPERVISOR)):
        view = asked(partial(hiring, house, asker, login, role))
        with pytest.raises(NotSecondPerson):
            house.records.approvals.requests.accept(asker, view.row.id)
    house.clock.advance(days=30)
    house.records.approvals.requests.settle()
    with house.records.kernel.database.read() as session:
        made = [each.login for each in session.scalars(select(Officer))]
    assert sorted(made) == ["asker", "second"]
