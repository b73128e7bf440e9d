"""The audit trail: an append-only chain of hashes over every act, and over what acts leave behind.

Each record's hash covers a digest of each of its fields and the hash before it, so an altered,
missing or moved record breaks the chain there. Records carry digests of the rows that the act
changed, so a row changed without an act is found too. The chain's end is sealed with a key that is
not in the database: to cut off the tail or to rewrite the chain takes that key. docs/decisions/0019
describes the format.
"""

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit import chain, changes, state
from casework.kernel.audit.chain import (
    ACTOR,
    ERASE_TEXTS,
    FIELDS,
    GENESIS,
    NODE,
    PURPOSE,
    SALT_BYTES,
    STATE_CHANGE,
    Link,
    Salted,
    Verdict,
    chained,
    encode,
    plain,
    record_digest,
)
from casework.kernel.audit.checkpoints import Checkpoint, Signers
from casework.kernel.audit.verify import Verifier
from casework.kernel.clock import Clock
from casework.kernel.database import Database
from casework.kernel.errors import AuditBroken
from casework.kernel.group_commit import GroupCommit
from casework.kernel.vault import Vault
from casework.tables import Agency, AuditActor, AuditHead, AuditRecord, AuditText, Table

DONE: Final = chain.DONE
REFUSED: Final = "refused"

_NEW_CARDS: Final = "siaga_new_cards"
_LOOK_AGAIN: Final = timedelta(hours=1)


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
    """Why, as a person typed it: one of `texts`."""
    detail: Mapping[str, Any] | None = None
    """Circumstances: ids, states, counts. Never a name, a photo, a secret or what people typed."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """What else people typed, by name. It stands sealed beside the record, and can be erased."""


@dataclass(frozen=True, slots=True)
class AuditedAct:
    """One act of several in a transaction, and the rows that it made or changed."""

    entry: AuditEntry
    rows: Sequence[Table] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends, and what its digests of rows cover."""

    end: Link
    covers: str
    """As it is stored."""


