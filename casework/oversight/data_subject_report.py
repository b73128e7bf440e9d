"""What is held about a subject: everything, for the person's own request or the owner's check."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from sqlalchemy import func, inspect, or_, select
from sqlalchemy.orm import Session, contains_eager

from casework.cases.cases import about_subject, joined
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import MatchedBy, PadResult, VerificationResult
from casework.review.findings import visible_state
from casework.review.gate import pad_result, verification_result
from casework.tables import (
    Alert,
    AuditRecord,
    EncounterPermit,
    Objection,
    ProbeSearch,
    Referral,
    Stay,
    Subject,
    Template,
    Tip,
    Watchlist,
)
from casework.tables.sealed import SealedFields
from casework.watchlists import residences, subjects


@dataclass(frozen=True, slots=True)
class HeldAlert:
    """An alert about the subject."""

    id: str
    case_number: str
    port: str
    stage: str
    captured_at: datetime
    watchlist: str
    state: str
    disposal: str | None
    matched_by: MatchedBy
    score: float | None
    verification: VerificationResult | None
    """The result of comparing the traveller with the reference that the gate sent."""
    reference_kept: bool
    """Whether the face of that reference is kept beside the traveller's."""
    pad_result: PadResult | None
    """What the gate's presentation attack detection found."""
    document_kept: bool
    """Whether what the traveller's document says is kept beside the traveller's face."""
    permit_until: date | None
    """The last day that the traveller may stay, as the port said."""

    @classmethod
    def of(cls, row: Alert, state: str, permit_until: date | None) -> Self:
        """Read an alert, whose encounter is loaded, in a state as everybody may see it."""
        meeting = row.encounter
        return cls(
            id=row.id,
            case_number=row.case_number,
            port=meeting.port,
            stage=meeting.stage,
            captured_at=meeting.captured_at,
            watchlist=row.watchlist_name,
            state=state,
            disposal=row.disposal,
            matched_by=MatchedBy(row.matched_by),
            score=row.score,
            verification=verification_result(meeting.verification),
            reference_kept=bool(meeting.verification and meeting.verification["kept"]),
            pad_result=PadResult(pad) if (pad := pad_result(meeting.presentation)) else None,
            document_kept=meeting.document is not None,
            permit_until=permit_until,
        )


