"""Acts that take a second person: asked for by one officer, accepted by another, then in effect.

A use case asks before it changes anything:

    with self._approvals.write() as session:
        row = ...
        cleared = self._approvals.require(session, actor, Proposal("officer.reset", ...))
        self._apply(session, actor, row, cleared)

`require` returns where the act may go on at once. Otherwise it keeps the request and raises
`ActWaits`, which `write` lets pass after the request is committed. A room registers what each of
its kinds does and says (`register`); this room knows none of them.

The second person is another administrator of the agency, or where it has none, one of its
supervisors: never the one who asks, never the one whom the act is about, never somebody of another
agency, and never a key. What is accepted takes effect by itself once the cooling time is over, in
one transaction with the note that it has: exactly once, even where the process is killed.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from casework.approvals import founding
from casework.approvals.states import (
    OPEN,
    SETTLED,
    ApprovalPosition,
    ApprovalStep,
    advance,
    open_steps,
)
from casework.kernel import rows
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import (
    CaseworkError,
    IllegalTransition,
    NoSecondPerson,
    NotFound,
    NotPermitted,
    NotSecondPerson,
    ReasonMissing,
    SetUpError,
)
from casework.kernel.ids import APPROVAL, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.key_ring import INSTALLATION
from casework.kernel.messages import Message
from casework.kernel.officer_names import OfficerName, names_at
from casework.kernel.outbox import Event
from casework.kernel.permissions import Permission, extends_to, require, within_reach
from casework.kernel.vocabulary import AgencyKind, ApprovalState, EventKind, Role
from casework.tables import Agency, Approval, Officer

MOST_OPEN: Final = 100
"""Requests of one agency that may be open at the same time."""

SECOND_PERSONS: Final = (Role.ADMIN, Role.SUPERVISOR)
"""Whose holders accept a request, unless its kind says otherwise; see `second_persons`."""

_AT_ONCE: Final = frozenset({ActorKind.OPERATOR, ActorKind.SERVICE})


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """How long an act that takes a second person waits."""

    cooling: timedelta = timedelta(hours=24)
    """At least so long, from when it is asked for."""
    expires: timedelta = timedelta(days=7)
    """After the cooling time, nobody can accept it any more."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An act that may take a second person."""

    kind: str
    """In the words of the audit trail; registered with what it does."""
    agency_id: str
    """The agency whose people decide."""
    object_id: str | None
    """What it is about; an officer decides nothing about their own account."""
    parameters: Mapping[str, Any]
    """What it takes to do it later, as JSON has it; sealed where it is kept."""
    reason: str | None = None
    """Why; required where the act waits."""
    secret: str | None = None
    """Shown once to the one who asks, and not kept."""
    cooling: timedelta | None = None
    """In place of the installation's cooling time, where the act itself can be taken back."""
    founding: bool = True
    """Whether an agency's one administrator does it alone during the founding period."""
    unopposed: bool = False
    """Whether nobody is left who could accept it: it takes effect unless somebody refuses."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A request whose time has come."""

    agency_id: str
    object_id: str | None
    parameters: Mapping[str, Any]
    detail: Mapping[str, Any]
    """What the audit record of the act adds: by which request, and who accepted it."""


