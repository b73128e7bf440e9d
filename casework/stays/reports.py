"""Reports of foreign guests: taken in, and answered with a receipt and nothing else.

Who reports a guest must not learn whether somebody is on a list. So a report is stored with all
that it says, and answered, before anybody looks the guest up: `casework.stays.screening` does that
afterwards. The answer depends on the report alone.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from casework.areas import known
from casework.kernel import mrz, rows
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import (
    IdempotencyClash,
    InvalidPeriod,
    NotFound,
    NotPermitted,
    StayRefused,
)
from casework.kernel.ids import STAY, STAY_PHOTO, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.key_ring import INSTALLATION
from casework.kernel.permissions import Permission, extends_to, require, require_port
from casework.kernel.processing import Grounds, Processing
from casework.kernel.vocabulary import StaySource
from casework.screening.travel_document import ReadDocument, TravelDocument
from casework.tables import Stay, StayPhoto
from detector.decode import open_photo
from detector.limits import Limits

CHECK_OUT: Final = "stay.check_out"
HOME: Final = "IDN"
"""Whose nationals are nobody's guests to report (UU 6/2011, article 72: foreigners)."""
MOST_ROWS: Final = 500
"""Of one file; all are stored together."""
_AHEAD: Final = timedelta(days=1)
"""How far other clocks and days may be ahead."""
_GROUP: Final = 5
"""A receipt has two groups of so many letters and digits, to be read out over the telephone."""
_REQUIRED: Final = {
    "nationality": "stay_lacks_nationality",
    "name": "stay_lacks_name",
    "number": "stay_lacks_number",
}


