"""Travellers who were wrongly matched with a subject: its known look-alikes."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Protected, Table
from casework.tables.keys import OwnKey


class KnownLookalike(Protected, Table):
    """A traveller who resembles a subject and is somebody else; gone with the subject."""

    __tablename__ = "known_lookalike"

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"), index=True)
    subject_id: Mapped[str] = mapped_column(
        ForeignKey("subject.id", ondelete="CASCADE"), index=True
    )
    alert_id: Mapped[str]
    """The alert that was found to be mistaken; it may be erased before."""
    case_number: Mapped[str]
    """Of that alert."""
    model: Mapped[str]
    """Whose template it is: one of another model silences nothing."""
    sealed_vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of the traveller's face, under a key of its own; None once it is out of force."""
    score: Mapped[float]
    """How alike the two are, by the subject's best photo of then."""
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    """When a second officer accepted it; it counts for nothing before."""
    valid_until: Mapped[datetime]
    revoked_by: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    spared: Mapped[int]
    """How often the traveller was not stopped for the subject."""
    spared_at: Mapped[datetime | None]
    """When that was last so."""


class KnownLookalikeKey(OwnKey, Table):
    """Seals the template of a known look-alike."""

    __tablename__ = "known_lookalike_key"

    owner: Mapped[str] = mapped_column(
        ForeignKey("known_lookalike.id", ondelete="CASCADE"), primary_key=True
    )
