"""Founding: the first days of an agency, in which its one administrator acts alone.

The period begins when an agency is made, and again when its first administrator is. It ends when
the second administrator signs in, when an administrator ends it, or by itself. Acts that would
otherwise take a second person are marked in the audit trail meanwhile.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import IllegalTransition, NotFound
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require_object
from casework.kernel.vocabulary import Role
from casework.tables import Agency, Officer

PERIOD: Final = timedelta(days=7)

_TWO: Final = 2


class Founding:
    """Ends an agency's founding period."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock

    def others(self, actor: Actor, agency_id: str) -> int:
        """Return how many people beside the actor could be the second person from then on.

        Raises:
            NotPermitted, NotFound: the actor does not keep that agency's officers.
        """
        missing = NotFound("agency_not_found", agency=agency_id)
        require_object(actor, Permission.MANAGE_OFFICER, agency_id, missing=missing)
        with self._database.read() as session:
            found = {
                each.id
                for role in (Role.ADMIN, Role.SUPERVISOR)
                for each in holders(session, agency_id, role)
            }
        return len(found - {actor.id})

    def end(self, actor: Actor, agency_id: str, reason: str) -> Agency:
        """End the period by choice, for good; from then on acts take a second person.

        Raises:
            NotPermitted, NotFound: the actor does not keep that agency's officers.
            IllegalTransition: the period is over.
        """
        missing = NotFound("agency_not_found", agency=agency_id)
        require_object(actor, Permission.MANAGE_OFFICER, agency_id, missing=missing)
        with self._database.write() as session:
            agency = rows.one(session, Agency, agency_id, missing)
            if not runs(agency, self._clock()):
                raise IllegalTransition("founding_over")
            self._end(session, actor, agency, "chosen", reason)
        return agency

    def signed_in(self, session: Session, actor: Actor, agency: Agency) -> None:
        """End the period, within a sign-in's transaction, if the second administrator did."""
        if agency.founding_until is None or Role.ADMIN not in actor.roles:
            return
        if len(administrators(session, agency.id)) >= _TWO:
            self._end(session, actor, agency, "second_administrator")

    def _end(
        self,
        session: Session,
        actor: Actor,
        agency: Agency,
        why: str,
        reason: str | None = None,
    ) -> None:
        agency.founding_until = None
        agency.updated_at = self._clock()
        session.flush()
        entry = AuditEntry(
            actor, "agency.founded", agency.id, agency.id, purpose=reason, detail={"why": why}
        )
        self._audit.append(session, entry)


def runs(agency: Agency, now: datetime) -> bool:
    """Whether an agency is in its founding period."""
    return agency.founding_until is not None and now < agency.founding_until


def administrators(session: Session, agency_id: str) -> list[Officer]:
    """Return an agency's active administrators who have signed in."""
    return holders(session, agency_id, Role.ADMIN)


def holders(session: Session, agency_id: str, role: Role) -> list[Officer]:
    """Return an agency's active officers of a role who have signed in, oldest account first.

    An account that nobody has used may still be in the hands of the person who made it.
    """
    active = (
        select(Officer)
        .where(Officer.agency_id == agency_id, Officer.active, Officer.signed_in_at.is_not(None))
        .order_by(Officer.id)
    )
    return [officer for officer in session.scalars(active) if role in officer.roles]


def has_administrator(session: Session, agency_id: str) -> bool:
    """Whether an agency has any administrator's account, in force or not."""
    every = select(Officer.roles).where(Officer.agency_id == agency_id)
    return any(Role.ADMIN in roles for roles in session.scalars(every))
