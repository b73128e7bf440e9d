"""Checking a whole trail: its records, its end, what stands beside it, and the rows it protects."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Row, RowMapping, Select, Text, select, tuple_, type_coerce
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
from casework.kernel.audit.tail import start_of
from casework.kernel.errors import WrongDataKey
from casework.kernel.messages import Message
from casework.tables import AuditActor, AuditHead, AuditRecord, AuditText, Officer

if TYPE_CHECKING:
    from casework.kernel.audit.log import Audit

_MOST_FAULTS: Final = 50
_BATCH: Final = 2000


_NO_TEXTS: Final[Mapping[str, Salted]] = {}
_TextRow = Row[str, int, str, bytes]


class _Texts:
    """The texts beside the records, some at a time: there may be as many as records."""

    def __init__(self, session: Session, audit: "Audit", after: int) -> None:
        self._session = session
        self._audit = audit
        self._left = self._all(after)
        self._next = next(self._left, None)

    def has(self, place: tuple[str, int]) -> bool:
        """Whether any up to a record's place is left."""
        return self._next is not None and (self._next.node, self._next.seq) <= place

    def up_to(self, place: tuple[str, int]) -> Iterator[tuple[int, str, Salted | None]]:
        """Yield number, name and text of those up to a record's place; None does not open."""
        while self._next is not None and self.has(place):
            yield self._opened(self._next)
            self._next = next(self._left, None)

    def left(self) -> Iterator[tuple[int, str, Salted | None]]:
        """Yield those behind the last record."""
        while self._next is not None:
            yield self._opened(self._next)
            self._next = next(self._left, None)

    def _opened(self, row: _TextRow) -> tuple[int, str, Salted | None]:
        return row.seq, row.name, _open(partial(self._audit.text, *row))

    def _all(self, after: int) -> Iterator[_TextRow]:
        query = _TEXTS
        if after:
            query = query.where(tuple_(AuditText.node, AuditText.seq) > (NODE, after))
        while found := self._session.connection().execute(query.limit(_BATCH)).all():
            yield from found
            query = _TEXTS.where(tuple_(*_PLACE_OF_TEXT) > tuple(found[-1][:3]))


@dataclass(slots=True)
class _Walk:
    """What the records say of everything else."""

    texts: _Texts
    cards: dict[str, Salted | None]
    """What stands beside the records of actors; None where it does not open."""
    erased_to: int
    """Up to this record texts may be gone."""
    erased_of: Mapping[str, int]
    """And of these objects, up to these records."""
    faults: list[Message] = field(default_factory=list)
    after: int = 0
    """The record behind which it begins."""
    states: dict[str, dict[str, tuple[str | None, int]]] = field(default_factory=dict)
    """The last digest of each row that is there, and whose record it is; by table and key. Of the
    tail, rows that are gone too, with None."""
    texts_right: int = 0
    texts_erased: int = 0
    last_of_card: dict[str, int] = field(default_factory=dict)
    """The last record with each card."""
    taken_over: int = 0
    recomputed: int = 0
    _earlier: str = GENESIS

    def add(self, record: Stored) -> None:
        """Take in one record."""
        row = record.row
        assert row is not None  # noqa: S101 - its digest fits
        if row.states is not None:
            self._add_states(record.seq, json.loads(row.states))
        texts = self._check_texts(record.seq, row)
        self.last_of_card[row.actor_card] = record.seq
        if row.earlier is not None:
            self._compute_earlier(record, row, texts.get(PURPOSE))
        elif row.action == TAKE_OVER and not json.loads(row.detail).get("whole", True):
            _add(self.faults, Message("trail_taken_over_broken", {"record": record.seq}))

    def _add_states(self, seq: int, tables: Mapping[str, Mapping[str, str | None]]) -> None:
        for table, keys in tables.items():
            states = self.states.setdefault(table, {})
            for key, digest in keys.items():
                if digest is None and not self.after:
                    states.pop(key, None)
                else:
                    states[key] = digest, seq

    def _check_texts(self, seq: int, row: Row[Any]) -> Mapping[str, Salted]:
        """Compare a record's texts with their digests; returns those that are as written."""
        if row.texts is None and not self.texts.has((row.node, seq)):
            return _NO_TEXTS
        digests: dict[str, str] = json.loads(row.texts) if row.texts is not None else {}
        right: dict[str, Salted] = {}
        for at, name, text in self.texts.up_to((row.node, seq)):
            fits = at == seq and text is not None and text.digest(name) == digests.get(name)
            if fits and text is not None:
                right[name] = text
                del digests[name]
            else:
                self.text_altered(at, name)
                digests.pop(name, None)
        self.texts_right += len(right)
        for name in digests:  # those that are not there
            self.texts_erased += 1
            if seq > max(self.erased_to, self.erased_of.get(row.object_id or "", 0)):
                _add(self.faults, Message("trail_text_missing", {"record": seq, "name": name}))
        return right

    def text_altered(self, seq: int, name: str) -> None:
        """Note a text that is not the one that was written for this record."""
        _add(self.faults, Message("trail_text_altered", {"record": seq, "name": name}))

    def _compute_earlier(self, record: Stored, row: Row[Any], purpose: Salted | None) -> None:
        """Compute a hash of the first format again, if name and purpose are there."""
        self.taken_over += 1
        card = self.cards.get(row.actor_card)
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

    def verify(self, anchor: Link | None = None, *, tail: bool = False) -> Verdict:
        """Check everything, or the tail, of one consistent state; appends go on meanwhile."""
        with self._audit.database.read() as session:
            start = start_of(session, self._audit.clock()) if tail and anchor is None else None
            if start is None:
                return self._verify(session, Chain(anchor))
            verdict = self._verify(session, Chain(begin=start.link), start.number)
            return replace(verdict, after=start.link.seq, all_at=start.all_at)

    def _verify(self, session: Session, chain: Chain, checkpoint: int = 0) -> Verdict:
        after = chain.last.seq
        signed = CheckpointCheck.of(session, self._signers, self._elsewhere, checkpoint)
        if signed.fault is not None:
            return _broken(chain, signed.fault)
        walk = self._begun(session, after)
        for record in stored.records(session, NODE, after):
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

    def _begun(self, session: Session, after: int) -> _Walk:
        """Read what every record is compared with. The walk itself proves what is read here."""
        erased_to, erased_of = 0, dict[str, int]()
        # An erasure says nothing of what was recorded behind it.
        for seq, object_id, detail in session.execute(_ERASURES.where(AuditRecord.seq > after)):
            if object_id is not None:
                erased_of[object_id] = seq
            else:
                erased_to = max(erased_to, _last_erased(detail))
        cards = {
            digest: _open(partial(self._audit.actor, digest, sealed))
            for digest, sealed in session.execute(_CARDS)
        }
        return _Walk(_Texts(session, self._audit, after), cards, erased_to, erased_of, after=after)

    def _beside(
        self, session: Session, chain: Chain, walk: _Walk, signed: CheckpointCheck
    ) -> Verdict:
        """Check what the chain accounts for."""
        faults = walk.faults
        now = self._audit.clock()
        alarms = signed.late(session, chain.last.seq, now), signed.waits(session, now)
        faults.extend(alarm for alarm in alarms if alarm is not None)
        for number, name, _ in walk.texts.left():
            walk.text_altered(number, name)
        texts = walk.texts_right + _check_cards(walk)
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
            texts_erased=walk.texts_erased + len(walk.last_of_card.keys() - walk.cards.keys()),
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
        # Of the tail, the rows that its records name; others may be there.
        queries = coverage.among([*expected]) if walk.after else [coverage.rows]
        for row in self._read(session, coverage, queries, walk.faults):
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
        for key, (digest, seq) in expected.items():
            if digest is not None:
                _add(
                    walk.faults,
                    Message(
                        "state_row_missing", {"record": seq, "table": coverage.name, "key": key}
                    ),
                )
        return right

    def _read(
        self,
        session: Session,
        coverage: Coverage,
        queries: Iterable[Select[Any]],
        faults: list[Message],
    ) -> Iterator[RowMapping]:
        try:
            for query in queries:
                some = query.execution_options(yield_per=1000)
                yield from session.connection().execute(some).mappings()
        except (SQLAlchemyError, ValueError, TypeError):
            _add(faults, Message("state_table_unreadable", {"table": coverage.name}))


