"""Stays by place, for reports: counts, nothing of guests."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from casework.stays.stays import overdue_at
from casework.tables import Stay


@dataclass(frozen=True, slots=True)
class StayCount:
    """The stays that lodgings of one area reported."""

    area: str | None
    """As the lodgings say it; None where they do not."""
    stays: int
    overdue: int
    """Of these, guests who should have left, and of whom no lodging has said so."""


def stays_between(
    session: Session,
    condition: ColumnElement[bool],
    bounds: tuple[datetime, datetime],
    now: datetime,
) -> Iterator[StayCount]:
    """Count the stays that were reported in a period, by area.

    Args:
        session: within a transaction.
        condition: which ones.
        bounds: the first instant, and the first that is not meant any more.
        now: by when a guest should have left.
    """
    since, until = bounds
    overdue = func.sum(case((overdue_at(now), 1), else_=0))
    query = (
        select(Stay.area, func.count(), overdue)
        .where(condition, Stay.reported_at >= since, Stay.reported_at < until)
        .group_by(Stay.area)
    )
    return (StayCount(area, count, late) for area, count, late in session.execute(query))
