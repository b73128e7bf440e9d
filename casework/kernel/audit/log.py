"""The audit trail: an append-only chain of hashes over every act.

Each record's hash covers the record's text and the hash before it, so an altered, missing or moved
record breaks the chain there. The chain's end is sealed with a key that is not in the database: to
cut off the tail or to rewrite the chain takes that key. Anyone can check an export's chain; only
the key's holder can check the seal.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.orm import Session

from casework.kernel.actor import Actor
from casework.kernel.audit import rows as stored
from casework.kernel.audit.chain import GENESIS, Chain, Link, Verdict, canonical, chained
from casework.kernel.clock import Clock
from casework.kernel.database import Database
from casework.kernel.errors import AuditBroken
from casework.kernel.group_commit import GroupCommit
from casework.kernel.vault import Vault
from casework.tables import AuditHead, AuditRecord, Officer

DONE: Final = "done"
REFUSED: Final = "refused"

_HEAD: Final = 1
_RECORDS: Final = AuditRecord.__table__
_HEADS: Final = AuditHead.__table__


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act, as it goes into the trail."""

    actor: Actor
    action: str
    object_id: str | None = None
    owner_id: str | None = None
    """The agency the object belongs to; its auditors see the act of any actor."""
    outcome: str = DONE
    purpose: str | None = None
    detail: Mapping[str, Any] | None = None
    """Circumstances: ids, states, counts. Never a name, a photo or a secret."""


class Audit:
    """Appends to the trail, reads it and checks it."""

    def __init__(
        self, database: Database, vault: Vault, commits: GroupCommit, clock: Clock
    ) -> None:
        self._database = database
        self._commits = commits
        self._clock = clock
        self._key = vault.derived("siaga audit seal")

    def append(self, database: Connection | Session, entry: AuditEntry) -> int:
        """Write one record within the transaction of the act itself; returns its number.

        Raises:
            AuditBroken: the trail's end is gone although there are records, or is not the one that
                this installation sealed.
        """
        connection = database.connection() if isinstance(database, Session) else database
        last = self._end(connection)
        detail = entry.detail
        actor = entry.actor
        record: dict[str, Any] = {
            "seq": last.seq + 1,
            "at": self._clock(),
            "actor_kind": actor.kind.value,
            "actor_id": actor.id,
            "actor_name": actor.name,
            "agency_id": actor.agency_id,
            "action": str(entry.action),
            "object_id": entry.object_id,
            "owner_id": entry.owner_id,
            "outcome": entry.outcome,
            "purpose": entry.purpose or actor.reason,
            # As it will be read back: names that are no text, for instance, become text.
            "detail": json.loads(json.dumps(dict(detail))) if detail is not None else None,
            "request_id": actor.request_id,
        }
        record["hash"] = chained(last.hash, canonical(record))
        connection.execute(_NEW_RECORD, record)
        connection.execute(
            _NEW_HEAD,
            {
                "seq": record["seq"],
                "hash": record["hash"],
                "seal": self._seal(record["seq"], record["hash"]),
            },
        )
        return last.seq + 1

    def note(self, entry: AuditEntry) -> None:
        """Write one record by itself, for an act that changes nothing else; it is on disk then."""

        def write(connection: Connection) -> None:
            self.append(connection, entry)

        self._commits.write(write)

    def verify(self, anchor: Link | None = None) -> Verdict:
        """Check every record, the order, and the end.

        One consistent state is read; appends go on meanwhile.

        Args:
            anchor: where the trail stood when it was exported: it must have gone on from there.
        """
        chain = Chain(anchor)
        with self._database.read() as session:
            for seq, text, digest in stored.records(session):
                fault = chain.follow(seq, text, digest)
                if fault is not None:
                    return fault
            return self._fault_of_end(session, chain) or chain.end()

    def _fault_of_end(self, session: Session, chain: Chain) -> Verdict | None:
        head, last = session.execute(_THE_HEAD).first(), chain.last
        if head is None:
            # No officer is made without a record: a trail that is not there was taken away.
            if not last.seq and session.scalar(select(Officer.id).limit(1)) is None:
                return None
            return chain.broken("trail_end_missing", last.seq + 1)
        end = Link(head.seq, head.hash)
        if not self._sealed(end, head.seal):
            return chain.broken("trail_end_unsealed", last.seq + 1)
        return chain.fault_against(end)

    def _end(self, connection: Connection) -> Link:
        """Return where the next record is chained to.

        The seal is checked each time: a record put behind a forged end would make it genuine.
        """
        # On a server, this row's lock makes writers take turns; SQLite has one writer anyway.
        head = connection.execute(_THE_HEAD.with_for_update()).first()
        if head is None:
            if connection.execute(select(AuditRecord.seq).limit(1)).first() is not None:
                raise AuditBroken("audit_end_missing")
            connection.execute(_FIRST_HEAD, {"id": _HEAD, "seq": 0, "hash": GENESIS, "seal": b""})
            return Link(0, GENESIS)
        end = Link(head.seq, head.hash)
        if not self._sealed(end, head.seal):
            raise AuditBroken("audit_end_unsealed")
        return end

    def _sealed(self, end: Link, seal: bytes) -> bool:
        return hmac.compare_digest(seal, self._seal(end.seq, end.hash))

    def _seal(self, seq: int, digest: str) -> bytes:
        return hmac.digest(self._key, f"{seq}:{digest}".encode(), "sha256")


_THE_HEAD: Final = select(AuditHead.seq, AuditHead.hash, AuditHead.seal).where(
    AuditHead.id == _HEAD
)
_FIRST_HEAD: Final = insert(_HEADS)  # type: ignore[arg-type]
_NEW_RECORD: Final = insert(_RECORDS)  # type: ignore[arg-type]
_NEW_HEAD: Final = update(_HEADS).where(AuditHead.id == _HEAD)  # type: ignore[arg-type]
