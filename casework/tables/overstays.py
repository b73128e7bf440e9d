"""Permits to stay: as the owners of lists record them of persons, and as ports send them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.areas import AREA_LENGTH
from casework.tables.base import Protected, Table
from casework.tables.sealed import Sealed, SealedFields, nothing


class Residence(SealedFields, Protected, Table):
    """A permit by which a subject stays in the country (izin tinggal); goes with the subject."""

    __tablename__ = "residence"

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"), index=True)
    subject_id: Mapped[str] = mapped_column(
        ForeignKey("subject.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(20))
    permit_number = Sealed[str | None](nothing)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None] = mapped_column(index=True)
    """The last day; None of one without end."""
    departed_on: Mapped[date | None]
    """When the person left the country, as far as is known otherwise than by an alert."""
    sponsor = Sealed[str | None](nothing)
    """Who vouches for the person (penjamin)."""
    employer = Sealed[str | None](nothing)
    address = Sealed[str | None](nothing)
    area: Mapped[str | None] = mapped_column(String(AREA_LENGTH))
    """Where the address lies: see `casework.areas`."""
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class EncounterPermit(Table):
    """Until when a traveller may stay, as the port said of one who raised an alert."""

    __tablename__ = "encounter_permit"

    encounter_id: Mapped[str] = mapped_column(
        ForeignKey("encounter.id", ondelete="CASCADE"), primary_key=True
    )
    until: Mapped[date] = mapped_column(index=True)
    """The last day."""


class AnnouncedOverstay(Table):
    """An overstay of a listed person that was announced to the list's owner."""

    __tablename__ = "announced_overstay"

    subject_id: Mapped[str] = mapped_column(
        ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True
    )
    until: Mapped[date]
    """The end of the permit: a later one is another overstay."""


class HeldPermit(SealedFields, Table):
    """Until when a traveller on no list may stay, by the port's own reference: not who it is.

    There are none where an installation has not switched that on; a departure deletes it.
    """

    __tablename__ = "held_permit"
    __table_args__ = (UniqueConstraint("reference_digest"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str | None] = mapped_column(
        ForeignKey("agency.id", ondelete="RESTRICT"), index=True
    )
    """The agency of the port's key; None of a key of no agency."""
    traveller_ref = Sealed[str](str)
    reference_digest: Mapped[str] = mapped_column(String(64))
    """Of that reference, keyed, within the agency."""
    steps = Sealed[list[dict[str, Any]]](list)
    """What was sent for it: `kind`, `port`, `at` (RFC 3339) and `until`; the oldest first."""
    in_country: Mapped[bool]
    """False of a visa that nobody has come in by."""
    port: Mapped[str]
    """Of the last step."""
    came_at: Mapped[datetime]
    """When the arrival, or the visa, was: what was captured before changes nothing."""
    ends_at: Mapped[datetime] = mapped_column(index=True)
    """The last instant that the traveller may stay."""
