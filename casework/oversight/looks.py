"""Who looked at a person: the acts of anybody on the person, their alerts, photos and referrals.

Of joint cases it is what the owner gave of the person, and who was shown it, until it is withdrawn.

The trail of a subject is for the auditors and supervisors of the agency that owns it: it says whom
others are interested in, and so is nobody else's.
"""

from typing import Final

from sqlalchemy import ColumnElement, Text, and_, cast, false, or_, select, type_coerce
from sqlalchemy.orm import Session

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.audit.reader import AuditReader, ReadRecord
from casework.kernel.errors import NotFound
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, extends_to, require
from casework.tables import (
    Alert,
    AuditRecord,
    CaseEntry,
    EnrolledPhoto,
    ProbeSearch,
    Referral,
    Subject,
    Tip,
)

_SHOWS_ONE: Final = "search.photo"


class Looks:
    """Reads who looked at a person."""

    def __init__(self, kernel: Kernel, trail: AuditReader) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._trail = trail

    def page(
        self, actor: Actor, subject_id: str, before: int | None, limit: int
    ) -> list[ReadRecord]:
        """Return up to `limit` records about a person, newest first, those numbered below `before`.

        The person may have been erased: then they are the records of the alerts that are kept.

        Raises:
            NotPermitted, NotFound: the actor may read none, or not this one's.
        """
        require(actor, Permission.READ_LOOKS)
        with self._database.read() as session:
            owner_id = _owner(session, actor, subject_id)
            query = select(AuditRecord).where(
                AuditRecord.owner_id == owner_id, _about(session, subject_id, owner_id)
            )
            if before is not None:
                query = query.where(AuditRecord.seq < before)
            rows = session.scalars(query.order_by(AuditRecord.seq.desc()).limit(limit)).all()
            found = self._trail.opened(session, rows)
        detail = {"records": len(found)}
        self._audit.note(
            AuditEntry(actor, Permission.READ_LOOKS, subject_id, owner_id, detail=detail)
        )
        return found

    def subject_of(self, actor: Actor, alert_id: str) -> str:
        """Return whom an alert is about.

        Raises:
            NotPermitted, NotFound: the actor may not learn who looked at that person.
        """
        require(actor, Permission.READ_LOOKS)
        with self._database.read() as session:
            row = session.get(Alert, alert_id)
        if row is None or not extends_to(actor, Permission.READ_LOOKS, row.owner_id):
            raise NotFound("alert_not_found", alert=alert_id)
        return row.subject_id


def _owner(session: Session, actor: Actor, subject_id: str) -> str:
    """Return the agency that a person's records belong to; raises NotFound."""
    kept = session.get(Subject, subject_id)
    owner_id = kept.agency_id if kept is not None else None
    if owner_id is None:
        raised = select(Alert.owner_id).where(Alert.subject_id == subject_id).limit(1)
        owner_id = session.scalar(raised)
    if owner_id is None or not extends_to(actor, Permission.READ_LOOKS, owner_id):
        raise NotFound("subject_not_found", subject=subject_id)
    return owner_id


def _about(session: Session, subject_id: str, owner_id: str) -> ColumnElement[bool]:
    """Return the condition for records that are about a person."""
    ids: list[str] = [subject_id]
    photos = list(
        session.scalars(select(EnrolledPhoto.id).where(EnrolledPhoto.subject_id == subject_id))
    )
    for query in (
        select(Alert.id).where(Alert.subject_id == subject_id, Alert.owner_id == owner_id),
        select(Referral.id).where(
            Referral.subject_id == subject_id, Referral.sender_id == owner_id
        ),
        select(Tip.id).where(Tip.subject_id == subject_id, Tip.agency_id == owner_id),
    ):
        ids += session.scalars(query)
    named = cast(ProbeSearch.candidates, Text).contains(subject_id, autoescape=True)
    searches = select(ProbeSearch.id).where(named)
    # Of a search that found several, the photo that was opened may be another's.
    opened = type_coerce(AuditRecord.detail, Text)
    theirs = or_(false(), *(opened.contains(f'"photo":"{photo}"') for photo in photos))
    given = select(CaseEntry.id, CaseEntry.case_id).where(
        CaseEntry.subject_id == subject_id, CaseEntry.agency_id == owner_id
    )
    items = [
        and_(AuditRecord.object_id == case_id, opened.contains(f'"{item}"'))
        for item, case_id in session.execute(given)
    ]
    return or_(
        AuditRecord.object_id.in_([*ids, *photos]),
        *items,
        and_(AuditRecord.object_id.in_(searches), or_(AuditRecord.action != _SHOWS_ONE, theirs)),
    )
