"""Events on their way out: the outbox, webhooks and their deliveries."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Serial, Table


class OutboxEvent(Table):
    """Something that happened, by reference alone: what a reader may see of it is put in later."""

    __tablename__ = "outbox"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    seq: Mapped[int] = mapped_column(Serial, primary_key=True)
    """In the order of commits, as writers take turns."""
    id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(30))
    object_id: Mapped[str]
    owner_id: Mapped[str | None]
    """The agency it belongs to."""
    watchlist_id: Mapped[str | None]
    """The list whose other readers see it too."""
    key_id: Mapped[str | None]
    """The port system's key that it goes back to."""
    at: Mapped[datetime]


class Webhook(Table):
    """An address that receives the events of an agency or a port system."""

    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str | None] = mapped_column(
        ForeignKey("agency.id", ondelete="RESTRICT"), index=True
    )
    """Who manages it: the receiving agency, or the one that the key belongs to."""
    key_id: Mapped[str | None] = mapped_column(
        ForeignKey("api_key.id", ondelete="RESTRICT"), index=True
    )
    """The receiving port system; None means that the agency receives."""
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str]
    events: Mapped[list[str]]
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_former_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    former_until: Mapped[datetime | None]
    """Until when what is sent is signed with the former secret too."""
    active: Mapped[bool]
    disabled_reason: Mapped[str | None]
    """Why the service switched it off, where it did."""
    disabled_sentence: Mapped[dict[str, Any] | None]
    """The same as a code with parameters; see `casework.kernel.messages`."""
    cursor: Mapped[int] = mapped_column(Serial)
    """The outbox up to here is in its queue."""
    failures: Mapped[int]
    """Attempts that failed since the last that did not."""
    succeeded_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Delivery(Table):
    """One event on its way to one webhook, and what became of it."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_due", "state", "due_at"),
        Index("ix_delivery_lane", "webhook_id", "lane", "state", "seq"),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(Serial, primary_key=True)
    """The order within a lane."""
    id: Mapped[str] = mapped_column(unique=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    event_id: Mapped[str]
    kind: Mapped[str] = mapped_column(String(30))
    object_id: Mapped[str]
    at: Mapped[datetime]
    """When it happened."""
    lane: Mapped[str]
    """What keeps its order: the watchlist, or else the object."""
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    claim: Mapped[str | None]
    """The attempt that is being made."""
    claimed_until: Mapped[datetime | None]
    """After this, the process that made the attempt is taken to have died."""
    attempted_at: Mapped[datetime | None]
    status_code: Mapped[int | None]
    latency_ms: Mapped[float | None]
    error: Mapped[str | None]
    error_sentence: Mapped[dict[str, Any] | None]
    """The same as a code with parameters; see `casework.kernel.messages`."""
    replay_of: Mapped[str | None]
    created_at: Mapped[datetime]
