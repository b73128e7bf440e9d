"""Reading the audit trail: page by page for people, line by line for an export."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select, true

from casework.access.actors import Actor
from casework.access.authority import Act, Reach, reach, require
from casework.database import Database
from casework.oversight.audit import Audit, Entry, canonical
from casework.tables import AuditRecord

_BATCH: Final = 2000


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which records are wanted; what is None does not matter."""

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
        wanted: list[ColumnElement[bool]] = []
        if self.actor_id is not None:
            wanted.append(row.actor_id == self.actor_id)
        if self.action is not None:
            inside = row.action.startswith(f"{self.action}.", autoescape=True)
            wanted.append(or_(row.action == self.action, inside))
        if self.object_id is not None:
            wanted.append(row.object_id == self.object_id)
        if self.outcome is not None:
            wanted.append(row.outcome == self.outcome)
        if self.since is not None:
            wanted.append(row.at >= self.since)
        if self.until is not None:
            wanted.append(row.at < self.until)
        return wanted


class Trail:
    """Shows the trail to those who may read it: acts of their agency, and acts on its objects."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    def page(
        self, actor: Actor, before: int | None, limit: int, wanted: TrailFilter
    ) -> list[AuditRecord]:
        """Return up to `limit` records, newest first, those with numbers below `before`.

        Raises:
            NotPermitted: the actor may read no trail.
        """
        require(actor, Act.READ_AUDIT)
        query = select(AuditRecord).where(_visible(actor), *wanted.conditions)
        if before is not None:
            query = query.where(AuditRecord.seq < before)
        query = query.order_by(AuditRecord.seq.desc()).limit(limit)
        with self._database.read() as session:
            found = list(session.scalars(query))
        self._audit.note(Entry(actor, Act.READ_AUDIT, detail={"records": len(found)}))
        return found

    def export(self, actor: Actor) -> Iterator[dict[str, Any]]:
        """Yield every record the actor may read, oldest first, as it was hashed.

        An export of the whole trail can be checked by anyone: see `audit.chained`.

        Raises:
            NotPermitted: the actor may read no trail.
        """
        require(actor, Act.READ_AUDIT)
        self._audit.note(Entry(actor, "audit.export"))
        query = (
            select(AuditRecord)
            .where(_visible(actor))
            .order_by(AuditRecord.seq)
            .execution_options(yield_per=_BATCH)
        )
        with self._database.read() as session:
            for record in session.scalars(query):
                yield as_exported(record)


def as_exported(record: AuditRecord) -> dict[str, Any]:
    """Return a record's text and hash."""
    fields = {column.key: getattr(record, column.key) for column in record.__table__.columns}
    return {"record": canonical(fields), "hash": record.hash}


def _visible(actor: Actor) -> ColumnElement[bool]:
    if reach(actor, Act.READ_AUDIT) is Reach.ALL:
        return true()
    return or_(AuditRecord.agency_id == actor.agency_id, AuditRecord.owner_id == actor.agency_id)