class Audit:
    """Appends to the trail, and checks it."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        commits: GroupCommit,
        clock: Clock,
        signers: Signers | None = None,
    ) -> None:
        """Begin to collect what statements change.

        Args:
            database: where the trail is.
            vault: seals what people typed, and gives the keys of digests.
            commits: for records that stand alone.
            clock: the time.
            signers: who signs checkpoints.
        """
        self.signers = signers or Signers()
        self.database = database
        self.vault = vault
        self.clock = clock
        self.state_key = vault.derived("siaga audit state")
        self._commits = commits
        self._head_key = vault.derived("siaga audit head")
        self._card_key = vault.derived("siaga audit card")
        self._cards: dict[bytes, tuple[str, datetime]] = {}
        changes.watch(database.engine)
        database.at_commit(self._account_for_the_rest, _over)

    def append(self, database: Connection | Session, entry: AuditEntry) -> int:
        """Write one record within the transaction of the act itself; returns its number.

        It accounts for every protected row that the transaction has changed since its last record.

        Raises:
            AuditBroken: the trail's end is gone although there are records, or is not the one that
                this installation sealed.
        """
        if isinstance(database, Session):
            database.flush()
            database = database.connection()
        return self.write(database, entry, self._states(database))

    def append_all(self, session: Session, acts: Sequence[AuditedAct]) -> None:
        """Write a record for each of one actor's acts: `append` for many, in few statements.

        Each record accounts for the rows that its act names, where several name a row the last of
        them; what was changed besides goes with the last record.

        Raises:
            AuditBroken: see `append`.
        """
        if not acts:
            return
        session.flush()
        connection = session.connection()
        left = self._states(connection) or {}
        claimed = []
        for act in reversed(acts):
            mine: changes.States = {}
            for table, key in map(changes.key_of, act.rows):
                if key in left.get(table, ()):
                    mine.setdefault(table, {})[key] = left[table].pop(key)
            claimed.append(mine)
        for table, states in left.items():
            if states:
                claimed[0].setdefault(table, {}).update(states)
        entries = [act.entry for act in acts]
        self.write_all(connection, entries, [states or None for states in reversed(claimed)])

    def note(self, entry: AuditEntry) -> None:
        """Write one record by itself, for an act that changes nothing else; it is on disk then."""

        def write(connection: Connection) -> None:
            self.append(connection, entry)

        self._commits.write(write)

    def erase_texts(
        self,
        session: Session,
        actor: Actor,
        object_id: str,
        owner_id: str | None,
        but: Sequence[str] = (),
    ) -> None:
        """Erase what people typed for records about one object, within a transaction.

        Args:
            session: the transaction.
            actor: who erases.
            object_id: the object.
            owner_id: the agency it belongs to.
            but: acts whose texts stay, such as the reason for which it is erased.
        """
        about = select(AuditRecord.seq).where(
            AuditRecord.object_id == object_id, AuditRecord.action.not_in(but)
        )
        typed = AuditText.node == NODE, AuditText.seq.in_(about)
        count = session.scalar(select(func.count()).select_from(AuditText).where(*typed))
        if count:
            session.execute(
                delete(AuditText).where(*typed),
                execution_options={"synchronize_session": False},
            )
            detail = {"texts": count}
            self.append(session, AuditEntry(actor, ERASE_TEXTS, object_id, owner_id, detail=detail))

    def verify(
        self,
        anchor: Link | None = None,
        elsewhere: Sequence[Checkpoint] | None = None,
        *,
        tail: bool = False,
    ) -> Verdict:
        """Check the whole trail, what stands beside it, and every row that it protects.

        Args:
            tail: whether it will do to check what was recorded since the last check, with what
                stands beside that and the rows that it changed: see `casework.kernel.audit.tail`.
            anchor: where the trail stood when it was exported: it must have gone on from there.
            elsewhere: checkpoints from outside the database; None means those handed out to where
                this installation can read them.
        """
        outside = elsewhere
        if outside is None:
            outside = self.signers.elsewhere() if self.signers.elsewhere is not None else ()
        return Verifier(self, self.signers, outside).verify(anchor, tail=tail)

    def write(
        self, connection: Connection, entry: AuditEntry, states: changes.States | None
    ) -> int:
        """Write one record with these states; raises AuditBroken, like `append`."""
        return self.write_all(connection, [entry], [states])

    def write_all(
        self,
        connection: Connection,
        entries: Sequence[AuditEntry],
        states: Sequence[changes.States | None],
    ) -> int:
        """Write records of one actor's acts, each with its states; returns the last's number.

        Raises:
            AuditBroken: see `append`.
        """
        actor = entries[0].actor
        if any(entry.actor != actor for entry in entries):
            raise ValueError("the acts of several people take several calls")
        # On a server, this row's lock makes writers take turns; SQLite has one writer anyway.
        found = connection.execute(_THE_HEAD, {"agency_id": actor.agency_id}).first()
        head = self.checked(connection, found)
        card = {"name": actor.name, "agency": found.agency if found is not None else None}
        if actor.service_number is not None:
            card["service_number"] = actor.service_number
        digest = self.card(connection, actor.id, card)
        written = []
        for seq, (entry, changed) in enumerate(
            zip(entries, states, strict=True), start=head.end.seq + 1
        ):
            texts = {name: Salted.of(text) for name, text in _texts(entry).items()}
            written.append((self._record(seq, digest, entry, texts, changed), texts))
        self.put(connection, head, written)
        return head.end.seq + len(written)

    def _record(
        self,
        seq: int,
        card: str,
        entry: AuditEntry,
        texts: Mapping[str, Salted],
        states: changes.States | None,
    ) -> dict[str, Any]:
        actor, detail = entry.actor, entry.detail
        return {
            "node": NODE,
            "seq": seq,
            "at": self.clock(),
            "actor_kind": actor.kind.value,
            "actor_id": actor.id,
            "actor_card": card,
            "agency_id": actor.agency_id,
            "action": str(entry.action),
            "object_id": entry.object_id,
            "owner_id": entry.owner_id,
            "outcome": entry.outcome,
            # As it will be read back: names that are no text, for instance, become text.
            "detail": json.loads(json.dumps(dict(detail))) if detail is not None else None,
            "texts": {name: each.digest(name) for name, each in texts.items()} or None,
            "states": states,
            "request_id": actor.request_id,
            "earlier": None,
        }

    def put(
        self,
        connection: Connection,
        head: Head,
        written: Sequence[tuple[dict[str, Any], Mapping[str, Salted]]],
    ) -> None:
        """Chain records to the end, with the texts that stand beside them."""
        before = head.end.hash
        new, beside = [], []
        for record, texts in written:
            salt, fields = secrets.token_bytes(SALT_BYTES), plain(record)
            digest = record_digest(salt, [encode(fields[name]) for name in FIELDS])
            before = chained(before, digest)
            new.append(record | {"salt": salt, "hash": before})
            for name, each in texts.items():
                row = rows.audit_text(record["node"], record["seq"], name)
                sealed = self.vault.seal(each.packed, row)
                key = {"node": record["node"], "seq": record["seq"], "name": name}
                beside.append(key | {"sealed_text": sealed})
        connection.execute(_NEW_RECORD, new)
        if beside:
            connection.execute(_NEW_TEXT, beside)
        self.move(connection, Link(new[-1]["seq"], before), head.covers)

    def move(self, connection: Connection, end: Link, covers: str) -> None:
        """Seal an end of the chain."""
        values = {"seq": end.seq, "hash": end.hash, "covers": covers}
        connection.execute(_MOVED_HEAD, values | {"seal": self._seal(end, covers)})

    def card(self, connection: Connection, actor_id: str, card: Mapping[str, str | None]) -> str:
        """Return the digest of what is known of an actor, kept once for all records."""
        text = encode(card)
        lookup = hmac.digest(self._card_key, f"{actor_id}\0{text}".encode(), "sha256")[:16]
        known, now = self._cards.get(lookup), self.clock()
        # Another process may erase what nobody has used for a day.
        if known is not None and known[1] <= now < known[1] + _LOOK_AGAIN:
            return known[0]
        found: str | None = connection.execute(_THE_CARD, {"lookup": lookup}).scalar()
        mine = connection.info.setdefault(_NEW_CARDS, set())
        if found is not None:
            if lookup not in mine:  # which may yet be undone
                self._cards[lookup] = found, now
            return found
        salted = Salted.of(text)
        digest = salted.digest(ACTOR)
        sealed = self.vault.seal(salted.packed, rows.audit_actor(digest))
        values = {"digest": digest, "lookup": lookup, "sealed_card": sealed}
        connection.execute(_NEW_CARD, values)
        mine.add(lookup)
        return digest

    def forget_cards(self) -> None:
        """Look cards up again: some were erased."""
        self._cards.clear()

    def text(self, node: str, seq: int, name: str, sealed: bytes) -> Salted:
        """Open a text that stands beside a record; raises WrongDataKey."""
        return Salted.unpacked(self.vault.open(sealed, rows.audit_text(node, seq, name)))

    def actor(self, digest: str, sealed: bytes) -> Salted:
        """Open what is known of an actor; raises WrongDataKey."""
        return Salted.unpacked(self.vault.open(sealed, rows.audit_actor(digest)))

    def sealed(self, end: Link, covers: str, seal: bytes) -> bool:
        """Whether this installation sealed an end of the chain."""
        return hmac.compare_digest(seal, self._seal(end, covers))

    def head(self, connection: Connection) -> Head:
        """Return where the next record is chained to; raises AuditBroken, like `append`."""
        return self.checked(connection, connection.execute(_THE_HEAD, {"agency_id": None}).first())

    def checked(self, connection: Connection, head: Row[Any] | None) -> Head:
        """Return the end that was read; a new installation's is made.

        The seal is checked each time: a record put behind a forged end would make it genuine.
        """
        if head is None:
            if connection.execute(select(AuditRecord.seq).limit(1)).first() is not None:
                raise AuditBroken("audit_end_missing")
            found = Head(Link(0, GENESIS), encode(state.covers()))
            values = {"node": NODE, "seq": 0, "hash": GENESIS, "covers": found.covers}
            connection.execute(_FIRST_HEAD, values | {"seal": b""})
            return found
        end = Link(head.seq, head.hash)
        if not self.sealed(end, head.covers, head.seal):
            raise AuditBroken("audit_end_unsealed")
        return Head(end, head.covers)

    def _states(self, connection: Connection) -> changes.States | None:
        return changes.take(connection, self.state_key, self.vault.open)

    def _account_for_the_rest(self, connection: Connection) -> None:
        """Record what was changed behind the last record of a transaction."""
        if changes.pending(connection):
            states = self._states(connection)
            self.write(connection, AuditEntry(Actor.service(), STATE_CHANGE), states)

    def _seal(self, end: Link, covers: str) -> bytes:
        content = encode([NODE, end.seq, end.hash, covers])
        return hmac.digest(self._head_key, content.encode(), "sha256")


def _over(connection: Connection) -> None:
    """Begin again, with the next transaction."""
    changes.forget(connection)
    connection.info.pop(_NEW_CARDS, None)


def _texts(entry: AuditEntry) -> dict[str, str]:
    texts = dict(entry.texts)
    purpose = entry.purpose if entry.purpose is not None else entry.actor.reason
    if purpose is not None:
        texts[PURPOSE] = purpose
    return texts


_AGENCY: Final = (
    select(Agency.name).where(Agency.id == bindparam("agency_id")).scalar_subquery().label("agency")
)
_THE_HEAD: Final = (
    select(
        AuditHead.seq,
        AuditHead.hash,
        AuditHead.covers,
        AuditHead.seal,
        _AGENCY,
    )
    .where(AuditHead.node == NODE)
    .with_for_update(of=AuditHead)
)
_THE_CARD: Final = select(AuditActor.digest).where(AuditActor.lookup == bindparam("lookup"))
_HEADS: Final = AuditHead.__table__
_FIRST_HEAD: Final = insert(_HEADS)  # type: ignore[arg-type]
_MOVED_HEAD: Final = update(_HEADS).where(AuditHead.node == NODE)  # type: ignore[arg-type]
_NEW_RECORD: Final = insert(AuditRecord.__table__)  # type: ignore[arg-type]
_NEW_TEXT: Final = insert(AuditText.__table__)  # type: ignore[arg-type]
_NEW_CARD: Final = insert(AuditActor.__table__)  # type: ignore[arg-type]
