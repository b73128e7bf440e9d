"""Reading cases: each agency sees what it gave and what it was given, while it takes part.

A case is there for the agencies that take part and those that are invited; for any other it is an
id that nobody gave out. Who is invited reads what the case is about, and nothing of what is in it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from casework.areas import tree
from casework.areas.teams import is_of
from casework.cases import payload
from casework.cases.files import FileFormat
from casework.cases.states import PRESENT, Ending
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import NotFound
from casework.kernel.kernel import Kernel
from casework.kernel.officer_names import OfficerAct, OfficerName, names_at
from casework.kernel.permissions import Permission, require, within_reach
from casework.kernel.stored_photo import StoredPhoto
from casework.kernel.vocabulary import (
    CaseEntryKind,
    CaseItemKind,
    CaseOutcome,
    CaseState,
    MemberState,
)
from casework.tables import (
    Agency,
    Case,
    CaseEntry,
    CaseMember,
    CasePhoto,
    CaseReader,
    CaseStep,
    Team,
)

_STEPS: Final = 500
"""The newest that a case shows: its agencies come and go a few times."""


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases to list; None sets no condition."""

    states: tuple[CaseState, ...] | None = None
    area: str | None = None
    """In this area, or in one that lies in it."""
    team_id: str | None = None
    """Of this team, where the reader's agency is in it."""

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter for a query."""
        found: list[ColumnElement[bool]] = []
        if self.states is not None:
            found.append(Case.state.in_([state.value for state in self.states]))
        if self.area is not None:
            found.append(tree.within(Case.area, self.area))
        if self.team_id is not None:
            found.append(Case.team_id == self.team_id)
        return found


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries of a case to list; None sets no condition."""

    kinds: tuple[CaseEntryKind, ...] | None = None
    open_tasks: bool = False
    """Only tasks that are to be done."""

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter for a query."""
        found: list[ColumnElement[bool]] = []
        if self.kinds is not None:
            found.append(CaseEntry.kind.in_([kind.value for kind in self.kinds]))
        if self.open_tasks:
            found += [CaseEntry.done_at.is_(None), CaseEntry.withdrawn_at.is_(None)]
        return found


@dataclass(frozen=True, slots=True)
class MemberView:
    """An agency's part in a case."""

    agency: Agency
    state: MemberState
    leads: bool
    invited_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepView:
    """What was done with a case, and by whom."""

    at: datetime
    by: OfficerName
    """The officer, as of that day."""
    agency: Agency
    action: str
    about: Agency | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as one of its agencies sees it."""

    case: Case
    state: MemberState
    """Of the reader's agency."""
    leads: bool
    """Whether the reader's agency does."""
    members: tuple[MemberView, ...]
    steps: tuple[StepView, ...]
    """Newest first; none for who is only invited."""
    outcomes: tuple[Ending, ...]
    team: Team | None = None
    """None of a team that the reader's agency is not in, too."""


