"""API keys of port systems and agencies' programs.

A key is 256 random bits, so one SHA-256 protects it as well as a slow password hash would: there is
nothing to guess. Its text names its row, which is found by index; only then is the secret compared,
in constant time.

Every key expires. Before, its secret is rotated: the former one stays in force for some hours, so
that a program can be given the new one without a gap. Until then the audit trail names which of
the two was shown.
"""

import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, bindparam, func, select, update

from casework.accounts import agencies
from casework.accounts.tokens import PREFIX, SECRET_BYTES, digest, split
from casework.kernel import lodgings, ports, rows
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import (
    IllegalTransition,
    InvalidKey,
    KeyExpired,
    NotAuthenticated,
    NotFound,
    NotPermitted,
)
from casework.kernel.ids import KEY, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.outbox import Event
from casework.kernel.permissions import (
    Permission,
    PermissionScope,
    require,
    require_object,
    scope_of,
    within_reach,
)
from casework.kernel.vocabulary import EventKind, Role, Scope
from casework.tables import Agency, ApiKey


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is made from."""

    name: str
    scopes: frozenset[Scope]
    ports: frozenset[str] | None = None
    """Ports it may speak for; None means all."""
    agency_id: str | None = None
    """Whose key it is; a port system's may belong to none."""
    days: int | None = None
    """How long it lasts; None means as long as is usual."""


@dataclass(frozen=True, slots=True)
class KeyRules:
    """What an operator can set about keys."""

    days: int = 365
    """How long a key lasts unless it is made for fewer or more."""
    most_days: int = 730
    warn: timedelta = timedelta(days=30)
    """How long before its end a warning is given."""


OVERLAP: Final = timedelta(hours=24)
"""How long the former secret stays in force after a rotation, by default."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What may be shown of a key."""

    id: str
    name: str
    agency_id: str | None
    scopes: tuple[Scope, ...]
    ports: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    """None of keys that earlier versions made, until they are rotated."""
    used_at: datetime | None
    """About when it was used last: within some minutes."""
    former_until: datetime | None
    """Until when the secret before the last rotation is in force too."""
    revoked_at: datetime | None

    @property
    def version(self) -> str:
        """Another one after each rotation."""
        return self.expires_at.isoformat() if self.expires_at is not None else "endless"


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """How many keys in force somebody has to look after."""

    expiring: int
    """That expire soon."""
    endless: int
    """That never do: made by earlier versions, and not rotated since."""


# How stale `used_at` may become before a use is noted again.
_USED_EVERY: Final = timedelta(minutes=5)


