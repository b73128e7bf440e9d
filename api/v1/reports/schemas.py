"""Reports: counts, never of anybody in particular."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator

from api.queries import QueryModel
from api.v1.common import Answer, DayOrTime
from casework.calibration.monitoring import WINDOW_DAYS, AlarmReport, Alarms
from casework.imports.csv_cells import csv_heading, csv_line
from casework.kernel import period
from casework.oversight.lanes import LANE_DAYS, MOST_LANE_DAYS, MOST_LANES, LaneReport
from casework.oversight.reports import Dimension, Line, ReportRequest, ReviewReport


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


class WatchlistAlarms(Answer):
    """One watchlist's alarms: travellers with at least one alert of the list by their face."""

    watchlist_id: str
    name: str
    target_fpir: float
    travellers: int = Field(description="Searchable encounters that the list concerned.")
    alarms: int
    matches: int = Field(description="Alarms that people hold to be the subject.")
    undecided: int = Field(description="Alarms on which nobody has decided.")
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
    breach: bool = Field(description="Whether false and undecided alarms together exceed it.")

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


class ReviewLine(Answer):
    """One group's figures; null is a small number that is hidden, or a time without data."""

    group: dict[Dimension, str]
    alerts: int | None
    by_document: int | None = Field(
        description="Of these, raised by a document alone, without a face."
    )
    confirmed: int | None = Field(description="Held to be the subject.")
    false_alarms: int | None
    undecided: int | None
    closed: int | None
    acknowledge_median_s: float | None
    acknowledge_p90_s: float | None
    decide_median_s: float | None
    decide_p90_s: float | None


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
            lines=[
                ReviewLine(
                    group=dict(zip(request.by, line.group, strict=True)),
                    **{name: getattr(line, name) for name in _FIGURES},
                )
                for line in report.lines
            ],
        )


_FIGURES = tuple(field.name for field in fields(Line) if field.name != "group")


def as_csv(report: ReviewReport) -> str:
    """Return a report as CSV with a heading; hidden numbers are empty."""
    heading = csv_heading([*(each.value for each in report.question.by), *_FIGURES])
    lines = ([*line.group, *(getattr(line, name) for name in _FIGURES)] for line in report.lines)
    return heading + "".join(map(csv_line, lines))
