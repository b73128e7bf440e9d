"""Signed checkpoints: statements of where each chain stood, by a key that is not with the data.

Anyone who has the database and its data key can write a trail to their liking, but not one that
fits the checkpoints which others have received. docs/decisions/0019 describes their text.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from casework.kernel.audit import rows as stored
from casework.kernel.audit.chain import GENESIS, NODE, Chain, Link, Proved, canonical_time, encode
from casework.kernel.audit.merkle import EMPTY, Tree
from casework.kernel.errors import AuditBroken, CaseworkError, SetUpError
from casework.kernel.messages import Message
from casework.tables import AuditCheckpoint, AuditHead, AuditRecord

if TYPE_CHECKING:
    from casework.kernel.audit.log import Audit
    from casework.kernel.audit.sinks import Sink

FORMAT: Final = "siaga-checkpoint-1"
EVERY: Final = timedelta(minutes=10)
RECORDS: Final = 10_000
LATE_AFTER: Final = 3
"""Intervals after which a record that no checkpoint covers is an alarm."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was signed, and the signature."""

    text: str
    signature: bytes

    @property
    def line(self) -> str:
        """It as it is handed out."""
        signature = base64.b64encode(self.signature).decode()
        return json.dumps({"checkpoint": self.text, "signature": signature})

    @property
    def fields(self) -> Mapping[str, Any]:
        """What it says."""
        fields: Mapping[str, Any] = json.loads(self.text)
        return fields

    @property
    def digest(self) -> str:
        """What the next one names it by."""
        return sha256(self.text.encode()).hexdigest()

    @classmethod
    def of_line(cls, line: str) -> "Checkpoint":
        """Read what `line` gave; raises ValueError."""
        try:
            parsed = json.loads(line)
            found = cls(parsed["checkpoint"], base64.b64decode(parsed["signature"], validate=True))
            end = found.fields["nodes"][NODE]
            numbers = found.fields["number"], end["first"], end["last"]
            texts = found.fields["key"], found.fields["before"], end["hash"], end["root"]
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError("no checkpoint") from error
        if not (all(type(n) is int for n in numbers) and all(isinstance(t, str) for t in texts)):
            raise ValueError("no checkpoint")
        return found


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return what a checkpoint names a key by."""
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures count, and the key that signs here, if there is one."""

    public: Mapping[str, Ed25519PublicKey] = field(default_factory=dict)
    """By fingerprint."""
    private: Ed25519PrivateKey | None = field(default=None, repr=False)
    every: timedelta = EVERY
    """How often a checkpoint is made."""
    records: int = RECORDS
    """After how many records it is made sooner."""
    elsewhere: Callable[[], Sequence[Checkpoint]] | None = None
    """Reads checkpoints where they are handed out to, as far as this installation can; None means
    that they stay in the database."""

    @classmethod
    def of(
        cls,
        private: Ed25519PrivateKey | None,
        public: Iterable[Ed25519PublicKey] = (),
        every: timedelta = EVERY,
        records: int = RECORDS,
        elsewhere: Callable[[], Sequence[Checkpoint]] | None = None,
    ) -> "Signers":
        """Return the keys by their fingerprints."""
        keys = [*public, *([private.public_key()] if private is not None else [])]
        return cls({fingerprint(key): key for key in keys}, private, every, records, elsewhere)

    @property
    def key(self) -> str | None:
        """The fingerprint of the key that signs here."""
        return fingerprint(self.private.public_key()) if self.private is not None else None

    def signed(self, checkpoint: Checkpoint) -> bool:
        """Whether one of the keys signed it."""
        key = self.public.get(checkpoint.fields["key"])
        if key is None:
            return False
        try:
            key.verify(checkpoint.signature, checkpoint.text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Condition:
    """How the checkpoints stand."""

    age: timedelta | None
    """Since the last; None where there is none."""
    unsent: int
    alarm: bool
    """Whether one is missing, late, or could not be handed out."""
    problem: CaseworkError | None
    """What went wrong just now."""


class Checkpoints:
    """Makes checkpoints and keeps them."""

    def __init__(self, audit: "Audit") -> None:
        self._audit = audit
        self.signers = audit.signers

    def make(self) -> Checkpoint | None:
        """Sign where the chain stands now; None where another process has just done so.

        It reads the records since the last checkpoint, beside those who write.

        Raises:
            AuditBroken: these records do not continue the chain: nothing is signed.
        """
        private = self.signers.private
        assert private is not None  # noqa: S101 - the caller asks `signers`
        with self._audit.database.read() as session:
            before = _last(session)
            end = before.fields["nodes"][NODE] if before is not None else None
            first, link = (end["last"] + 1, end["hash"]) if end is not None else (1, GENESIS)
            tree, chain = Tree(), Chain()
            chain.last = Link(first - 1, link)
            head = session.execute(_HEAD).first()
            end_of_chain = Link(head.seq, head.hash) if head is not None else Link(0, GENESIS)
            for record in stored.records(session, NODE, first - 1, end_of_chain.seq):
                fault = chain.follow(record.seq, record.digest, record.hash)
                if fault is not None or record.digest is None:
                    raise AuditBroken("audit_not_signed", record=record.seq)
                tree.add(record.digest)
            if chain.fault_against(end_of_chain) is not None:
                raise AuditBroken("audit_not_signed", record=end_of_chain.seq)
        number = before.fields["number"] + 1 if before is not None else 1
        at = self._audit.clock()
        node = {"first": first, "last": chain.last.seq, "hash": chain.last.hash}
        text = encode(
            {
                "format": FORMAT,
                "number": number,
                "at": canonical_time(at),
                "before": before.digest if before is not None else GENESIS,
                "key": self.signers.key,
                "nodes": {NODE: node | {"root": tree.root().hex()}},
            }
        )
        made = Checkpoint(text, private.sign(text.encode()))
        values = {"number": number, "at": at, "text": text, "signature": made.signature}
        try:
            with self._audit.database.write_core() as connection:
                connection.execute(insert(AuditCheckpoint).values(**values, sent_at=None))
        except IntegrityError:
            return None
        return made

    def due(self) -> bool:
        """Whether it is time for the next."""
        if self.signers.private is None:
            return False
        age = self.age()
        if age is None or age >= self.signers.every:
            return True
        with self._audit.database.read() as session:
            last, head = _last(session), session.execute(_HEAD).first()
        covered = last.fields["nodes"][NODE]["last"] if last is not None else 0
        return head is not None and head.seq - covered >= self.signers.records

    def age(self) -> timedelta | None:
        """Return how old the last one is, None where there is none."""
        with self._audit.database.read() as session:
            at = session.scalar(select(func.max(AuditCheckpoint.at)))
        return self._audit.clock() - at if at is not None else None

    def tend(self, sink: "Sink | None") -> "Condition":
        """Make the checkpoint that is due, hand out what waits, and say how it stands.

        What goes wrong is in the result: the next time may succeed.
        """
        problem: CaseworkError | None = None
        if self.due():
            try:
                self.make()
            except AuditBroken as error:
                problem = error
        left = 0
        if sink is not None:
            waiting = self.unsent()
            left = len(waiting)
            for number, checkpoint in waiting:
                try:
                    sink.send(checkpoint)
                except OSError as error:
                    problem = SetUpError("checkpoint_not_sent", number=number, error=str(error))
                    break
                self.note_sent(number)
                left -= 1
        age = self.age()
        late = self.signers.private is not None and (
            age is None or age > LATE_AFTER * self.signers.every
        )
        return Condition(age, left, late or problem is not None, problem)

    def unsent(self, most: int = 100) -> list[tuple[int, Checkpoint]]:
        """Return checkpoints that were not handed out yet, oldest first, with their numbers."""
        query = (
            select(AuditCheckpoint)
            .where(AuditCheckpoint.sent_at.is_(None))
            .order_by(AuditCheckpoint.number)
            .limit(most)
        )
        with self._audit.database.read() as session:
            return [
                (row.number, Checkpoint(row.text, row.signature)) for row in session.scalars(query)
            ]

    def note_sent(self, number: int) -> None:
        """Note that one was handed out."""
        change = update(AuditCheckpoint).where(AuditCheckpoint.number == number)
        with self._audit.database.write_core() as connection:
            connection.execute(change.values(sent_at=self._audit.clock()))

    def covering(self, session: Session, seq: int) -> Checkpoint | None:
        """Return the checkpoint whose tree holds a record, None where there is none yet."""
        # Each goes on where the one before it ended: of a year's fifty thousand, sixteen are read.
        low, high = 1, session.scalar(select(func.max(AuditCheckpoint.number))) or 0
        while low <= high:
            middle = (low + high) // 2
            row = session.get(AuditCheckpoint, middle)
            if row is None:
                return None
            found = Checkpoint(row.text, row.signature)
            end = found.fields["nodes"][NODE]
            if end["first"] <= seq <= end["last"]:
                return found
            low, high = (low, middle - 1) if seq < end["first"] else (middle + 1, high)
        return None


def _last(session: Session) -> Checkpoint | None:
    query = select(AuditCheckpoint).order_by(AuditCheckpoint.number.desc()).limit(1)
    row = session.scalar(query)
    return Checkpoint(row.text, row.signature) if row is not None else None


@dataclass(slots=True)
class CheckpointCheck:
    """Follows a chain, and compares it with what was signed of it."""

    signers: Signers
    checkpoints: Sequence[Checkpoint]
    elsewhere: Mapping[int, Checkpoint]
    skipped: int = 0
    """Checkpoints before these, of a check of the tail: it begins where the first of these ends."""
    fault: Message | None = None
    proved: Proved = field(default_factory=Proved)
    _outside: dict[int, Checkpoint] = field(default_factory=dict)
    """Those of elsewhere that are not here, by the last record."""
    _next: int = 0
    _last: str = GENESIS
    _tree: Tree = field(default_factory=Tree)

    @classmethod
    def of(
        cls,
        session: Session,
        signers: Signers,
        elsewhere: Sequence[Checkpoint],
        begin: int = 0,
    ) -> "CheckpointCheck":
        """Read the checkpoints, and check them by themselves.

        Args:
            session: the transaction.
            signers: whose signatures count.
            elsewhere: checkpoints as they were received outside the database.
            begin: the number of the one behind whose last record the check begins; 0 means all.

        Raises:
            ValueError: what stands elsewhere is no checkpoint.
        """
        numbered = ((each.fields["number"], each) for each in elsewhere)
        outside = {number: each for number, each in numbered if number >= begin}
        rows = session.execute(_CHECKPOINTS.where(AuditCheckpoint.number >= begin)).all()
        found = [Checkpoint(row.text, row.signature) for row in rows]
        check = cls(signers, found, outside, max(0, begin - 1))
        check._outside = {
            each.fields["nodes"][NODE]["last"]: each
            for number, each in outside.items()
            if number > check.known
        }
        check.fault = check._fault_of_chain([row.number for row in rows])
        last = found[-1].fields["nodes"][NODE]["last"] if found and check.fault is None else 0
        check.proved = Proved(
            checkpoints=len(found) if signers.public else 0,
            signed_to=last if signers.public else 0,
            signing_key=signers.key or next(iter(signers.public), None),
            elsewhere=len(outside),
        )
        if begin and check.fault is None:
            check._next, check._last = 1, check.checkpoints[0].fields["nodes"][NODE]["hash"]
        return check

    @property
    def known(self) -> int:
        """The number of the last one here."""
        return self.skipped + len(self.checkpoints)

    def _fault_of_chain(self, numbers: Sequence[int]) -> Message | None:
        before, first = GENESIS, 1
        if self.skipped and self.checkpoints:
            fields = self.checkpoints[0].fields
            before, first = fields["before"], fields["nodes"][NODE]["first"]
        for index, (number, each) in enumerate(zip(numbers, self.checkpoints, strict=True), 1):
            count = self.skipped + index
            try:
                fields = Checkpoint.of_line(each.line).fields
            except ValueError:
                return Message("checkpoint_altered", {"number": number})
            end = fields["nodes"][NODE]
            fits = number == count == fields["number"] and fields["before"] == before
            if not fits or end["first"] != first or end["last"] < first - 1:
                return Message("checkpoint_missing", {"number": count})
            # Each names the one before: the last signature of a key stands for all before it.
            following = self.checkpoints[index : index + 1]
            followed = bool(following) and following[0].fields.get("key") == fields["key"]
            if self.signers.public and not followed and not self.signers.signed(each):
                return Message("checkpoint_unsigned", {"number": number})
            before, first = each.digest, end["last"] + 1
        for number, each in sorted(self.elsewhere.items()):
            if self.signers.public and not self.signers.signed(each):
                return Message("checkpoint_unsigned", {"number": number})
            here = number - self.skipped - 1
            if number <= self.known and self.checkpoints[here].text != each.text:
                return Message("checkpoint_differs", {"number": number})
        return None

    def follow(self, seq: int, digest: bytes, stated: str) -> Message | None:
        """Take in the next record; returns what is wrong where a checkpoint ends with it."""
        outside = self._outside.get(seq)
        if outside is not None and outside.fields["nodes"][NODE]["hash"] != stated:
            params = {"record": seq, "number": outside.fields["number"]}
            return Message("trail_differs_from_checkpoint", params)
        while self._next < len(self.checkpoints):
            end = self._end()
            if end["last"] >= seq:
                break
            # Nothing had happened since the one before.
            if end["hash"] != self._last or end["root"] != EMPTY.hex():
                return self._differs(seq - 1)
            self._next += 1
        self._last = stated
        if self._next == len(self.checkpoints):
            return None
        self._tree.add(digest)
        if end["last"] == seq:
            if end["hash"] != stated or end["root"] != self._tree.root().hex():
                return self._differs(seq)
            self._next, self._tree = self._next + 1, Tree()
        return None

    def _differs(self, seq: int) -> Message:
        number = self.skipped + self._next + 1
        return Message("trail_differs_from_checkpoint", {"record": seq, "number": number})

    def end(self, last: int) -> Message | None:
        """Return what is wrong where a checkpoint, here or elsewhere, goes beyond the chain."""
        known = self.known
        outside = [each for number, each in self.elsewhere.items() if number > known]
        for each in (*self.checkpoints[self._next :], *outside):
            fields = each.fields
            if fields["nodes"][NODE]["last"] > last:
                params = {"record": last + 1, "last": fields["nodes"][NODE]["last"]}
                return Message("trail_cut_by_checkpoint", params | {"number": fields["number"]})
        if outside:
            return Message("checkpoint_missing", {"number": known + 1})
        return None

    def late(self, session: Session, last: int, now: datetime) -> Message | None:
        """Return an alarm where a record has waited for its checkpoint too long."""
        if self.signers.private is None:
            return None
        waiting = select(func.min(AuditRecord.at)).where(AuditRecord.seq > self.proved.signed_to)
        at = session.scalar(waiting)
        if last <= self.proved.signed_to or at is None:
            return None
        if now - at <= LATE_AFTER * self.signers.every:
            return None
        return Message("checkpoint_late", {"record": self.proved.signed_to + 1})

    def waits(self, session: Session, now: datetime) -> Message | None:
        """Return an alarm where a checkpoint has waited too long to be handed out."""
        if self.signers.elsewhere is None:
            return None
        query = select(AuditCheckpoint.number).where(
            AuditCheckpoint.sent_at.is_(None),
            AuditCheckpoint.at < now - LATE_AFTER * self.signers.every,
        )
        number = session.scalar(query.order_by(AuditCheckpoint.number).limit(1))
        return Message("checkpoint_waits", {"number": number}) if number is not None else None

    def _end(self) -> Mapping[str, Any]:
        end: Mapping[str, Any] = self.checkpoints[self._next].fields["nodes"][NODE]
        return end


_CHECKPOINTS: Final = select(
    AuditCheckpoint.number, AuditCheckpoint.text, AuditCheckpoint.signature
).order_by(AuditCheckpoint.number)
_HEAD: Final = select(AuditHead.seq, AuditHead.hash)
