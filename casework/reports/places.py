"""Counts by place, for the vulnerability map: alerts and what became of them, tips, cases, stays.

Alerts lie where their port or lodging lies, tips and stays where the report says, joint cases where
who opened them says. The map counts reports and decisions: it says where people looked and found
something, not how dangerous a place or a person is.

Stays are counted of the own agency alone, and only where they are on: what lodgings report is one
agency's business, and its guests are on no list.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum
from functools import partial
from typing import Final, Self

from sqlalchemy import ColumnElement, SQLColumnExpression, select, true
from sqlalchemy.orm import Session

from casework.areas import tree
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.lodgings import is_lodging
from casework.kernel.permissions import Permission, extends_to, require, within_reach
from casework.kernel.processing import Grounds, Processing
from casework.kernel.vocabulary import MemberState
from casework.reports.calendar import CalendarPeriod
from casework.reports.cells import Cells, ExactCells, values_of
from casework.reports.counted import CountedAlerts, places_of, read_alerts
from casework.reports.cuts import CutRequest
from casework.reports.dimensions import LODGINGS, NO, UNKNOWN, AlertOutcome, Dimension
from casework.reports.figures import Figure
from casework.reports.totals import Publications
from casework.stays.counts import StayCount, stays_between
from casework.tables import Agency, Case, CaseMember, Stay, Tip

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
    CASES = "cases"
    """Joint cases that were opened."""
    STAYS = "stays"
    """Stays that lodgings reported."""
    CHECK_OUTS = "check_outs"
    """Of these, guests who should have left, and of whom no lodging has said so."""


OF_STAYS: Final = frozenset({PlaceMeasure.STAYS, PlaceMeasure.CHECK_OUTS})
OF_ALL: Final = tuple(each for each in PlaceMeasure if each not in OF_STAYS)
"""What is counted of all agencies."""

_LEVELS: Final = (Dimension.AREA, Dimension.REGENCY)
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
    within: str | None
    """The province whose regencies are counted; None of the country."""
    months: tuple[CalendarPeriod, ...]
    """Those of the lines' trend."""
    measures: tuple[PlaceMeasure, ...]
    """What is counted: every line has a figure of each."""
    exact: bool
    """Of the own agency; else of all, blurred."""
    lines: tuple[PlaceLine, ...]
    """In the order of the areas' codes, what is not known last."""


class _StayDays:
    """Stays by area, exactly: there are many, so that only their sums are read."""

    def __init__(self, counts: Iterable[StayCount]) -> None:
        self._counts: Counter[tuple[PlaceMeasure, Dimension, str]] = Counter()
        for each in counts:
            for level, area in zip(_LEVELS, _placed(each.area), strict=True):
                self._counts[PlaceMeasure.STAYS, level, area] += each.stays
                self._counts[PlaceMeasure.CHECK_OUTS, level, area] += each.overdue

    def areas(self, level: Dimension) -> set[str]:
        """Return the areas that have any."""
        return {area for _, of, area in self._counts if of is level}

    def figure(self, measure: PlaceMeasure, level: Dimension, area: str) -> Figure:
        """Return the figure of one area."""
        return Figure.exact(self._counts[measure, level, area])


@dataclass(frozen=True, slots=True)
class _Counts:
    """What is counted in one period: exact of the own agency, blurred of all."""

    alerts: Cells
    tips: Cells
    cases: Cells
    stays: _StayDays = field(default_factory=lambda: _StayDays(()))

    def areas(self, level: Dimension) -> set[str]:
        """Return the areas that have any count."""
        cells = (self.alerts, self.tips, self.cases)
        found = {area for each in cells for area in values_of(each.alerts, level)}
        return found | self.stays.areas(level)

    def figure(self, measure: PlaceMeasure, level: Dimension, area: str) -> Figure:
        """Return the figure of one area."""
        if measure in OF_STAYS:
            return self.stays.figure(measure, level, area)
        if measure is PlaceMeasure.TIPS:
            return self.tips.figure({level: area})
        if measure is PlaceMeasure.CASES:
            return self.cases.figure({level: area})
        values = {level: area}
        if measure in _OUTCOMES:
            values[Dimension.OUTCOME] = _OUTCOMES[measure].value
        return self.alerts.figure(values)


