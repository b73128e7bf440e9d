"""Permits by which subjects stay in the country (izin tinggal), as their list's owner records them.

A permit says how the person stays, until when, who vouches for them and where they live; also when
they left the country, where that is known otherwise than by an alert at a port. What follows from
it is `casework.overstay`'s to say. Permits go along where the subject is merged into another, and
are erased with the subject.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, tzinfo
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.areas import known
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import InvalidPeriod, NotFound
from casework.kernel.ids import RESIDENCE, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.period import day_of
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import PermitKind
from casework.tables import Residence
from casework.tables.sealed import UNSEALED
from casework.watchlists import subjects


@dataclass(frozen=True, slots=True)
class NewResidence:
    """What a permit is recorded from, and what replaces all that was recorded of it."""

    kind: PermitKind
    valid_from: date
    valid_until: date | None = None
    """The last day; None of one without end."""
    permit_number: str | None = None
    sponsor: str | None = None
    employer: str | None = None
    address: str | None = None
    area: str | None = None
    departed_on: date | None = None


_FIELDS: Final = tuple(each.name for each in fields(NewResidence))


class Residences:
    """Records the permits of subjects."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock

    def record(self, actor: Actor, subject_id: str, new: NewResidence, zone: tzinfo) -> Residence:
        """Record a permit of a subject.

        Args:
            actor: who records it.
            subject_id: whose permit.
            new: what it says.
            zone: whose today counts.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such subject.
            IllegalTransition: the subject is being erased.
            InvalidPeriod, AreaRefused: its days cannot be, or there is no such area.
        """
        now = self._clock()
        _check(new, day_of(now, zone))
        with self._database.write() as session:
            subject = subjects.find(session, actor, Permission.RECORD_RESIDENCE, subject_id)
            subjects.require_kept(subject)
            row = Residence(
                id=new_id(RESIDENCE),
                agency_id=subject.agency_id,
                subject_id=subject.id,
                recorded_by=actor.id,
                recorded_at=now,
            )
            self._set(session, row, new)
            session.add(row)
            session.flush()
            self._note(session, actor, Permission.RECORD_RESIDENCE, row)
            return row

    def replace(
        self,
        actor: Actor,
        residence_id: str,
        new: NewResidence,
        zone: tzinfo,
        version: int | None = None,
    ) -> Residence:
        """Put right what was recorded of a permit, or add to it: all of it is replaced.

        Raises:
            StaleVersion: it has changed since that version.
            NotPermitted, NotFound, IllegalTransition, InvalidPeriod, AreaRefused: see `record`.
        """
        _check(new, day_of(self._clock(), zone))
        with self._database.write() as session:
            row = self._own(session, actor, residence_id)
            rows.require_version(row, version)
            self._set(session, row, new)
            session.flush()
            self._note(session, actor, "residence.change", row)
            return row

    def remove(self, actor: Actor, residence_id: str, reason: str) -> None:
        """Erase a permit that was recorded by mistake, for this reason.

        Raises:
            NotPermitted, NotFound, IllegalTransition: see `record`.
        """
        with self._database.write() as session:
            row = self._own(session, actor, residence_id)
            session.delete(row)
            session.flush()
            self._note(session, actor, "residence.remove", row, reason)

    def get(self, actor: Actor, residence_id: str) -> Residence:
        """Return one permit; raises NotPermitted, NotFound."""
        with self._database.read() as session:
            row = _find(session, actor, Permission.READ_SUBJECT, residence_id)
            row.clear_fields()
        self._audit.note(AuditEntry(actor, "residence.read", row.id, row.agency_id))
        return row

    def of_subject(self, actor: Actor, subject_id: str) -> list[Residence]:
        """Return the permits of a subject, the earliest first; raises NotPermitted, NotFound."""
        with self._database.read() as session:
            subject = subjects.find(session, actor, Permission.READ_SUBJECT, subject_id)
            found = of(session, subject.id)
            for each in found:
                each.clear_fields()
        detail = {"residences": len(found)}
        entry = AuditEntry(actor, "residence.list", subject.id, subject.agency_id, detail=detail)
        self._audit.note(entry)
        return found

    def _own(self, session: Session, actor: Actor, residence_id: str) -> Residence:
        row = _find(session, actor, Permission.RECORD_RESIDENCE, residence_id)
        subjects.require_kept(
            subjects.find(session, actor, Permission.RECORD_RESIDENCE, row.subject_id)
        )
        return row

    def _set(self, session: Session, row: Residence, new: NewResidence) -> None:
        if new.area is not None and new.area != row.area:
            known.choose(session, new.area, "area")
        for name in _FIELDS:
            setattr(row, name, getattr(new, name))
        row.kind = new.kind.value
        row.changed_at = self._clock()

    def _note(
        self,
        session: Session,
        actor: Actor,
        act: str,
        row: Residence,
        reason: str | None = None,
    ) -> None:
        detail: dict[str, object] = {"subject": row.subject_id, "kind": row.kind}
        if row.valid_until is not None:
            detail["until"] = row.valid_until.isoformat()
        if row.departed_on is not None:
            detail["departed_on"] = row.departed_on.isoformat()
        self._audit.append(
            session,
            AuditEntry(actor, act, row.id, row.agency_id, purpose=reason, detail=detail),
        )


def of(session: Session, subject_id: str) -> list[Residence]:
    """Return the permits of a subject within a transaction, the earliest first."""
    query = select(Residence).where(Residence.subject_id == subject_id)
    return list(session.scalars(query.order_by(Residence.valid_from, Residence.id)))


def move(session: Session, ids: Collection[str] | None, of_subject: str, to: str) -> list[str]:
    """Have permits be another subject's who is the same person, within a transaction.

    Args:
        session: the transaction.
        ids: which of them; None means all.
        of_subject: whose they are; others stay as they are.
        to: whose they are from now on.

    Returns:
        The ids of those that were moved.
    """
    found = [each for each in of(session, of_subject) if ids is None or each.id in ids]
    for each in found:
        each.clear_fields()  # opened under the name of before, sealed under the new one
        each.subject_id = to
        each.sealed_fields = UNSEALED
    session.flush()
    return [each.id for each in found]


def _find(session: Session, actor: Actor, act: Permission, residence_id: str) -> Residence:
    missing = NotFound("residence_not_found", residence=residence_id)
    return rows.one_within(session, actor, act, Residence, residence_id, missing)


def _check(new: NewResidence, today: date) -> None:
    if new.valid_until is not None and new.valid_until < new.valid_from:
        raise InvalidPeriod("residence_ends_before_it_begins", field="valid_until")
    if new.departed_on is None:
        return
    if new.departed_on < new.valid_from:
        raise InvalidPeriod("residence_departed_early", field="departed_on")
    if new.departed_on > today:
        raise InvalidPeriod("residence_departed_in_future", field="departed_on")
