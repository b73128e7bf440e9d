"""Reports: counts, never of anybody in particular."""

from datetime import datetime
from typing import Self

from pydantic import Field

from api.schemas.common import Answer
from casework.monitoring import AlarmReport, Alarms


class WatchlistAlarms(Answer):
    """One watchlist's alarms. An alarm is a traveller with at least one alert of the list."""

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
