"""What agencies hand to one another, and what is reported to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from casework.tables.areas import AREA_LENGTH
from casework.tables.base import Protected, Serial, Table
from casework.tables.people import Agency
from casework.tables.sealed import Sealed, SealedFields


class Referral(Table):
    """An alert or a tip, handed to another agency as a copy of what the sender chose to show."""

    __tablename__ = "referral"
    __table_args__ = (
        Index("ix_referral_sender", "sender_id", "id"),
        Index("ix_referral_receiver", "receiver_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    object_id: Mapped[str] = mapped_column(index=True)
    """The alert or the tip; the referral outlives both. Never shown to the receiver."""
    subject_id: Mapped[str | None] = mapped_column(index=True)
    """Whom the alert was about, so that what is held about a subject can be found."""
    sender_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"))
    receiver_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"))
    state: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(30))
    """The outcome, as the receiver states it."""
    fields: Mapped[list[str]]
    """Names of what it carries."""
    sealed_carried: Mapped[bytes]
    """JSON object of the carried fields, as they were when it was sent."""
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    sender: Mapped[Agency] = relationship(foreign_keys=[sender_id], lazy="joined")
    receiver: Mapped[Agency] = relationship(foreign_keys=[receiver_id], lazy="joined")
    messages: Mapped[list["ReferralMessage"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="ReferralMessage.id"
    )
    photos: Mapped[list["ReferralPhoto"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="ReferralPhoto.name"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ReferralMessage(SealedFields, Table):
    """One step of a referral: who did what, and what they wrote."""

    __tablename__ = "referral_message"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    referral_id: Mapped[str] = mapped_column(
        ForeignKey("referral.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    officer_id: Mapped[str]
    officer_name = Sealed[str](str)
    agency_id: Mapped[str]
    action: Mapped[str] = mapped_column(String(20))
    state_after: Mapped[str] = mapped_column(String(20))
    sealed_text: Mapped[bytes | None]


class ReferralPhoto(Table):
    """A photo that a referral carries."""

    __tablename__ = "referral_photo"

    referral_id: Mapped[str] = mapped_column(
        ForeignKey("referral.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    """Which of the carried fields it is."""
    format: Mapped[str] = mapped_column(String(20))
    turn: Mapped[int] = mapped_column(server_default="0")
    """Degrees clockwise by which it has to be turned so that its face is upright."""
    sealed_content: Mapped[bytes] = mapped_column(deferred=True)


class ReferralPreset(Protected, Table):
    """What an agency usually hands over to another for one purpose; it sends nothing by itself."""

    __tablename__ = "referral_preset"
    __table_args__ = (UniqueConstraint("agency_id", "kind", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"))
    """Whose it is: the sender."""
    kind: Mapped[str] = mapped_column(String(10))
    """What it hands over: an alert or a tip."""
    name: Mapped[str]
    """The purpose, such as pro justitia."""
    receiver_id: Mapped[str] = mapped_column(
        ForeignKey("agency.id", ondelete="RESTRICT"), index=True
    )
    fields: Mapped[list[str]]
    """Names of what is usually carried."""
    note: Mapped[str] = mapped_column(Text)
    """The usual note."""
    days: Mapped[int]
    """Within which an answer is usually due."""
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Tip(SealedFields, Table):
    """A report from the public or another agency."""

    __tablename__ = "tip"
    __table_args__ = (UniqueConstraint("agency_id", "reference"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"))
    reference: Mapped[str] = mapped_column(String(20))
    """Short number to give to the person who reported it."""
    state: Mapped[str] = mapped_column(String(20))
    origin: Mapped[str] = mapped_column(String(20))
    sealed_report: Mapped[bytes]
    """JSON object: `text` and `place`."""
    sealed_source: Mapped[bytes | None] = mapped_column(deferred=True)
    """Who reported it: sealed separately, because readers of the tip need not know."""
    has_source: Mapped[bool]
    happened_at: Mapped[datetime | None]
    area: Mapped[str | None] = mapped_column(String(AREA_LENGTH), index=True)
    """Where, as an area: tips are filtered and counted by it."""
    photo_format: Mapped[str | None] = mapped_column(String(20))
    photo_quality: Mapped[dict[str, Any] | None]
    sealed_photo: Mapped[bytes | None] = mapped_column(deferred=True)
    recorded_by: Mapped[str]
    recorded_by_name = Sealed[str](str)
    photo_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    """Keyed, of the file: the same photo is found again within the agency."""
    priority: Mapped[str] = mapped_column(String(10), default="normal")
    assigned_to: Mapped[str | None] = mapped_column(index=True)
    """Id of the officer who works on it."""
    team_id: Mapped[str | None] = mapped_column(
        ForeignKey("team.id", ondelete="SET NULL"), index=True
    )
    """The team that works on it, in which its agency takes part; the others do not see it."""
    search_id: Mapped[str | None]
    """The last search with its photo."""
    searched_at: Mapped[datetime | None]
    subject_id: Mapped[str | None] = mapped_column(index=True)
    """Who was enrolled from it."""
    sealed_dismissal: Mapped[bytes | None]
    """Why it was dismissed."""
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class TipSubject(Table):
    """A subject that a tip is about, as an officer noted."""

    __tablename__ = "tip_subject"

    tip_id: Mapped[str] = mapped_column(ForeignKey("tip.id", ondelete="CASCADE"), primary_key=True)
    subject_id: Mapped[str] = mapped_column(
        ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    linked_by: Mapped[str]
    linked_at: Mapped[datetime]