@dataclass(frozen=True, slots=True)
class ApprovalAct:
    """What a kind of request says and does."""

    describe: Callable[[Mapping[str, Any]], Message]
    """One sentence on what is asked for, from the parameters."""
    apply: Callable[[Session, Actor, Approved], None]
    """Does it within a transaction, as the actor who asked, and writes its audit record.

    It looks at everything again: what it raises lets the request lapse, and nothing is changed.
    """
    roles: tuple[Role, ...] = SECOND_PERSONS
    """Whose holders accept it: those of the first that anybody else in the agency has."""


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A request as its readers see it."""

    row: Approval
    summary: Message
    reason: str
    asked_by: OfficerName
    decided_by: OfficerName | None
    lapsed_because: Message | None
    steps: frozenset[ApprovalStep]
    """What this reader may do with it now."""


class ActWaits(Exception):
    """An act was not done: it waits for a second person. The request is committed."""

    def __init__(self, approval_id: str, view: ApprovalView, secret: str | None) -> None:
        super().__init__(approval_id)
        self.approval_id = approval_id
        self.view = view
        self.secret = secret
        """What is shown once; it counts when the act takes effect."""


@dataclass(frozen=True, slots=True)
class ApprovalNotice:
    """What people of an agency should know about its acts that take a second person."""

    waiting: int
    """Requests that are open."""
    founding: bool
    """Whether the agency is in its founding period."""
    founding_until: datetime | None = None
    unfinished: bool = False
    """Whether the founding period ended without a second administrator."""


class Approvals:
    """Keeps requests, and puts into effect what was accepted."""

    def __init__(self, kernel: Kernel, rules: ApprovalRules | None = None) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._outbox = kernel.outbox
        self._clock = kernel.clock
        self._acts: dict[str, ApprovalAct] = {}
        self.rules = rules or ApprovalRules()

    def register(self, kind: str, act: ApprovalAct) -> None:
        """Say what a kind of request does; a later registration replaces a former one."""
        self._acts[kind] = act

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session as `Database.write` does, in which `require` may be called.

        Nothing may be changed before `require`: if the act has to wait, the request is committed,
        with whatever else the block has done by then.

        Raises:
            ActWaits: the block's act waits for a second person.
        """
        waits = None
        with self._database.write() as session:
            try:
                yield session
            except ActWaits as raised:
                waits = raised
        if waits is not None:
            raise waits

    def require(self, session: Session, actor: Actor, proposal: Proposal) -> Mapping[str, Any]:
        """Return if an act may be done at once; otherwise keep the request.

        At once act the machine's owner, whose commands name a person and a reason, and, unless the
        proposal says otherwise, an agency's own officers during its founding period.

        Returns:
            What the act's audit record adds to its detail.

        Raises:
            ActWaits: the act waits; `write` raises it once the request is committed.
            NotPermitted: a key asks for what only people may.
            NoSecondPerson: nobody of the agency could accept it.
            ReasonMissing: an act that waits takes a reason.
            IllegalTransition: the same is asked for already, or too much is.
        """
        alone = self.alone(session, actor, proposal.agency_id)
        if alone is not None and (proposal.founding or actor.kind in _AT_ONCE):
            return alone
        if actor.kind is not ActorKind.OFFICER:
            raise NotPermitted("approval_by_officers")
        agency = session.get_one(Agency, proposal.agency_id)
        asked = _AskedBy(actor.id, proposal.object_id)
        if not proposal.unopposed and not self._second_persons(
            session, proposal.kind, agency.id, asked
        ):
            raise NoSecondPerson("approval_nobody", agency=agency.code)
        if not proposal.reason:
            raise ReasonMissing("approval_reason_missing", field="reason")
        row = self._keep(session, actor, proposal)
        raise ActWaits(row.id, self._view(session, actor, row), proposal.secret)

    def alone(self, session: Session, actor: Actor, agency_id: str) -> Mapping[str, Any] | None:
        """Return what `require` does where the actor needs no second person, None where they do.

        It keeps no request: for what comes in bulk and is refused rather than asked for.
        """
        if actor.kind in _AT_ONCE:
            return {}
        agency = session.get_one(Agency, agency_id)
        own = actor.kind is ActorKind.OFFICER and actor.agency_id == agency.id
        return {"founding": True} if own and founding.runs(agency, self._clock()) else None

    def page(
        self,
        actor: Actor,
        before: str | None,
        limit: int,
        states: frozenset[ApprovalState] | None = None,
    ) -> list[ApprovalView]:
        """Return up to `limit` requests, newest first, those made before the one named.

        Raises:
            NotPermitted: the actor may see none.
        """
        require(actor, Permission.READ_APPROVAL)
        self.settle()
        query = select(Approval).where(_visible(actor)).order_by(Approval.id.desc()).limit(limit)
        if before is not None:
            query = query.where(Approval.id < before)
        if states is not None:
            query = query.where(Approval.state.in_([state.value for state in states]))
        with self._database.read() as session:
            found = [self._view(session, actor, row) for row in session.scalars(query)]
        detail = {"approvals": len(found)}
        entry = AuditEntry(actor, "approval.list", owner_id=actor.agency_id, detail=detail)
        self._audit.note(entry)
        return found

    def get(self, actor: Actor, approval_id: str) -> ApprovalView:
        """Return one request; raises NotPermitted or NotFound."""
        require(actor, Permission.READ_APPROVAL)
        self.settle()
        with self._database.read() as session:
            row = _find(session, actor, Permission.READ_APPROVAL, approval_id)
            view = self._view(session, actor, row)
        entry = AuditEntry(actor, Permission.READ_APPROVAL, row.id, row.agency_id)
        self._audit.note(entry)
        return view

    def accept(self, actor: Actor, approval_id: str) -> ApprovalView:
        """Accept a request as the second person; it takes effect once the cooling time is over.

        Raises:
            NotPermitted, NotFound: the actor decides nothing, or not about this.
            NotSecondPerson: somebody else has to.
            IllegalTransition: it is settled, accepted already, or too old.
        """
        self.settle()
        with self._database.write() as session:
            row = _find(session, actor, Permission.DECIDE_APPROVAL, approval_id)
            if actor.id not in self._second_persons(session, row.kind, row.agency_id, _asked(row)):
                raise NotSecondPerson("approval_not_second_person")
            self._step(session, actor, row, ApprovalStep.ACCEPT)
            row.decided_by, row.decided_at = actor.id, self._clock()
            session.flush()
        self.settle()
        return self._shown(actor, approval_id)

    def refuse(self, actor: Actor, approval_id: str, reason: str | None = None) -> ApprovalView:
        """Refuse a request, also one that is accepted and has not taken effect.

        Any administrator or supervisor of the agency may, except the one who asked.

        Raises:
            NotPermitted, NotFound: the actor decides nothing, or not about this.
            NotSecondPerson: who asked withdraws it instead.
            IllegalTransition: it is settled.
        """
        self.settle()
        with self._database.write() as session:
            row = _find(session, actor, Permission.DECIDE_APPROVAL, approval_id)
            if not _may_refuse(actor, row):
                raise NotSecondPerson("approval_withdraw_instead")
            self._step(session, actor, row, ApprovalStep.REFUSE, reason=reason)
            row.decided_by, row.decided_at = actor.id, self._clock()
            session.flush()
        return self._shown(actor, approval_id)

    def withdraw(self, actor: Actor, approval_id: str) -> ApprovalView:
        """Take back one's own request.

        Raises:
            NotPermitted, NotFound: the actor asks for nothing, or did not ask for this.
            IllegalTransition: it is settled.
        """
        self.settle()
        require(actor, Permission.WITHDRAW_APPROVAL)
        with self._database.write() as session:
            row = session.get(Approval, approval_id)
            if row is None or row.asked_by != actor.id:
                raise NotFound("approval_not_found", approval=approval_id)
            self._step(session, actor, row, ApprovalStep.WITHDRAW)
        return self._shown(actor, approval_id)

    def notice(self, actor: Actor) -> ApprovalNotice | None:
        """Return what every page shows to those who read requests; None for all others."""
        agency_id = actor.agency_id
        if agency_id is None or not extends_to(actor, Permission.READ_APPROVAL, agency_id):
            return None
        now = self._clock()
        with self._database.read() as session:
            agency = session.get_one(Agency, agency_id)
            waiting = session.scalar(
                select(func.count()).where(
                    Approval.agency_id == agency_id, Approval.state.in_(_values(OPEN))
                )
            )
        running = founding.runs(agency, now)
        return ApprovalNotice(
            waiting or 0,
            running,
            agency.founding_until,
            unfinished=agency.founding_until is not None and not running,
        )

    def open_by_kind(self) -> Mapping[str, int]:
        """Return how many requests of each registered kind are open, of all agencies."""
        query = (
            select(Approval.kind, func.count())
            .where(Approval.state.in_(_values(OPEN)))
            .group_by(Approval.kind)
        )
        with self._database.read() as session:
            counted = dict(session.execute(query).all())
        return {kind: counted.get(kind, 0) for kind in self._acts}

    def settle(self) -> int:
        """Put into effect what is due, and let lapse what nobody accepted; returns how many.

        Called periodically and before every reading. Of several processes each does what it
        finds: a request takes effect in one transaction, and writers take turns.
        """
        with self._database.read_one() as connection:
            due = connection.execute(select(Approval.id).where(_due(self._clock()))).scalars().all()
        return sum(map(self._settle, due))

    def _settle(self, approval_id: str) -> bool:
        try:
            with self._database.write() as session:
                row = session.get(Approval, approval_id)
                if row is None or row.state in _values(SETTLED):
                    return False  # another process was first
                if row.state == ApprovalState.WAITING:
                    self._lapse(session, row, "approval_not_accepted")
                else:
                    self._take_effect(session, row)
        except SetUpError:
            raise  # the installation's fault, not the request's
        except (CaseworkError, IntegrityError) as error:
            code = _code_of(error)
            with self._database.write() as session:
                row = session.get_one(Approval, approval_id)
                if row.state == ApprovalState.ACCEPTED:
                    self._lapse(session, row, code)
        return True

    def _take_effect(self, session: Session, row: Approval) -> None:
        act = self._acts.get(row.kind)
        if act is None:
            raise IllegalTransition("approval_unknown")
        parameters = self._request(row)["parameters"]
        detail = {"approval": row.id, "accepted_by": row.decided_by}
        approved = Approved(row.agency_id, row.object_id, parameters, detail)
        act.apply(session, _asker(session, row.asked_by), approved)
        self._step(session, Actor.service(), row, ApprovalStep.TAKE_EFFECT)

    def _lapse(self, session: Session, row: Approval, code: str) -> None:
        row.lapsed_because = code
        self._step(session, Actor.service(), row, ApprovalStep.LAPSE, why=code)

    def _step(
        self,
        session: Session,
        actor: Actor,
        row: Approval,
        step: ApprovalStep,
        reason: str | None = None,
        **detail: str,
    ) -> None:
        now = self._clock()
        state = advance(_position(row), step, now)
        row.state = state.value
        if state in SETTLED:
            row.settled_at = now
        session.flush()
        circumstances = {"kind": row.kind, **detail}
        entry = AuditEntry(
            actor, f"approval.{step}", row.id, row.agency_id, purpose=reason, detail=circumstances
        )
        self._audit.append(session, entry)
        self._outbox.append(session, Event(EventKind.APPROVAL_CHANGED, row.id, row.agency_id))

    def _keep(self, session: Session, actor: Actor, proposal: Proposal) -> Approval:
        open_ones = session.scalars(
            select(Approval).where(
                Approval.agency_id == proposal.agency_id, Approval.state.in_(_values(OPEN))
            )
        ).all()
        if len(open_ones) >= MOST_OPEN:
            raise IllegalTransition("approvals_full")
        for each in open_ones:
            if proposal.object_id is not None and (each.kind, each.object_id) == (
                proposal.kind,
                proposal.object_id,
            ):
                raise IllegalTransition("approval_open_already", approval=each.id)
        approval_id, now = new_id(APPROVAL), self._clock()
        request = {"parameters": dict(proposal.parameters), "reason": proposal.reason}
        self._vault.own_keys.make(approval_id, INSTALLATION, session)
        cooling = self.rules.cooling if proposal.cooling is None else proposal.cooling
        effective_from = now + cooling
        state = ApprovalState.ACCEPTED if proposal.unopposed else ApprovalState.WAITING
        row = Approval(
            id=approval_id,
            kind=proposal.kind,
            agency_id=proposal.agency_id,
            object_id=proposal.object_id,
            sealed_request=self._vault.seal(
                json.dumps(request).encode(), rows.approval(approval_id)
            ),
            state=state.value,
            asked_by=actor.id,
            asked_at=now,
            effective_from=effective_from,
            lapses_at=effective_from + self.rules.expires,
            decided_by=None,
            decided_at=None,
            settled_at=None,
            lapsed_because=None,
        )
        session.add(row)
        session.flush()
        detail = {"kind": row.kind, "object": row.object_id, "unopposed": proposal.unopposed}
        entry = AuditEntry(
            actor,
            "approval.ask",
            row.id,
            row.agency_id,
            purpose=proposal.reason,
            detail=detail,
        )
        self._audit.append(session, entry)
        self._outbox.append(session, Event(EventKind.APPROVAL_ASKED, row.id, row.agency_id))
        return row

    def _shown(self, actor: Actor, approval_id: str) -> ApprovalView:
        with self._database.read() as session:
            row = session.get_one(Approval, approval_id)
            return self._view(session, actor, row)

    def _view(self, session: Session, actor: Actor, row: Approval) -> ApprovalView:
        act, request = self._acts.get(row.kind), self._request(row)
        asked = row.asked_by, row.asked_at
        decided = (row.decided_by, row.decided_at) if row.decided_by and row.decided_at else None
        names = names_at(session, filter(None, (asked, decided)))
        return ApprovalView(
            row,
            act.describe(request["parameters"]) if act else Message("approval_unknown"),
            request["reason"] or "",
            names[asked],
            names[decided] if decided is not None else None,
            Message(row.lapsed_because) if row.lapsed_because is not None else None,
            self._steps(session, actor, row),
        )

    def _steps(self, session: Session, actor: Actor, row: Approval) -> frozenset[ApprovalStep]:
        """Return what a reader may do with a request: what to offer."""
        decides = extends_to(actor, Permission.DECIDE_APPROVAL, row.agency_id)
        allowed = set()
        if decides and actor.id in self._second_persons(
            session, row.kind, row.agency_id, _asked(row)
        ):
            allowed.add(ApprovalStep.ACCEPT)
        if decides and _may_refuse(actor, row):
            allowed.add(ApprovalStep.REFUSE)
        if row.asked_by == actor.id:
            allowed.add(ApprovalStep.WITHDRAW)
        return open_steps(_position(row), self._clock()) & allowed

    def _second_persons(
        self, session: Session, kind: str, agency_id: str, asked: "_AskedBy"
    ) -> frozenset[str]:
        act = self._acts.get(kind)
        roles = act.roles if act is not None else SECOND_PERSONS
        return second_persons(session, agency_id, asked, roles)

    def _request(self, row: Approval) -> dict[str, Any]:
        request: dict[str, Any] = json.loads(
            self._vault.open(row.sealed_request, rows.approval(row.id))
        )
        return request


