"""Reports on alerts: how many, how they ended, how long people took. Counts, never identities.

An agency counts the alerts of its own watchlists. A coordinator counts everybody's, but cannot ask
for a single list, and small numbers are hidden: one alert at one port on one day would be a person.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, select

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import InvalidPeriod, NotPermitted
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require, within_reach
from casework.kernel.vocabulary import AlertState, MatchedBy
from casework.review.findings import AdjudicationResult, result_of, visible_state
from casework.tables import Agency, Alert, Encounter, Subject

LEAST_SHOWN: Final = 5
"""In totals, a count from 1 up to below this is hidden."""

UNKNOWN: Final = "unknown"
_BATCH: Final = 5000


class Dimension(StrEnum):
    """What alerts can be counted by."""

    PORT = "port"
    WATCHLIST = "watchlist"
    CATEGORY = "category"
    AGENCY = "agency"
    DIRECTION = "direction"
    STAGE = "stage"
    NATIONALITY = "nationality"
    """Of the subject, where it is known and not erased."""
    MATCHED_BY = "matched_by"
    """By face, document or both."""
    HOUR = "hour"
    """Of the day, local time."""
    DAY = "day"
    MONTH = "month"


# A single list of another agency is nobody else's business, even as a count.
OF_TOTALS: Final = frozenset(Dimension) - {Dimension.WATCHLIST}


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What a report is to be about."""

    since: datetime
    until: datetime
    by: tuple[Dimension, ...] = ()
    """Groups; none means one line over everything."""
    zone: str = "UTC"
    """Whose hours, days and months: a name of the time zone database."""


@dataclass(frozen=True, slots=True)
class Line:
    """One group's figures. None is a small number that is hidden, or a time without data."""

    group: tuple[str, ...]
    alerts: int | None
    by_document: int | None
    """Of these, raised by a document alone, without a face."""
    confirmed: int | None
    """Held to be the subject."""
    false_alarms: int | None
    undecided: int | None
    closed: int | None
    acknowledge_median_s: float | None
    """Seconds from alert to acknowledgement: half took longer."""
    acknowledge_p90_s: float | None
    decide_median_s: float | None
    decide_p90_s: float | None


@dataclass(frozen=True, slots=True)
class ReviewReport:
    """The figures of every group, most alerts first."""

    question: ReportRequest
    lines: tuple[Line, ...]


