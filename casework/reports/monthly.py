"""The monthly report: what an agency, or the team of all, talks about when it meets."""

from dataclasses import dataclass

from casework.kernel.actor import Actor
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.reports.calendar import CalendarPeriod, require_over
from casework.reports.cuts import CutRequest, Cuts, Months
from casework.reports.dimensions import Dimension
from casework.reports.performance import Performance, PerformanceReport
from casework.reports.review import Line, ReportRequest, Reports


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """One month: searches, alerts, outcomes, times, false alarms, refusals, and what led to it."""

    month: CalendarPeriod
    exact: bool
    """Of one agency; else of all, blurred."""
    whole: Line | None
    """None of a month without an alert."""
    groups: tuple[tuple[Dimension, tuple[Line, ...]], ...]
    performance: PerformanceReport
    """Of all agencies without lists."""
    trend: Months


class MonthlyReports:
    """Puts monthly reports together."""

    def __init__(
        self, kernel: Kernel, counts: Reports, cuts: Cuts, performance: Performance
    ) -> None:
        self._clock = kernel.clock
        self._counts, self._cuts, self._performance = counts, cuts, performance

    def own(
        self, actor: Actor, month: CalendarPeriod | None = None, owner_id: str | None = None
    ) -> MonthlyReport:
        """Return the report of an agency; without a month of the last one.

        Args:
            actor: who may read reports.
            month: which; it may be running still.
            owner_id: the agency, for who reads several's; None for all within reach.

        Raises:
            NotPermitted: the actor may read no report.
        """
        require(actor, Permission.READ_REPORT)
        zone = self._counts.zone
        month = month or CalendarPeriod.last_month(self._clock(), zone)
        since, until = month.bounds(zone)

        def lines(*by: Dimension) -> tuple[Line, ...]:
            asked = ReportRequest(since, until, by, str(zone), owner_id)
            return self._counts.review(actor, asked).lines

        cut = CutRequest(Dimension.PORT, owner_id=owner_id)
        return MonthlyReport(
            month=month,
            exact=True,
            whole=next(iter(lines()), None),
            groups=tuple(
                (each, lines(each))
                for each in (Dimension.WATCHLIST, Dimension.PORT, Dimension.CATEGORY)
            ),
            performance=self._performance.report(actor, month, owner_id),
            trend=self._cuts.own(actor, cut, month).trend,
        )

    def team(self, actor: Actor, month: CalendarPeriod | None = None) -> MonthlyReport:
        """Return the report of all agencies, blurred; without a month of the last one.

        Raises:
            NotPermitted: the actor may read no totals.
            InvalidPeriod: the month is not over yet.
        """
        require(actor, Permission.READ_TOTALS)
        month = month or CalendarPeriod.last_month(self._clock(), self._counts.zone)
        require_over(month, self._clock(), self._counts.zone)

        def lines(*by: Dimension) -> tuple[Line, ...]:
            return self._counts.totals(actor, month, by).lines

        return MonthlyReport(
            month=month,
            exact=False,
            whole=next(iter(lines()), None),
            groups=tuple(
                (each, lines(each))
                for each in (
                    Dimension.AGENCY,
                    Dimension.AREA,
                    Dimension.PORT,
                    Dimension.CATEGORY,
                )
            ),
            performance=self._performance.count(month),
            trend=self._cuts.totals(actor, CutRequest(Dimension.PORT), month).trend,
        )
