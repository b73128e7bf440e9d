"""Whether an installation is a real one or one to practise on: decided once, when it begins.

Alerts of a practice installation must never be taken for real ones, nor real ones for an exercise:
what was begun as the one is never opened as the other.
"""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.kernel.database import Database
from casework.kernel.errors import SetUpError
from casework.tables import Agency, Installation

PRACTICE_MARK: Final = "LATIHAN"
"""Marks all that a practice installation shows, prints and hands out, in every language:
Indonesian for practice, as exercises of agencies here are marked."""
_ID: Final = 1


def require_kind(database: Database, *, practice: bool) -> None:
    """Return if the database is of this kind; one without any agency becomes it.

    Raises:
        SetUpError: it was begun as the other.
    """
    with database.read() as session:
        settled = _begun(session) or session.get(Installation, _ID) is not None
        found = _practice(session)
    if settled and found == practice:
        return
    with database.write() as session:
        if not _begun(session):
            session.merge(Installation(id=_ID, practice=practice))
        elif _practice(session) and not practice:
            raise SetUpError("installation_is_practice")
        elif practice and not _practice(session):
            raise SetUpError("installation_is_real")


def _begun(session: Session) -> bool:
    return session.scalar(select(Agency.id).limit(1)) is not None


def _practice(session: Session) -> bool:
    row = session.get(Installation, _ID)
    return row is not None and row.practice
