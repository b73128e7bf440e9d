"""Cuts: alerts by one or two dimensions, beside the period before and the months that led to it.

Of the own agency any two dimensions and any period, exactly; of all agencies as
`casework.reports.figures` says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from casework.areas import known, tree
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import AreaRefused, InvalidPeriod
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.kernel.vocabulary import AreaLevel
from casework.reports.calendar import CalendarPeriod, require_over
from casework.reports.cells import Cells, ExactCells, change, greatest, values_of
from casework.reports.counted import read_alerts
from casework.reports.dimensions import Dimension, area_in, require_permitted
from casework.reports.figures import Figure
from casework.reports.review import own_alerts
from casework.reports.totals import Publications

TREND_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class CutRequest:
    """What a table is to show."""

    rows: Dimension
    columns: Dimension | None = None
    within: str | None = None
    """Of areas, those alone that this province contains: its regencies and cities."""
    owner_id: str | None = None
    """Of exact figures, only this agency's; None for all within reach."""

    @property
    def by(self) -> tuple[Dimension, ...]:
        """The dimensions; within a province its regencies in place of the provinces."""
        chosen = (self.rows,) if self.columns in (None, self.rows) else (self.rows, self.columns)
        if self.within is None:
            return chosen
        return tuple(Dimension.REGENCY if each is Dimension.AREA else each for each in chosen)

    def check(self) -> None:
        """Raise AreaRefused where it is within something that is no province, or not of areas."""
        if self.within is None:
            return
        well_formed = tree.well_formed(self.within)
        if not well_formed or tree.level_of(self.within) is not AreaLevel.PROVINCE:
            raise AreaRefused("cut_within_province", field="area_within", area=self.within)
        if Dimension.REGENCY not in self.by:
            raise AreaRefused("cut_within_areas", field="area_within")


