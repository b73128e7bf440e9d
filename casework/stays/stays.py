"""Reading stays: for the agency that receives them. What was found of a guest is not among it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from casework.areas import tree
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import NotFound
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, extends_to, require, within_reach
from casework.kernel.processing import Grounds, Processing
from casework.kernel.vocabulary import StayState
from casework.tables import Stay


@dataclass(frozen=True, slots=True)
class StayFilter:
    """Which stays to list; None sets no condition."""

    state: StayState | None = None
    lodging: str | None = None
    area: str | None = None
    """With all that lies in it."""
    receipt: str | None = None

    def conditions(self, now: datetime) -> list[ColumnElement[bool]]:
        """Return the filter for a query."""
        conditions: list[ColumnElement[bool]] = []
        if self.state is not None:
            conditions.append(_IN_STATE[self.state](now))
        if self.lodging is not None:
            conditions.append(Stay.lodging == self.lodging.upper())
        if self.area is not None:
            conditions.append(tree.within(Stay.area, self.area))
        if self.receipt is not None:
            conditions.append(Stay.receipt == self.receipt.upper())
        return conditions


@dataclass(frozen=True, slots=True)
class StayFigures:
    """How many stays somebody has to look after."""

    waiting: int
    """That nobody has looked up yet."""
    overdue: int


def state_of(row: Stay, now: datetime) -> StayState:
    """Return where a guest is, as far as was reported."""
    if row.checked_out_at is not None:
        return StayState.LEFT
    late = row.expected_out_at is not None and row.expected_out_at < now
    return StayState.OVERDUE if late else StayState.PRESENT


def _present(now: datetime) -> ColumnElement[bool]:
    in_time = or_(Stay.expected_out_at.is_(None), Stay.expected_out_at >= now)
    return and_(Stay.checked_out_at.is_(None), in_time)


def overdue_at(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a guest should have left, and nobody has said so."""
    return and_(Stay.checked_out_at.is_(None), Stay.expected_out_at < now)


def _left(_now: datetime) -> ColumnElement[bool]:
    return Stay.checked_out_at.is_not(None)


_IN_STATE = {
    StayState.PRESENT: _present,
    StayState.OVERDUE: overdue_at,
    StayState.LEFT: _left,
}


class Stays:
    """Shows stays to officers of the agency that receives them."""

    def __init__(self, kernel: Kernel, grounds: Grounds) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self.clock = kernel.clock
        self._grounds = grounds

    def page(self, actor: Actor, before: str | None, limit: int, filters: StayFilter) -> list[Stay]:
        """Return up to `limit` stays, those reported last first, those before a receipt.

        Raises:
            StaysOff: the installation has named no legal basis.
            NotPermitted: the actor may see none.
        """
        require(actor, Permission.READ_STAY)
        self._grounds.require(Processing.STAYS)
        query = select(Stay).where(
            within_reach(actor, Permission.READ_STAY, Stay.agency_id),
            *filters.conditions(self.clock()),
        )
        if before is not None:
            query = query.where(Stay.id < before)
        with self._database.read() as session:
            found = list(session.scalars(query.order_by(Stay.id.desc()).limit(limit)))
        detail = {"stays": len(found)}
        self._audit.note(AuditEntry(actor, "stay.list", owner_id=actor.agency_id, detail=detail))
        return found

    def get(self, actor: Actor, receipt: str) -> Stay:
        """Return one stay with who the guest is; the reading is recorded.

        Raises:
            StaysOff: the installation has named no legal basis.
            NotPermitted, NotFound: the actor may see none, or not this one.
        """
        require(actor, Permission.READ_STAY)
        self._grounds.require(Processing.STAYS)
        with self._database.read() as session:
            row = session.scalar(select(Stay).where(Stay.receipt == receipt.upper()))
            if row is None or not extends_to(actor, Permission.READ_STAY, row.agency_id):
                raise NotFound("stay_not_found", receipt=receipt)
        self._audit.note(AuditEntry(actor, Permission.READ_STAY, row.id, row.agency_id))
        return row

    def figures(self) -> StayFigures:
        """Count what somebody has to look after, of all agencies."""
        with self._database.read() as session:
            waiting = session.scalar(select(func.count()).where(Stay.screened_at.is_(None)))
            overdue = session.scalar(select(func.count()).where(overdue_at(self.clock())))
        return StayFigures(waiting or 0, overdue or 0)
