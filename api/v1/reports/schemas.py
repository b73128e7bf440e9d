"""Reports: counts, never of anybody in particular."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator

from api.queries import QueryModel
from api.v1.common import Answer, DayOrTime
from casework.calibration.monitoring import WINDOW_DAYS, AlarmReport, Alarms
from casework.imports.csv_cells import csv_heading, csv_line
from casework.kernel import period
from casework.kernel.errors import InvalidPeriod
from casework.reports.calendar import CalendarPeriod
from casework.reports.cells import change
from casework.reports.cuts import CutRequest, CutTable
from casework.reports.dimensions import DEEPEST, Dimension
from casework.reports.figures import Figure, FigureKind
from casework.reports.lanes import LANE_DAYS, MOST_LANE_DAYS, MOST_LANES, LaneReport
from casework.reports.monthly import MonthlyReport
from casework.reports.performance import ListPerformance, PerformanceReport
from casework.reports.places import PlaceLine, PlaceMeasure, PlaceReport
from casework.reports.review import Line, ReportRequest, ReviewReport

_ADVISED: Final = "Photos after which the gate was to capture again (`recapture_advised`)."
_SECOND: Final = "Photos that repeat the capture of another (`recapture_of`)."
_PERSONS: Final = "Travellers whom an officer had to see, whatever the outcome (`person_required`)."


class AlarmQuery(QueryModel):
    """How far back alarms are counted."""

    days: int = Field(default=WINDOW_DAYS, ge=1, le=366, description="Days to go back.")


class ReportQuery(QueryModel):
    """What a report is about, and how it is answered."""

    by: list[Dimension] | None = Field(
        default=None, max_length=4, description="Groups; repeat for several."
    )
    since: DayOrTime | None = Field(
        default=None, description="Unset means 30 days before `until`. A day is one of `zone`."
    )
    until: DayOrTime | None = Field(
        default=None, description="Unset means now. A day of `zone` means to its end."
    )
    zone: str = Field(
        default="UTC", max_length=60, description="Time zone of hours, days and months."
    )
    format: Literal["json", "csv"] = Field(default="json", description="How to answer.")

    @field_validator("zone")
    @classmethod
    def _in_the_database(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("not a name of the time zone database, such as Asia/Jakarta")
        return zone

    @property
    def request(self) -> ReportRequest:
        """The request as the reports take it."""
        zone = ZoneInfo(self.zone)
        end = period.limit(self.until, zone) or datetime.now(UTC)
        begin = period.beginning(self.since, zone) or end - timedelta(days=WINDOW_DAYS)
        return ReportRequest(begin, end, tuple(dict.fromkeys(self.by or ())), self.zone)


class TotalsQuery(QueryModel):
    """What totals are about, and how they are answered."""

    by: list[Dimension] | None = Field(
        default=None, max_length=DEEPEST, description="Groups; repeat for two."
    )
    period: str | None = Field(
        default=None,
        max_length=10,
        description="A whole month (`2026-10`), quarter (`2026-Q4`) or year (`2026`) of the "
        "installation's time zone, that is over. Unset means the last month.",
    )
    since: DayOrTime | None = Field(
        default=None, description="With `until`, instead of `period`: they have to bound one."
    )
    until: DayOrTime | None = Field(
        default=None, description="A day means to its end; a time, that it is the first after."
    )
    format: Literal["json", "csv"] = Field(default="json", description="How to answer.")

    def chosen(self, zone: tzinfo) -> CalendarPeriod | None:
        """Return the period; raises InvalidPeriod where there is none such."""
        return _calendar_period(self.period, self.since, self.until, zone)


def _calendar_period(
    name: str | None, since: date | None, until: date | None, zone: tzinfo
) -> CalendarPeriod | None:
    if name is not None:
        return CalendarPeriod.read(name)
    begin, end = period.beginning(since, zone), period.limit(until, zone)
    if begin is None and end is None:
        return None
    found = None if begin is None or end is None else CalendarPeriod.between(begin, end, zone)
    if found is None:
        raise InvalidPeriod("period_not_whole", field="since")
    return found


class CutQuery(QueryModel):
    """What a table of all agencies' alerts is about."""

    rows: Dimension = Field(default=Dimension.AREA, description="Dimension of the rows.")
    columns: Dimension | None = Field(
        default=None, description="Dimension of the columns; unset means one dimension alone."
    )
    area_within: str | None = Field(
        default=None,
        max_length=2,
        description="Of areas, the regencies and cities of this province, by its code.",
    )
    period: str | None = Field(
        default=None,
        max_length=10,
        description="A month (`2026-10`), quarter (`2026-Q4`) or year (`2026`) of the "
        "installation's time zone. Unset means the last month that is over. Of all agencies' "
        "alerts, one that is over.",
    )
    format: Literal["json", "csv"] = Field(default="json", description="How to answer.")

    @property
    def asked(self) -> CutRequest:
        """What the table shows."""
        return CutRequest(self.rows, self.columns, self.area_within)


