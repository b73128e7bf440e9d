"""The audit trail: records, what stands sealed beside them, and checkpoints."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import CanonicalJson, Table

Number = BigInteger().with_variant(Integer, "sqlite")


class AuditRecord(Table):
    """Who did what, on which object, when, and with what result; docs/decisions/0019."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_agency", "agency_id", "seq"),
        Index("ix_audit_owner", "owner_id", "seq"),
        Index("ix_audit_object", "object_id", "seq"),
        Index("ix_audit_action", "action", "seq"),
        Index("ix_audit_actor", "actor_id", "seq"),
        Index(
            "ix_audit_refused",
            "seq",
            sqlite_where=text("outcome != 'done'"),
            postgresql_where=text("outcome != 'done'"),
        ),
    )

    node: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Whose chain it is in."""
    seq: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    """1, 2, 3, ... without a gap."""
    at: Mapped[datetime]
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[str]
    actor_card: Mapped[str] = mapped_column(String(64))
    """Digest of what was known of the actor: see `AuditActor`."""
    agency_id: Mapped[str | None]
    """The actor's agency."""
    action: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[str | None]
    owner_id: Mapped[str | None]
    """The agency the object belongs to."""
    outcome: Mapped[str] = mapped_column(String(20))
    detail: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    texts: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    """Digests of what people typed, by name: see `AuditText`."""
    states: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    """Digests of the rows that the act changed, by table and key; null for a row that is gone."""
    request_id: Mapped[str | None] = mapped_column(String(100))
    earlier: Mapped[str | None] = mapped_column(String(64))
    """The hash of a record that was taken over from the first format."""
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 over the hash of the record before and the digests of this record's fields."""


class AuditHead(Table):
    """The end of a node's chain, so that a cut-off tail is noticed."""

    __tablename__ = "audit_head"

    node: Mapped[str] = mapped_column(String(40), primary_key=True)
    seq: Mapped[int] = mapped_column(Number)
    hash: Mapped[str] = mapped_column(String(64))
    covers: Mapped[str] = mapped_column(Text)
    """What the digests of each table's rows cover: a JSON object of digests of columns' names."""
    seal: Mapped[bytes] = mapped_column(LargeBinary(32))
    """HMAC-SHA-256 over all of this, under a key that the database does not hold."""


class AuditText(Table):
    """What a person typed for a record; erased by itself."""

    __tablename__ = "audit_text"

    node: Mapped[str] = mapped_column(String(40), primary_key=True)
    seq: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    sealed_text: Mapped[bytes]
    """Salt and text."""


class AuditActor(Table):
    """What was known of an actor while records were written: name and agency."""

    __tablename__ = "audit_actor"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """As it is in the records."""
    lookup: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    """Keyed digest by which the next record finds it."""
    sealed_card: Mapped[bytes]
    """Salt and JSON object."""


class AuditCheckpoint(Table):
    """A signed statement of where every chain stood."""

    __tablename__ = "audit_checkpoint"

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)
    signature: Mapped[bytes] = mapped_column(LargeBinary(64))
    sent_at: Mapped[datetime | None]
    """When it was handed out, where it is to be."""


class EarlierAuditRecord(Table):
    """A record of the first format that is still to be taken over."""

    __tablename__ = "audit_earlier"

    seq: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    agency_id: Mapped[str | None]
    action: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[str | None]
    owner_id: Mapped[str | None]
    outcome: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[dict[str, Any] | None]
    request_id: Mapped[str | None] = mapped_column(String(100))
    hash: Mapped[str] = mapped_column(String(64))


class EarlierAuditHead(Table):
    """The end of the chain of the first format, until all is taken over."""

    __tablename__ = "audit_earlier_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Number)
    hash: Mapped[str] = mapped_column(String(64))
    seal: Mapped[bytes] = mapped_column(LargeBinary(32))