@dataclass(frozen=True, slots=True)
class EntryView:
    """What was put into a case, as one of those who may see it does."""

    entry: CaseEntry
    mine: bool
    """Whether the reader's agency gave it."""
    by: OfficerName
    """The officer who did, as of that day."""
    readers: tuple[Agency, ...]
    """The other agencies that were given it: for the one that gave it; for others themselves."""
    object_id: str | None
    """What an item is a copy of: for the agency that gave it alone."""
    values: Mapping[str, Any]
    photos: tuple[str, ...]
    overdue: bool


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a case."""

    content: bytes
    format: FileFormat
    name: str


class Cases:
    """Shows cases to the agencies that they are there for."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock

    def page(
        self, actor: Actor, before: str | None, limit: int, filters: CaseFilter
    ) -> list[tuple[Case, MemberState]]:
        """Return up to `limit` cases, newest first, each with the state of the actor's agency.

        Raises:
            NotPermitted: the actor may see none.
        """
        require(actor, Permission.READ_CASE)
        query = select(Case).where(_there_for(actor), *filters.conditions)
        if filters.team_id is not None:
            query = query.where(Case.team_id.in_(select(Team.id).where(is_of(actor.agency_id))))
        if before is not None:
            query = query.where(Case.id < before)
        with self._database.read() as session:
            found = list(session.scalars(query.order_by(Case.id.desc()).limit(limit)))
        detail = {"cases": len(found)}
        self._audit.note(AuditEntry(actor, "case.list", owner_id=actor.agency_id, detail=detail))
        return [(row, _state_of(row, actor)) for row in found]

    def get(self, actor: Actor, case_id: str) -> CaseView:
        """Return a case with who takes part and what was done with it.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one.
        """
        with self._database.read() as session:
            row = find(session, actor, Permission.READ_CASE, case_id, PRESENT)
            state = _state_of(row, actor)
            steps = self._steps(session, row) if state is MemberState.JOINED else ()
            view = CaseView(
                row,
                state,
                row.agency_id == actor.agency_id,
                tuple(_members(row, actor)),
                steps,
                tuple(Ending(CaseOutcome(each.code), each.persons) for each in row.outcomes),
                _team(session, row, actor),
            )
        self._audit.note(AuditEntry(actor, "case.read", row.id, row.agency_id))
        return view

    def entries(
        self, actor: Actor, case_id: str, before: str | None, limit: int, filters: EntryFilter
    ) -> list[EntryView]:
        """Return up to `limit` entries that the actor's agency may see, newest first.

        Raises:
            NotPermitted, NotFound: the actor may see no case, or takes no part in this one.
        """
        now = self._clock()
        with self._database.read() as session:
            case = find(session, actor, Permission.READ_CASE, case_id)
            query = _visible(actor, case.id).where(*filters.conditions)
            if before is not None:
                query = query.where(CaseEntry.id < before)
            found = list(session.scalars(query.order_by(CaseEntry.id.desc()).limit(limit)))
            names = names_at(session, ((each.officer_id, each.at) for each in found))
            views = [self._seen(actor, case, each, names, now) for each in found]
        detail = {"entries": len(views)}
        self._audit.note(AuditEntry(actor, "case.read", case.id, case.agency_id, detail=detail))
        self._note_items(actor, found)
        return views

    def entry(self, actor: Actor, case_id: str, entry_id: str) -> EntryView:
        """Return one entry that the agency may see; raises NotPermitted, NotFound."""
        now = self._clock()
        with self._database.read() as session:
            case = find(session, actor, Permission.READ_CASE, case_id)
            row = find_entry(session, actor, case_id, entry_id)
            names = names_at(session, [(row.officer_id, row.at)])
            view = self._seen(actor, case, row, names, now)
        detail = {"entry": row.id}
        self._audit.note(AuditEntry(actor, "case.read", case.id, case.agency_id, detail=detail))
        self._note_items(actor, [row])
        return view

    def photo(self, actor: Actor, case_id: str, entry_id: str, name: str) -> StoredPhoto:
        """Return a photo that an item carries.

        Raises:
            NotPermitted, NotFound: the actor may not see it, or there is none.
        """
        with self._database.read() as session:
            find(session, actor, Permission.READ_CASE, case_id)
            row = find_entry(session, actor, case_id, entry_id)
            missing = NotFound("case_entry_lacks_photo", entry=entry_id, name=name)
            photo = rows.one(session, CasePhoto, (row.id, name), missing)
            carried = payload.photo_of(self._vault, row, photo)
        detail = {"entry": row.id, "photo": name}
        self._audit.note(AuditEntry(actor, "case.photo", case_id, row.agency_id, detail=detail))
        return carried

    def file(self, actor: Actor, case_id: str, entry_id: str) -> StoredFile:
        """Return a file of a case.

        Raises:
            NotPermitted, NotFound: the actor may not see it, or there is none.
        """
        with self._database.read() as session:
            find(session, actor, Permission.READ_CASE, case_id)
            row = find_entry(session, actor, case_id, entry_id)
            if row.sealed_content is None or row.format is None:
                raise NotFound("case_entry_lacks_file", entry=entry_id)
            content = self._vault.open(row.sealed_content, rows.case_file(case_id, row.id))
            found = StoredFile(content, FileFormat(row.format), row.file_name or "")
        detail = {"entry": row.id}
        self._audit.note(AuditEntry(actor, "case.file", case_id, row.agency_id, detail=detail))
        return found

    def choices(self, actor: Actor, kind: CaseItemKind, object_id: str) -> list[str]:
        """Return the names of what the actor may give of something, in order.

        Raises:
            NotPermitted, NotFound: the actor gives none, or not this one.
        """
        require(actor, Permission.WORK_ON_CASE)
        with self._database.read() as session:
            return [each.value for each in payload.choices(session, actor, kind, object_id)]

    def offered(self, actor: Actor, kind: CaseItemKind, object_id: str) -> dict[str, Any]:
        """Return the same, each with what it says now; None of a photo and of what is not known.

        Raises:
            NotPermitted, NotFound: the actor gives none, or not this one.
        """
        require(actor, Permission.WORK_ON_CASE)
        with self._database.read() as session:
            found = payload.offered(session, self._vault, actor, kind, object_id)
        self._audit.note(AuditEntry(actor, "case.offer", object_id, actor.agency_id))
        return found

    def _note_items(self, actor: Actor, found: Iterable[CaseEntry]) -> None:
        """Record that items about people were seen, for the agencies that gave them."""
        given: dict[tuple[str, str], list[str]] = {}
        for each in found:
            if each.subject_id is not None:
                given.setdefault((each.case_id, each.agency_id), []).append(each.id)
        for (case_id, agency_id), items in given.items():
            entry = AuditEntry(actor, "case.items", case_id, agency_id, detail={"items": items})
            self._audit.note(entry)

    def _steps(self, session: Session, case: Case) -> tuple[StepView, ...]:
        query = select(CaseStep).where(CaseStep.case_id == case.id)
        found = list(session.scalars(query.order_by(CaseStep.id.desc()).limit(_STEPS)))
        names = names_at(session, ((each.officer_id, each.at) for each in found))
        return tuple(
            StepView(
                each.at,
                names.get((each.officer_id, each.at)) or OfficerName(each.officer_name),
                each.agency,
                each.action,
                each.about,
            )
            for each in found
        )

    def _seen(
        self,
        actor: Actor,
        case: Case,
        row: CaseEntry,
        names: Mapping[OfficerAct, OfficerName],
        now: datetime,
    ) -> EntryView:
        mine = row.agency_id == actor.agency_id
        waits = case.state != CaseState.CLOSED and row.done_at is None and row.withdrawn_at is None
        readers = [each.agency for each in row.readers if mine or each.agency_id == actor.agency_id]
        return EntryView(
            row,
            mine,
            names.get((row.officer_id, row.at)) or OfficerName(row.officer_name),
            tuple(sorted(readers, key=lambda each: each.code)),
            row.object_id if mine else None,
            payload.values_of(self._vault, row),
            tuple(photo.name for photo in row.photos),
            waits and row.due_at is not None and row.due_at < now,
        )


