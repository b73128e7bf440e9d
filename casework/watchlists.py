"""Watchlists: lists of subjects, each with its own policy."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from casework.changes import log_policy
from casework.clock import Clock
from casework.database import Database
from casework.errors import AlreadyExists, NotFound, StaleVersion, StillInUse
from casework.ids import WATCHLIST, new_id
from casework.tables import Membership, Watchlist
from casework.vocabulary import Category, Direction

DEFAULT_TARGET_FPIR = 1e-3
"""At most one traveller in a thousand alerted by chance."""


@dataclass(frozen=True, slots=True)
class NewWatchlist:
    """What a watchlist is made from."""

    name: str
    category: Category = Category.OTHER
    direction: Direction = Direction.BOTH
    target_fpir: float = DEFAULT_TARGET_FPIR
    threshold: float | None = None
    ports: list[str] | None = None
    instruction: str = ""


class Watchlists:
    """Creates, reads, edits and removes watchlists."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, new: NewWatchlist) -> Watchlist:
        """Make a watchlist.

        Raises:
            AlreadyExists: the name is taken.
        """
        now = self._clock()
        row = Watchlist(id=new_id(WATCHLIST), created_at=now, updated_at=now, **asdict(new))
        try:
            with self._database.write() as session:
                session.add(row)
                log_policy(session, self._clock)
        except IntegrityError as error:
            raise AlreadyExists(f"A watchlist called '{new.name}' already exists.") from error
        return row

    def ensure(self, new: NewWatchlist) -> Watchlist:
        """Return the watchlist of that name, making it if there is none."""
        with self._database.read() as session:
            row = session.scalar(select(Watchlist).where(Watchlist.name == new.name))
        return row if row is not None else self.create(new)

    def get(self, watchlist_id: str) -> Watchlist:
        """Return one watchlist; raises NotFound."""
        with self._database.read() as session:
            return find(session, watchlist_id)

    def page(self, after: str | None, limit: int) -> list[Watchlist]:
        """Return up to `limit` watchlists in order of making, those after id `after`."""
        query = select(Watchlist).order_by(Watchlist.id).limit(limit)
        if after is not None:
            query = query.where(Watchlist.id > after)
        with self._database.read() as session:
            return list(session.scalars(query))

    def edit(self, watchlist_id: str, changes: Mapping[str, Any], version: int | None) -> Watchlist:
        """Change some fields.

        Args:
            watchlist_id: the watchlist.
            changes: fields of `NewWatchlist` with their new values.
            version: the version the caller read, or None to overwrite whatever is there.

        Raises:
            NotFound, StaleVersion, AlreadyExists: nothing was changed.
        """
        try:
            with self._database.write() as session:
                row = find(session, watchlist_id)
                if version is not None and row.version != version:
                    raise StaleVersion("The watchlist changed since you read it: read it again.")
                for name, value in changes.items():
                    setattr(row, name, value)
                row.updated_at = self._clock()
                log_policy(session, self._clock)
        except IntegrityError as error:
            raise AlreadyExists("Another watchlist already has that name.") from error
        return row

    def remove(self, watchlist_id: str) -> None:
        """Remove an empty watchlist.

        Raises:
            NotFound: there is no such watchlist.
            StillInUse: subjects stand on it.
        """
        with self._database.write() as session:
            row = find(session, watchlist_id)
            standing = session.scalar(
                select(func.count()).where(Membership.watchlist_id == watchlist_id)
            )
            if standing:
                raise StillInUse(
                    f"{standing} subjects stand on this watchlist: remove them from it first."
                )
            session.delete(row)
            log_policy(session, self._clock)


def find(session: Session, watchlist_id: str) -> Watchlist:
    """Return one watchlist within a transaction; raises NotFound."""
    row = session.get(Watchlist, watchlist_id)
    if row is None:
        raise NotFound(f"There is no watchlist {watchlist_id}.")
    return row
