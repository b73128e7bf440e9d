"""The records. Times are UTC; blobs named `sealed_*` are encrypted by `casework.vault`."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time, on databases that know time zones and on SQLite, which does not."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: nobody could say what they mean."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back to what SQLite stored without it."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite only counts up by itself on its own INTEGER type.
Serial = BigInteger().with_variant(Integer, "sqlite")


class Table(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(
        # Constraints with known names can be altered by a later migration on every database.
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration style
        datetime: UtcDateTime,
        dict[str, Any]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
        str: String(200),
        bytes: LargeBinary,
    }


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


class Encounter(Table):
    """One photo of one traveller, screened."""

    __tablename__ = "encounter"

    id: Mapped[str] = mapped_column(primary_key=True)
    api_key_id: Mapped[str] = mapped_column(index=True)
    port: Mapped[str]
    lane: Mapped[str | None]
    direction: Mapped[str]
    stage: Mapped[str]
    captured_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(index=True)
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
    __table_args__ = (UniqueConstraint("encounter_id", "subject_id", "watchlist_id"),)

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
    rank: Mapped[int]
    state: Mapped[str]
    created_at: Mapped[datetime]


class ApiKey(Table):
    """A secret that lets a system in; only its SHA-256 is kept."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    secret_sha256: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]]
    ports: Mapped[list[str] | None]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class IdempotencyRecord(Table):
    """A request that was answered, so that its repetition gets the same answer."""

    __tablename__ = "idempotency"

    api_key_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
