"""Counts by place, for the vulnerability map: alerts, what became of them, and tips.

Alerts lie where their port lies, tips where the report says. The map counts reports and decisions:
it says where people looked and found something, not how dangerous a place or a person is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from casework.areas import tree
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require, within_reach
from casework.reports.calendar import CalendarPeriod
from casework.reports.cells import Cells, ExactCells, values_of
from casework.reports.counted import CountedAlerts, places_of, read_alerts
from casework.reports.dimensions import NO, UNKNOWN, AlertOutcome, Dimension
from casework.reports.figures import Figure
from casework.reports.totals import Publications
from casework.tables import Agency, Alert, Tip

TREND_MONTHS: Final = 6
"""Months of the trend of a place."""


class PlaceMeasure(StrEnum):
    """What is counted at a place."""

    ALERTS = "alerts"
    CONFIRMED = "confirmed"
    """Alerts held to be the person."""
    FALSE_ALARMS = "false_alarms"
    OVERDUE = "overdue"
    """Alerts undecided beyond their review time."""
    TIPS = "tips"


_OUTCOMES: Final[Mapping[PlaceMeasure, AlertOutcome]] = {
    PlaceMeasure.CONFIRMED: AlertOutcome.CONFIRMED,
    PlaceMeasure.FALSE_ALARMS: AlertOutcome.FALSE_ALARM,
    PlaceMeasure.OVERDUE: AlertOutcome.OVERDUE,
}


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place's figures."""

    area: str
    """Code of a province or a regency; `unknown` where it is not known."""
    ports: tuple[str, ...]
    """Those that raised alerts there, in this period or the one before."""
    figures: Mapping[PlaceMeasure, Figure]
    before: Mapping[PlaceMeasure, Figure]
    """Of the period before."""
    months: Mapping[PlaceMeasure, tuple[Figure, ...]]
    """Of the last months of the period, the oldest first; empty unless they were asked for."""


@dataclass(frozen=True, slots=True)
class PlaceReport:
    """The places of the country, or of a province, that have any count."""

    period: CalendarPeriod
    months: tuple[CalendarPeriod, ...]
    """Those of the lines' trend."""
    lines: tuple[PlaceLine, ...]
    """In the order of the areas' codes, what is not known last."""


@dataclass(frozen=True, slots=True)
class _Counts:
    """What is counted in one period: exact of the own agency, blurred of all."""

    alerts: Cells
    tips: Cells

    def areas(self, level: Dimension) -> set[str]:
        """Return the areas that have any count."""
        return {*values_of(self.alerts.alerts, level), *values_of(self.tips.alerts, level)}

    def figure(self, measure: PlaceMeasure, level: Dimension, area: str) -> Figure:
        """Return the figure of one area."""
        if measure is PlaceMeasure.TIPS:
            return self.tips.figure({level: area})
        values = {level: area}
        if measure in _OUTCOMES:
            values[Dimension.OUTCOME] = _OUTCOMES[measure].value
        return self.alerts.figure(values)


