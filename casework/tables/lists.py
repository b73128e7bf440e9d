"""Watchlists, the subjects who stand on them, their photos and templates."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from casework.tables.base import Serial, Table


class Watchlist(Table):
    """A list of subjects with one policy."""

    __tablename__ = "watchlist"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    category: Mapped[str]
    direction: Mapped[str]
    target_fpir: Mapped[float]
    threshold: Mapped[float | None]
    """A cosine set by hand instead of the target's."""
    ports: Mapped[list[str] | None]
    """Ports it applies to; None means all."""
    instruction: Mapped[str] = mapped_column(Text)
    """What the port is told to do on an alert."""
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Membership(Table):
    """A subject stands on a watchlist."""

    __tablename__ = "membership"

    watchlist_id: Mapped[str] = mapped_column(
        ForeignKey("watchlist.id", ondelete="RESTRICT"), primary_key=True
    )
    subject_id: Mapped[str] = mapped_column(
        ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Subject(Table):
    """A person who is looked for."""

    __tablename__ = "subject"

    id: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str | None] = mapped_column(unique=True)
    """The owner's own reference; enrolling it again adds to the same subject."""
    name: Mapped[str]
    nationality: Mapped[str | None] = mapped_column(String(3))
    birth_date: Mapped[date | None]
    reason: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    memberships: Mapped[list[Membership]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, lazy="selectin"
    )
    photos: Mapped[list["EnrolledPhoto"]] = relationship(
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="EnrolledPhoto.id",
        back_populates="subject",
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class EnrolledPhoto(Table):
    """A photo that a subject was enrolled from."""

    __tablename__ = "photo"
    __table_args__ = (UniqueConstraint("subject_id", "sha256"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id", ondelete="CASCADE"))
    sha256: Mapped[str] = mapped_column(String(64))
    format: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    quality: Mapped[dict[str, Any]]
    sealed_content: Mapped[bytes] = mapped_column(deferred=True)
    created_at: Mapped[datetime]

    subject: Mapped[Subject] = relationship(back_populates="photos")
    templates: Mapped[list["Template"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True
    )


class Template(Table):
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
    """Pack, version and digest of the recogniser: see `casework.model.ModelKey`."""
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