@dataclass(frozen=True, slots=True)
class NewStay:
    """What a lodging reports."""

    lodging: str
    """Its code: see `casework.kernel.lodgings`."""
    lodging_name: str
    document: TravelDocument = field(repr=False)
    """The guest's."""
    checked_in_at: datetime
    area: str | None = None
    address: str | None = None
    expected_out_at: datetime | None = None
    checked_out_at: datetime | None = None
    photo: bytes | None = field(default=None, repr=False)
    """Of the guest, or of the page of the document that shows one."""
    idempotency_key: str | None = None

    @property
    def fingerprint(self) -> str:
        """Digest of everything that makes this report the same as another."""
        times = (self.checked_in_at, self.expected_out_at, self.checked_out_at)
        parts = [
            *(self.lodging, self.lodging_name, self.area, self.address),
            *(each.isoformat() if each is not None else None for each in times),
            *self.document.parts,
            hashlib.sha256(self.photo or b"").hexdigest(),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a report."""

    receipt: str
    """Its number."""
    reported_at: datetime
    replayed: bool = False
    """Whether it was given before, to the same idempotency key."""


class StayReports:
    """Takes reports in. Safe to call from several threads at once."""

    def __init__(self, kernel: Kernel, grounds: Grounds, limits: Limits) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._grounds = grounds
        self._limits = limits

    def report(self, actor: Actor, new: NewStay, source: StaySource = StaySource.KEY) -> Receipt:
        """Take one report in.

        Raises:
            StaysOff: the installation has named no legal basis.
            NotPermitted: the actor may report none, or not from this lodging.
            AreaRefused: there is no such area.
            StayRefused, InvalidPeriod: no foreign guest, no document, or impossible days.
            PhotoError: what was sent as a photo is none; nothing is kept.
            IdempotencyClash: the idempotency key was used for a different report.
        """
        (receipt,) = self.report_all(actor, [new], source)
        return receipt

    def report_all(
        self, actor: Actor, reports: Sequence[NewStay], source: StaySource
    ) -> list[Receipt]:
        """Take several reports in, all or none of them; raises what `report` does."""
        self.check(actor)
        for new in reports:
            self.require_sound(actor, new)
        given = self._given(actor, reports)
        if None not in given:
            return [each for each in given if each is not None]
        try:
            with self._database.write() as session:
                return [
                    earlier or self._store(session, actor, new, source)
                    for earlier, new in zip(given, reports, strict=True)
                ]
        except IntegrityError:
            # The same keys were being answered at the same moment: those answers stand.
            given = self._given(actor, reports)
            if None in given:
                raise
            return [each for each in given if each is not None]

    def check(self, actor: Actor) -> None:
        """Raise unless the actor may report at all: StaysOff, NotPermitted."""
        require(actor, Permission.REPORT_STAY)
        if actor.agency_id is None:
            raise NotPermitted("stay_of_nobody")
        self._grounds.require(Processing.STAYS)

    def require_sound(self, actor: Actor, new: NewStay) -> ReadDocument:
        """Return what the guest's document says, if the report can be taken; see `report`."""
        require_port(actor, new.lodging)
        now = self._clock()
        read = new.document.read(now.date())
        zone = mrz.read(new.document.mrz, now.date()) if new.document.mrz is not None else None
        if HOME in (read.says.get("nationality"), zone.nationality if zone is not None else None):
            raise StayRefused("stay_guest_is_national", field="document_nationality")
        for name, missing in _REQUIRED.items():
            if not read.says.get(name):
                raise StayRefused(missing, field=f"document_{name}")
        self._require_days(new, now)
        if new.area is not None:
            with self._database.read() as session:
                known.choose(session, new.area, "area")
        if new.photo is not None:
            open_photo(new.photo, self._limits)
        return read

    def check_out(self, actor: Actor, receipt: str, at: datetime) -> Stay:
        """Say when a guest left; said again, the last counts.

        Raises:
            StaysOff: the installation has named no legal basis.
            NotPermitted, NotFound: the actor may report none, or has no such receipt.
            InvalidPeriod: the guest would have left before coming, or leave in days to come.
        """
        self.check(actor)
        with self._database.write() as session:
            row = find(session, actor, receipt)
            if at < row.checked_in_at:
                raise InvalidPeriod("stay_ends_before_it_begins", field="checked_out")
            if at > self._clock() + _AHEAD:
                raise InvalidPeriod("stay_ends_in_future", field="checked_out")
            if row.checked_out_at != at:
                row.checked_out_at = at
                session.flush()
                self._audit.append(session, AuditEntry(actor, CHECK_OUT, row.id, row.agency_id))
            return row

    def get(self, actor: Actor, receipt: str) -> Stay:
        """Return what a receipt is for; raises what `check_out` does."""
        self.check(actor)
        with self._database.read() as session:
            return find(session, actor, receipt)

    def _require_days(self, new: NewStay, now: datetime) -> None:
        if new.checked_in_at > now + _AHEAD:
            raise InvalidPeriod("stay_begins_in_future", field="checked_in")
        for name, at in (
            ("expected_out", new.expected_out_at),
            ("checked_out", new.checked_out_at),
        ):
            if at is not None and at < new.checked_in_at:
                raise InvalidPeriod("stay_ends_before_it_begins", field=name)
        if new.checked_out_at is not None and new.checked_out_at > now + _AHEAD:
            raise InvalidPeriod("stay_ends_in_future", field="checked_out")
        days = self._grounds.require(Processing.STAYS).keep_days
        last = max(filter(None, (new.checked_in_at, new.expected_out_at, new.checked_out_at)))
        if last < now - timedelta(days=days):
            raise InvalidPeriod("stay_too_old", field="checked_in", days=days)

    def _given(self, actor: Actor, reports: Sequence[NewStay]) -> list[Receipt | None]:
        """Return the receipt given to each key before, None where none was.

        Raises:
            IdempotencyClash: one of them was used for a different report.
        """
        keys = [self._key_digest(new, actor) for new in reports]
        if not any(keys):
            return [None for _ in reports]
        query = select(Stay.repeat_digest, Stay.receipt, Stay.reported_at, Stay.fingerprint).where(
            Stay.reporter_id == actor.id, Stay.repeat_digest.in_(filter(None, keys))
        )
        with self._database.read() as session:
            found = {row.repeat_digest: row for row in session.execute(query)}
        for key, new in zip(keys, reports, strict=True):
            row = found.get(key)
            if row is not None and row.fingerprint != self._fingerprint(new, actor):
                raise IdempotencyClash("idempotency_key_reused")
        return [
            Receipt(row.receipt, row.reported_at, replayed=True)
            if (row := found.get(key)) is not None
            else None
            for key in keys
        ]

    def _store(self, session: Session, actor: Actor, new: NewStay, source: StaySource) -> Receipt:
        now, stay_id, agency_id = self._clock(), new_id(STAY), actor.agency_id or ""
        self._vault.own_keys.make(stay_id, agency_id)
        says = new.document.read(now.date()).says
        row = Stay(
            id=stay_id,
            agency_id=agency_id,
            receipt=f"{stay_id[-2 * _GROUP : -_GROUP]}-{stay_id[-_GROUP:]}",
            source=source.value,
            reporter_id=actor.id,
            lodging=new.lodging,
            lodging_name=new.lodging_name,
            address=new.address,
            area=new.area,
            guest={name: value for name, value in says.items() if name != "mrz"},
            sent=new.document.parts,
            checked_in_at=new.checked_in_at,
            expected_out_at=new.expected_out_at,
            checked_out_at=new.checked_out_at,
            reported_at=now,
            repeat_digest=self._key_digest(new, actor),
            fingerprint=self._fingerprint(new, actor),
            attempts=0,
        )
        session.add(row)
        self._vault.own_keys.store(session, stay_id)
        session.flush()
        if new.photo is not None:
            photo_id = new_id(STAY_PHOTO)
            self._vault.own_keys.make(photo_id, INSTALLATION)
            sealed = self._vault.seal(new.photo, rows.stay_photo(photo_id))
            session.add(StayPhoto(id=photo_id, stay_id=stay_id, sealed_content=sealed))
            self._vault.own_keys.store(session, photo_id)
            session.flush()
        detail = {"source": row.source, "lodging": row.lodging}
        entry = AuditEntry(actor, Permission.REPORT_STAY, stay_id, agency_id, detail=detail)
        self._audit.append(session, entry)
        return Receipt(row.receipt, now)

    def _key_digest(self, new: NewStay, actor: Actor) -> str | None:
        if new.idempotency_key is None:
            return None
        return self._vault.digest("idempotency.key", actor.id, new.idempotency_key)

    def _fingerprint(self, new: NewStay, actor: Actor) -> str:
        return self._vault.digest("idempotency.fingerprint", actor.id, new.fingerprint)


def find(session: Session, actor: Actor, receipt: str) -> Stay:
    """Return what a receipt is for: a key sees its own alone, an officer those of the agency.

    Raises:
        NotFound: there is none, or it is another's: the caller does not learn which.
    """
    row = session.scalar(select(Stay).where(Stay.receipt == receipt.upper()))
    own = row is not None and extends_to(actor, Permission.REPORT_STAY, row.agency_id)
    if row is None or not own or (actor.kind is ActorKind.SYSTEM and row.reporter_id != actor.id):
        raise NotFound("stay_not_found", receipt=receipt)
    return row
