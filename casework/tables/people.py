"""Agencies, their officers, and the sessions officers work in."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Protected, Table
from casework.tables.sealed import Sealed, SealedFields, nothing


class Agency(Protected, Table):
    """An authority that owns watchlists and answers for its officers."""

    __tablename__ = "agency"

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    """Short and spoken, such as `IMIGRASI`."""
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool]
    founding_until: Mapped[datetime | None]
    """Until then its one administrator acts alone; None once it is founded."""
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Officer(SealedFields, Protected, Table):
    """A person who works for one agency."""

    __tablename__ = "officer"
    __table_args__ = (UniqueConstraint("oidc_issuer", "oidc_digest"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"), index=True)
    login = Sealed[str](str, digest="login_digest", digest_across=True)
    """Lower case; what is typed at sign-in."""
    login_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    name = Sealed[str](str)
    service_number = Sealed[str | None](nothing)
    """What the officer's employer calls them by: an NIP, an NRP."""
    former_names = Sealed[list[dict[str, Any]]](list)
    """`name` and `service_number` of before, and `until` when (RFC 3339); the oldest first."""
    roles: Mapped[list[str]]
    language: Mapped[str] = mapped_column(String(2))
    active: Mapped[bool]
    password_hash: Mapped[str | None]
    """Argon2id; None where only an identity provider signs the officer in."""
    must_change_password: Mapped[bool]
    first_password_until: Mapped[datetime | None]
    """Until when a password that somebody else gave opens the account."""
    sealed_totp: Mapped[bytes | None]
    totp_confirmed: Mapped[bool]
    totp_step: Mapped[int]
    """The last time step whose code was used: none is taken twice."""
    oidc_issuer: Mapped[str | None]
    oidc_subject = Sealed[str | None](nothing, digest="oidc_digest", digest_across=True)
    oidc_digest: Mapped[str | None] = mapped_column(String(64))
    signed_in_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class OfficerSession(Table):
    """A sign-in: what a bearer token or a console's cookie refers to."""

    __tablename__ = "officer_session"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret_sha256: Mapped[str] = mapped_column(String(64))
    officer_id: Mapped[str] = mapped_column(
        ForeignKey("officer.id", ondelete="CASCADE"), index=True
    )

    kind: Mapped[str] = mapped_column(String(10))
    device: Mapped[str | None]
    """What signed in, coarsely: a browser and a system, or a program."""
    network: Mapped[str | None]
    """Where from, coarsely: the network of the address."""
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """Never later, however busy the session is."""
    ended_at: Mapped[datetime | None]


class RecoveryCode(Protected, Table):
    """A code that stands in for the second factor, once."""

    __tablename__ = "recovery_code"

    id: Mapped[str] = mapped_column(primary_key=True)
    officer_id: Mapped[str] = mapped_column(
        ForeignKey("officer.id", ondelete="CASCADE"), index=True
    )
    code_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
