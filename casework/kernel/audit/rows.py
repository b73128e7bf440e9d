"""The audit trail as the database holds it, byte for byte.

Values are read as they are stored, before anything parses them: two texts of one value,
such as `{"a": 1}` and `{"a":1}`, are not the same record.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import RowMapping, String, Text, cast, select, type_coerce
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from casework.kernel.audit.chain import FIELDS, canonical
from casework.kernel.database import to_json
from casework.tables import AuditRecord

_BATCH: Final = 2000
_AS_STORED: Final[dict[str, Any]] = {
    "at": type_coerce(AuditRecord.at, String).label("at"),
    "detail": cast(AuditRecord.detail, Text).label("detail"),
}
_RECORDS: Final = select(
    *(_AS_STORED.get(name, getattr(AuditRecord, name)) for name in FIELDS), AuditRecord.hash
).order_by(AuditRecord.seq)
_NUMBERS: Final = select(AuditRecord.seq).order_by(AuditRecord.seq)


def records(session: Session) -> Iterator[tuple[int, str | None, str]]:
    """Yield each record's number, canonical text (None if it cannot be read) and hash, in order."""
    last: int | None = None
    while True:
        found = _batch(session, last)
        for seq, row in found:
            yield seq, _text(row), row["hash"] if row is not None else ""
        if not found:
            return
        last = found[-1][0]


def _batch(session: Session, after: int | None) -> list[tuple[int, RowMapping | None]]:
    """Return some records; where one cannot even be fetched, each by itself, to see which."""
    beyond = [] if after is None else [AuditRecord.seq > after]
    try:
        rows = session.execute(_RECORDS.where(*beyond).limit(_BATCH)).mappings().all()
        return [(row["seq"], row) for row in rows]
    except (SQLAlchemyError, ValueError):
        numbers = session.scalars(_NUMBERS.where(*beyond).limit(_BATCH)).all()
        return [(seq, _one(session, seq)) for seq in numbers]


def _one(session: Session, seq: int) -> RowMapping | None:
    try:
        return session.execute(_RECORDS.where(AuditRecord.seq == seq)).mappings().one()
    except (SQLAlchemyError, ValueError):
        return None


def _text(row: RowMapping | None) -> str | None:
    if row is None:
        return None
    try:
        return canonical({**row, "at": _time(row["at"]), "detail": _detail(row["detail"])})
    except (ValueError, TypeError, RecursionError):
        return None


def _time(stored: datetime | str) -> datetime:
    """Return a time as it was bound; SQLite keeps it as text without a zone."""
    if isinstance(stored, datetime):
        return stored
    at = datetime.fromisoformat(stored)
    if at.isoformat(sep=" ", timespec="microseconds") != stored:
        raise ValueError("not written by this software")
    return at.replace(tzinfo=UTC)


def _detail(stored: str | None) -> dict[str, Any] | None:
    if stored is None:
        return None
    detail = json.loads(stored)
    if not isinstance(detail, dict) or to_json(detail) != stored:
        raise ValueError("not written by this software")
    return detail
