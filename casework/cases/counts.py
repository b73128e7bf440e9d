"""How cases ended, for reports: counts by month, area, outcome and agency, nothing of people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.kernel import period
from casework.kernel.vocabulary import CaseOutcome, CaseState, MemberState
from casework.tables import Case


@dataclass(frozen=True, slots=True)
class CaseCount:
    """One outcome of one case that was closed."""

    month: date
    """The first day of the month in which it was closed."""
    case_id: str
    area: str | None
    lead_id: str
    agencies: tuple[str, ...]
    """Those that took part to the end, by id; the lead is among them."""
    outcome: CaseOutcome | None
    """None of a case that never ran."""
    persons: int


def outcomes_between(
    session: Session, since: datetime, until: datetime, zone: tzinfo
) -> Sequence[CaseCount]:
    """Return the outcomes of the cases that were closed in a period, in order of closing.

    Args:
        session: the transaction.
        since: the period's first moment.
        until: the first moment after it.
        zone: whose months are meant.
    """
    query = select(Case).where(
        Case.state == CaseState.CLOSED.value, Case.closed_at >= since, Case.closed_at < until
    )
    found = []
    for row in session.scalars(query.order_by(Case.closed_at, Case.id)):
        assert row.closed_at is not None  # noqa: S101 - the query asked for it
        month = period.day_of(row.closed_at, zone).replace(day=1)
        joined = sorted(each.agency_id for each in row.members if each.state == MemberState.JOINED)
        ends: list[tuple[CaseOutcome | None, int]] = [
            (CaseOutcome(each.code), each.persons) for each in row.outcomes
        ]
        found += [
            CaseCount(month, row.id, row.area, row.agency_id, tuple(joined), code, persons)
            for code, persons in sorted(ends, key=lambda end: end[0] or "") or [(None, 0)]
        ]
    return found
