"""Keys of records that are erased whole, such as subjects: each goes with its record.

A record's key stands wrapped by a stored key (`Purpose.OWN_KEYS`) in a table of its own, whose rows
the database deletes with the records. A rotation wraps all of them again and destroys the stored
key of before: what was erased then opens nowhere, whatever copies of it are left.
"""

import secrets
import threading
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, insert, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from casework.kernel import ids
from casework.kernel.data_key import KEY_BYTES
from casework.kernel.errors import WrongDataKey
from casework.kernel.key_ring import INSTALLATION, KeyRing, OpenKey, unwrapped, wrapped
from casework.tables import (
    Alert,
    AlertKey,
    Approval,
    ApprovalKey,
    Case,
    CaseKey,
    Encounter,
    EncounterKey,
    HeldPermit,
    HeldPermitKey,
    ImportJob,
    ImportKey,
    KnownLookalike,
    KnownLookalikeKey,
    ProbeSearch,
    Referral,
    ReferralKey,
    SearchKey,
    Stay,
    StayKey,
    StayPhoto,
    StayPhotoKey,
    Subject,
    SubjectKey,
    Tip,
    TipKey,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of records that have keys of their own."""

    record: type[Any]
    key: type[Any]
    """Its table of keys."""
    agency: InstrumentedAttribute[str] | None = None
    """The agency that a record belongs to; None where several read it."""


KINDS: Final = {
    ids.SUBJECT: Kind(Subject, SubjectKey, Subject.agency_id),
    ids.ENCOUNTER: Kind(Encounter, EncounterKey),
    ids.ALERT: Kind(Alert, AlertKey, Alert.owner_id),
    ids.SEARCH: Kind(ProbeSearch, SearchKey),
    ids.TIP: Kind(Tip, TipKey, Tip.agency_id),
    ids.STAY: Kind(Stay, StayKey, Stay.agency_id),
    ids.STAY_PHOTO: Kind(StayPhoto, StayPhotoKey),
    ids.HELD_PERMIT: Kind(HeldPermit, HeldPermitKey),
    ids.REFERRAL: Kind(Referral, ReferralKey),
    ids.CASE: Kind(Case, CaseKey),
    ids.IMPORT: Kind(ImportJob, ImportKey, ImportJob.agency_id),
    ids.APPROVAL: Kind(Approval, ApprovalKey),
    ids.KNOWN_LOOKALIKE: Kind(KnownLookalike, KnownLookalikeKey, KnownLookalike.agency_id),
}
"""By what the records' ids begin with."""

_MOST: Final = 8_192
"""Keys kept open, about a kilobyte each; those that were not asked for longest make way."""
_AHEAD: Final = (16, 512)
"""Keys read at once, at least and at most: who goes through records in the order of making soon
needs the next."""
_WRAPPED_AGAIN: Final = 1_000
_WAITING: Final = "siaga_own_keys"


@dataclass(frozen=True, slots=True)
class RecordKey:
    """A record's key, opened."""

    scope: str
    """The agency that the record belongs to, or the installation."""
    cipher: AESGCM = field(repr=False)


class OwnKeys:
    """The keys of one database's records."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._database = ring.database
        self._lock = threading.Lock()
        self._made: OrderedDict[str, tuple[RecordKey, bytes]] = OrderedDict()
        self._stored: set[str] = set()
        self._open: OrderedDict[str, RecordKey] = OrderedDict()
        self._read: dict[str, tuple[str, int]] = {}
        """By kind, the last key that was read, and how many were read with it."""
        self._used: Counter[str] = Counter()
        """By kind, how many keys that were at hand were asked for since."""
        self._database.at_commit(self._store, _forget)

    def make(self, owner: str, scope: str, database: Connection | Session | None = None) -> None:
        """Give a new record its key, before anything of it is sealed.

        Args:
            owner: the record's id, drawn just now: another's key would be lost.
            scope: the agency it belongs to, or the installation.
            database: the transaction that stores the record; None leaves that to `store`.
        """
        secret = secrets.token_bytes(KEY_BYTES)
        with self._lock:
            self._made[owner] = RecordKey(scope, AESGCM(secret)), secret
            while len(self._made) > _MOST:
                gone, _ = self._made.popitem(last=False)
                self._stored.discard(gone)
        if database is not None:
            self.store(database, owner)

    def store(self, database: Connection | Session, owner: str) -> None:
        """Have the key of a record stored at the end of the transaction that stores the record."""
        connection = database.connection() if isinstance(database, Session) else database
        connection.info.setdefault(_WAITING, []).append(owner)

    def ensure(self, database: Connection | Session, owners: Collection[str]) -> None:
        """Give records that may have none their keys, within a transaction that writes."""
        without = [owner for owner in owners if self.of(owner) is None]
        # Not through the session: it would write what it holds so far as a version of its own.
        connection = database.connection() if isinstance(database, Session) else database
        for prefix in {kind_of(owner) for owner in without}:
            kind = KINDS[prefix]
            scope: Any = kind.agency if kind.agency is not None else literal(INSTALLATION)
            some = [owner for owner in without if kind_of(owner) == prefix]
            found = connection.execute(
                select(kind.record.id, scope).where(kind.record.id.in_(some))
            )
            for owner, agency in found.all():
                self.make(owner, agency, connection)

    def of(self, owner: str) -> RecordKey | None:
        """Return a record's key; None where it has none, or both are gone."""
        kind = KINDS.get(kind_of(owner))
        if kind is None:
            return None
        with self._lock:
            if (made := self._made.get(owner)) is not None:
                return made[0]
            if (known := self._open.get(owner)) is not None:
                self._open.move_to_end(owner)
                self._used[kind_of(owner)] += 1
                return known
        table = kind.key
        query = select(table.owner, table.wrapped_by, table.wrapped)
        least, most = _AHEAD
        last, size = self._read.get(kind_of(owner), ("", 0))
        # Those of a page are in order, too, but not one after another.
        in_turn = owner > last and self._used.pop(kind_of(owner), 0) >= size // 2
        size = max(least, min(2 * size, most)) if in_turn else least
        with self._database.read_apart() as connection:
            rows = connection.execute(
                query.where(table.owner >= owner).order_by(table.owner).limit(size)
            ).all()
        if rows:
            self._read[kind_of(owner)] = rows[-1].owner, size
        if not rows or rows[0].owner != owner:
            return None
        self._keep((row.owner, self.opened(*row)) for row in rows)
        return self.opened(*rows[0])

    def fetch(self, database: Connection | Session, owners: Iterable[str]) -> None:
        """Read the keys of records of which rows are about to be read, in one statement a kind."""
        connection = database.connection() if isinstance(database, Session) else database
        with self._lock:
            wanted = {owner for owner in owners if owner not in self._open}
        for prefix in {kind_of(owner) for owner in wanted} & KINDS.keys():
            table = KINDS[prefix].key
            some = sorted(owner for owner in wanted if kind_of(owner) == prefix)
            query = select(table.owner, table.wrapped_by, table.wrapped)
            rows = connection.execute(query.where(table.owner.in_(some))).all()
            self._keep((row.owner, self.opened(*row)) for row in rows)

    def read_by(self, database: Connection | Session, owner: str) -> RecordKey | None:
        """Return the key of a record of which a transaction has read a row; None where it has none.

        The row opens with it even where the record is erased meanwhile.
        """
        own = self.of(owner)
        if own is None:
            # Erased since the transaction began, which still sees the key as it sees the row.
            connection = database.connection() if isinstance(database, Session) else database
            table = KINDS[kind_of(owner)].key
            query = select(table.owner, table.wrapped_by, table.wrapped)
            row = connection.execute(query.where(table.owner == owner)).first()
            own = self.opened(*row) if row is not None else None
        return own

    def is_gone(self, owner: str) -> bool:
        """Whether a record of a kind that has keys of its own is not there, or no longer."""
        kind = KINDS.get(kind_of(owner))
        if kind is None:
            return False
        with self._database.read_apart() as connection:
            query = select(kind.record.id).where(kind.record.id == owner)
            return connection.execute(query).first() is None

    def opened(self, owner: str, wrapped_by: str, content: bytes) -> RecordKey:
        """Open the key of a record as it is stored; raises WrongDataKey."""
        stored = self._ring.by_id(bytes.fromhex(wrapped_by))
        if stored is None:
            raise WrongDataKey("data_key_wrong", row=owner)
        return RecordKey(stored.scope, AESGCM(unwrapped(stored.cipher, content, _bound_to(owner))))

    def forget(self) -> None:
        """Keep no key open: some may be of records that are gone."""
        with self._lock:
            self._open.clear()
            for owner in self._stored:
                self._made.pop(owner, None)
            self._stored.clear()

    def wrap_again(self) -> Iterator[int]:
        """Wrap every key by the stored keys in force; yields how many each batch had.

        It can be stopped and begun again at any moment, and others go on meanwhile.
        """
        for kind in KINDS.values():
            table = kind.key
            again = (
                update(table.__table__)
                .where(table.__table__.c.owner == bindparam("whose"))
                .values(wrapped_by=bindparam("by"), wrapped=bindparam("again"))
            )
            after = ""
            while True:
                with self._database.write_core() as connection:
                    current = self._in_force(connection)
                    newest = [key.id.hex() for key in current.values()]
                    rows = connection.execute(
                        select(table.owner, table.wrapped_by, table.wrapped)
                        .where(table.owner > after, table.wrapped_by.not_in(newest))
                        .order_by(table.owner)
                        .limit(_WRAPPED_AGAIN)
                    ).all()
                    if not rows:
                        break
                    connection.execute(again, [self._again(current, *row) for row in rows])
                after = rows[-1].owner
                yield len(rows)

    def _again(
        self, current: dict[str, OpenKey], owner: str, wrapped_by: str, content: bytes
    ) -> dict[str, Any]:
        former = self._ring.by_id(bytes.fromhex(wrapped_by))
        if former is None:
            raise WrongDataKey("data_key_wrong", row=owner)
        secret = unwrapped(former.cipher, content, _bound_to(owner))
        return _row(owner, secret, current[former.scope], names=("whose", "by", "again"))

    def _store(self, connection: Connection) -> None:
        """Write the keys of what a transaction has made, at its end."""
        waiting: list[str] = connection.info.pop(_WAITING, [])
        current: dict[str, OpenKey] | None = None
        for prefix in {kind_of(owner) for owner in waiting}:
            kind = KINDS[prefix]
            of_kind = [owner for owner in waiting if kind_of(owner) == prefix]
            # What is held in memory is no use: another process may have put others in force.
            current = current or self._in_force(connection)
            # Some were undone meanwhile, at a savepoint.
            there = connection.execute(select(kind.record.id).where(kind.record.id.in_(of_kind)))
            rows = [self._new(owner, current) for owner in there.scalars()]
            if rows:
                connection.execute(insert(kind.key), rows)

    def _new(self, owner: str, current: dict[str, OpenKey]) -> dict[str, Any]:
        with self._lock:
            key, secret = self._made[owner]
            self._stored.add(owner)
        return _row(owner, secret, current[key.scope])

    def _in_force(self, connection: Connection) -> dict[str, OpenKey]:
        """Return the stored keys that wrap now, by scope."""
        found = {}
        for key_id, scope in self._ring.own_keys(connection):
            key = self._ring.by_id(bytes.fromhex(key_id))
            if key is None:
                raise WrongDataKey("data_key_wrong", row=scope)
            found[scope] = key
        return found

    def _keep(self, keys: Iterable[tuple[str, RecordKey]]) -> None:
        with self._lock:
            for owner, key in keys:
                self._open[owner] = key
                self._open.move_to_end(owner)
            while len(self._open) > _MOST:
                self._open.popitem(last=False)


def kind_of(owner: str) -> str:
    """Return what a record's id begins with."""
    return owner.partition("_")[0]


def _row(
    owner: str,
    secret: bytes,
    by: OpenKey,
    names: Sequence[str] = ("owner", "wrapped_by", "wrapped"),
) -> dict[str, Any]:
    values = (owner, by.id.hex(), wrapped(by.cipher, secret, _bound_to(owner)))
    return dict(zip(names, values, strict=True))


def _bound_to(owner: str) -> str:
    return f"own key\0{owner}"


def _forget(connection: Connection) -> None:
    connection.info.pop(_WAITING, None)