class DataSubjectReports:
    """Reports what is held."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit

    def report_on(self, actor: Actor, subject_id: str, purpose: str) -> dict[str, Any]:
        """Return what is held about a subject, as plain data by kind of record.

        Photos and templates are listed without their content; photos can be read one by one.

        Args:
            actor: who asks; must be able to read the subject.
            subject_id: about whom.
            purpose: why, for the audit trail.

        Raises:
            NotPermitted, NotFound: the actor may read none, or not this one.
        """
        with self._database.read() as session:
            row = subjects.find(session, actor, Permission.READ_SUBJECT, subject_id)
            held = {
                "subject": _columns(row),
                "watchlists": _watchlists(session, row),
                "photos": [
                    _columns(photo) | {"sealed_bytes": len(photo.sealed_content)}
                    for photo in row.photos
                ],
                "templates": _templates(session, subject_id),
                "objections": [
                    _columns(each)
                    for each in session.scalars(
                        select(Objection)
                        .where(Objection.subject_id == subject_id)
                        .order_by(Objection.id)
                    )
                ],
                "residences": [_columns(each) for each in residences.of(session, subject_id)],
                "alerts": _alerts(session, subject_id),
                "stays": _stays(session, subject_id),
                "searches": _searches(session, row),
                "referrals": _referrals(session, subject_id),
                "tips": _tips(session, subject_id),
                "cases": _cases(session, row),
                "audit_records": _audited(session, row),
            }
        entry = AuditEntry(actor, "subject.held", subject_id, row.agency_id, purpose=purpose)
        self._audit.note(entry)
        return held


def _columns(row: SealedFields) -> dict[str, Any]:
    """Return every field of a row, the sealed ones too, and nothing of what guards them."""
    guards = {each.digest for each in row.fields_of_class.values()} | {"look_digest", "state_salt"}
    clear = {
        column.key: getattr(row, column.key)
        for column in inspect(type(row)).columns
        if not column.key.startswith("sealed_") and column.key not in guards
    }
    return clear | {name: getattr(row, name) for name in row.fields_of_class}


def _watchlists(session: Session, row: Subject) -> list[dict[str, Any]]:
    ids = [membership.watchlist_id for membership in row.memberships]
    found = session.scalars(select(Watchlist).where(Watchlist.id.in_(ids)))
    return [
        {"id": each.id, "name": each.name, "category": each.category, "basis": each.legal_basis}
        for each in found
    ]


def _templates(session: Session, subject_id: str) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Template.model, func.count())
        .where(Template.subject_id == subject_id)
        .group_by(Template.model)
    )
    return [{"model": model, "templates": count} for model, count in rows]


def _alerts(session: Session, subject_id: str) -> list[HeldAlert]:
    found = session.execute(
        select(Alert, visible_state(), EncounterPermit.until)
        .join(Alert.encounter)
        .outerjoin(EncounterPermit, EncounterPermit.encounter_id == Alert.encounter_id)
        .options(contains_eager(Alert.encounter))
        .where(Alert.subject_id == subject_id)
        .order_by(Alert.id)
    )
    return [HeldAlert.of(alert, state, until) for alert, state, until in found]


def _stays(session: Session, subject_id: str) -> list[dict[str, Any]]:
    """Return the stays in lodgings at which an alert about the subject was raised."""
    raised = select(Alert.encounter_id).where(Alert.subject_id == subject_id)
    found = session.scalars(select(Stay).where(Stay.encounter_id.in_(raised)).order_by(Stay.id))
    return [
        {
            "receipt": each.receipt,
            "lodging": each.lodging,
            "lodging_name": each.lodging_name,
            "checked_in_at": each.checked_in_at,
            "checked_out_at": each.checked_out_at,
            "reported_at": each.reported_at,
        }
        for each in found
    ]


def _searches(session: Session, row: Subject) -> list[dict[str, Any]]:
    """Return the owner's officers' searches that named the subject as a candidate.

    Another agency's search is in the owner's audit trail; what for, is that agency's to tell.
    """
    mine = ProbeSearch.agency_id == row.agency_id
    found = session.scalars(select(ProbeSearch).where(mine).order_by(ProbeSearch.id))
    return [
        {"id": each.id, "made_at": each.made_at, "purpose": each.purpose}
        for each in found
        if any(candidate.get("subject_id") == row.id for candidate in each.candidates)
    ]


def _referrals(session: Session, subject_id: str) -> list[dict[str, Any]]:
    """Return what other agencies were sent about the subject, by the names of the fields."""
    found = session.scalars(
        select(Referral).where(Referral.subject_id == subject_id).order_by(Referral.id)
    )
    return [
        {
            "id": each.id,
            "made_at": each.created_at,
            "to": each.receiver.code,
            "fields": each.fields,
            "state": each.state,
        }
        for each in found
    ]


def _tips(session: Session, subject_id: str) -> list[dict[str, Any]]:
    """Return the tips that the subject was enrolled from."""
    found = session.scalars(select(Tip).where(Tip.subject_id == subject_id).order_by(Tip.id))
    return [
        {"id": each.id, "reference": each.reference, "made_at": each.created_at} for each in found
    ]


def _cases(session: Session, row: Subject) -> list[dict[str, Any]]:
    """Return the items about the subject that cases hold, by the names of their fields.

    A case that the owner takes no part in is not named: it is there for its members alone.
    """
    return [
        {
            "case": case.number if row.agency_id in set(joined(case)) else None,
            "made_at": entry.at,
            "by": entry.agency.code,
            "to": sorted(reader.agency.code for reader in entry.readers),
            "kind": entry.object_kind,
            "fields": entry.fields,
        }
        for entry, case in about_subject(session, row.id)
    ]


def _audited(session: Session, row: Subject) -> int:
    alerts = select(Alert.id).where(Alert.subject_id == row.id)
    photos = [photo.id for photo in row.photos]
    return (
        session.scalar(
            select(func.count()).where(
                or_(
                    AuditRecord.object_id == row.id,
                    AuditRecord.object_id.in_(photos),
                    AuditRecord.object_id.in_(alerts),
                )
            )
        )
        or 0
    )
