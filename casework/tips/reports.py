"""Taking reports in, and the receipts that who reported is answered with.

A receipt is of one shape and says how far the work is, never what was found: neither it nor the
time that it takes depends on whose face a photo shows.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.areas import known as areas
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import NotFound, NotPermitted
from casework.kernel.ids import TIP, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.kernel.vocabulary import ReceiptState, TipOrigin, TipPriority, TipState
from casework.tables import Tip
from casework.tips.tips import Report
from detector.header import read_header

_GROUP: Final = 4
"""A reference is two groups of this many letters and digits, to be read out over the telephone."""

TOLD: Final[Mapping[TipState, ReceiptState]] = {
    TipState.NEW: ReceiptState.RECEIVED,
    TipState.SEARCHED: ReceiptState.IN_HAND,
    TipState.REFERRED: ReceiptState.IN_HAND,
    TipState.ENROLLED: ReceiptState.ENDED,
    TipState.DISMISSED: ReceiptState.ENDED,
}
"""What a receipt says of each state."""


@dataclass(frozen=True, slots=True)
class NewTip:
    """What was reported."""

    text: str
    origin: TipOrigin
    place: str | None = None
    happened_at: datetime | None = None
    source: str | None = field(default=None, repr=False)
    """Who reported it; stored separately."""
    area: str | None = None
    """Code of the smallest area that is known."""


@dataclass(frozen=True, slots=True)
class ReportedPhoto:
    """A photo that came with a report."""

    content: bytes = field(repr=False)
    format: str
    quality: dict[str, Any] | None = None
    """None until it is analysed."""


@dataclass(frozen=True, slots=True)
class TipReceipt:
    """How far a report is, for who made it."""

    id: str
    reference: str
    state: ReceiptState
    received_at: datetime


class TipReports:
    """Takes reports in. No network is needed: nobody's face is looked at here."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock

    def record(self, actor: Actor, new: NewTip, photo: bytes | None = None) -> Tip:
        """Record a report; of its photo only the container is looked at.

        Raises:
            NotPermitted: the actor may not, or is of no agency.
            PhotoError: what was sent as a photo is none; nothing was written.
            AreaRefused: there is no such area; nothing was written.
        """
        require(actor, Permission.RECORD_TIP)
        reported = ReportedPhoto(photo, read_header(photo).format) if photo is not None else None
        return self.store(actor, new, reported)

    def store(self, actor: Actor, new: NewTip, photo: ReportedPhoto | None) -> Tip:
        """Write a report down; raises NotPermitted, AreaRefused."""
        if actor.agency_id is None:
            raise NotPermitted("tip_of_nobody")
        now, tip_id = self._clock(), new_id(TIP)
        report = json.dumps(asdict(Report(new.text, new.place))).encode()
        seal = self._vault.seal
        self._vault.own_keys.make(tip_id, actor.agency_id)
        source_name = rows.tip_source(tip_id, actor.agency_id)
        row = Tip(
            id=tip_id,
            agency_id=actor.agency_id,
            reference=f"{tip_id[-2 * _GROUP : -_GROUP]}-{tip_id[-_GROUP:]}",
            state=TipState.NEW.value,
            origin=new.origin.value,
            sealed_report=seal(report, rows.tip_report(tip_id, actor.agency_id)),
            sealed_source=seal(new.source.encode(), source_name) if new.source else None,
            has_source=bool(new.source),
            happened_at=new.happened_at,
            area=new.area,
            recorded_by=actor.id,
            recorded_by_name=actor.name,
            priority=TipPriority.NORMAL.value,
            created_at=now,
            updated_at=now,
        )
        if photo is not None:
            row.sealed_photo = seal(photo.content, rows.tip_photo(tip_id, actor.agency_id))
            row.photo_format, row.photo_quality = photo.format, photo.quality
            digest = hashlib.sha256(photo.content).hexdigest()
            row.photo_digest = self._vault.digest("tip photo", actor.agency_id, digest)
        with self._database.write() as session:
            if new.area is not None:
                areas.choose(session, new.area, "area")
            session.add(row)
            self._vault.own_keys.store(session, row.id)
            session.flush()
            detail = {"photo": photo is not None, "source": row.has_source}
            entry = AuditEntry(actor, "tip.record", row.id, row.agency_id, detail=detail)
            self._audit.append(session, entry)
        return row

    def receipt(self, actor: Actor, tip_id: str) -> TipReceipt:
        """Return how far the work on a tip is that the actor recorded.

        Raises:
            NotPermitted, NotFound: the actor may record none, or did not record this one.
        """
        require(actor, Permission.RECORD_TIP)
        with self._database.read() as session:
            row = session.get(Tip, tip_id)
            receipt = receipt_of(row) if row is not None and _recorded(row, actor) else None
        if receipt is None:
            raise NotFound("tip_not_found", tip=tip_id)
        return receipt

    def receipt_by_reference(self, actor: Actor, reference: str) -> TipReceipt | None:
        """Return the same by a tip's reference; None where the actor recorded none of it.

        Raises:
            NotPermitted: the actor may record none.
        """
        require(actor, Permission.RECORD_TIP)
        with self._database.read() as session:
            row = _by_reference(session, actor, reference)
            return receipt_of(row) if row is not None and _recorded(row, actor) else None


def receipt_of(row: Tip) -> TipReceipt:
    """Return the receipt of a tip."""
    return TipReceipt(row.id, row.reference, TOLD[TipState(row.state)], row.created_at)


def _recorded(row: Tip, actor: Actor) -> bool:
    return row.agency_id == actor.agency_id and row.recorded_by == actor.id


def _by_reference(session: Session, actor: Actor, reference: str) -> Tip | None:
    query = select(Tip).where(Tip.agency_id == actor.agency_id, Tip.reference == reference.upper())
    return session.scalars(query).one_or_none()