def find(
    session: Session,
    actor: Actor,
    act: Permission,
    case_id: str,
    states: Collection[MemberState] = (MemberState.JOINED,),
) -> Case:
    """Return a case that the actor's agency leads, or where it is in one of these states.

    Raises:
        NotPermitted, NotFound: the actor may do this to none, or not to this one.
    """
    missing = NotFound("case_not_found", case=case_id)
    return rows.one_within(
        session,
        actor,
        act,
        Case,
        case_id,
        missing,
        shared_with=lambda row: [
            each.agency_id for each in row.members if MemberState(each.state) in states
        ],
    )


def find_entry(session: Session, actor: Actor, case_id: str, entry_id: str) -> CaseEntry:
    """Return an entry that the actor's agency may see, of a case that it takes part in.

    Raises:
        NotFound: there is none.
    """
    row = session.scalar(_visible(actor, case_id).where(CaseEntry.id == entry_id))
    if row is None:
        raise NotFound("case_entry_not_found", entry=entry_id)
    return row


def joined(case: Case) -> Iterator[str]:
    """Yield the agencies that take part in a case, by id."""
    return (each.agency_id for each in case.members if each.state == MemberState.JOINED)


def about_subject(session: Session, subject_id: str) -> Iterable[tuple[CaseEntry, Case]]:
    """Return the items about a subject that cases hold, oldest first, each with its case."""
    query = (
        select(CaseEntry, Case)
        .join(Case, Case.id == CaseEntry.case_id)
        .where(CaseEntry.subject_id == subject_id)
    )
    return [(row[0], row[1]) for row in session.execute(query.order_by(CaseEntry.id))]


def count_open(session: Session) -> int:
    """Count the cases that are not closed."""
    closed = CaseState.CLOSED.value
    return session.scalar(select(func.count()).where(Case.state != closed)) or 0


def _visible(actor: Actor, case_id: str) -> Select[CaseEntry]:
    """Select the entries of a case that were given by the actor's agency, or to it."""
    given = (
        select(CaseReader.entry_id)
        .where(CaseReader.entry_id == CaseEntry.id, CaseReader.agency_id == actor.agency_id)
        .exists()
    )
    return select(CaseEntry).where(
        CaseEntry.case_id == case_id, or_(CaseEntry.agency_id == actor.agency_id, given)
    )


def _there_for(actor: Actor) -> ColumnElement[bool]:
    present = [state.value for state in PRESENT]
    shared = (
        select(CaseMember.case_id)
        .where(
            CaseMember.case_id == Case.id,
            CaseMember.agency_id == actor.agency_id,
            CaseMember.state.in_(present),
        )
        .exists()
    )
    return within_reach(actor, Permission.READ_CASE, Case.agency_id, shared)


def _state_of(case: Case, actor: Actor) -> MemberState:
    """Return the state of the actor's agency; who reads every case counts as joined."""
    for each in case.members:
        if each.agency_id == actor.agency_id:
            return MemberState(each.state)
    return MemberState.JOINED


def _team(session: Session, case: Case, actor: Actor) -> Team | None:
    """Return the team of a case, to the agencies that are in it: to others it is not there."""
    if case.team_id is None:
        return None
    return session.scalar(select(Team).where(Team.id == case.team_id, is_of(actor.agency_id)))


def _members(case: Case, actor: Actor) -> Iterator[MemberView]:
    """Yield who takes part, the lead first; who is out is shown to the lead alone."""
    for each in sorted(
        case.members, key=lambda one: (one.agency_id != case.agency_id, one.agency.code)
    ):
        state = MemberState(each.state)
        if state in PRESENT or actor.agency_id == case.agency_id:
            leads = each.agency_id == case.agency_id
            yield MemberView(each.agency, state, leads, each.invited_at, each.settled_at)