@dataclass(frozen=True, slots=True)
class _AskedBy:
    """Who cannot be the second person: who asks, and whom it is about."""

    officer_id: str
    object_id: str | None


def second_persons(
    session: Session,
    agency_id: str,
    asked: _AskedBy,
    roles: tuple[Role, ...] = SECOND_PERSONS,
) -> frozenset[str]:
    """Return the ids of the officers who may accept a request, within a transaction.

    They are the agency's others who hold the first of these roles; where there is none, the next:
    unless the kind says otherwise, administrators, then supervisors.
    """
    not_these = {asked.officer_id, asked.object_id}
    for role in roles:
        found = {officer.id for officer in founding.holders(session, agency_id, role)}
        if others := frozenset(found - not_these):
            return others
    return frozenset()


def _may_refuse(actor: Actor, row: Approval) -> bool:
    return actor.kind is ActorKind.OFFICER and actor.id != row.asked_by


def _find(session: Session, actor: Actor, act: Permission, approval_id: str) -> Approval:
    """Return a request that an act extends to; who asked may always read it."""
    require(actor, act)
    missing = NotFound("approval_not_found", approval=approval_id)
    row = rows.one(session, Approval, approval_id, missing)
    own = act is Permission.READ_APPROVAL and row.asked_by == actor.id
    if not own and not extends_to(actor, act, row.agency_id):
        raise missing
    return row


