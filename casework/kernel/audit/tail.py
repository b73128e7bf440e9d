"""Where a check of the trail's tail begins: docs/decisions/0044.

Each check is a record of the trail itself. The newest that found no fault says up to which record
that was; what is behind it is the tail. That record is in the tail, so that it is proved by every
check that begins by it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.kernel.audit.chain import DONE, NODE, Link
from casework.kernel.audit.checkpoints import Checkpoint
from casework.kernel.permissions import Permission
from casework.tables import AuditCheckpoint, AuditRecord

ALL_EVERY: Final = timedelta(days=7)
"""After which a check is of everything again."""

_CHECKS: Final = (
    select(AuditRecord.seq, AuditRecord.at, AuditRecord.detail)
    .where(
        AuditRecord.node == NODE,
        AuditRecord.action == Permission.VERIFY_AUDIT.value,
        AuditRecord.outcome == DONE,
    )
    .order_by(AuditRecord.seq.desc())
    .limit(1)
)
_CHECKPOINTS: Final = select(AuditCheckpoint.text, AuditCheckpoint.signature).order_by(
    AuditCheckpoint.number.desc()
)


@dataclass(frozen=True, slots=True)
class Start:
    """What a check of the tail takes for granted."""

    link: Link
    """The last record that is not looked at again, and its hash."""
    number: int
    """Of the checkpoint that ends there; 0 where none is made."""
    all_at: datetime
    """When all was checked last."""


def start_of(session: Session, now: datetime) -> Start | None:
    """Return where the tail begins; None where all has to be checked.

    That is so where nobody has checked it for a week, and where the last check found a fault.
    """
    try:
        found = session.execute(_CHECKS).first()
        if found is None:
            return None
        checked, all_at = _result(found.detail, found.at)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None  # not as a check leaves it: one of all says where
    if not 0 < checked < found.seq or not timedelta(0) <= now - all_at < ALL_EVERY:
        return None
    return _begin(session, checked, all_at)


def result(records: int, after: int, all_at: datetime | None, *, whole: bool) -> dict[str, Any]:
    """Return what the record of a check says of it."""
    of_tail = {"after": after, "all_at": all_at.isoformat()} if all_at is not None else {}
    return {"records": records, "whole": whole, **of_tail}


def _result(detail: dict[str, Any], at: datetime) -> tuple[int, datetime]:
    """Return up to which record a check found no fault, and when all was checked last."""
    if detail["whole"] is not True:
        return 0, at
    all_at = datetime.fromisoformat(detail["all_at"]) if "all_at" in detail else at
    return int(detail["records"]), all_at


def _begin(session: Session, checked: int, all_at: datetime) -> Start | None:
    rows = session.execute(_CHECKPOINTS)
    none = True
    for row in rows:
        none = False
        try:
            fields = Checkpoint.of_line(Checkpoint(row.text, row.signature).line).fields
        except ValueError:
            return None
        end = fields["nodes"][NODE]
        if 0 < end["last"] <= checked:
            return Start(Link(end["last"], end["hash"]), fields["number"], all_at)
    if not none:
        return None  # what is signed begins in the middle of the tail
    digest = session.scalar(
        select(AuditRecord.hash).where(AuditRecord.node == NODE, AuditRecord.seq == checked)
    )
    return Start(Link(checked, digest), 0, all_at) if digest is not None else None