@dataclass(frozen=True, slots=True)
class PlacePublications:
    """What is shown of all agencies' alerts, tips and joint cases."""

    alerts: Publications
    tips: Publications
    cases: Publications

    @classmethod
    def beside(cls, kernel: Kernel, alerts: Publications) -> Self:
        """Return them over the same calendar as the alerts'."""
        return cls(
            alerts,
            Publications(kernel, alerts.zone, read_tips),
            Publications(kernel, alerts.zone, read_cases),
        )


class Places:
    """Counts by place for those who may know."""

    def __init__(
        self, kernel: Kernel, shown: PlacePublications, grounds: Grounds | None = None
    ) -> None:
        self._kernel = kernel
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._shown = shown
        self._stays_on = grounds is not None and grounds.is_on(Processing.STAYS)

    def where(self, grounds: Grounds) -> Self:
        """Return the same where an installation does what these grounds allow."""
        return type(self)(self._kernel, self._shown, grounds)

    def last_month(self) -> CalendarPeriod:
        """Return the last month that is over."""
        return self._shown.alerts.last_month()

    def own(self, actor: Actor, period: CalendarPeriod, within: str | None = None) -> PlaceReport:
        """Return the own agency's counts, exact.

        Args:
            actor: who reads.
            period: which; it may still be running.
            within: a province whose regencies are counted; None counts provinces.

        Raises:
            NotPermitted: the actor may read no report.
            AreaRefused: it is within something that is no province.
        """
        require(actor, Permission.READ_REPORT)

        act, zone, now = Permission.READ_REPORT, self._shown.alerts.zone, self._clock()

        def own(column: SQLColumnExpression[str]) -> ColumnElement[bool]:
            return within_reach(actor, act, column)

        owned = partial(extends_to, actor, act)

        def count(each: CalendarPeriod) -> _Counts:
            bounds = each.bounds(zone)
            with self._database.read() as session:
                stays = (
                    stays_between(session, own(Stay.agency_id), bounds, now)
                    if self._stays_on
                    else ()
                )
                return _Counts(
                    ExactCells(read_alerts(session, owned, bounds, zone, now)),
                    ExactCells(read_tips(session, bounds, zone, now, own(Tip.agency_id))),
                    ExactCells(read_cases(session, bounds, zone, now, joined_by(own))),
                    _StayDays(stays),
                )

        measures = tuple(PlaceMeasure) if self._stays_on else OF_ALL
        return self._report(actor, act, _Asked(period, within, measures), count)

    def totals(
        self, actor: Actor, period: CalendarPeriod | None = None, within: str | None = None
    ) -> PlaceReport:
        """Return the counts of all agencies, blurred; without a period, of the last whole month.

        Raises:
            NotPermitted: the actor may read no totals.
            InvalidPeriod: the period is not over yet.
            AreaRefused: it is within something that is no province.
        """
        require(actor, Permission.READ_TOTALS)

        def count(each: CalendarPeriod) -> _Counts:
            shown = self._shown
            return _Counts(shown.alerts.of(each), shown.tips.of(each), shown.cases.of(each))

        asked = _Asked(period or self._shown.alerts.last_month(), within, OF_ALL)
        return self._report(actor, Permission.READ_TOTALS, asked, count)

    def _report(
        self,
        actor: Actor,
        act: Permission,
        asked: "_Asked",
        count: Callable[[CalendarPeriod], _Counts],
    ) -> PlaceReport:
        period, within = asked.period, asked.within
        CutRequest(Dimension.AREA, within=within).check()
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
            for area, port in alerts.cells((level, Dimension.PORT))[0]:
                if not is_lodging(port) and not port.startswith(LODGINGS):
                    ports.setdefault(area, set()).add(port)
        lines = tuple(
            PlaceLine(
                area,
                tuple(sorted(ports.get(area, ()))),
                {each: now.figure(each, level, area) for each in asked.measures},
                {each: before.figure(each, level, area) for each in asked.measures},
                {
                    each: tuple(counts.figure(each, level, area) for counts in trend)
                    for each in asked.measures
                },
            )
            for area in sorted(areas, key=lambda area: (area == UNKNOWN, area))
        )
        detail = {"by": [level.value], "lines": len(lines)}
        self._audit.note(AuditEntry(actor, act, owner_id=actor.agency_id, detail=detail))
        exact = act is Permission.READ_REPORT
        return PlaceReport(period, within, months, asked.measures, exact, lines)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a report is about."""

    period: CalendarPeriod
    within: str | None
    measures: tuple[PlaceMeasure, ...]


_ALL: Final = true()


def _months_to(period: CalendarPeriod) -> tuple[CalendarPeriod, ...]:
    """Return the last months of a period, with as many before it as a trend has."""
    *_, last = period.parts(1)
    return tuple(last.before(back) for back in reversed(range(TREND_MONTHS)))


def read_tips(
    session: Session,
    bounds: tuple[datetime, datetime],
    zone: tzinfo,
    now: datetime,
    condition: ColumnElement[bool] = _ALL,
) -> CountedAlerts:
    """Read the tips of a period as alerts are read, by area, agency and time alone.

    Args:
        session: within a transaction.
        bounds: the first instant, and the first that is not meant any more.
        zone: whose months.
        now: the present; no tip's figures hang on it.
        condition: which ones.
    """
    del now
    since, until = bounds
    query = (
        select(Tip.area, Tip.created_at, Agency.code)
        .join(Agency, Agency.id == Tip.agency_id)
        .where(condition, Tip.created_at >= since, Tip.created_at < until)
        .order_by(Tip.id)
    )
    return _counted(((row[0], row[1], row[2]) for row in session.execute(query)), zone)


def read_cases(
    session: Session,
    bounds: tuple[datetime, datetime],
    zone: tzinfo,
    now: datetime,
    condition: ColumnElement[bool] = _ALL,
) -> CountedAlerts:
    """Read the joint cases that were opened in a period, as `read_tips` does: by area and time.

    Several agencies work on one: it is counted by none of them.
    """
    del now
    since, until = bounds
    query = (
        select(Case.area, Case.created_at)
        .where(condition, Case.created_at >= since, Case.created_at < until)
        .order_by(Case.id)
    )
    return _counted(((row[0], row[1], UNKNOWN) for row in session.execute(query)), zone)


def joined_by(
    own: Callable[[SQLColumnExpression[str]], ColumnElement[bool]],
) -> ColumnElement[bool]:
    """Return the condition that an agency of the reader's takes part in a case."""
    joined = CaseMember.state == MemberState.JOINED.value
    return Case.id.in_(select(CaseMember.case_id).where(joined, own(CaseMember.agency_id)))


def _counted(found: Iterable[tuple[str | None, datetime, str]], zone: tzinfo) -> CountedAlerts:
    """Return what has an area, a time and an agency's code as alerts are counted."""
    columns: dict[Dimension, list[str]] = {each: [] for each in Dimension}
    for area, at, agency in found:
        province, regency = _placed(area)
        values = {
            Dimension.AREA: province,
            Dimension.REGENCY: regency,
            Dimension.AGENCY: agency,
            Dimension.MONTH: at.astimezone(zone).strftime("%Y-%m"),
            Dimension.CLOSED: NO,
        }
        for each, column in columns.items():
            column.append(values.get(each, UNKNOWN))
    untimed = [None] * len(columns[Dimension.AREA])
    return CountedAlerts(columns, untimed, untimed)


def _placed(area: str | None) -> tuple[str, str]:
    return places_of(area) if area else (UNKNOWN, UNKNOWN)
