"""Triage: how urgent a tip is, where, who works on it, what is like it, and whom it is about."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from casework.areas import known, teams, tree
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import IllegalTransition, NotFound
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import GRANTS, Permission, require, within_reach
from casework.kernel.vocabulary import TipState
from casework.tables import Officer, Subject, Tip, TipSubject
from casework.tips.states import SETTLED
from casework.tips.tips import find, report_of

NEAR: Final = timedelta(days=14)
"""How far apart reports of one event come at most."""
SIMILAR: Final = 0.5
"""Share of words that two reports have in common from which they count as alike."""
LEAST_WORDS: Final = 4
_CHOSEN: Final = ("assigned_to", "team_id", "area")
_MOST_COMPARED: Final = 100
_MOST_SHOWN: Final = 10
_WORD: Final = re.compile(r"\w{3,}")


class DuplicateReason(StrEnum):
    """Why a tip may be about the same as another."""

    PHOTO = "photo"
    """It is the same file."""
    TEXT = "text"
    """Half of the words of both are the same, in the same area within two weeks."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A tip that may be about the same."""

    tip: Tip
    reasons: tuple[DuplicateReason, ...]


class Triage:
    """Sorts tips, for the officers of the agency that recorded them."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock

    def edit(
        self, actor: Actor, tip_id: str, changes: Mapping[str, Any], version: int | None = None
    ) -> Tip:
        """Give a tip another priority, officer (`assigned_to`), team (`team_id`) or area.

        Raises:
            NotPermitted, NotFound, StaleVersion: nothing was changed; NotFound, too, where no
                officer of the agency who works on tips is of that id, or none of its teams.
            AreaRefused: there is no such area.
            IllegalTransition: the tip is settled.
        """
        with self._database.write() as session:
            row = find(session, actor, Permission.HANDLE_TIP, tip_id)
            rows.require_version(row, version)
            if TipState(row.state) in SETTLED:
                raise IllegalTransition("tip_settled", state=row.state, into="triaged")
            changed = {
                name: value for name, value in changes.items() if getattr(row, name) != value
            }
            self._check(session, row, changed)
            if changed:
                for name, value in changed.items():
                    setattr(row, name, value)
                row.updated_at = self._clock()
                session.flush()
                detail = {name: str(value) if value else None for name, value in changed.items()}
                self._note(session, actor, row, "triage", detail)
        return row

    def assignees(self, actor: Actor) -> list[Officer]:
        """Return the officers of the actor's agency who may work on tips; raises NotPermitted."""
        require(actor, Permission.HANDLE_TIP)
        if actor.agency_id is None:
            return []
        with self._database.read() as session:
            found = self._assignees(session, actor.agency_id)
        return sorted(found.values(), key=lambda each: each.name)

    def link(self, actor: Actor, tip_id: str, subject_id: str) -> None:
        """Note that a tip is about a subject of the same agency.

        Raises:
            NotPermitted, NotFound: nothing was changed.
        """
        with self._database.write() as session:
            row = find(session, actor, Permission.HANDLE_TIP, tip_id)
            missing = NotFound("subject_not_found", subject=subject_id)
            rows.one_within(session, actor, Permission.READ_SUBJECT, Subject, subject_id, missing)
            if session.get(TipSubject, (tip_id, subject_id)) is None:
                session.add(
                    TipSubject(
                        tip_id=tip_id,
                        subject_id=subject_id,
                        linked_by=actor.id,
                        linked_at=self._clock(),
                    )
                )
                session.flush()
                self._note(session, actor, row, "link", {"subject": subject_id})

    def unlink(self, actor: Actor, tip_id: str, subject_id: str) -> None:
        """Take that back; raises NotPermitted, NotFound."""
        with self._database.write() as session:
            row = find(session, actor, Permission.HANDLE_TIP, tip_id)
            linked = session.get(TipSubject, (tip_id, subject_id))
            if linked is None:
                raise NotFound("subject_not_found", subject=subject_id)
            session.delete(linked)
            session.flush()
            self._note(session, actor, row, "unlink", {"subject": subject_id})

    def subjects(self, actor: Actor, tip_id: str) -> list[Subject]:
        """Return whom a tip is about, who was enrolled from it included; raises as `get` does."""
        with self._database.read() as session:
            row = find(session, actor, Permission.HANDLE_TIP, tip_id)
            linked = select(TipSubject.subject_id).where(TipSubject.tip_id == tip_id)
            query = select(Subject).where(
                or_(Subject.id.in_(linked), Subject.id == row.subject_id),
                within_reach(actor, Permission.READ_SUBJECT, Subject.agency_id),
            )
            return list(session.scalars(query.order_by(Subject.id)))

    def of_subject(self, actor: Actor, subject_id: str) -> list[Tip]:
        """Return the tips about a subject, newest first; none to those who work on no tips."""
        linked = select(TipSubject.tip_id).where(TipSubject.subject_id == subject_id)
        query = select(Tip).where(
            or_(Tip.id.in_(linked), Tip.subject_id == subject_id),
            within_reach(actor, Permission.HANDLE_TIP, Tip.agency_id),
        )
        with self._database.read() as session:
            return list(session.scalars(query.order_by(Tip.id.desc())))

    def duplicates(self, actor: Actor, tip_id: str) -> list[Duplicate]:
        """Return tips that may be about the same, the most reasons first.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one.
        """
        with self._database.read() as session:
            row = find(session, actor, Permission.HANDLE_TIP, tip_id)
            own = words_of(report_of(self._vault, row).text)
            found = []
            for other in self._near(session, row):
                reasons = self._reasons(row, own, other)
                if reasons:
                    found.append(Duplicate(other, reasons))
        self._audit.note(AuditEntry(actor, "tip.duplicates", row.id, row.agency_id))
        return sorted(found, key=lambda each: -len(each.reasons))[:_MOST_SHOWN]

    def _near(self, session: Session, row: Tip) -> Sequence[Tip]:
        same_photo = Tip.photo_digest == row.photo_digest if row.photo_digest else None
        near = Tip.created_at.between(row.created_at - NEAR, row.created_at + NEAR)
        query = select(Tip).where(
            Tip.agency_id == row.agency_id,
            Tip.id != row.id,
            near if same_photo is None else or_(near, same_photo),
        )
        return session.scalars(query.order_by(Tip.id.desc()).limit(_MOST_COMPARED)).all()

    def _reasons(self, row: Tip, own: frozenset[str], other: Tip) -> tuple[DuplicateReason, ...]:
        reasons = []
        if row.photo_digest and row.photo_digest == other.photo_digest:
            reasons.append(DuplicateReason.PHOTO)
        near = abs(row.created_at - other.created_at) <= NEAR
        if near and _same_place(row.area, other.area):
            text = report_of(self._vault, other).text
            if alike(own, words_of(text)):
                reasons.append(DuplicateReason.TEXT)
        return tuple(reasons)

    def _check(self, session: Session, row: Tip, changed: Mapping[str, Any]) -> None:
        """Raise NotFound or AreaRefused unless what was chosen is there to choose."""
        officer_id, team_id, area = (changed.get(name) for name in _CHOSEN)
        if officer_id is not None and officer_id not in self._assignees(session, row.agency_id):
            raise NotFound("officer_not_found", officer=officer_id)
        if team_id is not None:
            teams.choose(session, team_id, row.agency_id)
        if area is not None:
            known.choose(session, area, "area")

    def _assignees(self, session: Session, agency_id: str) -> dict[str, Officer]:
        query = select(Officer).where(Officer.agency_id == agency_id, Officer.active)
        may = set(GRANTS[Permission.HANDLE_TIP])
        return {row.id: row for row in session.scalars(query) if may & {*row.roles}}

    def _note(
        self, session: Session, actor: Actor, row: Tip, action: str, detail: dict[str, Any]
    ) -> None:
        entry = AuditEntry(actor, f"tip.{action}", row.id, row.agency_id, detail=detail)
        self._audit.append(session, entry)


def words_of(text: str) -> frozenset[str]:
    """Return the words of a report that say something: of three letters or more, in lower case."""
    return frozenset(_WORD.findall(text.casefold()))


def alike(first: frozenset[str], second: frozenset[str]) -> bool:
    """Whether two reports have at least half of their words in common, and words enough."""
    common = first & second
    return len(common) >= LEAST_WORDS and len(common) >= SIMILAR * len(first | second)


def _same_place(first: str | None, second: str | None) -> bool:
    """Whether one area lies in the other; what names none may lie anywhere."""
    if first is None or second is None:
        return True
    return tree.contains(first, second) or tree.contains(second, first)
