"""The audit trail: one row an act, each chained to the one before."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Table

Number = BigInteger().with_variant(Integer, "sqlite")


class AuditRecord(Table):
    """Who did what, on which object, when, why, and with what result."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_agency", "agency_id", "seq"),
        Index("ix_audit_owner", "owner_id", "seq"),
        Index("ix_audit_object", "object_id", "seq"),
    )

    seq: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    """1, 2, 3, ... without a gap."""
    at: Mapped[datetime]
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    agency_id: Mapped[str | None]
    """The actor's agency."""
    action: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[str | None]
    owner_id: Mapped[str | None]
    """The agency the object belongs to."""
    outcome: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[dict[str, Any] | None]
    request_id: Mapped[str | None] = mapped_column(String(100))
    hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 over this record's text and the hash of the one before."""


class AuditHead(Table):
    """The chain's end: a single row, so that a cut-off tail is noticed."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Number)
    hash: Mapped[str] = mapped_column(String(64))
    seal: Mapped[bytes] = mapped_column(LargeBinary(32))
    """HMAC-SHA-256 over number and hash, under a key that the database does not hold."""