class Reports:
    """Counts alerts for those who may know."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock

    def review(self, actor: Actor, question: ReportRequest) -> ReviewReport:
        """Return the figures of the actor's own agency's watchlists.

        Raises:
            NotPermitted: the actor may read no report.
            InvalidPeriod: it would end before it begins.
        """
        require(actor, Permission.READ_REPORT)
        return self._report(actor, Permission.READ_REPORT, question)

    def totals(self, actor: Actor, question: ReportRequest) -> ReviewReport:
        """Return the figures of all agencies, small numbers hidden.

        Raises:
            NotPermitted: the actor may read no totals, or asks for single watchlists.
            InvalidPeriod: it would end before it begins.
        """
        require(actor, Permission.READ_TOTALS)
        beyond = set(question.by) - OF_TOTALS
        if beyond:
            raise NotPermitted("totals_by_watchlist")
        exact = self._report(actor, Permission.READ_TOTALS, question)
        return replace(exact, lines=tuple(_suppressed(line) for line in exact.lines))

    def _report(self, actor: Actor, act: Permission, question: ReportRequest) -> ReviewReport:
        if question.until <= question.since:
            raise InvalidPeriod("report_period_reversed")
        query = _ALERTS.where(
            within_reach(actor, act, Alert.owner_id),
            Alert.created_at >= question.since,
            Alert.created_at < question.until,
        ).execution_options(yield_per=_BATCH)
        zone = ZoneInfo(question.zone)
        groups: dict[tuple[str, ...], _Tally] = {}
        with self._database.read() as session:
            for row in session.execute(query):
                key = tuple(_value(row, dimension, zone) for dimension in question.by)
                groups.setdefault(key, _Tally()).add(row)
        lines = sorted(
            (tally.line(key) for key, tally in groups.items()),
            key=lambda line: (-(line.alerts or 0), line.group),
        )
        detail = {"by": [each.value for each in question.by], "lines": len(lines)}
        self._audit.note(AuditEntry(actor, act, owner_id=actor.agency_id, detail=detail))
        return ReviewReport(question, tuple(lines))


class _Tally:
    """One group while it is counted."""

    def __init__(self) -> None:
        self._findings: list[AdjudicationResult] = []
        self._closed = 0
        self._by_document = 0
        self._acknowledged: list[float] = []
        self._decided: list[float] = []

    def add(self, row: "_Counted") -> None:
        """Count one alert."""
        self._findings.append(result_of(row.state, row.disposal, row.found))
        self._closed += row.state == AlertState.CLOSED
        self._by_document += row.matched_by == MatchedBy.DOCUMENT
        if row.acknowledged_at is not None:
            self._acknowledged.append((row.acknowledged_at - row.created_at).total_seconds())
        if row.decided_at is not None:
            self._decided.append((row.decided_at - row.created_at).total_seconds())

    def line(self, group: tuple[str, ...]) -> Line:
        """Return the figures."""
        return Line(
            group,
            len(self._findings),
            self._by_document,
            self._findings.count(AdjudicationResult.MATCH),
            self._findings.count(AdjudicationResult.FALSE_ALARM),
            self._findings.count(AdjudicationResult.OPEN),
            self._closed,
            *_quantiles(self._acknowledged),
            *_quantiles(self._decided),
        )


_Counted = Row[
    *tuple[datetime, datetime | None, datetime | None, str, str | None, str | None],
    *tuple[str, str, str, str, str, str, str, str],
]

_ALERTS: Final[Select] = (  # type: ignore[type-arg]
    select(
        Alert.created_at,
        Alert.acknowledged_at,
        Alert.decided_at,
        visible_state().label("state"),
        Alert.disposal,
        Alert.found,
        Alert.watchlist_name.label(Dimension.WATCHLIST.value),
        Alert.category.label(Dimension.CATEGORY.value),
        Alert.matched_by.label(Dimension.MATCHED_BY.value),
        Agency.code.label(Dimension.AGENCY.value),
        Encounter.port.label(Dimension.PORT.value),
        Encounter.direction.label(Dimension.DIRECTION.value),
        Encounter.stage.label(Dimension.STAGE.value),
        Subject.nationality.label(Dimension.NATIONALITY.value),
    )
    .join(Encounter, Encounter.id == Alert.encounter_id)
    .outerjoin(Agency, Agency.id == Alert.owner_id)
    .outerjoin(Subject, Subject.id == Alert.subject_id)
)

_FORMATS: Final = {Dimension.HOUR: "%H", Dimension.DAY: "%Y-%m-%d", Dimension.MONTH: "%Y-%m"}


def _value(row: _Counted, dimension: Dimension, zone: ZoneInfo) -> str:
    if dimension in _FORMATS:
        raised: datetime = row.created_at
        return raised.astimezone(zone).strftime(_FORMATS[dimension])
    return str(getattr(row, dimension.value) or UNKNOWN)


def _quantiles(seconds: Sequence[float]) -> tuple[float | None, float | None]:
    if not seconds:
        return None, None
    import numpy as np  # noqa: PLC0415 - most commands make no report

    median, p90 = np.quantile(seconds, [0.5, 0.9])
    return round(float(median), 1), round(float(p90), 1)


def _suppressed(line: Line) -> Line:
    """Hide what could be a single person's."""
    counts = (
        line.alerts,
        line.by_document,
        line.confirmed,
        line.false_alarms,
        line.undecided,
        line.closed,
    )
    if not _small(counts):
        return line
    if line.alerts is not None and line.alerts < LEAST_SHOWN:
        return Line(line.group, *(None,) * 10)
    # One hidden number among shown ones that add up would be no secret: hide all parts.
    return replace(
        line, by_document=None, confirmed=None, false_alarms=None, undecided=None, closed=None
    )


def _small(counts: Iterable[int | None]) -> bool:
    return any(count is not None and 0 < count < LEAST_SHOWN for count in counts)