def _open(opening: Callable[[], Salted]) -> Salted | None:
    try:
        return opening()
    except (WrongDataKey, ValueError, TypeError):
        return None


def _check_cards(walk: _Walk) -> int:
    """Count what was known of actors and is still there."""
    right = 0
    for digest, card in walk.cards.items():
        if walk.after and digest not in walk.last_of_card:
            continue  # of an actor of before
        if card is not None and card.digest(ACTOR) == digest and digest in walk.last_of_card:
            right += 1
        else:
            walk.text_altered(walk.last_of_card.get(digest, 0), ACTOR)
    for digest, seq in walk.last_of_card.items():
        if digest not in walk.cards and seq > walk.erased_to:
            _add(walk.faults, Message("trail_text_missing", {"record": seq, "name": ACTOR}))
    return right


def _digest(coverage: Coverage, audit: "Audit", row: RowMapping) -> str | None:
    """Return the digest of a row, None where it holds what this software never writes."""
    try:
        return coverage.digest(audit.state_key, row, audit.vault.open)
    except (ValueError, TypeError, AttributeError):
        return None


def _last_erased(detail: str) -> int:
    """Return up to which record an erasure went, 0 where that cannot be read."""
    try:
        last = json.loads(detail)["to"]
    except (ValueError, TypeError, KeyError):
        return 0
    return last if isinstance(last, int) else 0


def _add(faults: list[Message], fault: Message) -> None:
    if len(faults) < _MOST_FAULTS:
        faults.append(fault)


def _broken(chain: Chain, message: Message, seq: int | None = None) -> Verdict:
    return Verdict(chain.last.seq, chain.last.hash, message, seq)


_HEADS: Final = select(
    AuditHead.node, AuditHead.seq, AuditHead.hash, AuditHead.covers, AuditHead.seal
)
_PLACE_OF_TEXT: Final = (AuditText.node, AuditText.seq, AuditText.name)
_TEXTS: Final = select(*_PLACE_OF_TEXT, AuditText.sealed_text).order_by(*_PLACE_OF_TEXT)
_ERASURES: Final = (
    select(AuditRecord.seq, AuditRecord.object_id, type_coerce(AuditRecord.detail, Text))
    .where(AuditRecord.node == NODE, AuditRecord.action == ERASE_TEXTS)
    .order_by(AuditRecord.seq)
)
_CARDS: Final = select(AuditActor.digest, AuditActor.sealed_card)
