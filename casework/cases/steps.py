"""What is done with a case and with who takes part: it is opened, joined, left and closed.

Each step is one transaction with its audit record.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from casework.areas import known, teams
from casework.cases import states
from casework.cases.cases import find
from casework.cases.entries import withdraw_all
from casework.cases.states import PRESENT, CaseAct, Ending
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import InvalidCase, NotFound, NotPermitted
from casework.kernel.ids import CASE, new_id
from casework.kernel.installation import PRACTICE_MARK
from casework.kernel.kernel import Kernel
from casework.kernel.key_ring import INSTALLATION
from casework.kernel.permissions import Permission, require
from casework.kernel.vocabulary import CaseState, MemberState
from casework.review.case_number import case_number
from casework.tables import (
    Agency,
    Case,
    CaseEntry,
    CaseMember,
    CaseOutcomeRow,
    CaseReader,
    CaseStep,
    JointCaseCounter,
)

_MARK = "OPS"
"""Begins the number of a case: *operasi*."""


@dataclass(frozen=True, slots=True)
class NewCase:
    """What agencies are to work on together."""

    title: str
    purpose: str
    legal_basis: str
    area: str | None = None
    team_id: str | None = None
    """One of the lead's teams."""


class CaseSteps:
    """Opens cases, takes them through their states, and keeps who takes part."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._practice = kernel.practice

    def open(self, actor: Actor, new: NewCase) -> Case:
        """Open a case that the actor's agency leads.

        Raises:
            NotPermitted, NotFound: the actor may not, is of no agency, or it is none of its teams.
            AreaRefused: there is no such area.
        """
        require(actor, Permission.OPEN_CASE)
        if actor.agency_id is None:
            raise NotPermitted("case_of_nobody")
        now = self._clock()
        with self._database.write() as session:
            _check(session, new, actor.agency_id)
            row = Case(
                id=new_id(CASE),
                number=self._number(session, actor.agency_id),
                agency_id=actor.agency_id,
                state=CaseState.PLANNED.value,
                area=new.area,
                team_id=new.team_id,
                title=new.title,
                purpose=new.purpose,
                legal_basis=new.legal_basis,
                created_at=now,
                updated_at=now,
            )
            self._vault.own_keys.make(row.id, INSTALLATION, session)
            row.members = [
                CaseMember(
                    agency_id=actor.agency_id,
                    state=MemberState.JOINED.value,
                    invited_at=now,
                    settled_at=now,
                )
            ]
            session.add(row)
            self._record(session, actor, row, CaseAct.OPEN)
        return row

    def edit(self, actor: Actor, case_id: str, new: NewCase, version: int | None = None) -> None:
        """Change what a case is about, before it is closed.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: nothing was changed.
            AreaRefused: there is no such area.
        """
        with self._database.write() as session:
            row = self._led(session, actor, case_id, version)
            states.require_open(CaseState(row.state))
            _check(session, new, row.agency_id)
            values = asdict(new)
            changed = sorted(name for name in values if getattr(row, name) != values[name])
            for name in changed:
                setattr(row, name, values[name])
            if changed:
                row.updated_at = self._clock()
                self._record(session, actor, row, CaseAct.EDIT, detail={"fields": changed})

    def start(self, actor: Actor, case_id: str, version: int | None = None) -> None:
        """Begin the operation; raises NotPermitted, NotFound, StaleVersion, IllegalTransition."""
        with self._database.write() as session:
            row = self._led(session, actor, case_id, version)
            row.state = states.move(CaseState(row.state), CaseAct.START).value
            row.started_at = row.updated_at = self._clock()
            self._record(session, actor, row, CaseAct.START)

    def close(
        self,
        actor: Actor,
        case_id: str,
        endings: Sequence[Ending],
        summary: str,
        version: int | None = None,
    ) -> None:
        """End a case with its outcomes; invitations that nobody answered end with it.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: nothing was changed.
            InvalidCase: it cannot end with these outcomes.
        """
        now = self._clock()
        with self._database.write() as session:
            row = self._led(session, actor, case_id, version)
            at = CaseState(row.state)
            row.state = states.move(at, CaseAct.CLOSE).value
            states.check_endings(at, endings)
            row.summary, row.closed_at, row.updated_at = summary, now, now
            row.outcomes = [
                CaseOutcomeRow(code=each.code.value, persons=each.persons) for each in endings
            ]
            for each in row.members:
                if each.state == MemberState.INVITED:
                    each.state, each.settled_at = MemberState.REMOVED.value, now
            detail = {"outcomes": {each.code.value: each.persons for each in endings}}
            self._record(session, actor, row, CaseAct.CLOSE, detail=detail)

    def invite(self, actor: Actor, case_id: str, agency_id: str) -> None:
        """Invite an agency: it sees what the case is about, and nothing of what is in it.

        Raises:
            NotPermitted, NotFound, IllegalTransition: nothing was changed.
            InvalidCase: there is no such agency.
        """
        now = self._clock()
        with self._database.write() as session:
            row = self._led(session, actor, case_id)
            states.require_open(CaseState(row.state))
            agency = session.get(Agency, agency_id)
            if agency is None or not agency.active:
                raise InvalidCase("case_member_unknown", field="agency_id")
            member = _member(row, agency_id)
            before = MemberState(member.state) if member is not None else None
            after = states.move_member(before, CaseAct.INVITE, leads=agency_id == row.agency_id)
            if member is None:
                member = CaseMember(agency=agency)
                row.members.append(member)
            member.state, member.invited_at, member.settled_at = after.value, now, None
            self._record(session, actor, row, CaseAct.INVITE, about=agency_id)

    def join(self, actor: Actor, case_id: str) -> None:
        """Accept an invitation; raises NotPermitted, NotFound, IllegalTransition."""
        self._answer(actor, case_id, CaseAct.JOIN)

    def decline(self, actor: Actor, case_id: str) -> None:
        """Refuse an invitation; raises NotPermitted, NotFound, IllegalTransition."""
        self._answer(actor, case_id, CaseAct.DECLINE)

    def leave(self, actor: Actor, case_id: str, *, keep: bool = False) -> None:
        """Take part no longer; what the agency gave is withdrawn, unless it says that it stays.

        Raises:
            NotPermitted, NotFound, IllegalTransition: nothing was changed.
        """
        with self._database.write() as session:
            row = find(session, actor, Permission.JOIN_CASE, case_id)
            member = _required(row, actor.agency_id or "")
            self._end(session, row, member, CaseAct.LEAVE, keep=keep)
            detail = {"kept": keep}
            self._record(session, actor, row, CaseAct.LEAVE, detail=detail)

    def remove(self, actor: Actor, case_id: str, agency_id: str) -> None:
        """Put an agency out of a case, with what it gave; it sees nothing of the case any more.

        Raises:
            NotPermitted, NotFound, IllegalTransition: nothing was changed.
        """
        with self._database.write() as session:
            row = self._led(session, actor, case_id)
            member = _required(row, agency_id)
            self._end(session, row, member, CaseAct.REMOVE)
            self._record(session, actor, row, CaseAct.REMOVE, about=agency_id)

    def _answer(self, actor: Actor, case_id: str, step: CaseAct) -> None:
        with self._database.write() as session:
            row = find(session, actor, Permission.JOIN_CASE, case_id, PRESENT)
            states.require_open(CaseState(row.state))
            member = _required(row, actor.agency_id or "")
            leads = member.agency_id == row.agency_id
            after = states.move_member(MemberState(member.state), step, leads=leads)
            member.state, member.settled_at = after.value, self._clock()
            self._record(session, actor, row, step)

    def _end(
        self, session: Session, row: Case, member: CaseMember, step: CaseAct, *, keep: bool = False
    ) -> None:
        leads = member.agency_id == row.agency_id
        after = states.move_member(MemberState(member.state), step, leads=leads)
        member.state, member.settled_at = after.value, self._clock()
        session.flush()
        # Nothing that it was given comes back to it, should it be invited again.
        entries = select(CaseEntry.id).where(CaseEntry.case_id == row.id)
        session.execute(
            delete(CaseReader).where(
                CaseReader.agency_id == member.agency_id, CaseReader.entry_id.in_(entries)
            ),
            execution_options={"synchronize_session": False},
        )
        if not keep:
            withdraw_all(session, row.id, member.agency_id, self._clock())

    def _led(
        self, session: Session, actor: Actor, case_id: str, version: int | None = None
    ) -> Case:
        row = find(session, actor, Permission.MANAGE_CASE, case_id)
        rows.require_version(row, version)
        return row

    def _number(self, session: Session, agency_id: str) -> str:
        """Return the next number of an agency's cases, within the transaction that writes."""
        connection = session.connection()
        last = connection.execute(
            update(JointCaseCounter)
            .where(JointCaseCounter.agency_id == agency_id)
            .values(last=JointCaseCounter.last + 1)
            .returning(JointCaseCounter.last)
        ).scalar_one_or_none()
        if last is None:
            last = 1
            connection.execute(insert(JointCaseCounter).values(agency_id=agency_id, last=last))
        code = session.get_one(Agency, agency_id).code
        mark = f"{PRACTICE_MARK}-{_MARK}" if self._practice else _MARK
        return case_number(f"{mark}-{code}", last)

    def _record(
        self,
        session: Session,
        actor: Actor,
        row: Case,
        step: CaseAct,
        *,
        about: str | None = None,
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Write what goes with every step: what the members see of it, and the audit record."""
        session.flush()
        session.add(
            CaseStep(
                case_id=row.id,
                at=self._clock(),
                officer_id=actor.id,
                officer_name=actor.name,
                agency_id=actor.agency_id or row.agency_id,
                action=step.value,
                about_id=about,
            )
        )
        detail = {**(detail or {}), **({"agency": about} if about is not None else {})}
        entry = AuditEntry(
            actor, f"case.{step.value}", row.id, row.agency_id, detail=detail or None
        )
        self._audit.append(session, entry)


def _check(session: Session, new: NewCase, lead_id: str) -> None:
    """Raise AreaRefused or NotFound unless a case can have this area and this team."""
    if new.area is not None:
        known.choose(session, new.area, "area")
    if new.team_id is not None:
        teams.choose(session, new.team_id, lead_id)


def _member(row: Case, agency_id: str) -> CaseMember | None:
    return next((each for each in row.members if each.agency_id == agency_id), None)


def _required(row: Case, agency_id: str) -> CaseMember:
    member = _member(row, agency_id)
    if member is None:
        raise NotFound("case_member_not_found", agency=agency_id)
    return member
