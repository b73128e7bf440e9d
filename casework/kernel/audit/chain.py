"""The trail's format: what a record's hash covers, and what checking a chain finds. Pure.

docs/decisions/0019 describes it byte for byte.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from struct import Struct
from typing import Any, Final, NamedTuple, Self

from casework.kernel.messages import Message
from casework.tables import AuditRecord

NODE: Final = "main"
"""The chain of the only node that there is."""
GENESIS: Final = "0" * 64
"""What the first record is chained to."""
DONE: Final = "done"
"""The outcome of an act that was not refused."""
TAKE_OVER: Final = "audit.take_over"
"""The act by which records of the first format, and states before it, came into the trail."""
ERASE_TEXTS: Final = "audit.erase"
"""The act by which texts were erased: those of one object, or all up to a record."""
STATE_CHANGE: Final = "state.change"
"""The act of a transaction that changed protected rows behind its last record."""
PURPOSE: Final = "purpose"
"""The name of the text that says why."""

SALT_BYTES: Final = 16
FORMAT: Final = b"siaga audit record 2\n"

FIELDS: Final = tuple(
    column.key for column in AuditRecord.__table__.columns if column.key not in ("salt", "hash")
)
"""Everything that the hash covers, in this order and in the table's words."""
_NAMES: Final = tuple(name.encode() + b"\0" for name in FIELDS)
_SALTS: Final = SALT_BYTES * len(FIELDS)
_split: Final = Struct(f"{SALT_BYTES}s" * len(FIELDS)).unpack

_encoder: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def encode(value: Any) -> str:  # noqa: ANN401 - anything that JSON can hold
    """Return a value as it is hashed: JSON with sorted names, no spaces, ASCII escapes."""
    return _encoder.encode(value)


