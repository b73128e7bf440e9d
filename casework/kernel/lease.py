"""Leases: of several processes on one database, one at a time works on a row.

A process that takes a row gets a token, and holds the row for a while; a sign of life extends that.
A holder that is silent for longer loses the row to the next process that asks, and notices by its
token, which is no longer valid.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Connection, CursorResult, or_, update
from sqlalchemy.orm import Session

from casework.kernel.clock import Clock
from casework.kernel.ids import new_id
from casework.tables import Delivery, ImportJob, Stay

_NOBODY: Final[dict[str, Any]] = {"claim": None, "claimed_until": None}


@dataclass(frozen=True, slots=True)
class Lease:
    """The leases of one table's rows; every method works within the caller's transaction."""

    table: type[Delivery | ImportJob | Stay]
    lasts: timedelta
    """How long a holder may be silent."""
    clock: Clock

    def free(self) -> ColumnElement[bool]:
        """Return the condition for rows that nobody holds now."""
        until = self.table.claimed_until
        return or_(until.is_(None), until < self.clock())

    def take(self, database: Connection | Session, row_id: str) -> str | None:
        """Take a row; returns the token, or None where another holds it."""
        token = new_id("claim")
        return token if self._set(database, row_id, self.free(), self._by(token)) else None

    def take_over(self, database: Connection | Session, row_id: str) -> str:
        """Take a row from its present holder, if any; returns the token."""
        token = new_id("claim")
        self._set(database, row_id, None, self._by(token))
        return token

    def renew(self, database: Connection | Session, row_id: str, token: str) -> bool:
        """Give a sign of life; returns False where the row was lost."""
        return self._set(database, row_id, self.table.claim == token, self._by(token))

    def give_back(
        self, database: Connection | Session, row_id: str, token: str, **values: object
    ) -> bool:
        """Give a row back with the result set; returns False, changing nothing, if it was lost."""
        return self._set(database, row_id, self.table.claim == token, values | _NOBODY)

    def _by(self, token: str) -> dict[str, Any]:
        return {"claim": token, "claimed_until": self.clock() + self.lasts}

    def _set(
        self,
        database: Connection | Session,
        row_id: str,
        condition: ColumnElement[bool] | None,
        values: dict[str, Any],
    ) -> bool:
        change = update(self.table).where(self.table.id == row_id).values(**values)
        if condition is not None:
            change = change.where(condition)
        return cast("CursorResult[Any]", database.execute(change)).rowcount == 1