class OwnCutQuery(CutQuery):
    """What a table of the own agency's alerts is about."""

    since: DayOrTime | None = Field(
        default=None, description="With `until`, instead of `period`: any time."
    )
    until: DayOrTime | None = Field(
        default=None, description="A day means to its end; unset means now."
    )

    def chosen(self, zone: tzinfo) -> CalendarPeriod | tuple[datetime, datetime] | None:
        """Return the period; raises InvalidPeriod where none is named so."""
        begin = period.beginning(self.since, zone)
        if self.period is not None or begin is None:
            return CalendarPeriod.read(self.period) if self.period is not None else None
        return begin, period.limit(self.until, zone) or datetime.now(UTC)


class MapQuery(QueryModel):
    """What a map of all agencies' figures is about, and how it is answered."""

    period: str | None = Field(
        default=None,
        max_length=10,
        description="A month (`2026-10`), quarter (`2026-Q4`) or year (`2026`) of the "
        "installation's time zone. Unset means the last month that is over. Of all agencies' "
        "figures, one that is over.",
    )
    area_within: str | None = Field(
        default=None,
        max_length=2,
        description="The province, by its code, whose regencies and cities are counted; unset "
        "counts provinces.",
    )
    measure: PlaceMeasure = Field(
        default=PlaceMeasure.ALERTS,
        description="Of the PDF and of the workbook: whose change and months stand beside.",
    )
    format: Literal["json", "csv", "pdf", "xlsx"] = Field(
        default="json", description="How to answer."
    )
    language: Literal["id", "en"] = Field(
        default="id", description="Of the PDF and of the workbook."
    )

    @property
    def chosen(self) -> CalendarPeriod | None:
        """The period; raises InvalidPeriod where there is none such."""
        return CalendarPeriod.read(self.period) if self.period is not None else None


class MonthQuery(QueryModel):
    """Which month a report is about."""

    month: str | None = Field(
        default=None,
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$",
        description="Such as `2026-10`. Unset means the last one that is over.",
    )

    @property
    def chosen(self) -> CalendarPeriod | None:
        """The month; raises InvalidPeriod where there is none such."""
        return CalendarPeriod.read(self.month) if self.month is not None else None


class MonthlyQuery(MonthQuery):
    """Which month a report is about, and how it is answered."""

    format: Literal["json", "pdf", "xlsx"] = Field(default="json", description="How to answer.")
    language: Literal["id", "en"] = Field(
        default="id", description="Of the PDF and of the workbook."
    )


class WatchlistAlarms(Answer):
    """One watchlist's alarms: travellers with at least one alert of the list by their face."""

    watchlist_id: str
    name: str
    target_fpir: float
    travellers: int = Field(description="Searchable encounters that the list concerned.")
    alarms: int
    matches: int = Field(description="Alarms that people hold to be the subject.")
    undecided: int = Field(description="Alarms on which nobody has decided.")
    overdue: int = Field(description="Of these, alarms whose review time is over.")
    false_alarms: int = Field(description="Alarms that people found to be somebody else.")
    alarms_per_thousand: float | None
    false_alarm_rate: float | None = Field(
        description="Share of travellers with a false alarm, undecided ones left out; to be "
        "compared with target_fpir."
    )
    limit: int = Field(
        description="Control limit: the most false alarms that chance brings in 999 of 1,000 such "
        "windows at the target (exact binomial, one-sided)."
    )
    limit_per_thousand: float | None
    breach: bool = Field(description="Whether false and overdue alarms together exceed it.")

    @classmethod
    def of(cls, counted: Alarms) -> Self:
        """Make the answer from the counts."""
        travellers = counted.travellers
        return cls(
            watchlist_id=counted.watchlist_id,
            name=counted.name,
            target_fpir=counted.target_fpir,
            travellers=travellers,
            alarms=counted.alarms,
            matches=counted.matches,
            undecided=counted.undecided,
            overdue=counted.overdue,
            false_alarms=counted.false_alarms,
            alarms_per_thousand=counted.per_thousand(counted.alarms),
            false_alarm_rate=counted.false_alarms / travellers if travellers else None,
            limit=counted.limit,
            limit_per_thousand=counted.per_thousand(counted.limit),
            breach=counted.breach,
        )