class Keys:
    """Creates, lists, rotates, revokes and recognises API keys."""

    def __init__(
        self, kernel: Kernel, rules: KeyRules | None = None, undo: timedelta = timedelta()
    ) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._outbox = kernel.outbox
        self._clock = kernel.clock
        self.rules = rules or KeyRules()
        self.undo = undo
        """How long a revocation can be taken back."""
        self._used: dict[str, datetime] = {}
        self._used_lock = threading.Lock()

    def create(self, actor: Actor, new: NewKey) -> tuple[KeyRecord, str]:
        """Make a key; returns its record and its text, which cannot be shown again.

        Raises:
            NotPermitted: the actor may make no key, or none of this scope.
            NotFound: there is no such agency, or it is beyond the actor's reach.
            InvalidKey: it would last too long, or one of its ports is none.
        """
        missing = NotFound("agency_not_found", agency=new.agency_id)
        require_object(actor, Permission.MANAGE_KEY, new.agency_id, missing=missing)
        runs_all = scope_of(actor, Permission.MANAGE_KEY) is PermissionScope.ALL
        if Scope.SCREEN in new.scopes and not (runs_all or actor.runs_installation):
            raise NotPermitted("key_screens_everybody")
        if new.scopes - {Scope.SCREEN} and new.agency_id is None:
            raise NotPermitted("key_lacks_agency")
        places = new.ports or frozenset()
        if Scope.STAYS in new.scopes:
            places = frozenset(each for each in places if not lodgings.is_lodging(each))
        if (wrong := ports.malformed(places)) is not None:
            raise InvalidKey("port_code_malformed", field="ports", port=wrong)
        expires_at = self._end(new.days)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        row = ApiKey(
            id=new_id(KEY),
            name=new.name,
            agency_id=new.agency_id,
            secret_sha256=digest(secret),
            scopes=sorted(new.scopes),
            ports=sorted(new.ports) if new.ports else None,
            former_sha256=None,
            former_until=None,
            created_at=self._clock(),
            expires_at=expires_at,
            used_at=None,
            warned_at=None,
            revoked_at=None,
        )
        with self._database.write() as session:
            if new.agency_id is not None:
                agencies.find(session, new.agency_id)
            session.add(row)
            session.flush()
            until = expires_at.isoformat()
            detail = {"scopes": row.scopes, "ports": row.ports, "expires_at": until}
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

    def rotate(
        self,
        actor: Actor,
        key_id: str,
        overlap: timedelta = OVERLAP,
        days: int | None = None,
        *,
        reason: str | None = None,
        version: str | None = None,
    ) -> tuple[KeyRecord, str]:
        """Give a key a new secret; returns its record and its new text, shown this once.

        Args:
            actor: who rotates it.
            key_id: the key.
            overlap: how long the present secret stays in force; one before it ends at once.
            days: how long the key lasts from now on; None means as long as is usual.
            reason: why, for the audit trail.
            version: `KeyRecord.version` as the caller read it, so that rotating twice by mistake
                does not end the secret that programs use; None for whichever there is.

        Raises:
            NotPermitted, NotFound: the actor keeps none, or not this one.
            StaleVersion: it was rotated since it was read.
            IllegalTransition: it is revoked.
            InvalidKey: it would last too long.
        """
        missing = NotFound("key_not_found", key=key_id)
        expires_at, secret = self._end(days), secrets.token_urlsafe(SECRET_BYTES)
        with self._database.write() as session:
            row = rows.one_within(session, actor, Permission.MANAGE_KEY, ApiKey, key_id, missing)
            if row.revoked_at is not None:
                raise IllegalTransition("key_revoked")
            rows.require_version(_record(row), version, "key_rotated")
            now = self._clock()
            # A secret whose time is over is not put back into force by this.
            expired = row.expires_at is not None and now >= row.expires_at
            former_until = now if expired else now + overlap
            row.former_sha256, row.former_until = row.secret_sha256, former_until
            row.secret_sha256, row.expires_at, row.warned_at = digest(secret), expires_at, None
            session.flush()
            detail = {
                "former_until": row.former_until.isoformat(),
                "expires_at": expires_at.isoformat(),
            }
            entry = AuditEntry(
                actor, "key.rotate", row.id, row.agency_id, purpose=reason, detail=detail
            )
            self._audit.append(session, entry)
            return _record(row), f"{PREFIX}.{row.id}.{secret}"

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

    def former_works(self, record: KeyRecord) -> datetime | None:
        """Return until when the secret before the last rotation works; None if it does no more."""
        until = record.former_until
        return until if until is not None and self._clock() < until else None

    def restorable(self, record: KeyRecord) -> bool:
        """Whether a key's revocation can still be taken back."""
        return record.revoked_at is not None and self._clock() < record.revoked_at + self.undo

    def recognise(self, text: str) -> Actor:
        """Return the system that shows this key.

        Raises:
            NotAuthenticated: it is malformed, unknown, wrong or revoked, or its agency is not
                active; the caller does not learn which.
            KeyExpired: it is right, and its time is over.
        """
        key_id, secret = split(text)
        row = None
        if key_id:
            # Read every time: a revocation counts at once, whichever process it was made in.
            with self._database.read_one() as connection:
                row = connection.execute(_RECOGNISED, {"key_id": key_id}).first()
        shown, now = digest(secret).encode(), self._clock()
        expected, before = (row.secret_sha256, row.former_sha256) if row is not None else ("", None)
        present = hmac.compare_digest(expected.encode(), shown)
        former = hmac.compare_digest((before or "").encode(), shown)
        if (
            row is None
            or not (present or (former and row.former_until is not None))
            or row.revoked_at is not None
            or row.active is False
        ):
            raise NotAuthenticated("key_unknown")
        ends = row.expires_at if present else row.former_until
        if ends is not None and now >= ends:
            raise KeyExpired("key_expired", day=ends.date())
        scopes = frozenset(Scope(scope) for scope in row.scopes)
        self._note_use(row.id, row.used_at, now)
        return Actor(
            ActorKind.SYSTEM,
            row.id,
            row.name if present else f"{row.name} (former secret)",
            row.agency_id,
            frozenset({Role.PORT}) if Scope.SCREEN in scopes else frozenset(),
            frozenset(row.ports) if row.ports is not None else None,
            scopes=scopes,
        )

    def write_use(self) -> None:
        """Write when keys were used last, all that were since the last time in one transaction."""
        with self._used_lock:
            used, self._used = self._used, {}
        if not used:
            return
        with self._database.write_core() as connection:
            for key_id, at in used.items():
                connection.execute(update(ApiKey).where(ApiKey.id == key_id).values(used_at=at))

    def warn(self) -> KeyFigures:
        """Warn of each key that will expire soon, once; returns how many need somebody's care.

        The warning is an audit record, and an event of the agency that the key belongs to.
        """
        now = self._clock()
        in_force = (ApiKey.revoked_at.is_(None), ApiKey.expires_at > now)
        soon = and_(*in_force, ApiKey.expires_at <= now + self.rules.warn)
        with self._database.read() as session:
            query = select(ApiKey.id).where(soon, ApiKey.warned_at.is_(None))
            unwarned = list(session.scalars(query))
            expiring = session.scalar(select(func.count()).where(soon)) or 0
            endless = session.scalar(
                select(func.count()).where(ApiKey.revoked_at.is_(None), ApiKey.expires_at.is_(None))
            )
        for key_id in unwarned:
            with self._database.write() as session:
                row = session.get_one(ApiKey, key_id)
                if row.warned_at is not None or row.expires_at is None:
                    continue  # another process was faster, or it was rotated
                row.warned_at = now
                session.flush()
                detail = {"expires_at": row.expires_at.isoformat()}
                actor = Actor.service()
                entry = AuditEntry(actor, "key.expiring", row.id, row.agency_id, detail=detail)
                self._audit.append(session, entry)
                event = Event(EventKind.KEY_EXPIRING, row.id, row.agency_id)
                self._outbox.append(session, event)
        return KeyFigures(expiring, endless or 0)

    def expires_soon(self, record: KeyRecord) -> bool:
        """Whether a key in force will expire soon, or has expired."""
        if record.revoked_at is not None or record.expires_at is None:
            return False
        return record.expires_at <= self._clock() + self.rules.warn

    def _end(self, days: int | None) -> datetime:
        chosen = min(self.rules.days, self.rules.most_days) if days is None else days
        if not 1 <= chosen <= self.rules.most_days:
            raise InvalidKey("key_days", field="days", most=self.rules.most_days)
        return self._clock() + timedelta(days=chosen)

    def _note_use(self, key_id: str, written: datetime | None, now: datetime) -> None:
        """Remember a use, unless one is written that is as good: no request waits for a write."""
        if written is not None and now - written < _USED_EVERY:
            return
        with self._used_lock:
            self._used[key_id] = now


_RECOGNISED: Final = (
    select(
        ApiKey.id,
        ApiKey.name,
        ApiKey.agency_id,
        ApiKey.secret_sha256,
        ApiKey.scopes,
        ApiKey.ports,
        ApiKey.former_sha256,
        ApiKey.former_until,
        ApiKey.expires_at,
        ApiKey.used_at,
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
        row.expires_at,
        row.used_at,
        row.former_until,
        row.revoked_at,
    )
