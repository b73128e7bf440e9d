"""The chain of hashes: what a record's hash covers, and what checking a chain finds. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from casework.kernel.messages import Message
from casework.tables import AuditRecord

GENESIS: Final = "0" * 64
"""What the first record is chained to."""

# Everything that the hash covers, in the table's words.
FIELDS: Final = tuple(
    column.key for column in AuditRecord.__table__.columns if column.key != "hash"
)


@dataclass(frozen=True, slots=True)
class Link:
    """Where a chain stood at some time: an export's last line, kept elsewhere, is one."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking a whole chain found."""

    records: int
    """How many records from the first on are as they were written."""
    last_hash: str
    message: Message | None = None
    """The first fault, None where the chain is whole."""
    seq: int | None = None
    """The number of the first record that is not as it was written."""

    @property
    def fault(self) -> str | None:
        """The first fault in an English sentence."""
        return str(self.message) if self.message is not None else None

    @property
    def whole(self) -> bool:
        """Whether nothing is altered, missing or moved."""
        return self.message is None


class Chain:
    """Follows a chain from its beginning, record by record, up to the first fault."""

    def __init__(self, anchor: Link | None = None) -> None:
        """Begin at the beginning; at an anchor's number, its hash must be met."""
        self.last = Link(0, GENESIS)
        self._anchor = anchor

    def follow(self, seq: int, text: str | None, digest: str) -> Verdict | None:
        """Add the next record; returns what is wrong with it, None if nothing is.

        Args:
            seq: its number.
            text: its canonical text, None if it cannot be read.
            digest: the hash that stands beside it.
        """
        expected = self.last.seq + 1
        if seq > expected:
            return self.broken("trail_record_missing", expected)
        if seq < expected:
            return self.broken("trail_record_misplaced", seq)
        if text is None or chained(self.last.hash, text) != digest:
            return self.broken("trail_record_altered", seq)
        if self._anchor is not None and self._anchor.seq == seq and self._anchor.hash != digest:
            return self.broken("trail_rewritten", seq)
        self.last = Link(seq, digest)
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

    def broken(self, code: str, seq: int, **params: int) -> Verdict:
        """Return a verdict that names a fault, by its message's code, and the record it is at."""
        message = Message(code, {"record": seq, **params})
        return Verdict(self.last.seq, self.last.hash, message, seq)


def check_export(lines: Iterable[str]) -> Verdict:
    """Check an export of the whole trail, line by line; it takes no database and no key.

    What it cannot tell is whether lines are missing at the end.
    """
    chain = Chain()
    for line in lines:
        read = _line(line)
        if read is None:
            seq = chain.last.seq + 1
            return chain.broken("trail_record_altered", seq)
        fault = chain.follow(*read)
        if fault is not None:
            return fault
    return chain.end()


def _line(line: str) -> tuple[int, str, str] | None:
    """Return the number, the text and the hash of an export's line, None if it is none."""
    try:
        parsed = json.loads(line)
        text, digest = parsed["record"], parsed["hash"]
        seq = json.loads(text)["seq"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not (isinstance(seq, int) and isinstance(text, str) and isinstance(digest, str)):
        return None
    # One way to write a line, so that nothing can stand in it that nobody sees.
    return (seq, text, digest) if line.rstrip("\n") == exported_line(text, digest) else None


def exported_line(text: str, digest: str) -> str:
    """Return an export's line, without its end."""
    return json.dumps({"record": text, "hash": digest})


def chained(before: str, text: str) -> str:
    """Return the hash of a record's text, given the hash of the record before it."""
    return hashlib.sha256(f"{before}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()


def canonical(record: Mapping[str, Any]) -> str:
    """Return the text of a record that its hash covers: JSON with sorted names, no spaces.

    The time is UTC with microseconds, as databases keep it.
    """
    fields = {name: record[name] for name in FIELDS}
    at: datetime = fields["at"]
    fields["at"] = at.astimezone(UTC).isoformat(timespec="microseconds")
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