class AlarmReportOut(Answer):
    """Every watchlist's alarms over a time."""

    since: datetime
    until: datetime
    watchlists: list[WatchlistAlarms]

    @classmethod
    def of(cls, report: AlarmReport) -> Self:
        """Make the answer from the report."""
        return cls(
            since=report.since,
            until=report.until,
            watchlists=[WatchlistAlarms.of(each) for each in report.watchlists],
        )


class LaneQuery(QueryModel):
    """How far back lanes are counted."""

    days: int = Field(default=LANE_DAYS, ge=1, le=MOST_LANE_DAYS, description="Days to go back.")


class LaneOut(Answer):
    """What came from one lane of one port."""

    port: str
    lane: str | None = Field(description="Null of what named no lane.")
    encounters: int
    unsearchable: int = Field(description="Of these, photos without a face to search.")
    ahead: int = Field(
        description="Photos that were taken, by the lane's clock, more than 5 minutes after they "
        "came in."
    )
    behind: int = Field(description="Photos taken more than 5 minutes before they came in.")
    verified: int = Field(description="Travellers who were compared with a reference.")
    mismatched: int = Field(description="Of these, who did not pass.")
    attacks: int = Field(
        description="Travellers in whom the gate's presentation attack detection found an attack."
    )
    recaptures_advised: int = Field(description=_ADVISED)
    second_captures: int = Field(description=_SECOND)
    persons_required: int = Field(description=_PERSONS)
    least_offset_s: float = Field(
        description="Seconds from receipt to capture, at least: below zero where capture was first."
    )
    greatest_offset_s: float
    last_at: datetime = Field(description="When the last photo came in.")


class LaneReportOut(Answer):
    """Every lane that sent something, those with the most capture times off first."""

    since: datetime
    until: datetime
    lanes: list[LaneOut] = Field(description=f"{MOST_LANES} at most.")

    @classmethod
    def of(cls, report: LaneReport) -> Self:
        """Make the answer from the report."""
        return cls.model_validate(report)


class FigureOut(Answer):
    """A count as it is shown. Your own agency's are exact; of others, numbers are rounded.

    They are multiples of 5, so parts need not add up to their whole exactly.
    """

    kind: FigureKind = Field(
        description="`number`; `fewer_than_5`, from 1 to 4; or `not_told`: any, because it would "
        "give a small number away, or lies deeper than totals go."
    )
    value: int | None = Field(description="Of a number alone.")


class ReviewLine(Answer):
    """One group's figures. A time is null without data, and in totals of fewer than 5 alerts."""

    group: dict[Dimension, str]
    alerts: FigureOut
    by_document: FigureOut = Field(
        description="Of these, raised by a document alone, without a face."
    )
    confirmed: FigureOut = Field(
        description="Held to be the subject. With the next four, all alerts."
    )
    false_alarms: FigureOut
    waiting: FigureOut = Field(description="Undecided within their review time.")
    overdue: FigureOut = Field(description="Undecided beyond it.")
    other: FigureOut = Field(description="Looked at, and people could not tell.")
    closed: FigureOut
    acknowledge_median_s: float | None
    acknowledge_p90_s: float | None
    decide_median_s: float | None
    decide_p90_s: float | None


class CutRow(Answer):
    """One row of a table."""

    value: str
    name: str | None = Field(description="Of an area.")
    cells: list[FigureOut] = Field(description="One for each of `columns`.")
    total: FigureOut
    change: FigureOut = Field(
        description="Against the period before; withheld unless both are numbers."
    )


class TrendMonth(Answer):
    """One of the months that led to the period's end."""

    month: str
    alerts: FigureOut


class CutOut(Answer):
    """Alerts by one or two dimensions."""

    since: datetime
    until: datetime
    period: str | None = Field(description="Null of a period that is no calendar's.")
    exact: bool = Field(description="Whether it is your own agency's: exact, and nothing withheld.")
    rows_by: Dimension
    columns_by: Dimension | None
    columns: list[str]
    rows: list[CutRow]
    column_totals: list[FigureOut]
    total: FigureOut
    change: FigureOut
    trend: list[TrendMonth] = Field(description="Twelve months, the first one first.")

    @classmethod
    def of(cls, table: CutTable) -> Self:
        """Make the answer from the table."""
        trend = zip(table.trend.months, table.trend.figures, strict=True)
        return cls(
            since=table.since,
            until=table.until,
            period=str(table.period) if table.period is not None else None,
            exact=table.exact,
            rows_by=table.by[0],
            columns_by=table.by[1] if len(table.by) > 1 else None,
            columns=list(table.columns),
            rows=[
                CutRow(
                    value=row,
                    name=table.names.get(row),
                    cells=[_out(table.cells[row, column]) for column in table.columns],
                    total=_out(table.row_totals[row]),
                    change=_out(table.row_changes[row]),
                )
                for row in table.rows
            ],
            column_totals=[_out(table.column_totals[column]) for column in table.columns],
            total=_out(table.total),
            change=_out(table.total_change),
            trend=[TrendMonth(month=str(month), alerts=_out(figure)) for month, figure in trend],
        )


