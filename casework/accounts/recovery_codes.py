"""Recovery codes: each stands in for the second factor once, for who has no telephone at hand.

They are random (79 bits), so that a SHA-256 protects them as well as a slow hash would. New codes
replace the former ones, and an administrator who takes a second factor away takes its codes too.
"""

import hmac
import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from casework.accounts.passwords import ALPHABET
from casework.accounts.tokens import digest
from casework.kernel.ids import RECOVERY_CODE, new_id
from casework.tables import RecoveryCode

COUNT: Final = 10
_GROUPS: Final = 4
_GROUP: Final = 4
LENGTH: Final = _GROUPS * _GROUP


def renew(session: Session, officer_id: str, now: datetime) -> tuple[str, ...]:
    """Replace an officer's codes, within a transaction; returns them, to be shown this once."""
    drop(session, officer_id)
    codes = tuple(_code() for _ in range(COUNT))
    session.add_all(
        RecoveryCode(
            id=new_id(RECOVERY_CODE),
            officer_id=officer_id,
            code_sha256=digest(_plain(code)),
            created_at=now,
            used_at=None,
        )
        for code in codes
    )
    return codes


def drop(session: Session, officer_id: str) -> None:
    """Take an officer's codes away, within a transaction."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.officer_id == officer_id))


def left(session: Session, officer_id: str) -> int:
    """Return how many codes an officer has that were not used."""
    unused = select(func.count()).where(
        RecoveryCode.officer_id == officer_id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(unused) or 0


def use(session: Session, officer_id: str, typed: str, now: datetime) -> bool:
    """Use up a code, within a transaction; returns whether it was one that counts."""
    plain = _plain(typed)
    if len(plain) != LENGTH:
        return False
    shown = digest(plain)
    unused = select(RecoveryCode).where(
        RecoveryCode.officer_id == officer_id, RecoveryCode.used_at.is_(None)
    )
    for row in session.scalars(unused):
        if hmac.compare_digest(row.code_sha256, shown):
            row.used_at = now
            return True
    return False


def _code() -> str:
    letters = [secrets.choice(ALPHABET) for _ in range(LENGTH)]
    return "-".join("".join(letters[n : n + _GROUP]) for n in range(0, LENGTH, _GROUP))


def _plain(code: str) -> str:
    """Return a code without what people add or change when they type it."""
    return "".join(code.lower().split()).replace("-", "")
