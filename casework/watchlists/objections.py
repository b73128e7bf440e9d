"""Objections (keberatan): a person objects to an entry, and is answered by a day.

An objection changes nothing about the entry by itself: who looks into it may suspend, change or
erase the entry, by the rules for that. It shows on the subject and on each of its alerts, goes
along where the subject is merged into another, and is erased with the subject.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import IllegalTransition, InvalidPeriod, NotFound
from casework.kernel.ids import OBJECTION, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.officer_names import OfficerAct, OfficerName, names_at
from casework.kernel.period import day_of
from casework.kernel.permissions import Permission, require, within_reach
from casework.kernel.vocabulary import ObjectionOutcome
from casework.tables import Objection
from casework.tables.sealed import UNSEALED
from casework.watchlists import subjects

ANSWER_WITHIN: Final = timedelta(days=14)
"""After receipt, where nobody sets another day."""


@dataclass(frozen=True, slots=True)
class NewObjection:
    """What an objection is recorded from."""

    objector: str
    """Who objects: the person, or who speaks for them."""
    grounds: str
    received_on: date | None = None
    """None means today."""
    due_on: date | None = None
    """The last day for the answer; None means `ANSWER_WITHIN` after receipt."""


@dataclass(frozen=True, slots=True)
class ObjectionView:
    """An objection, with what those who recorded and answered it were called then."""

    row: Objection
    recorded_by: OfficerName
    answered_by: OfficerName | None


@dataclass(frozen=True, slots=True)
class ObjectionMark:
    """What readers of an alert learn of an objection against its entry: not what is in it."""

    received_on: date
    due_on: date
    outcome: ObjectionOutcome | None
    """None while it is not answered."""
    answered_at: datetime | None


class Objections:
    """Records objections, and their answers."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock

    def record(
        self, actor: Actor, subject_id: str, new: NewObjection, zone: tzinfo
    ) -> ObjectionView:
        """Record that a person objects.

        Args:
            actor: who records it.
            subject_id: against whose entry.
            new: what the person says.
            zone: whose today counts, where no day is given.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such subject.
            IllegalTransition: it is being erased.
            InvalidPeriod: it was received tomorrow, or is due before that.
        """
        today = day_of(self._clock(), zone)
        received = new.received_on or today
        if received > today:
            raise InvalidPeriod("objection_in_future", field="received_on")
        due = new.due_on or received + ANSWER_WITHIN
        if due < received:
            raise InvalidPeriod("objection_due_early", field="due_on")
        with self._database.write() as session:
            subject = subjects.find(session, actor, Permission.RECORD_OBJECTION, subject_id)
            subjects.require_kept(subject)
            row = Objection(
                id=new_id(OBJECTION),
                agency_id=subject.agency_id,
                subject_id=subject.id,
                received_on=received,
                due_on=due,
                recorded_by=actor.id,
                recorded_at=self._clock(),
                objector=new.objector,
                grounds=new.grounds,
            )
            session.add(row)
            session.flush()
            self._note(session, actor, Permission.RECORD_OBJECTION, row)
            return _view(session, row)

    def answer(
        self,
        actor: Actor,
        objection_id: str,
        outcome: ObjectionOutcome,
        answer: str,
        version: int | None = None,
    ) -> ObjectionView:
        """Record what the person was answered; it stays as it is from then on.

        Raises:
            NotPermitted, NotFound, StaleVersion: nothing was changed.
            IllegalTransition: it was answered already.
        """
        with self._database.write() as session:
            row = _find(session, actor, Permission.ANSWER_OBJECTION, objection_id)
            rows.require_version(row, version)
            if row.outcome is not None:
                raise IllegalTransition("objection_answered")
            row.outcome, row.answer = outcome.value, answer
            row.answered_by, row.answered_at = actor.id, self._clock()
            session.flush()
            self._note(session, actor, Permission.ANSWER_OBJECTION, row)
            return _view(session, row)

    def get(self, actor: Actor, objection_id: str) -> ObjectionView:
        """Return one objection; raises NotPermitted, NotFound."""
        with self._database.read() as session:
            view = _view(session, _find(session, actor, Permission.READ_SUBJECT, objection_id))
        entry = AuditEntry(actor, "objection.read", objection_id, view.row.agency_id)
        self._audit.note(entry)
        return view

    def page(
        self, actor: Actor, after: str | None, limit: int | None, *, unanswered: bool = False
    ) -> list[ObjectionView]:
        """Return objections in order of recording: those after `after`, at most `limit`.

        Raises:
            NotPermitted: the actor may read none.
        """
        require(actor, Permission.READ_SUBJECT)
        within = within_reach(actor, Permission.READ_SUBJECT, Objection.agency_id)
        query = select(Objection).where(within).order_by(Objection.id).limit(limit)
        if after is not None:
            query = query.where(Objection.id > after)
        if unanswered:
            query = query.where(Objection.outcome.is_(None))
        with self._database.read() as session:
            found = _views(session, session.scalars(query).all())
        detail = {"objections": len(found)}
        entry = AuditEntry(actor, "objection.list", owner_id=actor.agency_id, detail=detail)
        self._audit.note(entry)
        return found

    def of_subject(self, actor: Actor, subject_id: str) -> list[ObjectionView]:
        """Return the objections against one subject's entry; raises NotPermitted, NotFound."""
        with self._database.read() as session:
            subject = subjects.find(session, actor, Permission.READ_SUBJECT, subject_id)
            found = _views(session, _against(session, subject.id))
        detail = {"objections": len(found)}
        entry = AuditEntry(actor, "objection.list", subject.id, subject.agency_id, detail=detail)
        self._audit.note(entry)
        return found

    def waiting(self, actor: Actor) -> int:
        """Count the objections that are not answered; raises NotPermitted."""
        require(actor, Permission.READ_SUBJECT)
        within = within_reach(actor, Permission.READ_SUBJECT, Objection.agency_id)
        query = select(func.count()).where(within, Objection.outcome.is_(None))
        with self._database.read() as session:
            return session.scalar(query) or 0

    def _note(self, session: Session, actor: Actor, act: Permission, row: Objection) -> None:
        detail: dict[str, object] = {"subject": row.subject_id, "due_on": row.due_on.isoformat()}
        if row.outcome is not None:
            detail["outcome"] = row.outcome
        self._audit.append(session, AuditEntry(actor, act, row.id, row.agency_id, detail=detail))