class MapLine(Answer):
    """One place's figures, by measure."""

    area: str = Field(description="Code of a province or a regency; or `unknown`.")
    name: str | None
    ports: list[str] = Field(description="Those that raised alerts there, now or before.")
    figures: dict[PlaceMeasure, FigureOut]
    changes: dict[PlaceMeasure, FigureOut] = Field(
        description="Against the period before; `not_told` unless both are numbers."
    )
    months: dict[PlaceMeasure, list[FigureOut]] = Field(
        description="Within a province; of `months` of the answer."
    )


class MapOut(Answer):
    """The vulnerability map: reports and decisions by place, not people's danger."""

    period: str
    exact: bool = Field(description="Whether it is your own agency's: exact, and nothing withheld.")
    area_within: str | None
    measures: list[PlaceMeasure] = Field(
        description="What is counted; stays (`stays`, `check_outs`) of your own agency alone, "
        "where they are on."
    )
    months: list[str]
    lines: list[MapLine] = Field(description="In the order of codes, what is not known last.")

    @classmethod
    def of(cls, report: PlaceReport, names: Mapping[str, str]) -> Self:
        """Make the answer from the report, and the areas' names."""
        return cls(
            period=str(report.period),
            exact=report.exact,
            area_within=report.within,
            measures=list(report.measures),
            months=[str(each) for each in report.months],
            lines=[_map_line(report, line, names) for line in report.lines],
        )


def _map_line(report: PlaceReport, line: PlaceLine, names: Mapping[str, str]) -> MapLine:
    return MapLine(
        area=line.area,
        name=names.get(line.area),
        ports=list(line.ports),
        figures={each: _out(line.figures[each]) for each in report.measures},
        changes={
            each: _out(change(line.figures[each], line.before[each])) for each in report.measures
        },
        months={each: [_out(figure) for figure in line.months[each]] for each in report.measures}
        if report.months
        else {},
    )


def _out(figure: Figure) -> FigureOut:
    return FigureOut.model_validate(figure)


class ReviewReportOut(Answer):
    """How alerts were worked on, by group, most alerts first."""

    since: datetime
    until: datetime
    by: list[Dimension]
    lines: list[ReviewLine]

    @classmethod
    def of(cls, report: ReviewReport) -> Self:
        """Make the answer from the report."""
        request = report.question
        return cls(
            since=request.since,
            until=request.until,
            by=list(request.by),
            lines=[_review_line(request.by, line) for line in report.lines],
        )


def _review_line(by: Sequence[Dimension], line: Line) -> ReviewLine:
    return ReviewLine(
        group=dict(zip(by, line.group, strict=True)),
        **{name: getattr(line, name) for name in _FIGURES},
    )


_FIGURES = tuple(field.name for field in fields(Line) if field.name != "group")


def as_csv(report: ReviewReport) -> str:
    """Return a report as CSV with a heading; where a number is withheld stands the kind's word."""
    heading = csv_heading([*(each.value for each in report.question.by), *_FIGURES])
    lines = (
        [*line.group, *(_cell(getattr(line, name)) for name in _FIGURES)] for line in report.lines
    )
    return heading + "".join(map(csv_line, lines))


def _cell(value: Figure | float | None) -> str | float | None:
    return value.as_text if isinstance(value, Figure) else value


class ListPerformanceOut(Answer):
    """One list's false alarms against its target."""

    watchlist_id: str
    name: str
    travellers: int
    false_alarms: int
    undecided: int
    overdue: int
    target_fpir: float
    false_alarm_rate: float | None = Field(description="Realised: false alarms per traveller.")
    least_rate: float = Field(description="Exact (Clopper-Pearson) 95 % interval of the rate.")
    greatest_rate: float
    limit: int = Field(description="The most that chance brings in 999 of 1,000 such months.")
    within_target: bool = Field(description="False where even the interval's lower end is beyond.")

    @classmethod
    def of(cls, each: ListPerformance) -> Self:
        """Make the answer from the counts."""
        return cls(
            watchlist_id=each.alarms.watchlist_id,
            name=each.alarms.name,
            travellers=each.alarms.travellers,
            false_alarms=each.alarms.false_alarms,
            undecided=each.alarms.undecided,
            overdue=each.alarms.overdue,
            target_fpir=each.alarms.target_fpir,
            false_alarm_rate=each.rate,
            least_rate=each.least_rate,
            greatest_rate=each.greatest_rate,
            limit=each.alarms.limit,
            within_target=each.kept,
        )


