"""Reading tips: what the public or another agency reported, kept by the agency that recorded it.

A tip's source is stored separately: readers of the tip see only that there is one. Supervisors of
the recording agency can read it, and each time they do goes into the audit trail.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from casework.areas.known import place
from casework.areas.tree import within
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.database import ERASED, announce
from casework.kernel.errors import NotFound
from casework.kernel.ids import OFFICER
from casework.kernel.kernel import Kernel
from casework.kernel.officer_names import OfficerName, names_at
from casework.kernel.permissions import Permission, require, within_reach
from casework.kernel.stored_photo import StoredPhoto, UncheckedPhoto
from casework.kernel.vault import Vault
from casework.kernel.vocabulary import TipPriority, TipState
from casework.tables import Team, Tip, TipSubject

NOBODY: Final = "nobody"
"""In place of an officer: tips that nobody works on."""
ANY_TEAM: Final = "any"
"""In place of a team: tips that some team works on."""
REPORT: Final = "tip.report"
"""The act of reading a tip as a report to print."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a tip says."""

    text: str
    place: str | None


@dataclass(frozen=True, slots=True)
class TipFilter:
    """Which tips to list; None sets no condition."""

    states: tuple[TipState, ...] | None = None
    reference: str | None = None
    since: datetime | None = None
    area: str | None = None
    """Only those of this area, and of areas in it."""
    priorities: tuple[TipPriority, ...] | None = None
    assigned_to: str | None = None
    """Id of an officer, or `NOBODY`."""
    subject_id: str | None = None
    team_id: str | None = None
    """Id of a team, or `ANY_TEAM`."""

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter for a query."""
        conditions: list[ColumnElement[bool]] = []
        if self.states is not None:
            conditions.append(Tip.state.in_([state.value for state in self.states]))
        if self.reference is not None:
            conditions.append(Tip.reference == self.reference.upper())
        if self.since is not None:
            conditions.append(Tip.created_at >= self.since)
        if self.area is not None:
            conditions.append(within(Tip.area, self.area))
        if self.priorities is not None:
            conditions.append(Tip.priority.in_([each.value for each in self.priorities]))
        if self.assigned_to is not None:
            nobody = self.assigned_to == NOBODY
            conditions.append(
                Tip.assigned_to.is_(None) if nobody else Tip.assigned_to == self.assigned_to
            )
        if self.team_id is not None:
            any_team = self.team_id == ANY_TEAM
            conditions.append(Tip.team_id.is_not(None) if any_team else Tip.team_id == self.team_id)
        if self.subject_id is not None:
            linked = select(TipSubject.tip_id).where(TipSubject.subject_id == self.subject_id)
            conditions.append(or_(Tip.id.in_(linked), Tip.subject_id == self.subject_id))
        return conditions


@dataclass(frozen=True, slots=True)
class TipView:
    """A tip with what it says, opened; without its photo and its source."""

    tip: Tip
    report: Report
    dismissal: str | None
    """Why it was dismissed."""
    recorded_by: OfficerName
    """The officer, as of that day."""
    area_name: str | None = None
    """The area in words, such as `Kota Contoh, DKI Jakarta`."""
    team_name: str | None = None


class Tips:
    """Shows tips to officers of the agency that recorded them."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit

    def page(self, actor: Actor, before: str | None, limit: int, filters: TipFilter) -> list[Tip]:
        """Return up to `limit` tips, newest first, those before id `before`.

        Raises:
            NotPermitted: the actor may see none.
        """
        require(actor, Permission.HANDLE_TIP)
        query = select(Tip).where(
            within_reach(actor, Permission.HANDLE_TIP, Tip.agency_id), *filters.conditions
        )
        if before is not None:
            query = query.where(Tip.id < before)
        with self._database.read() as session:
            found = list(session.scalars(query.order_by(Tip.id.desc()).limit(limit)))
        detail = {"tips": len(found)}
        self._audit.note(AuditEntry(actor, "tip.list", owner_id=actor.agency_id, detail=detail))
        return found

    def get(self, actor: Actor, tip_id: str, recorded_as: str = "tip.read") -> TipView:
        """Return one tip; the reading is recorded as this act.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one.
        """
        with self._database.read() as session:
            row = find(session, actor, Permission.HANDLE_TIP, tip_id)
            recorded = row.recorded_by, row.created_at
            names = names_at(session, [recorded])
            area_name = place(session, row.area)
            team = session.get(Team, row.team_id) if row.team_id is not None else None
        dismissal = None
        if row.sealed_dismissal is not None:
            dismissal = self._vault.open(
                row.sealed_dismissal, rows.tip_dismissal(row.id, row.agency_id)
            ).decode()
        by = names.get(recorded) or OfficerName(row.recorded_by_name)
        team_name = team.name if team is not None else None
        report = report_of(self._vault, row)
        view = TipView(row, report, dismissal, by, area_name, team_name)
        self._audit.note(AuditEntry(actor, recorded_as, row.id, row.agency_id))
        return view

    def recorded(self, row: Tip) -> TipView:
        """Return a tip to who has just recorded it."""
        recorded = row.recorded_by, row.created_at
        with self._database.read() as session:
            names = names_at(session, [recorded])
            area_name = place(session, row.area)
        by = names.get(recorded) or OfficerName(row.recorded_by_name)
        return TipView(row, report_of(self._vault, row), None, by, area_name)

    def photo(self, actor: Actor, tip_id: str) -> StoredPhoto:
        """Return a tip's photo as it was submitted.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one, or it has none.
        """
        with self._database.read() as session:
            row = find(session, actor, Permission.HANDLE_TIP, tip_id)
            content = photo_of(self._vault, row)
        if content is None or row.photo_format is None:
            raise NotFound("tip_lacks_photo", tip=tip_id)
        self._audit.note(AuditEntry(actor, "tip.photo", row.id, row.agency_id))
        # What a machine or the public sent was never decoded before it was stored.
        kind = StoredPhoto if row.recorded_by.startswith(f"{OFFICER}_") else UncheckedPhoto
        return kind.of(content, row.photo_format, row.photo_quality)

    def source(self, actor: Actor, tip_id: str) -> str:
        """Return who reported it.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one's, or none was named.
        """
        with self._database.read() as session:
            row = find(session, actor, Permission.READ_TIP_SOURCE, tip_id)
            sealed = row.sealed_source
        if sealed is None:
            raise NotFound("tip_lacks_source", tip=tip_id)
        source = self._vault.open(sealed, rows.tip_source(row.id, row.agency_id)).decode()
        self._audit.note(AuditEntry(actor, Permission.READ_TIP_SOURCE, row.id, row.agency_id))
        return source

    def erase_source(self, actor: Actor, tip_id: str, reason: str) -> None:
        """Erase who reported a tip, and nothing else of it.

        Raises:
            NotPermitted, NotFound: the actor may not, or not of this one, or none was named.
        """
        with self._database.write() as session:
            row = find(session, actor, Permission.ERASE_TIP_SOURCE, tip_id)
            if not row.has_source:
                raise NotFound("tip_lacks_source", tip=tip_id)
            row.sealed_source, row.has_source = None, False
            session.flush()
            announce(session, ERASED)
            entry = AuditEntry(
                actor, Permission.ERASE_TIP_SOURCE, row.id, row.agency_id, purpose=reason
            )
            self._audit.append(session, entry)


def find(session: Session, actor: Actor, act: Permission, tip_id: str) -> Tip:
    """Return one tip that an act extends to, within a transaction.

    Raises:
        NotPermitted, NotFound: the actor may do this to none, or not to this one.
    """
    missing = NotFound("tip_not_found", tip=tip_id)
    return rows.one_within(session, actor, act, Tip, tip_id, missing)


def report_of(vault: Vault, tip: Tip) -> Report:
    """Open what a tip says."""
    return Report(
        **json.loads(vault.open(tip.sealed_report, rows.tip_report(tip.id, tip.agency_id)))
    )


def photo_of(vault: Vault, tip: Tip) -> bytes | None:
    """Open a tip's photo, within the transaction that the tip was read in; None if it has none."""
    if tip.sealed_photo is None:
        return None
    return vault.open(tip.sealed_photo, rows.tip_photo(tip.id, tip.agency_id))
