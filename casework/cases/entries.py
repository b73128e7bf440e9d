"""What agencies put into a case: items, tasks, comments and files, each for whom it names.

"All" are those who take part at that moment: who joins later is given nothing of before, unless
the agency whose it is gives it to them too. Each step is one transaction with its audit record.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from casework.cases import payload, states
from casework.cases.cases import find, find_entry, joined
from casework.cases.files import format_of, safe_name
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.database import ERASED, announce
from casework.kernel.errors import IllegalTransition, InvalidCase, NotPermitted
from casework.kernel.ids import CASE_ENTRY, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import CaseEntryKind, CaseItemKind, CaseState
from casework.tables import Case, CaseEntry, CasePhoto, CaseReader

Readers = Collection[str] | None
"""Agencies by id, besides the one that gives; None stands for all that take part now."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """What an agency gives of something of its own."""

    kind: CaseItemKind
    object_id: str
    fields: Sequence[str]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class NewTask:
    """What is to be done, by which agency and until when."""

    text: str
    assignee_id: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to attach."""

    content: bytes
    name: str
    note: str | None = None


class CaseEntries:
    """Puts things into cases, gives them to more agencies, and takes them back."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock

    def give(self, actor: Actor, case_id: str, new: NewItem, to: Readers = None) -> CaseEntry:
        """Give a copy of chosen fields of an alert, a tip, a referral or a subject.

        Raises:
            NotPermitted, NotFound: the actor takes no part, or does not give this.
            IllegalTransition: the case is closed, or an alert is not to be given as it stands.
            InvalidCase, InvalidReferral: it cannot go to these agencies, or with these fields.
        """
        with self._database.write() as session:
            _, row = self._new(session, actor, case_id, CaseEntryKind.ITEM, to)
            item = new.kind, new.object_id
            copied = payload.copied(session, self._vault, actor, item, new.fields)
            row.object_kind, row.object_id = new.kind.value, new.object_id
            row.subject_id, row.text = copied.subject_id, new.note
            payload.put(self._vault, row, copied.payload)
            detail = {"kind": new.kind.value, "fields": row.fields}
            return self._added(session, actor, row, "give", detail)

    def comment(self, actor: Actor, case_id: str, text: str, to: Readers = None) -> CaseEntry:
        """Write something; raises NotPermitted, NotFound, IllegalTransition, InvalidCase."""
        with self._database.write() as session:
            _, row = self._new(session, actor, case_id, CaseEntryKind.COMMENT, to)
            row.text = text
            return self._added(session, actor, row, "comment")

    def assign(self, actor: Actor, case_id: str, new: NewTask, to: Readers = None) -> CaseEntry:
        """Give an agency a task, which it sees beside the agencies that are named.

        Raises:
            NotPermitted, NotFound, IllegalTransition: nothing was changed.
            InvalidCase: the agencies take no part, or the task would be overdue at once.
        """
        if new.due_at is not None and new.due_at <= self._clock():
            raise InvalidCase("case_task_in_past", field="due_at")
        named = None if to is None else {*to, new.assignee_id}
        with self._database.write() as session:
            case, row = self._new(session, actor, case_id, CaseEntryKind.TASK, named)
            _require_members(case, [new.assignee_id], "assignee_id")
            row.text, row.assignee_id, row.due_at = new.text, new.assignee_id, new.due_at
            return self._added(session, actor, row, "task")

    def attach(self, actor: Actor, case_id: str, new: NewFile, to: Readers = None) -> CaseEntry:
        """Attach a photo or a PDF.

        Raises:
            NotPermitted, NotFound, IllegalTransition: nothing was changed.
            InvalidCase: it is neither, is too large, or cannot go to these agencies.
        """
        kind = format_of(new.content)
        with self._database.write() as session:
            case, row = self._new(session, actor, case_id, CaseEntryKind.ATTACHMENT, to)
            row.text, row.file_name = new.note, safe_name(new.name, kind)
            row.format, row.size = kind.value, len(new.content)
            name = rows.case_file(case.id, row.id)
            row.sealed_content = self._vault.seal(new.content, name)
            return self._added(session, actor, row, "attach")

    def share(self, actor: Actor, case_id: str, entry_id: str, to: Collection[str]) -> CaseEntry:
        """Give something that the agency gave to more agencies.

        Raises:
            NotPermitted, NotFound, IllegalTransition: nothing was changed.
            InvalidCase: an agency takes no part.
        """
        with self._database.write() as session:
            case, row = self._own(session, actor, case_id, entry_id)
            states.require_open(CaseState(case.state))
            _require_members(case, to, "to")
            had = {each.agency_id for each in row.readers} | {row.agency_id}
            row.readers += [CaseReader(agency_id=each) for each in sorted(set(to) - had)]
            self._note(session, actor, row, "share", {"to": sorted(set(to) - had)})
            return row

    def withdraw(self, actor: Actor, case_id: str, entry_id: str) -> CaseEntry:
        """Take back what the agency gave: its content is erased; that there was something, is not.

        Raises:
            NotPermitted, NotFound, IllegalTransition: nothing was changed.
        """
        with self._database.write() as session:
            _case, row = self._own(session, actor, case_id, entry_id)
            _empty(session, row, self._clock())
            announce(session, ERASED)
            self._note(session, actor, row, "withdraw", {})
            return row

    def take(self, actor: Actor, case_id: str, entry_id: str) -> CaseEntry:
        """Take a task of the actor's agency; raises NotPermitted, NotFound, IllegalTransition."""

        def taken(row: CaseEntry) -> None:
            row.taken_by, row.taken_by_name = actor.id, actor.name

        return self._task(actor, case_id, entry_id, "take", taken)

    def done(self, actor: Actor, case_id: str, entry_id: str, result: str) -> CaseEntry:
        """Say that a task of the actor's agency is done, and what was done.

        Raises:
            NotPermitted, NotFound, IllegalTransition: nothing was changed.
        """

        def ended(row: CaseEntry) -> None:
            row.done_at, row.done_by, row.done_by_name = self._clock(), actor.id, actor.name
            row.result = result

        return self._task(actor, case_id, entry_id, "done", ended)

    def _task(
        self,
        actor: Actor,
        case_id: str,
        entry_id: str,
        action: str,
        change: Callable[[CaseEntry], None],
    ) -> CaseEntry:
        with self._database.write() as session:
            case, row = self._seen(session, actor, case_id, entry_id)
            states.require_open(CaseState(case.state))
            if row.assignee_id is None or row.assignee_id != actor.agency_id:
                raise NotPermitted("case_not_a_task")
            if row.done_at is not None:
                raise IllegalTransition("case_task_done")
            change(row)
            self._note(session, actor, row, action, {})
            return row

    def _new(
        self, session: Session, actor: Actor, case_id: str, kind: CaseEntryKind, to: Readers
    ) -> tuple[Case, CaseEntry]:
        """Return a case, and a new entry of it for these agencies."""
        case = find(session, actor, Permission.WORK_ON_CASE, case_id)
        states.require_open(CaseState(case.state))
        if actor.agency_id is None:
            raise NotPermitted("case_of_nobody")
        readers = set(joined(case)) if to is None else set(to)
        if to is not None:
            _require_members(case, readers, "to")
        row = CaseEntry(
            id=new_id(CASE_ENTRY),
            case_id=case.id,
            kind=kind.value,
            agency_id=actor.agency_id,
            officer_id=actor.id,
            officer_name=actor.name,
            at=self._clock(),
        )
        row.readers = [CaseReader(agency_id=each) for each in sorted(readers - {row.agency_id})]
        return case, row

    def _added(
        self,
        session: Session,
        actor: Actor,
        row: CaseEntry,
        action: str,
        detail: dict[str, Any] | None = None,
    ) -> CaseEntry:
        session.add(row)
        to = sorted(each.agency_id for each in row.readers)
        self._note(session, actor, row, action, {**(detail or {}), "to": to})
        return row

    def _seen(
        self, session: Session, actor: Actor, case_id: str, entry_id: str
    ) -> tuple[Case, CaseEntry]:
        """Return an entry that the actor's agency sees, and that is not withdrawn."""
        case = find(session, actor, Permission.WORK_ON_CASE, case_id)
        row = find_entry(session, actor, case_id, entry_id)
        if row.withdrawn_at is not None:
            raise IllegalTransition("case_entry_withdrawn")
        return case, row

    def _own(
        self, session: Session, actor: Actor, case_id: str, entry_id: str
    ) -> tuple[Case, CaseEntry]:
        case, row = self._seen(session, actor, case_id, entry_id)
        if row.agency_id != actor.agency_id:
            raise NotPermitted("case_entry_not_yours")
        return case, row

    def _note(
        self, session: Session, actor: Actor, row: CaseEntry, action: str, detail: dict[str, Any]
    ) -> None:
        """Write the audit record: it is of the agency whose entry it is, which alone sees all."""
        session.flush()
        detail = {"entry": row.id, **detail}
        self._audit.append(
            session, AuditEntry(actor, f"case.{action}", row.case_id, row.agency_id, detail=detail)
        )


def withdraw_all(session: Session, case_id: str, agency_id: str, at: datetime) -> None:
    """Withdraw everything that an agency gave to a case, within a transaction."""
    found = session.scalars(
        select(CaseEntry).where(
            CaseEntry.case_id == case_id,
            CaseEntry.agency_id == agency_id,
            CaseEntry.withdrawn_at.is_(None),
        )
    )
    for row in found.all():
        _empty(session, row, at)
    announce(session, ERASED)


def _empty(session: Session, row: CaseEntry, at: datetime) -> None:
    """Erase the content of an entry; what kind it was, whose and whose to see, stays."""
    session.execute(delete(CasePhoto).where(CasePhoto.entry_id == row.id))
    session.expire(row, ["photos"])
    row.withdrawn_at = at
    row.object_id = row.subject_id = row.fields = row.sealed_carried = None
    row.text = row.result = row.file_name = None
    row.sealed_content = row.size = None


def _require_members(case: Case, agencies: Collection[str], field: str) -> None:
    if not set(agencies) <= set(joined(case)):
        raise InvalidCase("case_readers_not_members", field=field)
