"""How joint cases ended, by month: an agency's own exact, those of all agencies blurred.

All agencies' are counted over single months alone: longer periods would overlap with their months,
and what is in the one and not in the others is a person. There is no other cut of them.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from casework.cases.counts import CaseCount, outcomes_between
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import InvalidPeriod
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.kernel.vocabulary import CaseOutcome
from casework.reports.calendar import CalendarPeriod, require_over
from casework.reports.figures import Figure
from casework.reports.totals import Publications

_MONTH: Final = 1


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One outcome: in how many cases, and of how many people."""

    outcome: CaseOutcome
    cases: Figure
    persons: Figure


@dataclass(frozen=True, slots=True)
class CaseReport:
    """How the cases of a month ended."""

    month: CalendarPeriod
    closed: Figure
    """Cases that were closed, whatever their outcomes."""
    lines: tuple[CaseLine, ...]
    """Every outcome, in its order."""


class CaseReports:
    """Counts how cases ended."""

    def __init__(self, kernel: Kernel, publications: Publications) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._publications = publications

    def own(self, actor: Actor, month: CalendarPeriod | None = None) -> CaseReport:
        """Count the cases that the actor's agency took part in; without a month, of the last one.

        Raises:
            NotPermitted: the actor may read no report.
            InvalidPeriod: it is not a month.
        """
        require(actor, Permission.READ_REPORT)
        month = self._month(month)
        counts = [each for each in self._read(month) if actor.agency_id in each.agencies]
        return self._noted(actor, Permission.READ_REPORT, _report(month, counts, Figure.exact))

    def totals(self, actor: Actor, month: CalendarPeriod | None = None) -> CaseReport:
        """Count the cases of all agencies, blurred; without a month, of the last one.

        Raises:
            NotPermitted: the actor may read no totals.
            InvalidPeriod: it is not a month, or not over yet.
        """
        require(actor, Permission.READ_TOTALS)
        month = self._month(month)
        require_over(month, self._clock(), self._publications.zone)
        report = _report(month, self._read(month), Figure.blurred)
        return self._noted(actor, Permission.READ_TOTALS, report)

    def _month(self, month: CalendarPeriod | None) -> CalendarPeriod:
        found = month or self._publications.last_month()
        if found.months != _MONTH:
            raise InvalidPeriod("period_no_month", field="month")
        return found

    def _read(self, month: CalendarPeriod) -> Sequence[CaseCount]:
        zone = self._publications.zone
        since, until = month.bounds(zone)
        with self._database.read() as session:
            return outcomes_between(session, since, until, zone)

    def _noted(self, actor: Actor, act: Permission, report: CaseReport) -> CaseReport:
        detail = {"cases": str(report.month)}
        self._audit.note(AuditEntry(actor, act, owner_id=actor.agency_id, detail=detail))
        return report


def _report(
    month: CalendarPeriod, counts: Sequence[CaseCount], figure: Callable[[int], Figure]
) -> CaseReport:
    cases = Counter(each.outcome for each in counts)
    persons: Counter[CaseOutcome | None] = Counter()
    for each in counts:
        persons[each.outcome] += each.persons
    closed = len({each.case_id for each in counts})
    lines = (CaseLine(each, figure(cases[each]), figure(persons[each])) for each in CaseOutcome)
    return CaseReport(month, figure(closed), tuple(lines))
