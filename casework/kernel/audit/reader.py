"""Reading the audit trail: page by page for people, line by line for an export."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select

from casework.kernel.actor import Actor
from casework.kernel.audit.chain import Link, Verdict, canonical, exported_line
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import AuditBroken
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require, within_reach
from casework.tables import AuditRecord

_BATCH: Final = 2000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which records to list; None sets no condition."""

    actor_id: str | None = None
    action: str | None = None
    """An act's name, or its beginning up to a dot: `alert` finds `alert.decide`."""
    object_id: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter for a query."""
        row = AuditRecord
        conditions: list[ColumnElement[bool]] = []
        if self.actor_id is not None:
            conditions.append(row.actor_id == self.actor_id)
        if self.action is not None:
            inside = row.action.startswith(f"{self.action}.", autoescape=True)
            conditions.append(or_(row.action == self.action, inside))
        if self.object_id is not None:
            conditions.append(row.object_id == self.object_id)
        if self.outcome is not None:
            conditions.append(row.outcome == self.outcome)
        if self.since is not None:
            conditions.append(row.at >= self.since)
        if self.until is not None:
            conditions.append(row.at < self.until)
        return conditions


class AuditReader:
    """Shows the trail to those who may read it: acts of their agency, and acts on its objects."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit

    def page(
        self, actor: Actor, before: int | None, limit: int, filters: AuditFilter
    ) -> list[AuditRecord]:
        """Return up to `limit` records, newest first, those with numbers below `before`.

        Raises:
            NotPermitted: the actor may read no trail.
        """
        require(actor, Permission.READ_AUDIT)
        query = select(AuditRecord).where(_visible(actor), *filters.conditions)
        if before is not None:
            query = query.where(AuditRecord.seq < before)
        query = query.order_by(AuditRecord.seq.desc()).limit(limit)
        with self._database.read() as session:
            found = list(session.scalars(query))
        self._audit.note(AuditEntry(actor, Permission.READ_AUDIT, detail={"records": len(found)}))
        return found

    def export(self, actor: Actor) -> Iterator[str]:
        """Return every record the actor may read, oldest first, one a line (NDJSON), as hashed.

        It ends with the record of the export itself. Records are read a few at a time, so that a
        slow reader holds nothing up: none is ever changed, so they fit together all the same. An
        export of the whole trail can be checked by anyone: see `casework.kernel.audit.chain`.

        Raises:
            NotPermitted: the actor may read no trail; before the first record is asked for.
        """
        require(actor, Permission.READ_AUDIT)
        self._audit.note(AuditEntry(actor, "audit.export"))
        with self._database.read() as session:
            last = session.scalar(select(func.max(AuditRecord.seq))) or 0
        return self._up_to(last, _visible(actor))

    def verify(self, actor: Actor, anchor: Link | None = None) -> Verdict:
        """Check the whole trail, with what is beyond the actor's reach; the check is recorded.

        Args:
            actor: who wants to know.
            anchor: where the trail stood when it was exported: it must have gone on from there.

        Raises:
            NotPermitted: the actor may not.
        """
        require(actor, Permission.VERIFY_AUDIT)
        verdict = self._audit.verify(anchor)
        detail = {"records": verdict.records, "whole": verdict.whole}
        with suppress(AuditBroken):  # then nothing can be chained to the trail any more
            self._audit.note(AuditEntry(actor, Permission.VERIFY_AUDIT, detail=detail))
        return verdict

    def _up_to(self, last: int, visible: ColumnElement[bool]) -> Iterator[str]:
        done = 0
        query = select(AuditRecord).where(visible, AuditRecord.seq <= last)
        while True:
            batch = query.where(AuditRecord.seq > done).order_by(AuditRecord.seq).limit(_BATCH)
            with self._database.read() as session:
                found = session.scalars(batch).all()
            if not found:
                return
            yield from map(_line, found)
            done = found[-1].seq


def _line(record: AuditRecord) -> str:
    fields = {column.key: getattr(record, column.key) for column in record.__table__.columns}
    return exported_line(canonical(fields), record.hash)


def _visible(actor: Actor) -> ColumnElement[bool]:
    """Acts of the actor's agency, and acts of anybody on what belongs to it."""
    acted = within_reach(actor, Permission.READ_AUDIT, AuditRecord.agency_id)
    return or_(acted, within_reach(actor, Permission.READ_AUDIT, AuditRecord.owner_id))
