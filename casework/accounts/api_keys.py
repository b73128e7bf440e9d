"""API keys of port systems and agencies' programs.

A key is 256 random bits, so one SHA-256 protects it as well as a slow password hash would: there is
nothing to guess. Its text names its row, which is found by index; only then is the secret compared,
in constant time.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, select

from casework.accounts import agencies
from casework.accounts.tokens import PREFIX, SECRET_BYTES, digest, split
from casework.kernel import rows
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import IllegalTransition, NotAuthenticated, NotFound, NotPermitted
from casework.kernel.ids import KEY, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import (
    Permission,
    PermissionScope,
    require,
    require_object,
    scope_of,
    within_reach,
)
from casework.kernel.vocabulary import Scope
from casework.tables import Agency, ApiKey


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is made from."""

    name: str
    scopes: frozenset[Scope]
    ports: frozenset[str] | None = None
    """Ports it may speak for; None means all."""
    agency_id: str | None = None
    """Whose key it is; a key that enrols belongs to an agency, a port system may to none."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What may be shown of a key."""

    id: str
    name: str
    agency_id: str | None
    scopes: tuple[Scope, ...]
    ports: tuple[str, ...] | None
    created_at: datetime
    revoked_at: datetime | None


class Keys:
    """Creates, lists, revokes and recognises API keys."""

    def __init__(self, kernel: Kernel, undo: timedelta = timedelta()) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self.undo = undo
        """How long a revocation can be taken back."""

    def create(self, actor: Actor, new: NewKey) -> tuple[KeyRecord, str]:
        """Make a key; returns its record and its text, which cannot be shown again.

        Raises:
            NotPermitted: the actor may make no key, or none of this scope.
            NotFound: there is no such agency, or it is beyond the actor's reach.
        """
        missing = NotFound("agency_not_found", agency=new.agency_id)
        require_object(actor, Permission.MANAGE_KEY, new.agency_id, missing=missing)
        runs_all = scope_of(actor, Permission.MANAGE_KEY) is PermissionScope.ALL
        if Scope.SCREEN in new.scopes and not (runs_all or actor.runs_installation):
            raise NotPermitted("key_screens_everybody")
        if Scope.ENROL in new.scopes and new.agency_id is None:
            raise NotPermitted("key_lacks_agency")
        secret = secrets.token_urlsafe(SECRET_BYTES)
        row = ApiKey(
            id=new_id(KEY),
            name=new.name,
            agency_id=new.agency_id,
            secret_sha256=digest(secret),
            scopes=sorted(new.scopes),
            ports=sorted(new.ports) if new.ports else None,
            created_at=self._clock(),
            revoked_at=None,
        )
        with self._database.write() as session:
            if new.agency_id is not None:
                agencies.find(session, new.agency_id)
            session.add(row)
            session.flush()
            detail = {"scopes": row.scopes, "ports": row.ports}
            self._audit.append(
                session, AuditEntry(actor, "key.create", row.id, row.agency_id, detail=detail)
            )
        return _record(row), f"{PREFIX}.{row.id}.{secret}"

    def all(self, actor: Actor) -> tuple[KeyRecord, ...]:
        """Return the keys within the actor's reach, oldest first; raises NotPermitted."""
        require(actor, Permission.MANAGE_KEY)
        visible = within_reach(actor, Permission.MANAGE_KEY, ApiKey.agency_id)
        with self._database.read() as session:
            rows = session.scalars(select(ApiKey).where(visible).order_by(ApiKey.id))
            return tuple(_record(row) for row in rows)

    def page(self, actor: Actor, after: str | None, limit: int) -> list[KeyRecord]:
        """Return up to `limit` keys in order of making, those after id `after`."""
        require(actor, Permission.MANAGE_KEY)
        visible = within_reach(actor, Permission.MANAGE_KEY, ApiKey.agency_id)
        query = select(ApiKey).where(visible).order_by(ApiKey.id).limit(limit)
        if after is not None:
            query = query.where(ApiKey.id > after)
        with self._database.read() as session:
            return [_record(row) for row in session.scalars(query)]

    def get(self, actor: Actor, key_id: str) -> KeyRecord:
        """Return one key; raises NotPermitted or NotFound."""
        missing = NotFound("key_not_found", key=key_id)
        with self._database.read() as session:
            found = rows.one_within(session, actor, Permission.MANAGE_KEY, ApiKey, key_id, missing)
            return _record(found)

    def revoke(self, actor: Actor, key_id: str, *, reason: str | None = None) -> KeyRecord:
        """Take a key out of force at once; revoking it again changes nothing.

        Raises:
            NotPermitted: the actor may revoke none.
            NotFound: there is no such key within the actor's reach.
        """
        missing = NotFound("key_not_found", key=key_id)
        with self._database.write() as session:
            row = rows.one_within(session, actor, Permission.MANAGE_KEY, ApiKey, key_id, missing)
            if row.revoked_at is None:
                row.revoked_at = self._clock()
                session.flush()
                entry = AuditEntry(actor, "key.revoke", row.id, row.agency_id, purpose=reason)
                self._audit.append(session, entry)
            return _record(row)

    def restore(self, actor: Actor, key_id: str) -> KeyRecord:
        """Take a revocation back, within the time for that.

        Raises:
            NotPermitted, NotFound: the actor keeps none, or not this one.
            IllegalTransition: it is in force, or was revoked too long ago.
        """
        missing = NotFound("key_not_found", key=key_id)
        with self._database.write() as session:
            row = rows.one_within(session, actor, Permission.MANAGE_KEY, ApiKey, key_id, missing)
            if not self.restorable(_record(row)):
                raise IllegalTransition("key_not_restorable")
            row.revoked_at = None
            session.flush()
            self._audit.append(session, AuditEntry(actor, "key.restore", row.id, row.agency_id))
            return _record(row)

    def restorable(self, record: KeyRecord) -> bool:
        """Whether a key's revocation can still be taken back."""
        return record.revoked_at is not None and self._clock() < record.revoked_at + self.undo

    def recognise(self, text: str) -> Actor:
        """Return the system that shows this key.

        Raises:
            NotAuthenticated: it is malformed, unknown, wrong or revoked, or its agency is not
                active; the caller does not learn which.
        """
        key_id, secret = split(text)
        row = None
        if key_id:
            # Read every time: a revocation counts at once, whichever process it was made in.
            with self._database.read_one() as connection:
                row = connection.execute(_RECOGNISED, {"key_id": key_id}).first()
        expected = row.secret_sha256 if row is not None else ""
        matches = hmac.compare_digest(expected.encode(), digest(secret).encode())
        if row is None or not matches or row.revoked_at is not None or row.active is False:
            raise NotAuthenticated("key_unknown")
        return Actor(
            ActorKind.SYSTEM,
            row.id,
            row.name,
            row.agency_id,
            frozenset(Scope(scope).role for scope in row.scopes),
            frozenset(row.ports) if row.ports is not None else None,
        )


_RECOGNISED: Final = (
    select(
        ApiKey.id,
        ApiKey.name,
        ApiKey.agency_id,
        ApiKey.secret_sha256,
        ApiKey.scopes,
        ApiKey.ports,
        ApiKey.revoked_at,
        Agency.active,
    )
    .outerjoin(Agency, Agency.id == ApiKey.agency_id)
    .where(ApiKey.id == bindparam("key_id"))
)


def _record(row: ApiKey) -> KeyRecord:
    return KeyRecord(
        row.id,
        row.name,
        row.agency_id,
        tuple(Scope(scope) for scope in row.scopes),
        tuple(row.ports) if row.ports is not None else None,
        row.created_at,
        row.revoked_at,
    )