class Places:
    """Counts by place for those who may know."""

    def __init__(self, kernel: Kernel, alerts: Publications, tips: Publications) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._alerts, self._tips = alerts, tips

    def own(self, actor: Actor, period: CalendarPeriod, within: str | None = None) -> PlaceReport:
        """Return the own agency's counts, exact.

        Args:
            actor: who reads.
            period: which; it may still be running.
            within: a province whose regencies are counted; None counts provinces.

        Raises:
            NotPermitted: the actor may read no report.
        """
        require(actor, Permission.READ_REPORT)

        def count(each: CalendarPeriod) -> _Counts:
            bounds, zone, now = each.bounds(self._alerts.zone), self._alerts.zone, self._clock()
            with self._database.read() as session:
                owner = within_reach(actor, Permission.READ_REPORT, Alert.owner_id)
                recorder = within_reach(actor, Permission.READ_REPORT, Tip.agency_id)
                return _Counts(
                    ExactCells(read_alerts(session, owner, bounds, zone, now)),
                    ExactCells(read_tips(session, recorder, bounds, zone, now)),
                )

        return self._report(actor, Permission.READ_REPORT, period, within, count)

    def totals(
        self, actor: Actor, period: CalendarPeriod | None = None, within: str | None = None
    ) -> PlaceReport:
        """Return the counts of all agencies, blurred; without a period, of the last whole month.

        Raises:
            NotPermitted: the actor may read no totals.
            InvalidPeriod: the period is not over yet.
        """
        require(actor, Permission.READ_TOTALS)

        def count(each: CalendarPeriod) -> _Counts:
            return _Counts(self._alerts.of(each), self._tips.of(each))

        period = period or self._alerts.last_month()
        return self._report(actor, Permission.READ_TOTALS, period, within, count)

    def _report(
        self,
        actor: Actor,
        act: Permission,
        period: CalendarPeriod,
        within: str | None,
        count: Callable[[CalendarPeriod], _Counts],
    ) -> PlaceReport:
        level = Dimension.AREA if within is None else Dimension.REGENCY
        now, before = count(period), count(period.before())
        # The trend is of places that are close; a map of provinces has none.
        months = () if within is None else _months_to(period)
        trend = [count(each) for each in months]
        areas = {
            area
            for counts in (now, before, *trend)
            for area in counts.areas(level)
            if within is None or tree.contains(within, area)
        }
        ports: dict[str, set[str]] = {}
        for alerts in (now.alerts.alerts, before.alerts.alerts):
            for area, port in zip(alerts.values[level], alerts.values[Dimension.PORT], strict=True):
                ports.setdefault(area, set()).add(port)
        lines = tuple(
            PlaceLine(
                area,
                tuple(sorted(ports.get(area, ()))),
                {each: now.figure(each, level, area) for each in PlaceMeasure},
                {each: before.figure(each, level, area) for each in PlaceMeasure},
                {
                    each: tuple(counts.figure(each, level, area) for counts in trend)
                    for each in PlaceMeasure
                },
            )
            for area in sorted(areas, key=lambda area: (area == UNKNOWN, area))
        )
        detail = {"by": [level.value], "lines": len(lines)}
        self._audit.note(AuditEntry(actor, act, owner_id=actor.agency_id, detail=detail))
        return PlaceReport(period, months, lines)


def _months_to(period: CalendarPeriod) -> tuple[CalendarPeriod, ...]:
    """Return the last months of a period, with as many before it as a trend has."""
    *_, last = period.parts(1)
    return tuple(last.before(back) for back in reversed(range(TREND_MONTHS)))


def read_tips(
    session: Session,
    condition: ColumnElement[bool],
    bounds: tuple[datetime, datetime],
    zone: tzinfo,
    now: datetime,
) -> CountedAlerts:
    """Read the tips of a period as alerts are read, by area, agency and time alone.

    Args:
        session: within a transaction.
        condition: which ones.
        bounds: the first instant, and the first that is not meant any more.
        zone: whose months.
        now: the present; no tip's figures hang on it.
    """
    del now
    since, until = bounds
    query = (
        select(Tip.area, Tip.created_at, Agency.code)
        .join(Agency, Agency.id == Tip.agency_id)
        .where(condition, Tip.created_at >= since, Tip.created_at < until)
        .order_by(Tip.id)
    )
    counted = CountedAlerts({each: [] for each in Dimension})
    for area, created_at, agency in session.execute(query):
        province, regency = places_of(area) if area else (UNKNOWN, UNKNOWN)
        said = {
            Dimension.AREA: province,
            Dimension.REGENCY: regency,
            Dimension.AGENCY: agency,
            Dimension.MONTH: created_at.astimezone(zone).strftime("%Y-%m"),
            Dimension.CLOSED: NO,
        }
        for each, values in counted.values.items():
            values.append(said.get(each, UNKNOWN))
        counted.acknowledged_s.append(None)
        counted.decided_s.append(None)
    return counted
