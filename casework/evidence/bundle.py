"""Makes evidence bundles: for supervisors of the agency that owns the alert, for a purpose.

The records are those that the database holds, not what a page makes of them. Who made a bundle,
why, and the digest of its manifest go into the audit trail before it is handed out.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from casework.evidence.check import PROOFS
from casework.evidence.container import packed
from casework.evidence.manifest import KEYS, MANIFEST, SIGNATURE, Manifest, order, sha256, signed
from casework.evidence.readme import readme
from casework.kernel.actor import Actor
from casework.kernel.audit.checkpoints import Checkpoints
from casework.kernel.audit.log import AuditEntry
from casework.kernel.audit.reader import AuditReader
from casework.kernel.errors import IllegalTransition, NotFound
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission
from casework.review import findings
from casework.review.alerts import Alerts, AlertView, find
from casework.tables import (
    Agency,
    Alert,
    CalibrationRecord,
    Encounter,
    EnrolledPhoto,
    Table,
    Watchlist,
)

REPORTS: Final = "report.{language}.pdf"
_RECORDS: Final = "audit/records.ndjson"

Reports = Callable[[], Mapping[str, bytes]]
"""Draws the printed reports, by language."""

# Of the record of the screening: how many alerts it raised is other agencies' matter too.
_OF_SCREENING: Final = ("node", "seq", "at", "action", "object_id", "outcome")


@dataclass(frozen=True, slots=True)
class Bundle:
    """An evidence bundle."""

    case_number: str
    content: bytes
    digest: str
    """SHA-256 of its manifest."""


class EvidenceBundles:
    """Makes evidence bundles."""

    def __init__(self, kernel: Kernel, alerts: Alerts, trail: AuditReader) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._practice = kernel.practice
        self._alerts = alerts
        self._trail = trail

    def make(self, actor: Actor, alert_id: str, purpose: str, reports: Reports) -> Bundle:
        """Return the bundle of an alert.

        Args:
            actor: who makes it.
            alert_id: of which alert.
            purpose: why; it stands in the manifest and in the audit trail.
            reports: draws the printed reports; called once, when it is clear that the actor may.

        Raises:
            NotPermitted, NotFound: the actor may make none, or not of this alert.
            IllegalTransition: a first opinion on it is not open yet.
            AuditBroken: the trail does not hold, so that nothing can be signed.
        """
        with self._database.read() as session:
            alert = find(session, actor, Permission.EXPORT_EVIDENCE, alert_id)
            if findings.hidden_from(alert, None):
                raise IllegalTransition("evidence_veiled")
            agency = session.get(Agency, alert.owner_id)
            records = _records(session, alert)
        view = self._alerts.get(actor, alert_id)
        files = {REPORTS.format(language=each): pdf for each, pdf in sorted(reports().items())}
        files |= self._photos(actor, alert_id)
        records |= _seen(view)
        files |= {f"records/{name}.json": _json(each) for name, each in sorted(records.items())}
        files |= self._audited(alert)
        signers, name = self._audit.signers, agency.name if agency is not None else ""
        about = readme(alert.case_number, name, signers.key, practice=self._practice)
        pem = b"".join(
            key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            for key in signers.public.values()
        )
        members = {"README.txt": about, **({KEYS: pem} if pem else {}), **files}
        manifest = Manifest.of(
            {
                "alert": alert.id,
                "case_number": alert.case_number,
                "practice": self._practice,
                "agency": agency.code if agency is not None else "",
                "made_at": self._clock().isoformat(),
                "made_by": {
                    "id": actor.id,
                    "name": actor.name,
                    "service_number": actor.service_number,
                },
                "purpose": purpose,
            },
            members,
            signers.key,
        )
        members[MANIFEST] = manifest.content
        signature = signed(manifest, signers)
        if signature is not None:
            members[SIGNATURE] = signature
        content = packed((name, members[name]) for name in order(manifest))
        digest = sha256(manifest.content)
        detail = {"manifest": digest, "files": len(manifest.files)}
        self._audit.note(
            AuditEntry(
                actor,
                Permission.EXPORT_EVIDENCE,
                alert.id,
                alert.owner_id,
                purpose=purpose,
                detail=detail,
            )
        )
        return Bundle(alert.case_number, content, digest)

    def _photos(self, actor: Actor, alert_id: str) -> dict[str, bytes]:
        """Return the photos as they are kept; those that were erased are not there."""

        def enrolled() -> tuple[str, bytes]:
            stored = self._alerts.enrolled(actor, alert_id)
            return f"photos/enrolled.{stored.format}", stored.content

        kept: tuple[Callable[[], tuple[str, bytes]], ...] = (
            lambda: ("photos/traveller.jpeg", self._alerts.probe(actor, alert_id)),
            enrolled,
            lambda: ("photos/reference.jpeg", self._alerts.reference(actor, alert_id)),
        )
        found = {}
        for read in kept:
            try:
                name, content = read()
            except NotFound:
                continue
            found[name] = content
        return found

    def _audited(self, alert: Alert) -> dict[str, bytes]:
        """Return the trail's records about the alert, each with its proof where one is signed."""
        checkpoints = Checkpoints(self._audit)
        if checkpoints.signers.private is not None:
            checkpoints.make()  # what was done a moment ago is covered too
        found = {}
        lines = []
        about = self._trail.about(alert.id, alert.owner_id)
        about += self._trail.about(alert.encounter_id, None, _OF_SCREENING)
        for seq, proved, line in about:
            if proved is not None:
                found[f"{PROOFS}{seq:09}.json"] = proved.text.encode()
            elif line is not None:
                lines.append(line)
        if lines:
            found[_RECORDS] = "".join(f"{line}\n" for line in lines).encode()
        return dict(sorted(found.items()))