class Link(NamedTuple):
    """Where a chain stood at some time: an export's last line, kept elsewhere, is one."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Proved:
    """How far the parts of a trail are proved."""

    taken_over: int = 0
    """Records of the first format."""
    recomputed: int = 0
    """Of these, records whose first hash was computed again."""
    texts: int = 0
    """Texts that are those that were written."""
    texts_erased: int = 0
    rows: int = 0
    """Protected rows that are as the trail left them."""
    checkpoints: int = 0
    """Checkpoints whose signature holds."""
    signed_to: int = 0
    """The last record that a checkpoint covers."""
    signing_key: str | None = None
    """Fingerprint of the key that checkpoints are signed with; None where there is none."""
    elsewhere: int = 0
    """Checkpoints from outside the database that were compared."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking a chain found."""

    records: int
    """How many records from the first on are as they were written; of a check of the tail, those
    up to `after` as an earlier check found them."""
    last_hash: str
    message: Message | None = None
    """The first fault, None where the chain is whole."""
    seq: int | None = None
    """The number of the first record that is not as it was written."""
    more: tuple[Message, ...] = ()
    """Further faults; at most some dozens."""
    proved: Proved = Proved()
    after: int = 0
    """The record behind which it looked, of a check of the tail: up to it nothing was looked at
    again. 0 means that everything was checked."""
    all_at: datetime | None = None
    """When everything was checked last, of a check of the tail."""

    @property
    def fault(self) -> str | None:
        """The first fault in an English sentence."""
        return str(self.message) if self.message is not None else None

    @property
    def whole(self) -> bool:
        """Whether nothing is altered, missing or moved."""
        return self.message is None

    def as_json(self) -> dict[str, Any]:
        """Return what another process is handed, for `from_json`."""
        return {
            "records": self.records,
            "last_hash": self.last_hash,
            "message": self.message.as_json() if self.message is not None else None,
            "seq": self.seq,
            "more": [each.as_json() for each in self.more],
            "proved": asdict(self.proved),
            "after": self.after,
            "all_at": self.all_at.isoformat() if self.all_at is not None else None,
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Self:
        """Return the verdict that `as_json` was called on."""
        message = given["message"]
        return cls(
            given["records"],
            given["last_hash"],
            Message.from_json(message) if message is not None else None,
            given["seq"],
            tuple(map(Message.from_json, given["more"])),
            Proved(**given["proved"]),
            given["after"],
            datetime.fromisoformat(given["all_at"]) if given["all_at"] is not None else None,
        )


BEGINNING: Final = Link(0, GENESIS)
"""Where the first record is chained to."""


class Chain:
    """Follows a chain record by record, up to the first fault."""

    def __init__(self, anchor: Link | None = None, begin: Link = BEGINNING) -> None:
        """Begin behind a record; at an anchor's number, its hash must be met."""
        self.last = begin
        self._anchor = anchor

    def follow(self, seq: int, digest: bytes | None, stated: str) -> Verdict | None:
        """Add the next record; returns what is wrong with it, None if nothing is.

        Args:
            seq: its number.
            digest: of its fields, None if they cannot be read.
            stated: the hash that stands beside it.
        """
        expected = self.last.seq + 1
        if seq > expected:
            return self.broken("trail_record_missing", expected)
        if seq < expected:
            return self.broken("trail_record_misplaced", seq)
        if digest is None or chained(self.last.hash, digest) != stated:
            return self.broken("trail_record_altered", seq)
        if self._anchor is not None and self._anchor.seq == seq and self._anchor.hash != stated:
            return self.broken("trail_rewritten", seq)
        self.last = Link(seq, stated)
        return None

    def end(self) -> Verdict:
        """Return what was found where no fault was."""
        if self._anchor is not None and self._anchor.seq > self.last.seq:
            missing = self.last.seq + 1
            return self.broken("trail_shorter_than_export", missing, last=self._anchor.seq)
        return Verdict(self.last.seq, self.last.hash)

    def fault_against(self, end: Link) -> Verdict | None:
        """Return what is wrong if the chain does not end where it should, else None."""
        last = self.last
        if end.seq > last.seq:
            return self.broken("trail_cut_short", last.seq + 1, last=end.seq)
        if end.seq < last.seq:
            return self.broken("trail_record_added", end.seq + 1)
        if end.hash != last.hash:
            return self.broken("trail_end_differs", last.seq)
        return None

    def broken(self, code: str, seq: int, **params: object) -> Verdict:
        """Return a verdict that names a fault, by its message's code, and the record it is at."""
        message = Message(code, {"record": seq, **params})
        return Verdict(self.last.seq, self.last.hash, message, seq)


def salts(salt: bytes) -> list[bytes]:
    """Return the salt of each field, in the order of `FIELDS`."""
    return list(_split(hashlib.shake_256(salt).digest(_SALTS)))


def field_digest(salt: bytes, name: str, encoded: str) -> bytes:
    """Return the digest of one field: `salt` is the field's own."""
    return hashlib.sha256(salt + name.encode() + b"\0" + encoded.encode()).digest()


def record_digest(salt: bytes, encoded: Sequence[str]) -> bytes:
    """Return the digest of a record, given its fields as `encode` writes them."""
    stream = hashlib.shake_256(salt).digest(_SALTS)
    sha256 = hashlib.sha256
    return joined(
        [
            sha256(own + name + value.encode()).digest()
            for own, name, value in zip(_split(stream), _NAMES, encoded, strict=True)
        ]
    )


def joined(digests: Iterable[bytes]) -> bytes:
    """Return the digest of a record, given those of all its fields."""
    return hashlib.sha256(FORMAT + b"".join(digests)).digest()


def chained(before: str, digest: bytes) -> str:
    """Return the hash of a record's digest, given the hash of the record before it."""
    return hashlib.sha256(bytes.fromhex(before) + digest).hexdigest()


def canonical_time(at: datetime) -> str:
    """Return a time as it is hashed: UTC with microseconds, as databases keep it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a record as JSON holds them, in the order of `FIELDS`."""
    fields = {name: record[name] for name in FIELDS}
    return fields | {"at": canonical_time(fields["at"])}


def text_digest(salt: bytes, name: str, text: str) -> str:
    """Return the digest of a text that stands beside a record."""
    content = text.encode("utf-8", "surrogatepass")
    return hashlib.sha256(salt + name.encode() + b"\0" + content).hexdigest()


@dataclass(frozen=True, slots=True)
class Salted:
    """A text with the salt that its digest is made with."""

    salt: bytes
    text: str

    @classmethod
    def of(cls, text: str) -> "Salted":
        """Give a text a new salt."""
        return cls(secrets.token_bytes(SALT_BYTES), text)

    @classmethod
    def unpacked(cls, content: bytes) -> "Salted":
        """Return what `packed` made."""
        text = content[SALT_BYTES:].decode("utf-8", "surrogatepass")
        return cls(content[:SALT_BYTES], text)

    @property
    def packed(self) -> bytes:
        """Both, as they are sealed."""
        return self.salt + self.text.encode("utf-8", "surrogatepass")

    def digest(self, name: str) -> str:
        """Return its digest under a name."""
        return text_digest(self.salt, name, self.text)


ACTOR: Final = "actor"
"""The name under which the digest of an actor's card is made."""


def exported_line(
    fields: Mapping[str, Any],
    salt: bytes,
    digest: str,
    actor: Salted | None,
    texts: Mapping[str, Salted],
) -> str:
    """Return an export's line, without its end.

    Args:
        fields: of the record, as `plain` returns them.
        salt: the record's.
        digest: the record's hash.
        actor: the actor's card, None where it was erased.
        texts: what people typed, by name, without what was erased.
    """
    shown = {name: [each.salt.hex(), each.text] for name, each in texts.items()}
    if actor is not None:
        shown[ACTOR] = [actor.salt.hex(), actor.text]
    return encode({"record": fields, "salt": salt.hex(), "hash": digest, "shown": shown})


def check_export(lines: Iterable[str]) -> Verdict:
    """Check an export of the whole trail, line by line; it takes no database and no key.

    What it cannot tell is whether lines are missing at the end.
    """
    chain, texts, erased, taken_over = Chain(), 0, 0, 0
    for line in lines:
        read = _line(line)
        if read is None:
            return chain.broken("trail_record_altered", chain.last.seq + 1)
        fields, salt, stated, shown = read
        digest, before = record_digest(salt, [encode(fields[name]) for name in FIELDS]), chain.last
        fault = chain.follow(fields["seq"], digest, stated)
        if fault is not None:
            return fault
        expected = {ACTOR: fields["actor_card"], **(fields["texts"] or {})}
        for name, each in shown.items():
            if expected.get(name) != each.digest(name):
                chain.last = before
                return chain.broken("trail_text_altered", fields["seq"], name=name)
        texts += len(shown)
        erased += len(expected) - len(shown)
        taken_over += fields["earlier"] is not None
    proved = Proved(taken_over=taken_over, texts=texts, texts_erased=erased)
    end = chain.end()
    return Verdict(end.records, end.last_hash, proved=proved)


def _line(line: str) -> tuple[dict[str, Any], bytes, str, dict[str, Salted]] | None:
    """Return the fields, salt, hash and texts of an export's line, None if it is none."""
    try:
        parsed = json.loads(line)
        fields, salt = parsed["record"], bytes.fromhex(parsed["salt"])
        shown = {
            name: Salted(bytes.fromhex(each[0]), each[1]) for name, each in parsed["shown"].items()
        }
        whole = (
            set(fields) == set(FIELDS)
            and type(fields["seq"]) is int
            and isinstance(fields["texts"], dict | None)
            and all(isinstance(each.text, str) for each in shown.values())
        )
        # One way to write a line, so that nothing can stand in it that nobody sees.
        actor = shown.get(ACTOR)
        texts = {name: each for name, each in shown.items() if name != ACTOR}
        written = exported_line(fields, salt, parsed["hash"], actor, texts)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return None
    if not whole or line.rstrip("\n") != written:
        return None
    return fields, salt, parsed["hash"], shown
