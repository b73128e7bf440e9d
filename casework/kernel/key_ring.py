"""The keys that values are sealed under: stored wrapped by the data key, held open in memory.

A key is called by its id, which every sealed value begins with, so that keys can be renewed while
what was sealed before still opens. Other processes' new keys are read when they are first met.
"""

import hmac
import itertools
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy import Table as SqlTable

from casework.kernel.clock import Clock
from casework.kernel.data_key import KEY_BYTES, DataKeys, fingerprint
from casework.kernel.database import Database
from casework.kernel.errors import SetUpError, WrongDataKey
from casework.tables import Agency, Installation, StoredKey, Table, Template
from casework.tables import EarlierAuditHead as _End

INSTALLATION: Final = "installation"
"""The scope of what belongs to no agency."""

_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_AUDIT_SEAL: Final = "siaga audit seal"


class Purpose(StrEnum):
    """What a stored key is for."""

    VALUES = "values"
    """Seals values."""
    OWN_KEYS = "own keys"
    """Wraps the keys of records that have one of their own; renewed with each rotation."""
    DERIVED = "derived"
    """Root of the keys for everything else than sealing: digests, the audit trail's seals."""
    FIRST_FORMAT = "first format"
    """Opens values without a key's id: the data key of that time; gone once none is left."""


@dataclass(frozen=True, slots=True)
class OpenKey:
    """One stored key, opened."""

    id: bytes
    purpose: Purpose
    scope: str
    number: int
    secret: bytes = field(repr=False)
    cipher: AESGCM = field(repr=False)


