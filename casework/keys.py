"""API keys of port systems and agencies' programs.

A key is 256 random bits, so one SHA-256 protects it as well as a slow password hash would: there is
nothing to guess. Its text names its row, which is found by index; only then is the secret compared,
in constant time.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select

from casework.clock import Clock
from casework.database import Database
from casework.errors import NotAuthenticated, NotFound, NotPermitted
from casework.ids import KEY, new_id
from casework.tables import ApiKey
from casework.vocabulary import Scope

_PREFIX: Final = "siaga"
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, and what the key allows."""

    key_id: str
    name: str
    scopes: frozenset[Scope]
    ports: frozenset[str] | None
    """Ports the key may speak for; None means all."""

    def require(self, scope: Scope) -> None:
        """Raise NotPermitted unless the key has the scope."""
        if scope not in self.scopes:
            raise NotPermitted(
                f"This key lacks the scope '{scope}': use one made with `--scope {scope}`."
            )

    def require_port(self, port: str) -> None:
        """Raise NotPermitted unless the key may speak for the port."""
        if self.ports is not None and port not in self.ports:
            raise NotPermitted(f"This key may not submit encounters of port {port}.")


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What may be shown of a key."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    ports: tuple[str, ...] | None
    created_at: datetime
    revoked_at: datetime | None


class Keys:
    """Creates, lists, revokes and recognises API keys."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(
        self, name: str, scopes: Sequence[Scope], ports: Sequence[str] | None = None
    ) -> tuple[KeyRecord, str]:
        """Make a key; returns its record and its text, which cannot be shown again."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        row = ApiKey(
            id=new_id(KEY),
            name=name,
            secret_sha256=_digest(secret),
            scopes=sorted(set(scopes)),
            ports=sorted(set(ports)) if ports else None,
            created_at=self._clock(),
            revoked_at=None,
        )
        with self._database.write() as session:
            session.add(row)
        return _record(row), f"{_PREFIX}.{row.id}.{secret}"

    def all(self) -> tuple[KeyRecord, ...]:
        """Return every key, oldest first."""
        with self._database.read() as session:
            return tuple(
                _record(row) for row in session.scalars(select(ApiKey).order_by(ApiKey.id))
            )

    def revoke(self, key_id: str) -> KeyRecord:
        """Take a key out of force; revoking it again changes nothing.

        Raises:
            NotFound: there is no such key.
        """
        with self._database.write() as session:
            row = session.get(ApiKey, key_id)
            if row is None:
                raise NotFound(f"There is no key {key_id}: see `siaga keys list`.")
            row.revoked_at = row.revoked_at or self._clock()
            return _record(row)

    def recognise(self, text: str) -> Caller:
        """Return who shows this key.

        Raises:
            NotAuthenticated: it is malformed, unknown, wrong or revoked; which, is not told.
        """
        prefix, _, rest = text.partition(".")
        key_id, _, secret = rest.partition(".")
        row = None
        if prefix == _PREFIX and secret and len(key_id) < 100:
            # Read every time: a revocation counts at once, whichever process it was made in.
            with self._database.glance() as connection:
                row = connection.execute(_RECOGNISED, {"key_id": key_id}).first()
        expected = row.secret_sha256 if row is not None else ""
        matches = hmac.compare_digest(expected.encode(), _digest(secret).encode())
        if row is None or not matches or row.revoked_at is not None:
            raise NotAuthenticated("This API key is not known or no longer in force.")
        return Caller(
            row.id,
            row.name,
            frozenset(Scope(scope) for scope in row.scopes),
            frozenset(row.ports) if row.ports is not None else None,
        )


_RECOGNISED: Final = select(
    ApiKey.id, ApiKey.name, ApiKey.secret_sha256, ApiKey.scopes, ApiKey.ports, ApiKey.revoked_at
).where(ApiKey.id == bindparam("key_id"))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _record(row: ApiKey) -> KeyRecord:
    return KeyRecord(
        row.id,
        row.name,
        tuple(Scope(scope) for scope in row.scopes),
        tuple(row.ports) if row.ports is not None else None,
        row.created_at,
        row.revoked_at,
    )
