"""Encounters, the alerts they raised, and the requests that were answered with them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from casework.tables.base import Table


class Encounter(Table):
    """One photo of one traveller, screened."""

    __tablename__ = "encounter"
    __table_args__ = (
        # All that counting travellers needs (casework.monitoring), so that no row has to be read.
        Index("ix_encounter_screened", "received_at", "port", "direction", "outcome"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    api_key_id: Mapped[str] = mapped_column(index=True)
    port: Mapped[str]
    lane: Mapped[str | None]
    direction: Mapped[str]
    stage: Mapped[str]
    captured_at: Mapped[datetime]
    received_at: Mapped[datetime]
    traveller_ref: Mapped[str | None]
    outcome: Mapped[str]
    faces: Mapped[int]
    quality: Mapped[dict[str, Any]]
    model: Mapped[str]
    gallery_version: Mapped[int] = mapped_column(BigInteger)
    gallery_size: Mapped[int]
    stages: Mapped[dict[str, Any]]
    """Milliseconds by stage, up to the commit."""
    sealed_portrait: Mapped[bytes | None] = mapped_column(deferred=True)
    """The traveller's face as JPEG; kept only where an alert was raised."""

    alerts: Mapped[list["Alert"]] = relationship(
        order_by="Alert.rank", cascade="all, delete-orphan", lazy="selectin"
    )


class Alert(Table):
    """A subject that resembles a traveller enough for one watchlist's policy."""

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("encounter_id", "subject_id", "watchlist_id"),
        Index("ix_alert_raised", "created_at", "watchlist_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id", ondelete="CASCADE"))
    subject_id: Mapped[str] = mapped_column(index=True)
    """Outlives the subject: an alert is a record of what was answered."""
    watchlist_id: Mapped[str] = mapped_column(index=True)
    watchlist_name: Mapped[str]
    category: Mapped[str]
    instruction: Mapped[str] = mapped_column(Text)
    photo_id: Mapped[str]
    score: Mapped[float]
    threshold: Mapped[float]
    threshold_basis: Mapped[str]
    """Where the threshold came from: the prior of a pack, a calibration, or set by hand."""
    calibration_id: Mapped[str | None]
    """The calibration that the odds come from, and the threshold unless set by hand."""
    one_in: Mapped[float | None]
    """About one in so many travellers would score this high against this list by chance."""
    rank: Mapped[int]
    state: Mapped[str]
    created_at: Mapped[datetime]


class IdempotencyRecord(Table):
    """A request that was answered, so that its repetition gets the same answer."""

    __tablename__ = "idempotency"

    api_key_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
