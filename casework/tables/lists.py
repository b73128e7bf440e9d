"""Watchlists, the subjects on them, their photos and templates."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from casework.tables.base import Protected, Serial, Table
from casework.tables.sealed import Sealed, SealedFields, nothing, sealed_date


class Watchlist(Protected, Table):
    """A list of subjects with one policy, owned by one agency."""

    __tablename__ = "watchlist"
    __table_args__ = (UniqueConstraint("agency_id", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"))
    name: Mapped[str]
    category: Mapped[str]
    direction: Mapped[str]
    stages: Mapped[list[str] | None]
    """Stages of a journey it applies to; None means all."""
    ports: Mapped[list[str] | None]
    """Ports it applies to; None means all."""
    target_fpir: Mapped[float]
    threshold: Mapped[float | None]
    """A cosine set by hand instead of the target's."""
    legal_basis: Mapped[str] = mapped_column(Text)
    instruction: Mapped[dict[str, Any]]
    """What the port has to do on an alert, by language (`id`, `en`)."""
    requires_acknowledgement: Mapped[bool]
    """Whether an officer must take an alert before giving an opinion on it."""
    requires_second_officer: Mapped[bool]
    requires_person_on_failed_pad: Mapped[bool] = mapped_column(server_default=false())
    """Whether an officer has to see each traveller whose presentation attack detection failed."""
    acknowledge_within_s: Mapped[int]
    """Seconds within which an alert should be taken; nothing happens by itself after them."""
    priority: Mapped[int | None]
    """Set by somebody; None means the usual one of the category."""
    active: Mapped[bool]
    breaker_tripped_at: Mapped[datetime | None]
    """Since when the list, which alarmed on too many travellers, is kept to its target."""
    breaker_reset_at: Mapped[datetime | None]
    """When somebody last reset the breaker: alarms count from then on."""
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    shares: Mapped[list["WatchlistShare"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, lazy="selectin"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class WatchlistShare(Protected, Table):
    """An agency that sees a watchlist's alerts, besides the owner."""

    __tablename__ = "watchlist_share"

    watchlist_id: Mapped[str] = mapped_column(
        ForeignKey("watchlist.id", ondelete="CASCADE"), primary_key=True
    )
    agency_id: Mapped[str] = mapped_column(
        ForeignKey("agency.id", ondelete="RESTRICT"), primary_key=True, index=True
    )


class WatchlistEntry(Protected, Table):
    """A subject is on a watchlist."""

    __tablename__ = "membership"

    watchlist_id: Mapped[str] = mapped_column(
        ForeignKey("watchlist.id", ondelete="RESTRICT"), primary_key=True
    )
    subject_id: Mapped[str] = mapped_column(
        ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Subject(SealedFields, Protected, Table):
    """A person whom one agency looks for."""

    __tablename__ = "subject"
    __table_args__ = (UniqueConstraint("agency_id", "reference_digest"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"))
    reference = Sealed[str | None](nothing, digest="reference_digest")
    """The owner's own reference; enrolling it again adds to the same subject."""
    reference_digest: Mapped[str | None] = mapped_column(String(64))
    """Of the reference exactly as it is written."""
    look_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    """Of how the reference looks: see `casework.kernel.subject_index`."""
    name = Sealed[str](str)
    aliases = Sealed[list[str]](list)
    sex = Sealed[str | None](nothing)
    birth_date = sealed_date()
    birth_year = Sealed[int | None](nothing)
    """Where no more than the year is known."""
    nationality: Mapped[str | None] = mapped_column(String(3))
    documents = Sealed[list[dict[str, Any]]](list)
    """Travel documents: `kind`, `number`, `country`."""
    reason = Sealed[str](str)
    decision_number = Sealed[str | None](nothing)
    """Number of the decision that put the person on the list."""
    merged = Sealed[dict[str, Any] | None](nothing)
    """Of one that is merged into another: whom, and what that one got of it."""
    merged_from = Sealed[list[str]](list)
    """Ids of subjects that were merged into this one."""
    status: Mapped[str] = mapped_column(String(20))
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    erase_at: Mapped[datetime | None] = mapped_column(index=True)
    """Being erased: it alerts nobody from now on, and is gone then unless that is taken back."""
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    memberships: Mapped[list[WatchlistEntry]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, lazy="selectin"
    )
    document_digests: Mapped[list["SubjectDocument"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True
    )
    """Follows `documents`: see `casework.kernel.subject_index`."""
    photos: Mapped[list["EnrolledPhoto"]] = relationship(
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="EnrolledPhoto.id",
        back_populates="subject",
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class SubjectDocument(Table):
    """A travel document of a subject, by a keyed digest of its number."""

    __tablename__ = "subject_document"

    subject_id: Mapped[str] = mapped_column(
        ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


class EnrolledPhoto(SealedFields, Protected, Table):
    """A photo that a subject was enrolled from."""

    __tablename__ = "photo"
    __table_args__ = (UniqueConstraint("subject_id", "digest"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id", ondelete="CASCADE"))
    sha256 = Sealed[str](str, digest="digest")
    digest: Mapped[str | None] = mapped_column(String(64))
    format: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    quality: Mapped[dict[str, Any]]
    sealed_content: Mapped[bytes] = mapped_column(deferred=True)
    sealed_face: Mapped[bytes | None] = mapped_column(deferred=True)
    """The face, small and aligned, as JPEG: for lists of alerts. None until it is first asked for,
    of photos that were kept before it was made at enrolment."""
    erase_at: Mapped[datetime | None] = mapped_column(index=True)
    """As a subject's."""
    created_at: Mapped[datetime]

    subject: Mapped[Subject] = relationship(back_populates="photos")
    templates: Mapped[list["Template"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True
    )


class Template(Protected, Table):
    """An embedding of an enrolled photo, made by one model."""

    __tablename__ = "template"
    __table_args__ = (
        UniqueConstraint("photo_id", "model"),
        Index("ix_template_model_id", "model", "id"),
        {"sqlite_autoincrement": True},  # the id of a removed template is never used again
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    photo_id: Mapped[str] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"))
    subject_id: Mapped[str] = mapped_column(
        ForeignKey("subject.id", ondelete="CASCADE"), index=True
    )
    model: Mapped[str]
    """Pack, version and digest of the recogniser: see `casework.gallery.model_key.ModelKey`."""
    sealed_vector: Mapped[bytes]
    created_at: Mapped[datetime]


class GalleryChange(Table):
    """The ordered log that every in-memory gallery follows."""

    __tablename__ = "gallery_change"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    seq: Mapped[int] = mapped_column(Serial, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    template_id: Mapped[int | None] = mapped_column(Serial)
    created_at: Mapped[datetime]