@dataclass(frozen=True, slots=True)
class Months:
    """The months that led to a period's end, the first one first."""

    months: tuple[CalendarPeriod, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class CutTable:
    """A table of figures. Totals are figures of their own: rounded parts need not add up."""

    by: tuple[Dimension, ...]
    within: str | None
    since: datetime
    until: datetime
    period: CalendarPeriod | None
    """None of a period that is no calendar's."""
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    """Empty of a cut by one dimension."""
    cells: Mapping[tuple[str, str], Figure]
    row_totals: Mapping[str, Figure]
    row_changes: Mapping[str, Figure]
    """Against the period before."""
    column_totals: Mapping[str, Figure]
    total: Figure
    total_change: Figure
    trend: Months
    exact: bool
    names: Mapping[str, str]
    """Of areas, by code."""

    @property
    def greatest(self) -> int:
        """The greatest number of a cell, or of a row of a cut by one dimension."""
        shown = self.cells.values() if self.columns else self.row_totals.values()
        return greatest(list(shown))


class Cuts:
    """Makes tables of figures."""

    def __init__(self, kernel: Kernel, publications: Publications) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._publications = publications

    @property
    def zone(self) -> tzinfo:
        """The zone whose calendar periods are meant."""
        return self._publications.zone

    def own(
        self,
        actor: Actor,
        asked: CutRequest,
        period: CalendarPeriod | tuple[datetime, datetime] | None = None,
    ) -> CutTable:
        """Return a table of the alerts of the actor's agency's watchlists.

        Args:
            actor: supervisor or auditor.
            asked: what it shows.
            period: of the calendar, or any; None for the last month that is over.

        Raises:
            NotPermitted: the actor may read no report.
            InvalidPeriod: it would end before it begins.
        """
        act = Permission.READ_REPORT
        require(actor, act)
        asked.check()
        period = period or self._publications.last_month()
        since, until = period if isinstance(period, tuple) else period.bounds(self.zone)
        if until <= since:
            raise InvalidPeriod("report_period_reversed")
        months = _led_to(CalendarPeriod.month_of(until - datetime.resolution, self.zone))
        first, _ = months[0].bounds(self.zone)
        _, end = months[-1].bounds(self.zone)
        led = self._exact(actor, asked, (first, end))
        return self._noted(
            actor,
            act,
            _Making(
                asked,
                self._exact(actor, asked, (since, until)),
                self._exact(actor, asked, _before(period, self.zone)),
                Months(months, tuple(led.figure(_of_month(each, asked)) for each in months)),
            ),
            period,
        )

    def totals(
        self, actor: Actor, asked: CutRequest, period: CalendarPeriod | None = None
    ) -> CutTable:
        """Return a table of all agencies' alerts, blurred; without a period of the last month.

        Raises:
            NotPermitted: the actor may read no totals, or the cut goes too deep.
            InvalidPeriod: the period is not over yet.
        """
        act = Permission.READ_TOTALS
        require(actor, act)
        require_permitted(asked.by)
        asked.check()
        period = period or self._publications.last_month()
        require_over(period, self._clock(), self.zone)
        now, before = self._publications.of(period), self._publications.of(period.before())
        months = _led_to(CalendarPeriod(period.year, period.month + period.months - 1, 1))
        led = [self._publications.of(each).figure(_whole(asked)) for each in months]
        making = _Making(asked, now, before, Months(months, tuple(led)))
        return self._noted(actor, act, making, period)

    def _exact(
        self, actor: Actor, asked: CutRequest, bounds: tuple[datetime, datetime]
    ) -> ExactCells:
        which = own_alerts(actor, asked.owner_id)
        with self._database.read() as session:
            return ExactCells(read_alerts(session, which, bounds, self.zone, self._clock()))

    def _noted(
        self,
        actor: Actor,
        act: Permission,
        making: "_Making",
        period: CalendarPeriod | tuple[datetime, datetime],
    ) -> CutTable:
        codes = [
            area_in(dimension, value)
            for dimension, values in zip(making.by, (making.rows, making.columns), strict=False)
            for value in values
        ]
        with self._database.read() as session:
            names = known.names(session, [*codes, making.asked.within])
        table = making.table(period, self.zone, names, exact=act is Permission.READ_REPORT)
        detail = {"by": [each.value for each in table.by], "lines": len(table.rows)}
        self._audit.note(
            AuditEntry(actor, act, owner_id=making.asked.owner_id or actor.agency_id, detail=detail)
        )
        return table


class _Making:
    """A table while it is made."""

    def __init__(self, asked: CutRequest, now: Cells, before: Cells, trend: Months) -> None:
        self.asked = asked
        self.by = asked.by
        self._now, self._before, self._trend = now, before, trend
        first, *second = self.by
        self.rows = self._values(first, (now, before))
        self.columns = self._values(second[0], (now,)) if second else ()

    def _values(self, dimension: Dimension, of: Sequence[Cells]) -> tuple[str, ...]:
        found = {value for each in of for value in values_of(each.alerts, dimension)}
        if dimension is Dimension.REGENCY and self.asked.within is not None:
            found = {value for value in found if tree.contains(self.asked.within, value)}
        return tuple(sorted(found))

    def table(
        self,
        period: CalendarPeriod | tuple[datetime, datetime],
        zone: tzinfo,
        names: Mapping[str, str],
        *,
        exact: bool,
    ) -> CutTable:
        """Return it."""
        whole, (first, *second) = _whole(self.asked), self.by
        since, until = period if isinstance(period, tuple) else period.bounds(zone)
        total = self._now.figure(whole)
        totals = {row: self._now.figure({first: row}) for row in self.rows}
        earlier = {row: self._before.figure({first: row}) for row in self.rows}
        columns, cells = {}, {}
        for other in second:
            for column in self.columns:
                # Within a province, its own total by the other dimension.
                columns[column] = self._now.figure(whole | {other: column})
                for row in self.rows:
                    cells[row, column] = self._now.figure({first: row, other: column})
        return CutTable(
            by=self.by,
            within=self.asked.within,
            since=since,
            until=until,
            period=None if isinstance(period, tuple) else period,
            rows=self.rows,
            columns=self.columns,
            cells=cells,
            row_totals=totals,
            row_changes={row: change(totals[row], earlier[row]) for row in self.rows},
            column_totals=columns,
            total=total,
            total_change=change(total, self._before.figure(whole)),
            trend=self._trend,
            exact=exact,
            names=names,
        )


def _whole(asked: CutRequest) -> dict[Dimension, str]:
    """Return what the whole table is about: everything, or one province."""
    return {} if asked.within is None else {Dimension.AREA: asked.within}


def _of_month(month: CalendarPeriod, asked: CutRequest) -> dict[Dimension, str]:
    return {**_whole(asked), Dimension.MONTH: str(month)}


def _led_to(last: CalendarPeriod) -> tuple[CalendarPeriod, ...]:
    return tuple(last.before(back) for back in reversed(range(TREND_MONTHS)))


def _before(
    period: CalendarPeriod | tuple[datetime, datetime], zone: tzinfo
) -> tuple[datetime, datetime]:
    """Return the period of the same length before."""
    if isinstance(period, tuple):
        since, until = period
        try:
            return since - (until - since), since
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC), since  # there is no year before it
    return period.before().bounds(zone)
