"""The gallery's change log: what is written with every change that a gallery must follow.

A writer has nothing more to do: the process's own replica follows the commit by itself.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from casework.kernel.clock import Clock
from casework.kernel.database import announce
from casework.kernel.vocabulary import Change
from casework.tables import GalleryChange, Template

TOPIC: Final = "gallery"
"""What a transaction announces that changes what is searched, or by which policy."""

_POSITION: Final = select(func.max(GalleryChange.seq))


def position(database: Connection | Session) -> int:
    """Return the number of the last change, 0 before the first."""
    return database.scalar(_POSITION) or 0


def log_added(session: Session, template_ids: Iterable[int], clock: Clock) -> None:
    """Record, in the transaction that adds them, that templates are there."""
    _log(session, Change.ADD, template_ids, clock)


def log_removed(session: Session, template_ids: Iterable[int], clock: Clock) -> None:
    """Record, in the transaction that removes them, that templates are gone."""
    _log(session, Change.REMOVE, template_ids, clock)


def log_listing(session: Session, template_ids: Iterable[int], clock: Clock) -> None:
    """Record that these templates alert on other watchlists than before, or at other times."""
    _log(session, Change.STANDING, template_ids, clock)


def log_policy(session: Session, clock: Clock) -> None:
    """Record that watchlists changed."""
    _log(session, Change.POLICY, [None], clock)


def templates_of_subject(session: Session, *subject_ids: str) -> list[int]:
    """Return the ids of every template of a subject, or of several, of all models."""
    return list(session.scalars(select(Template.id).where(Template.subject_id.in_(subject_ids))))


def templates_of_photo(session: Session, photo_id: str) -> list[int]:
    """Return the ids of every template of a photo, of all models."""
    return list(session.scalars(select(Template.id).where(Template.photo_id == photo_id)))


def _log(session: Session, kind: Change, template_ids: Iterable[int | None], clock: Clock) -> None:
    now = clock()
    session.add_all(
        GalleryChange(kind=kind, template_id=template_id, created_at=now)
        for template_id in template_ids
    )
    announce(session, TOPIC)
