"""The audit trail: an append-only chain of hashes over every act.

Each record's hash covers the record's text and the hash before it, so an altered, missing or moved
record breaks the chain there. The chain's end is sealed with a key that is not in the database: to
cut off the tail or to write the whole chain anew takes that key. Anyone can check an export's
chain; only the key's holder can check the seal.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.orm import Session

from casework.access.actors import Actor
from casework.clock import Clock
from casework.database import Database
from casework.errors import AuditBroken
from casework.group import GroupCommit
from casework.tables import AuditHead, AuditRecord

GENESIS: Final = "0" * 64
"""What the first record is chained to."""

DONE: Final = "done"
REFUSED: Final = "refused"

_HEAD: Final = 1
_BATCH: Final = 2000
_RECORDS: Final = AuditRecord.__table__
_HEADS: Final = AuditHead.__table__

# Everything that the hash covers, in the table's words.
FIELDS: Final = tuple(column.key for column in _RECORDS.columns if column.key != "hash")


@dataclass(frozen=True, slots=True)
class Entry:
    """One act, as it goes into the trail."""

    actor: Actor
    action: str
    object_id: str | None = None
    owner_id: str | None = None
    """The agency the object belongs to; its auditors see the act, whoever acted."""
    outcome: str = DONE
    purpose: str | None = None
    detail: Mapping[str, Any] | None = None
    """Circumstances: ids, states, counts. Never a name, a photo or a secret."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking the whole chain found."""

    records: int
    last_hash: str
    fault: str | None = None
    """The first fault in a sentence, None where the chain is whole."""
    seq: int | None = None
    """The number of the first record that is not as it was written."""

    @property
    def whole(self) -> bool:
        """Whether nothing is altered, missing or moved."""
        return self.fault is None


class Audit:
    """Appends to the trail, reads it and checks it."""

    def __init__(
        self, database: Database, data_key: bytes, commits: GroupCommit, clock: Clock
    ) -> None:
        self._database = database
        self._commits = commits
        self._clock = clock
        self._key = HKDF(SHA256(), 32, salt=None, info=b"siaga audit seal").derive(data_key)

    def append(self, database: Connection | Session, entry: Entry) -> int:
        """Write one record within the transaction of the act itself; returns its number.

        Raises:
            AuditBroken: the trail's end is gone although there are records.
        """
        connection = database.connection() if isinstance(database, Session) else database
        # On a server, this row's lock makes writers take turns; SQLite has one writer anyway.
        head = connection.execute(_THE_HEAD.with_for_update()).first()
        if head is None:
            if connection.execute(select(AuditRecord.seq).limit(1)).first() is not None:
                raise AuditBroken(
                    "the audit trail has records but no end: somebody altered the database; "
                    "restore it from a backup, and run `siaga audit verify`"
                )
            connection.execute(_FIRST_HEAD, {"id": _HEAD, "seq": 0, "hash": GENESIS, "seal": b""})
        last_seq, last_hash = (head.seq, head.hash) if head is not None else (0, GENESIS)
        actor = entry.actor
        record: dict[str, Any] = {
            "seq": last_seq + 1,
            "at": self._clock(),
            "actor_kind": actor.kind.value,
            "actor_id": actor.id,
            "actor_name": actor.name,
            "agency_id": actor.agency_id,
            "action": str(entry.action),
            "object_id": entry.object_id,
            "owner_id": entry.owner_id,
            "outcome": entry.outcome,
            "purpose": entry.purpose,
            "detail": dict(entry.detail) if entry.detail is not None else None,
            "request_id": actor.request_id,
        }
        record["hash"] = chained(last_hash, record)
        connection.execute(_NEW_RECORD, record)
        connection.execute(
            _NEW_HEAD,
            {
                "seq": record["seq"],
                "hash": record["hash"],
                "seal": self._seal(record["seq"], record["hash"]),
            },
        )
        return last_seq + 1

    def note(self, entry: Entry) -> None:
        """Write one record by itself, for an act that changes nothing else; it is on disk then."""

        def write(connection: Connection) -> None:
            self.append(connection, entry)

        self._commits.write(write)

    def verify(self) -> Verdict:
        """Check every record, the order, and the end.

        One consistent state is read; appends go on meanwhile.
        """
        with self._database.read() as session:
            last = GENESIS
            expected = 1
            for record in _stream(session):
                if record.seq != expected:
                    fault = f"record {expected} is missing"
                    return Verdict(expected - 1, last, fault, expected)
                if chained(last, _fields(record)) != record.hash:
                    fault = f"record {expected} is not as it was written"
                    return Verdict(expected - 1, last, fault, expected)
                last = record.hash
                expected += 1
            count = expected - 1
            return Verdict(count, last, *self._fault_of_end(session, count, last))

    def _fault_of_end(
        self, session: Session, count: int, last: str
    ) -> tuple[str | None, int | None]:
        head = session.execute(_THE_HEAD).first()
        if head is None:
            return ("the end of the trail is missing", count + 1) if count else (None, None)
        if not hmac.compare_digest(head.seal, self._seal(head.seq, head.hash)):
            return "the end of the trail is not sealed with this installation's key", count + 1
        if head.seq != count:
            return f"record {count + 1} is missing: the trail goes to {head.seq}", count + 1
        if head.hash != last:
            return f"record {count} is not the one that was sealed", count
        return None, None

    def _seal(self, seq: int, digest: str) -> bytes:
        return hmac.digest(self._key, f"{seq}:{digest}".encode(), "sha256")


def chained(before: str, record: Mapping[str, Any]) -> str:
    """Return the hash of a record, given the hash of the one before it."""
    return hashlib.sha256(f"{before}\n{canonical(record)}".encode()).hexdigest()


def canonical(record: Mapping[str, Any]) -> str:
    """Return the text of a record that its hash covers: JSON with sorted names, no spaces."""
    said = {name: record[name] for name in FIELDS}
    said["at"] = _text(said["at"])
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _text(at: datetime | str) -> str:
    return at if isinstance(at, str) else at.isoformat(timespec="microseconds")


def _fields(record: AuditRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in FIELDS}


def _stream(session: Session) -> Iterator[AuditRecord]:
    query = select(AuditRecord).order_by(AuditRecord.seq).execution_options(yield_per=_BATCH)
    yield from session.scalars(query)


_THE_HEAD: Final = select(AuditHead.seq, AuditHead.hash, AuditHead.seal).where(
    AuditHead.id == _HEAD
)
_FIRST_HEAD: Final = insert(_HEADS)  # type: ignore[arg-type]
_NEW_RECORD: Final = insert(_RECORDS)  # type: ignore[arg-type]
_NEW_HEAD: Final = update(_HEADS).where(AuditHead.id == _HEAD)  # type: ignore[arg-type]
