"""Offices: where each agency is, kept by its own administrators and read by everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.areas import known, tree
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import AlreadyExists, NotFound
from casework.kernel.ids import OFFICE, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require, require_object, within_reach
from casework.tables import Office


@dataclass(frozen=True, slots=True)
class NewOffice:
    """What an office is made from."""

    name: str
    area: str
    """Code of the area that it is for."""


class Offices:
    """Keeps the agencies' offices."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock

    def page(
        self, actor: Actor, after: str | None, limit: int | None, area: str | None = None
    ) -> list[Office]:
        """Return offices in order of making: those after `after`, at most `limit` (None: all).

        Args:
            actor: who reads.
            after: an office's id.
            limit: most offices.
            area: only offices for this area, or for one in it.

        Raises:
            NotPermitted: the actor may read none.
        """
        require(actor, Permission.READ_OFFICE)
        within = within_reach(actor, Permission.READ_OFFICE, Office.agency_id)
        query = select(Office).where(within).order_by(Office.id).limit(limit)
        if after is not None:
            query = query.where(Office.id > after)
        if area is not None:
            query = query.where(tree.within(Office.area, area))
        with self._database.read() as session:
            return list(session.scalars(query))

    def get(self, actor: Actor, office_id: str) -> Office:
        """Return one office; raises NotPermitted, NotFound."""
        with self._database.read() as session:
            return _find(session, actor, Permission.READ_OFFICE, office_id)

    def create(self, actor: Actor, new: NewOffice) -> Office:
        """Add an office of the actor's agency.

        Raises:
            NotPermitted, NotFound: the actor may not, or belongs to no agency.
            AreaRefused: there is no such area.
            AlreadyExists: the agency has an office of that name.
        """
        missing = NotFound("agency_not_found", agency=actor.agency_id or "")
        require_object(actor, Permission.EDIT_OFFICE, actor.agency_id, missing=missing)
        if actor.agency_id is None:
            raise missing
        now = self._clock()
        row = Office(
            id=new_id(OFFICE),
            agency_id=actor.agency_id,
            name=new.name,
            area=new.area,
            created_at=now,
            updated_at=now,
        )
        with self._database.write() as session:
            _check(session, row)
            session.add(row)
            session.flush()
            self._note(session, actor, row, "added")
        return row

    def edit(
        self, actor: Actor, office_id: str, changes: Mapping[str, Any], version: int | None
    ) -> Office:
        """Change fields of `NewOffice`.

        Raises:
            NotPermitted, NotFound, StaleVersion, AreaRefused, AlreadyExists: nothing was changed.
        """
        with self._database.write() as session:
            row = _find(session, actor, Permission.EDIT_OFFICE, office_id)
            rows.require_version(row, version)
            with session.no_autoflush:
                for name, value in changes.items():
                    setattr(row, name, value)
                _check(session, row)
            row.updated_at = self._clock()
            session.flush()
            self._note(session, actor, row, "changed")
        return row

    def remove(self, actor: Actor, office_id: str) -> None:
        """Remove an office; raises NotPermitted, NotFound."""
        with self._database.write() as session:
            row = _find(session, actor, Permission.EDIT_OFFICE, office_id)
            session.delete(row)
            session.flush()
            self._note(session, actor, row, "removed")

    def _note(self, session: Session, actor: Actor, row: Office, change: str) -> None:
        detail = {"change": change, "area": row.area}
        entry = AuditEntry(actor, Permission.EDIT_OFFICE, row.id, row.agency_id, detail=detail)
        self._audit.append(session, entry)


def _check(session: Session, row: Office) -> None:
    """Raise AreaRefused or AlreadyExists unless an office can be."""
    known.choose(session, row.area, "area")
    other = select(Office.id).where(
        Office.agency_id == row.agency_id, Office.name == row.name, Office.id != row.id
    )
    if session.scalar(other.limit(1)) is not None:
        raise AlreadyExists("office_taken", name=row.name)


def _find(session: Session, actor: Actor, act: Permission, office_id: str) -> Office:
    missing = NotFound("office_not_found", office=office_id)
    return rows.one_within(session, actor, act, Office, office_id, missing)