def marks(session: Session, subject_id: str) -> tuple[ObjectionMark, ...]:
    """Return what the readers of a subject's alerts learn of its objections, oldest first."""
    return tuple(mark_of(row) for row in _against(session, subject_id))


def move(session: Session, ids: Collection[str] | None, of: str, to: str) -> list[str]:
    """Have objections be against another subject of the same person, within a transaction.

    Args:
        session: the transaction.
        ids: which of them; None means all.
        of: the subject that they are against; others stay as they are.
        to: the subject that they are against from now on.

    Returns:
        The ids of those that were moved.
    """
    found = [each for each in _against(session, of) if ids is None or each.id in ids]
    for each in found:
        each.clear_fields()  # opened under the name of before, sealed under the new one
        each.subject_id = to
        each.sealed_fields = UNSEALED
    session.flush()
    return [each.id for each in found]


def mark_of(row: Objection) -> ObjectionMark:
    """Return what readers of an alert learn of an objection."""
    outcome = ObjectionOutcome(row.outcome) if row.outcome is not None else None
    return ObjectionMark(row.received_on, row.due_on, outcome, row.answered_at)


def _against(session: Session, subject_id: str) -> list[Objection]:
    query = select(Objection).where(Objection.subject_id == subject_id).order_by(Objection.id)
    return list(session.scalars(query))


def _find(session: Session, actor: Actor, act: Permission, objection_id: str) -> Objection:
    missing = NotFound("objection_not_found", objection=objection_id)
    return rows.one_within(session, actor, act, Objection, objection_id, missing)


def _view(session: Session, row: Objection) -> ObjectionView:
    (view,) = _views(session, [row])
    return view


def _views(session: Session, found: Sequence[Objection]) -> list[ObjectionView]:
    """Open objections while the transaction can read their keys; names are read together."""
    acts: set[OfficerAct] = set()
    for row in found:
        row.clear_fields()
        acts.add((row.recorded_by, row.recorded_at))
        if row.answered_by is not None and row.answered_at is not None:
            acts.add((row.answered_by, row.answered_at))
    names = {act: OfficerName(act[0]) for act in acts} | dict(names_at(session, acts))
    return [
        ObjectionView(
            row,
            names[row.recorded_by, row.recorded_at],
            names[row.answered_by, row.answered_at]
            if row.answered_by is not None and row.answered_at is not None
            else None,
        )
        for row in found
    ]
