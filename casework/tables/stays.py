"""Stays of foreign guests, as lodgings report them, and their photos until these are screened."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.areas import AREA_LENGTH
from casework.tables.base import Table
from casework.tables.sealed import Sealed, SealedFields, nothing


class Stay(SealedFields, Table):
    """One guest in one lodging; until it is screened, it waits in the queue of that."""

    __tablename__ = "stay"
    __table_args__ = (
        UniqueConstraint("receipt"),
        UniqueConstraint("reporter_id", "repeat_digest"),
        Index("ix_stay_waiting", "screened_at", "id"),
        Index("ix_stay_agency", "agency_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"))
    """Who receives it: the agency of the key or the officer that reported."""
    receipt: Mapped[str] = mapped_column(String(20))
    """Number that the lodging gets back (tanda terima)."""
    source: Mapped[str] = mapped_column(String(10))
    reporter_id: Mapped[str]
    """The key, or the officer."""
    lodging: Mapped[str] = mapped_column(String(60))
    """Its code."""
    lodging_name = Sealed[str](str)
    address = Sealed[str | None](nothing)
    area: Mapped[str | None] = mapped_column(String(AREA_LENGTH))
    """Where the lodging lies: see `casework.areas`."""
    guest = Sealed[dict[str, Any]](dict)
    """What the document says, without its zone: see `casework.screening.travel_document`."""
    sent = Sealed[list[str | None]](list)
    """The same as it was sent, zone and all, until it is screened: see `TravelDocument.parts`."""
    checked_in_at: Mapped[datetime]
    expected_out_at: Mapped[datetime | None]
    checked_out_at: Mapped[datetime | None]
    reported_at: Mapped[datetime]
    screened_at: Mapped[datetime | None]
    """None while it waits."""
    encounter_id: Mapped[str | None] = mapped_column(
        ForeignKey("encounter.id", ondelete="SET NULL"), index=True
    )
    """Where somebody on a list was found; never shown to who reported or receives it."""
    repeat_digest: Mapped[str | None] = mapped_column(String(64))
    """Keyed digest of the idempotency key."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    """Keyed digest of the report, photo and all."""
    attempts: Mapped[int]
    claim: Mapped[str | None]
    """The process that screens it."""
    claimed_until: Mapped[datetime | None]
    """After this, that process is taken to have died."""


class StayPhoto(Table):
    """A guest's photo that waits to be screened: then it goes, and its key with it."""

    __tablename__ = "stay_photo"

    id: Mapped[str] = mapped_column(primary_key=True)
    stay_id: Mapped[str] = mapped_column(ForeignKey("stay.id", ondelete="CASCADE"), unique=True)
    sealed_content: Mapped[bytes] = mapped_column(LargeBinary)