def _records(session: Session, alert: Alert) -> dict[str, Any]:
    """Return the rows of an alert, as they are kept."""
    calibration = None
    if alert.calibration_id is not None:
        calibration = session.get(CalibrationRecord, alert.calibration_id)
    watchlist = session.get(Watchlist, alert.watchlist_id)
    photo = session.get(EnrolledPhoto, alert.photo_id) if alert.photo_id is not None else None
    return {
        "alert": _row(alert),
        "encounter": _row(alert.encounter),
        "calibration": {
            "basis": alert.threshold_basis,
            "calibration": _row(calibration) if calibration is not None else None,
        },
        "watchlist": {
            "as_the_alert_was_raised": {
                name: getattr(alert, name)
                for name in (
                    "watchlist_name",
                    "category",
                    "instruction",
                    "requires_acknowledgement",
                    "requires_second_officer",
                    "acknowledge_within_s",
                    "threshold",
                    "threshold_basis",
                )
            },
            "today": _row(watchlist) if watchlist is not None else None,
        },
        "enrolled_photo": {
            "id": alert.photo_id,
            "format": photo.format,
            "quality": photo.quality,
            "enrolled_at": photo.created_at,
        }
        if photo is not None
        else None,
    }


def _seen(view: AlertView) -> dict[str, Any]:
    """Return what is read through others: the steps with their notes, and who the person is."""
    return {
        "steps": [asdict(step) for step in view.steps],
        "subject": asdict(view.subject) if view.subject is not None else None,
        "identities": [asdict(each) for each in view.identities],
    }


def _row(row: Table) -> dict[str, Any]:
    """Return a row's fields, opened, without photos and keys."""
    names = [each.key for each in inspect(type(row)).column_attrs]
    names += _OPENED.get(type(row), ())
    values = {name: getattr(row, name) for name in names if "sealed" not in name}
    return {name: value for name, value in values.items() if not isinstance(value, bytes)}


_OPENED: Final[Mapping[type[Table], tuple[str, ...]]] = {Encounter: ("traveller_ref", "document")}


def _json(value: Any) -> bytes:  # noqa: ANN401 - plain data
    def plain(each: object) -> str:
        if isinstance(each, date | datetime):
            return each.isoformat()
        raise TypeError(type(each).__name__)

    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=plain)
    return (text + "\n").encode()
