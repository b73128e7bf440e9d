"""The trail's first format: what its hashes covered. Records were taken over; none is new."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import RowMapping

from casework.kernel.audit.chain import GENESIS, canonical_time
from casework.tables import EarlierAuditRecord

FIELDS: Final = tuple(
    column.key for column in EarlierAuditRecord.__table__.columns if column.key != "hash"
)


def text(record: Mapping[str, Any] | RowMapping) -> str:
    """Return the text of a record that its hash covered."""
    fields = {name: record[name] for name in FIELDS}
    if not isinstance(fields["at"], str):
        fields["at"] = canonical_time(fields["at"])
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def chained(before: str, record: str) -> str:
    """Return the hash of a record's text, given the hash of the record before it."""
    return hashlib.sha256(f"{before}\n{record}".encode("utf-8", "surrogatepass")).hexdigest()


def sealed(key: bytes, seq: int, digest: str, seal: bytes) -> bool:
    """Whether the end of the chain was sealed with a key."""
    expected = hmac.digest(key, f"{seq}:{digest}".encode(), "sha256")
    return hmac.compare_digest(seal, expected)


def first_fault(records: Iterable[Mapping[str, Any] | RowMapping]) -> int | None:
    """Return the number of the first record that does not fit its chain, None if all do."""
    before, last = GENESIS, 0
    for record in records:
        if record["seq"] != last + 1:
            return last + 1
        if chained(before, text(record)) != record["hash"]:
            return last + 1
        before, last = record["hash"], last + 1
    return None
