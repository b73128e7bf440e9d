"""The audit trail as the database holds it, byte for byte.

Values are read as they are stored, before anything parses them: two texts of one value,
such as `{"a": 1}` and `{"a":1}`, are not the same record.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from json.encoder import encode_basestring_ascii
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, String, Text, select, type_coerce
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from casework.kernel.audit.chain import FIELDS, canonical_time, record_digest
from casework.tables import AuditRecord

_BATCH: Final = 2000
_AS_STORED: Final[dict[str, Any]] = {
    "at": type_coerce(AuditRecord.at, String).label("at"),
    **{
        name: type_coerce(getattr(AuditRecord, name), Text).label(name)
        for name in ("detail", "texts", "states")
    },
}
_RECORDS: Final[Select[Any]] = select(
    *(_AS_STORED.get(name, getattr(AuditRecord, name)) for name in FIELDS),
    AuditRecord.salt,
    AuditRecord.hash,
).order_by(AuditRecord.seq)
_NUMBERS: Final = select(AuditRecord.seq).order_by(AuditRecord.seq)
_FOREIGN: Final = select(AuditRecord.seq).limit(1)


class Stored(NamedTuple):
    """One record, and what its fields amount to."""

    seq: int
    digest: bytes | None
    """Of its fields; None if they cannot be read."""
    hash: str
    row: Row[Any] | None
    """Its fields as they are stored, by name."""
    encoded: Sequence[str] = ()
    """Its fields as they are hashed."""


def records(session: Session, node: str, after: int = 0, to: int | None = None) -> Iterator[Stored]:
    """Yield the records of a node's chain in order.

    Args:
        session: the transaction.
        node: whose chain.
        after: those with greater numbers; 0 means all, with what has no place in the chain.
        to: up to this number; None means all.
    """
    wanted = [] if to is None else [AuditRecord.seq <= to]
    # Of other nodes than the one that there is, nothing may stand there either: it is met at its
    # turn. Without such, the primary key has the records in this order, and nothing is sorted.
    if to is not None or session.execute(_FOREIGN.where(AuditRecord.node != node)).first() is None:
        wanted.append(AuditRecord.node == node)
    last: int | None = after or None
    while True:
        found = _batch(session, wanted if last is None else [*wanted, AuditRecord.seq > last])
        for seq, row in found:
            yield _stored(seq, row)
        if not found:
            return
        last = found[-1][0]


def _batch(
    session: Session, wanted: Sequence[ColumnElement[bool]]
) -> list[tuple[int, Row[Any] | None]]:
    """Return some records; where one cannot even be fetched, each by itself, to see which."""
    try:
        query = _RECORDS.where(*wanted).limit(_BATCH)
        # As the driver has them: what a session makes of rows costs more than to read them.
        rows: Sequence[Row[Any]] = session.connection().execute(query).all()
        return [(row.seq, row) for row in rows]
    except (SQLAlchemyError, ValueError):
        numbers = session.scalars(_NUMBERS.where(*wanted).limit(_BATCH)).all()
        return [(seq, _one(session, seq)) for seq in numbers]


def _one(session: Session, seq: int) -> Row[Any] | None:
    try:
        row: Row[Any] = session.execute(_RECORDS.where(AuditRecord.seq == seq)).one()
    except (SQLAlchemyError, ValueError):
        return None
    return row


def _stored(seq: int, row: Row[Any] | None) -> Stored:
    if row is None:
        return Stored(seq, None, "", None)
    try:
        encoded = _encoded(row)
        return Stored(seq, record_digest(row.salt, encoded), row.hash, row, encoded)
    except (ValueError, TypeError, IndexError):
        return Stored(seq, None, row.hash, row)


def _encoded(row: Row[Any]) -> list[str]:
    """Return the fields of a record as they are hashed."""
    return [
        "null" if value is None else write(value)
        for write, value in zip(_WRITERS, row, strict=False)
    ]


def _number(value: object) -> str:
    if type(value) is not int:
        raise TypeError(value)
    return str(value)


def _time(stored: datetime | str) -> str:
    """Return a time as it was bound; SQLite keeps it as text without a zone."""
    if isinstance(stored, str):
        if len(stored) != len("2026-03-01 08:00:00.000000") or stored[10] != " ":
            raise ValueError("not written by this software")
        return f'"{stored[:10]}T{stored[11:]}+00:00"'
    return f'"{canonical_time(stored)}"'


def _object(stored: object) -> str:
    if not isinstance(stored, str) or not stored.startswith("{"):
        raise TypeError(stored)
    return stored


_KINDS: Final[dict[str, Any]] = {
    "seq": _number,
    "at": _time,
    "detail": _object,
    "texts": _object,
    "states": _object,
}
_WRITERS: Final = tuple(_KINDS.get(name, encode_basestring_ascii) for name in FIELDS)