class KeyRing:
    """The stored keys of one database, opened."""

    def __init__(self, database: Database, source: DataKeys, clock: Clock) -> None:
        self.database = database
        self.source = source
        self.clock = clock
        self._lock = threading.Lock()
        self._by_id: dict[bytes, OpenKey] = {}
        self._in_force: dict[tuple[Purpose, str], OpenKey] = {}
        self._derived: dict[str, bytes] = {}

    @classmethod
    def open(cls, database: Database, source: DataKeys, clock: Clock) -> "KeyRing":
        """Open the stored keys; a database without any gets its first ones.

        A data key is made for an empty database alone: beside records, a missing key is an error.

        Raises:
            SetUpError: the data key that belongs to the database is missing.
        """
        ring = cls(database, source, clock)
        if not ring.reload():
            with database.write_core() as connection:
                if connection.execute(_COUNT).scalar_one() == 0:
                    ring._found(connection)
            ring.reload()
        with database.read_one() as connection:
            wanting = _wanting(connection)
        if wanting:
            with database.write_core() as connection:
                for purpose, scope in _wanting(connection):
                    ring.make(connection, purpose, scope)
        return ring

    def on(self, database: Database) -> "KeyRing":
        """Open the same keys over other connections to their database."""
        return KeyRing.open(database, self.source, self.clock)

    def reload(self) -> int:
        """Read the stored keys again; returns how many there are.

        Raises:
            SetUpError: the data key that they are wrapped by is missing.
        """
        with self.database.read_one() as connection:
            rows = connection.execute(_KEYS).all()
        if not rows:
            return 0
        known = {fingerprint(key): key for key in self.source.read()}
        opened = []
        for row in rows:
            if row.data_key not in known:
                raise self._missing(row.data_key, known)
            purpose = Purpose(row.purpose)
            secret = unwrapped(AESGCM(known[row.data_key]), row.wrapped, _bound_to(row))
            key_id = bytes.fromhex(row.id)
            opened.append(OpenKey(key_id, purpose, row.scope, row.number, secret, AESGCM(secret)))
        with self._lock:
            self._by_id = {key.id: key for key in opened}
            self._in_force = {(key.purpose, key.scope): key for key in opened}
            self._derived = {}
        return len(opened)

    def in_force(self, scope: str) -> OpenKey:
        """Return the key under which values of an agency, or the installation, are sealed now.

        Raises:
            WrongDataKey: there is none: the agency was made behind the service's back.
        """
        key = self._in_force.get((Purpose.VALUES, scope))
        if key is None:
            self.reload()
            key = self._in_force.get((Purpose.VALUES, scope))
        if key is None:
            raise WrongDataKey("data_key_wrong", row=scope)
        return key

    def by_id(self, key_id: bytes) -> OpenKey | None:
        """Return the key that has an id, None if there is none."""
        key = self._by_id.get(key_id)
        if key is None:
            self.reload()
            key = self._by_id.get(key_id)
        return key

    def own_keys(self, connection: Connection) -> Sequence[Row[str, str]]:
        """Return (id, scope) of the stored keys that wrap records' keys, the one in force last."""
        return connection.execute(_OWN_KEYS).all()

    @property
    def first_format(self) -> AESGCM | None:
        """What opens values without a key's id; None once there are none."""
        key = self._in_force.get((Purpose.FIRST_FORMAT, INSTALLATION))
        return key.cipher if key is not None else None

    def derived(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose, the same for as long as the database exists."""
        key = self._derived.get(purpose)
        if key is None:
            key = _derived(self._in_force[Purpose.DERIVED, INSTALLATION].secret, purpose)
            self._derived[purpose] = key
        return key

    def make(
        self, connection: Connection, purpose: Purpose, scope: str, secret: bytes | None = None
    ) -> None:
        """Store a key in a transaction, a random one unless given; it is in force from then on."""
        current = connection.execute(_DATA_KEY).scalar_one()
        known = {fingerprint(key): key for key in self.source.read()}
        if current not in known:
            raise self._missing(current, known)
        data_key = known[current]
        self._store(connection, data_key, purpose, scope, secret)

    def make_for(self, connection: Connection, agency_id: str) -> None:
        """Store the keys of a new agency."""
        self.make(connection, Purpose.VALUES, agency_id)
        self.make(connection, Purpose.OWN_KEYS, agency_id)

    def forget_first_format(self, connection: Connection) -> None:
        """Destroy the key of values without a key's id, as no such value is left."""
        connection.execute(delete(StoredKey).where(StoredKey.purpose == Purpose.FIRST_FORMAT.value))

    @property
    def data_key(self) -> str | None:
        """Fingerprint of the data key in force."""
        with self.database.read_one() as connection:
            return connection.execute(_DATA_KEY).scalar()

    def given(self) -> list[str]:
        """Return the fingerprints of the data keys that are at hand now, the newest last."""
        return [fingerprint(key) for key in self.source.read()]

    def prepare(self) -> bool:
        """Make a new data key, unless one is there beside the key in force.

        Returns:
            whether the newest is in force already: a rotation came so far.

        Raises:
            SetUpError: no other key is there and none can be made.
        """
        keys = self.source.read()
        if len(keys) == 1 and fingerprint(keys[0]) == self.data_key:
            self.source.add()
            keys = self.source.read()
        return fingerprint(keys[-1]) == self.data_key

    def renew_own_keys(self) -> None:
        """Put new stored keys in force for records' keys, unless former ones are still there."""
        with self.database.write_core() as connection:
            found = [scope for _, scope in self.own_keys(connection)]
            if len(found) == len(set(found)):
                for scope in found:
                    self.make(connection, Purpose.OWN_KEYS, scope)
        self.reload()

    def drop_former_own_keys(self) -> None:
        """Destroy the stored keys that wrap no record's key any more, nor will."""
        with self.database.write_core() as connection:
            newest = {scope: key_id for key_id, scope in self.own_keys(connection)}
            connection.execute(
                delete(StoredKey).where(
                    StoredKey.purpose == Purpose.OWN_KEYS.value,
                    StoredKey.id.not_in(newest.values()),
                )
            )
        self.reload()

    def wrap_again(self) -> str:
        """Wrap every stored key by the newest data key; returns its fingerprint.

        Anyone who is at work goes on: keys that are open stay so. Interrupted at any point, it is
        repeated, and ends what was begun.

        Raises:
            SetUpError: the key in force is missing.
        """
        keys = self.source.read()
        # The newest stands last, whatever put it there.
        known, newest = {fingerprint(key): key for key in keys}, keys[-1]
        with self.database.write_core() as connection:
            for row in connection.execute(_KEYS).all():
                if row.data_key not in known:
                    raise self._missing(row.data_key, known)
                secret = unwrapped(AESGCM(known[row.data_key]), row.wrapped, _bound_to(row))
                again = wrapped(AESGCM(newest), secret, _bound_to(row))
                connection.execute(
                    update(StoredKey)
                    .where(StoredKey.id == row.id)
                    .values(wrapped=again, data_key=fingerprint(newest))
                )
        self.source.keep(newest)
        return fingerprint(newest)

    def _missing(self, wanted: str, known: Mapping[str, bytes]) -> SetUpError:
        given = tuple(known) or ("-",)
        return SetUpError(
            "data_key_missing", fingerprint=wanted, place=self.source.place, given=given
        )

    def _found(self, connection: Connection) -> None:
        """Store the first keys of a database."""
        filled = _filled(connection)
        keys = self.source.read()
        if not keys:
            if filled:
                raise SetUpError("data_key_absent", place=self.source.place)
            keys = [self.source.add()]
        key = _fitting(connection, keys) if filled else keys[-1]
        if key is None:
            given = tuple(fingerprint(each) for each in keys)
            raise SetUpError("data_key_foreign", place=self.source.place, given=given)
        self._store(connection, key, Purpose.VALUES, INSTALLATION)
        # What was derived from the data key itself stays as it was.
        root = key if filled else None
        self._store(connection, key, Purpose.DERIVED, INSTALLATION, root)
        if filled:
            self._store(connection, key, Purpose.FIRST_FORMAT, INSTALLATION, key)

    def _store(
        self,
        connection: Connection,
        data_key: bytes,
        purpose: Purpose,
        scope: str,
        secret: bytes | None = None,
    ) -> None:
        number = connection.execute(
            select(func.coalesce(func.max(StoredKey.number), 0)).where(
                StoredKey.purpose == purpose.value, StoredKey.scope == scope
            )
        ).scalar_one()
        key_id = secrets.token_hex(_ID_BYTES)
        bound_to = f"{key_id}\0{purpose.value}\0{scope}\0{number + 1}"
        connection.execute(
            insert(StoredKey).values(
                id=key_id,
                purpose=purpose.value,
                scope=scope,
                number=number + 1,
                wrapped=wrapped(
                    AESGCM(data_key), secret or secrets.token_bytes(KEY_BYTES), bound_to
                ),
                data_key=fingerprint(data_key),
                created_at=self.clock(),
            )
        )


def _wanting(connection: Connection) -> list[tuple[Purpose, str]]:
    """Return the keys that every agency and the installation need and that there are not yet."""
    had = {(row.purpose, row.scope) for row in connection.execute(_HAD)}
    scopes = [INSTALLATION, *connection.execute(_SCOPES).scalars()]
    needed = itertools.product((Purpose.VALUES, Purpose.OWN_KEYS), scopes)
    return [(purpose, scope) for purpose, scope in needed if (purpose.value, scope) not in had]


def _derived(root: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(root)


def _bound_to(row: Row[Any]) -> str:
    return f"{row.id}\0{row.purpose}\0{row.scope}\0{row.number}"


def wrapped(key: AESGCM, secret: bytes, bound_to: str) -> bytes:
    """Return a key under another, AES-256-GCM: nonce of 12 bytes, ciphertext and tag."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + key.encrypt(nonce, secret, bound_to.encode())


def unwrapped(key: AESGCM, content: bytes, bound_to: str) -> bytes:
    """Return the key that was wrapped; raises WrongDataKey."""
    nonce, body = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
    try:
        return key.decrypt(nonce, body, bound_to.encode())
    except (InvalidTag, ValueError):
        pass  # raised below, without what the library would add
    raise WrongDataKey("stored_key_altered")


def _filled(connection: Connection) -> bool:
    """Whether anything was ever recorded that a key may have sealed."""
    without = (_TABLE, Installation.__table__)
    tables = [table for table in Table.metadata.sorted_tables if table not in without]
    return any(connection.execute(select(1).select_from(t).limit(1)).first() for t in tables)


def _fitting(connection: Connection, keys: Sequence[bytes]) -> bytes | None:
    """Return the key that a database without stored keys was written with.

    The audit trail's end tells, or a template; an altered end alone is for `siaga audit verify`.
    """
    end = connection.execute(select(_End.seq, _End.hash, _End.seal)).first()
    template = connection.execute(
        select(Template.photo_id, Template.model, Template.sealed_vector).limit(1)
    ).first()
    for key in keys:
        if template is not None:
            row = f"template/{template.photo_id}/{template.model}"
            nonce, body = template.sealed_vector[1:13], template.sealed_vector[13:]
            try:
                AESGCM(key).decrypt(nonce, body, row.encode())
            except (InvalidTag, ValueError):
                continue
            return key
        if end is None or not end.seal:
            return key
        seal = hmac.digest(_derived(key, _AUDIT_SEAL), f"{end.seq}:{end.hash}".encode(), "sha256")
        if hmac.compare_digest(seal, end.seal):
            return key
    return None


_TABLE: Final = StoredKey.__table__
assert isinstance(_TABLE, SqlTable)  # noqa: S101 - for the type checker
_KEYS: Final = select(_TABLE).order_by(StoredKey.number)
_COUNT: Final = select(func.count()).select_from(StoredKey)
_DATA_KEY: Final = select(StoredKey.data_key).limit(1)
_OWN_KEYS: Final = (
    select(StoredKey.id, StoredKey.scope)
    .where(StoredKey.purpose == Purpose.OWN_KEYS.value)
    .order_by(StoredKey.number)
)
_SCOPES: Final = select(Agency.id)
_HAD: Final = select(StoredKey.purpose, StoredKey.scope)
