"""Checking a whole trail: its records, its end, what stands beside it, and the rows it protects."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Row, RowMapping, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from casework.kernel.audit import earlier, state
from casework.kernel.audit import rows as stored
from casework.kernel.audit.chain import (
    ACTOR,
    ERASE_TEXTS,
    FIELDS,
    GENESIS,
    NODE,
    PURPOSE,
    TAKE_OVER,
    Chain,
    Link,
    Salted,
    Verdict,
    encode,
)
from casework.kernel.audit.checkpoints import Checkpoint, CheckpointCheck, Signers
from casework.kernel.audit.rows import Stored
from casework.kernel.audit.state import COVERAGE, Coverage
from casework.kernel.errors import WrongDataKey
from casework.kernel.messages import Message
from casework.tables import AuditActor, AuditHead, AuditText, Officer

if TYPE_CHECKING:
    from casework.kernel.audit.log import Audit

_MOST_FAULTS: Final = 50


@dataclass(slots=True)
class _Beside:
    """What stands beside the records, opened; None where it does not open."""

    texts: dict[tuple[int, str], Salted | None]
    cards: dict[str, Salted | None]


@dataclass(slots=True)
class _Walk:
    """What the records say of everything else."""

    beside: _Beside
    faults: list[Message] = field(default_factory=list)
    states: dict[str, dict[str, tuple[str, int]]] = field(default_factory=dict)
    """The last digest of each row that is there, and whose record it is; by table and key."""
    texts: dict[tuple[int, str], tuple[str, str | None]] = field(default_factory=dict)
    """Digest of each text, and the object of its record."""
    cards: dict[str, int] = field(default_factory=dict)
    """The last record with each card."""
    erased_to: int = 0
    erased_of: dict[str, int] = field(default_factory=dict)
    taken_over: int = 0
    recomputed: int = 0
    _earlier: str = GENESIS

    def add(self, record: Stored) -> None:
        """Take in one record."""
        row = record.row
        assert row is not None  # noqa: S101 - its digest fits
        if row.states is not None:
            self._add_states(record.seq, json.loads(row.states))
        if row.texts is not None:
            for name, digest in json.loads(row.texts).items():
                self.texts[record.seq, name] = digest, row.object_id
        self.cards[row.actor_card] = record.seq
        if row.earlier is not None:
            self._compute_earlier(record, row)
        elif row.action == TAKE_OVER:
            if not json.loads(row.detail).get("whole", True):
                _add(self.faults, Message("trail_taken_over_broken", {"record": record.seq}))
        elif row.action == ERASE_TEXTS:
            if row.object_id is not None:
                self.erased_of[row.object_id] = record.seq
            else:
                self.erased_to = max(self.erased_to, json.loads(row.detail)["to"])

    def _add_states(self, seq: int, tables: Mapping[str, Mapping[str, str | None]]) -> None:
        for table, keys in tables.items():
            states = self.states.setdefault(table, {})
            for key, digest in keys.items():
                if digest is None:
                    states.pop(key, None)
                else:
                    states[key] = digest, seq

    def erasable(self, seq: int, object_id: str | None) -> bool:
        """Whether a text of a record may be gone."""
        return seq <= max(self.erased_to, self.erased_of.get(object_id or "", 0))

    def _compute_earlier(self, record: Stored, row: Row[Any]) -> None:
        """Compute a hash of the first format again, if name and purpose are there."""
        self.taken_over += 1
        card = self.beside.cards.get(row.actor_card)
        purpose = self.beside.texts.get((record.seq, PURPOSE))
        if card is not None and (purpose is not None or row.texts is None):
            fields = dict(zip(FIELDS, map(json.loads, record.encoded), strict=True))
            fields["actor_name"] = json.loads(card.text)["name"]
            fields["purpose"] = purpose.text if purpose is not None else None
            if earlier.chained(self._earlier, earlier.text(fields)) != row.earlier:
                _add(self.faults, Message("trail_earlier_altered", {"record": record.seq}))
            self.recomputed += 1
        self._earlier = row.earlier


class Verifier:
    """Checks a trail against its database; the data key is at hand."""

    def __init__(
        self, audit: "Audit", signers: Signers, elsewhere: Iterable[Checkpoint] = ()
    ) -> None:
        """Begin.

        Args:
            audit: the trail.
            signers: whose checkpoints count.
            elsewhere: checkpoints as they were received outside the database.
        """
        self._audit = audit
        self._signers = signers
        self._elsewhere = tuple(elsewhere)

    def verify(self, anchor: Link | None = None) -> Verdict:
        """Check everything, of one consistent state; appends go on meanwhile."""
        chain = Chain(anchor)
        with self._audit.database.read() as session:
            signed = CheckpointCheck.of(session, self._signers, self._elsewhere)
            if signed.fault is not None:
                return _broken(chain, signed.fault)
            walk = _Walk(self._opened(session))
            for record in stored.records(session, NODE):
                fault = chain.follow(record.seq, record.digest, record.hash)
                if fault is not None:
                    return fault
                assert record.digest is not None  # noqa: S101 - it was followed
                message = signed.follow(record.seq, record.digest, record.hash)
                if message is not None:
                    return _broken(chain, message, record.seq)
                walk.add(record)
            message = signed.end(chain.last.seq)
            if message is not None:
                return _broken(chain, message, chain.last.seq + 1)
            fault = self._fault_of_end(session, chain)
            if fault is not None:
                return fault
            return self._beside(session, chain, walk, signed)

    def _opened(self, session: Session) -> _Beside:
        """Open what stands beside the records."""
        texts = {
            (seq, name): _open(partial(self._audit.text, node, seq, name, sealed))
            for node, seq, name, sealed in session.execute(_TEXTS)
        }
        cards = {
            digest: _open(partial(self._audit.actor, digest, sealed))
            for digest, sealed in session.execute(_CARDS)
        }
        return _Beside(texts, cards)

    def _beside(
        self, session: Session, chain: Chain, walk: _Walk, signed: CheckpointCheck
    ) -> Verdict:
        """Check what the chain accounts for."""
        faults = walk.faults
        late = signed.late(session, chain.last.seq, self._audit.clock())
        if late is not None:
            faults.append(late)
        texts = _check_texts(walk) + _check_cards(walk)
        rows = sum(self._rows(session, each, walk) for each in COVERAGE)
        verdict = chain.end()
        if faults and verdict.whole:
            at = faults[0].params.get("record")
            seq = at if isinstance(at, int) else None
            verdict = replace(verdict, message=faults[0], seq=seq)
        proved = replace(
            signed.proved,
            taken_over=walk.taken_over,
            recomputed=walk.recomputed,
            texts=texts,
            texts_erased=len(walk.texts) + len(walk.cards) - texts,
            rows=rows,
        )
        return replace(verdict, more=tuple(faults[1:]), proved=proved)

    def _fault_of_end(self, session: Session, chain: Chain) -> Verdict | None:
        heads, last = session.execute(_HEADS).all(), chain.last
        if not heads:
            # No officer is made without a record: a trail that is not there was taken away.
            if not last.seq and session.scalar(select(Officer.id).limit(1)) is None:
                return None
            return chain.broken("trail_end_missing", last.seq + 1)
        head = heads[0]
        end = Link(head.seq, head.hash)
        if len(heads) > 1 or head.node != NODE or not self._audit.sealed(end, *head[3:]):
            return chain.broken("trail_end_unsealed", last.seq + 1)
        if head.covers != encode(state.covers()):
            return chain.broken("trail_coverage_differs", last.seq)
        return chain.fault_against(end)

    def _rows(self, session: Session, coverage: Coverage, walk: _Walk) -> int:
        """Compare the rows of one table with what the trail says of them."""
        expected = walk.states.get(coverage.name, {})
        right = 0
        for row in self._read(session, coverage, walk.faults):
            key = coverage.key_of(row)
            digest, seq = expected.pop(key, (None, 0))
            if digest is None:
                _add(walk.faults, Message("state_row_added", {"table": coverage.name, "key": key}))
            elif _digest(coverage, self._audit, row) != digest:
                _add(
                    walk.faults,
                    Message(
                        "state_row_altered", {"record": seq, "table": coverage.name, "key": key}
                    ),
                )
            else:
                right += 1
        for key, (_, seq) in expected.items():
            _add(
                walk.faults,
                Message("state_row_missing", {"record": seq, "table": coverage.name, "key": key}),
            )
        return right

    def _read(
        self, session: Session, coverage: Coverage, faults: list[Message]
    ) -> Iterator[RowMapping]:
        try:
            query = coverage.rows.execution_options(yield_per=1000)
            yield from session.connection().execute(query).mappings()
        except (SQLAlchemyError, ValueError, TypeError):
            _add(faults, Message("state_table_unreadable", {"table": coverage.name}))


def _open(opening: Callable[[], Salted]) -> Salted | None:
    try:
        return opening()
    except (WrongDataKey, ValueError, TypeError):
        return None


def _check_texts(walk: _Walk) -> int:
    """Count the texts that are those that were written."""
    right = 0
    for (seq, name), text in walk.beside.texts.items():
        digest, _ = walk.texts.get((seq, name), (None, None))
        if text is not None and text.digest(name) == digest:
            right += 1
        else:
            _add(walk.faults, Message("trail_text_altered", {"record": seq, "name": name}))
    for (seq, name), (_, object_id) in walk.texts.items():
        if (seq, name) not in walk.beside.texts and not walk.erasable(seq, object_id):
            _add(walk.faults, Message("trail_text_missing", {"record": seq, "name": name}))
    return right


def _check_cards(walk: _Walk) -> int:
    """Count what was known of actors and is still there."""
    right = 0
    for digest, card in walk.beside.cards.items():
        if card is not None and card.digest(ACTOR) == digest and digest in walk.cards:
            right += 1
        else:
            seq = walk.cards.get(digest, 0)
            _add(walk.faults, Message("trail_text_altered", {"record": seq, "name": ACTOR}))
    for digest, seq in walk.cards.items():
        if digest not in walk.beside.cards and seq > walk.erased_to:
            _add(walk.faults, Message("trail_text_missing", {"record": seq, "name": ACTOR}))
    return right


def _digest(coverage: Coverage, audit: "Audit", row: RowMapping) -> str | None:
    """Return the digest of a row, None where it holds what this software never writes."""
    try:
        return coverage.digest(audit.state_key, row, audit.vault.open)
    except (ValueError, TypeError, AttributeError):
        return None


def _add(faults: list[Message], fault: Message) -> None:
    if len(faults) < _MOST_FAULTS:
        faults.append(fault)


def _broken(chain: Chain, message: Message, seq: int | None = None) -> Verdict:
    return Verdict(chain.last.seq, chain.last.hash, message, seq)


_HEADS: Final = select(
    AuditHead.node, AuditHead.seq, AuditHead.hash, AuditHead.covers, AuditHead.seal
)
_TEXTS: Final = select(
    AuditText.node, AuditText.seq, AuditText.name, AuditText.sealed_text
).order_by(AuditText.seq, AuditText.name)
_CARDS: Final = select(AuditActor.digest, AuditActor.sealed_card)