def _visible(actor: Actor) -> ColumnElement[bool]:
    reach = within_reach(actor, Permission.READ_APPROVAL, Approval.agency_id)
    return or_(reach, Approval.asked_by == actor.id)


def _due(now: datetime) -> ColumnElement[bool]:
    accepted = and_(Approval.state == ApprovalState.ACCEPTED.value, Approval.effective_from <= now)
    too_old = and_(Approval.state == ApprovalState.WAITING.value, Approval.lapses_at <= now)
    return or_(accepted, too_old)


def _position(row: Approval) -> ApprovalPosition:
    return ApprovalPosition(ApprovalState(row.state), row.effective_from, row.lapses_at)


def _asked(row: Approval) -> _AskedBy:
    return _AskedBy(row.asked_by, row.object_id)


def _code_of(error: Exception) -> str:
    """Return the code of a sentence that says why a request lapsed; it names nobody."""
    if isinstance(error, CaseworkError) and not error.message.params:
        return error.message.code
    return "approval_clash"


def _values(states: frozenset[ApprovalState]) -> list[str]:
    return sorted(state.value for state in states)


def _asker(session: Session, officer_id: str) -> Actor:
    """Return the officer who asked, with the roles that they have by now.

    Raises:
        NotPermitted: the account or its agency is not active any more.
    """
    officer = session.get_one(Officer, officer_id)
    agency = session.get_one(Agency, officer.agency_id)
    if not (officer.active and agency.active):
        raise NotPermitted("approval_asker_gone")
    return replace(
        Actor.of_officer(officer),
        roles=frozenset(Role(role) for role in officer.roles),
        runs_installation=agency.kind == AgencyKind.OPERATOR,
    )