class PortPhotosOut(Answer):
    """Photos that one port sent."""

    port: str
    screened: int
    unsearchable: int
    recaptures_advised: int = Field(description=_ADVISED)
    second_captures: int = Field(description=_SECOND)
    persons_required: int = Field(description=_PERSONS)


class AnswerTimesOut(Answer):
    """Milliseconds from a photo to its record, of the month's last answers."""

    answers: int
    p50: float | None
    p95: float | None
    p99: float | None


class PerformanceOut(Answer):
    """How well the service did in a month."""

    month: str
    since: datetime
    until: datetime
    screened: int = Field(description="Photos that came in, of every port.")
    unsearchable: int = Field(description="Failures to acquire: photos that were refused.")
    unsearchable_share: float | None
    recaptures_advised: int = Field(description=_ADVISED)
    second_captures: int = Field(description=_SECOND)
    persons_required: int = Field(description=_PERSONS)
    reasons: dict[str, int] = Field(
        description="How often photos were refused, by reason; a photo may have several."
    )
    ports: list[PortPhotosOut]
    times_ms: AnswerTimesOut
    watchlists: list[ListPerformanceOut]

    @classmethod
    def of(cls, report: PerformanceReport) -> Self:
        """Make the answer from the report."""
        return cls(
            month=str(report.month),
            since=report.since,
            until=report.until,
            screened=report.screened,
            unsearchable=report.unsearchable,
            unsearchable_share=report.unsearchable / report.screened if report.screened else None,
            recaptures_advised=report.recaptures_advised,
            second_captures=report.second_captures,
            persons_required=report.persons_required,
            reasons=dict(report.reasons),
            ports=[PortPhotosOut.model_validate(each) for each in report.ports],
            times_ms=AnswerTimesOut.model_validate(report.times),
            watchlists=[ListPerformanceOut.of(each) for each in report.lists],
        )


class MonthlyGroup(Answer):
    """The month's alerts by one dimension."""

    by: Dimension
    lines: list[ReviewLine]


class MonthlyOut(Answer):
    """The monthly report."""

    month: str
    exact: bool = Field(description="Whether it is your own agency's.")
    whole: ReviewLine | None = Field(description="Null of a month without an alert.")
    groups: list[MonthlyGroup]
    performance: PerformanceOut = Field(description="Of all agencies without watchlists.")
    trend: list[TrendMonth]

    @classmethod
    def of(cls, report: MonthlyReport) -> Self:
        """Make the answer from the report."""
        trend = zip(report.trend.months, report.trend.figures, strict=True)
        return cls(
            month=str(report.month),
            exact=report.exact,
            whole=_review_line((), report.whole) if report.whole is not None else None,
            groups=[
                MonthlyGroup(by=by, lines=[_review_line((by,), line) for line in lines])
                for by, lines in report.groups
            ],
            performance=PerformanceOut.of(report.performance),
            trend=[TrendMonth(month=str(month), alerts=_out(figure)) for month, figure in trend],
        )


def cut_as_csv(table: CutTable) -> str:
    """Return a table as CSV: a heading, a line for each row, and the totals."""
    lines = [
        [
            row,
            *(table.cells[row, column].as_text for column in table.columns),
            table.row_totals[row].as_text,
            table.row_changes[row].as_text,
        ]
        for row in table.rows
    ]
    totals = [table.column_totals[column].as_text for column in table.columns]
    lines.append(["total", *totals, table.total.as_text, table.total_change.as_text])
    heading = csv_heading([table.by[0].value, *table.columns, "total", "change"])
    return heading + "".join(map(csv_line, lines))


def map_as_csv(report: PlaceReport, names: Mapping[str, str]) -> str:
    """Return a map's figures as CSV: a heading, and a line for each place."""
    measures = report.measures
    heading = ["area", "name", "ports", *measures, *(f"{each}_change" for each in measures)]
    lines = [
        [
            line.area,
            names.get(line.area, ""),
            " ".join(line.ports),
            *(line.figures[each].as_text for each in measures),
            *(change(line.figures[each], line.before[each]).as_text for each in measures),
        ]
        for line in report.lines
    ]
    return csv_heading(heading) + "".join(map(csv_line, lines))
