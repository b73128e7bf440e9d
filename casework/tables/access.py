"""The API keys of systems."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Protected, Table


class ApiKey(Protected, Table):
    """A secret that lets a system in; only its SHA-256 is kept."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    agency_id: Mapped[str | None] = mapped_column(
        ForeignKey("agency.id", ondelete="RESTRICT"), index=True
    )
    secret_sha256: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]]
    ports: Mapped[list[str] | None]
    former_sha256: Mapped[str | None] = mapped_column(String(64))
    """The secret before the last rotation, which is in force until `former_until`."""
    former_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    """None of keys that earlier versions made, until they are rotated."""
    used_at: Mapped[datetime | None]
    """About when it was used last: within some minutes."""
    warned_at: Mapped[datetime | None]
    """When a warning was given that it will expire."""
    revoked_at: Mapped[datetime | None]
