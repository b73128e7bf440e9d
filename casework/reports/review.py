"""How alerts were worked on: how many, how they ended, how long people took. No identities.

An agency counts the alerts of its own watchlists, exactly. A coordinator counts everybody's: over
calendar periods, by two dimensions at most and never by a list, with numbers that give no small
count away (`casework.reports.figures`, ADR 0037).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias
from zoneinfo import ZoneInfo

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import InvalidPeriod
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, extends_to, require
from casework.kernel.vocabulary import MatchedBy
from casework.reports.calendar import CalendarPeriod
from casework.reports.counted import CountedAlerts, quantiles, read_alerts
from casework.reports.dimensions import YES, AlertOutcome, Dimension, permitted, require_permitted
from casework.reports.figures import LEAST_SHOWN, NOT_TOLD, ZERO, Figure, FigureKind
from casework.reports.totals import Publications

if TYPE_CHECKING:
    from casework.reports.suppression import Publication
    from casework.review.alert_days import Floats, Ints


_Quantiles: TypeAlias = tuple[float | None, float | None]
_COLUMNS: Final = (Dimension.MATCHED_BY, Dimension.OUTCOME, Dimension.CLOSED)
"""By what a line counts its alerts further."""


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What a report on the own agency is to be about."""

    since: datetime
    until: datetime
    by: tuple[Dimension, ...] = ()
    """Groups; none means one line over everything."""
    zone: str = "UTC"
    """Whose hours, days and months: a name of the time zone database."""
    owner_id: str | None = None
    """Only this agency's watchlists; None for all within reach."""


@dataclass(frozen=True, slots=True)
class Line:
    """One group's figures; a time is None without data, or where it would be of a few alerts."""

    group: tuple[str, ...]
    alerts: Figure
    by_document: Figure
    """Of these, raised by a document alone, without a face."""
    confirmed: Figure
    """Held to be the subject. This and the next four add up to the alerts."""
    false_alarms: Figure
    waiting: Figure
    """Undecided within their review time."""
    overdue: Figure
    """Undecided beyond it."""
    other: Figure
    """Looked at, and people could not tell."""
    closed: Figure
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

    def __init__(self, kernel: Kernel, publications: Publications) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._publications = publications

    @property
    def zone(self) -> tzinfo:
        """The zone whose calendar periods totals are of."""
        return self._publications.zone

    def review(self, actor: Actor, question: ReportRequest) -> ReviewReport:
        """Return the figures of the actor's own agency's watchlists.

        Raises:
            NotPermitted: the actor may read no report.
            InvalidPeriod: it would end before it begins.
        """
        (report,) = self.reviews(actor, question, (question.by,))
        return report

    def reviews(
        self, actor: Actor, question: ReportRequest, groups: Sequence[tuple[Dimension, ...]]
    ) -> list[ReviewReport]:
        """Return the figures of the same alerts by several groups; they are read once.

        Raises:
            NotPermitted: the actor may read no report.
            InvalidPeriod: it would end before it begins.
        """
        act = Permission.READ_REPORT
        require(actor, act)
        if question.until <= question.since:
            raise InvalidPeriod("report_period_reversed")
        with self._database.read() as session:
            alerts = read_alerts(
                session,
                own_alerts(actor, question.owner_id),
                (question.since, question.until),
                ZoneInfo(question.zone),
                self._clock(),
            )
        reports = []
        for by in groups:
            lines = [_own_line(key, alerts, places) for key, places in grouped(alerts, by)]
            reports.append(self._noted(actor, act, replace(question, by=by), lines))
        return reports

    def totals(
        self, actor: Actor, period: CalendarPeriod | None = None, by: Sequence[Dimension] = ()
    ) -> ReviewReport:
        """Return the figures of all agencies, blurred; without a period, of the last whole month.

        Raises:
            NotPermitted: the actor may read no totals, or the groups would be too small.
            InvalidPeriod: the period is not over yet.
        """
        act = Permission.READ_TOTALS
        require(actor, act)
        require_permitted(by)
        period = period or self._publications.last_month()
        since, until = period.bounds(self.zone)
        question = ReportRequest(since, until, tuple(by), str(self.zone))
        publication = self._publications.of(period)
        shown = _Shown(publication, tuple(by))
        lines = [shown.line(key, places) for key, places in grouped(publication.alerts, by)]
        return self._noted(actor, act, question, lines)

    def _noted(
        self, actor: Actor, act: Permission, question: ReportRequest, lines: list[Line]
    ) -> ReviewReport:
        detail = {"by": [each.value for each in question.by], "lines": len(lines)}
        self._audit.note(
            AuditEntry(actor, act, owner_id=question.owner_id or actor.agency_id, detail=detail)
        )
        # What is withheld comes last, by name: its place must not tell it.
        lines.sort(key=lambda line: (-line.alerts.least, line.alerts.kind, line.group))
        return ReviewReport(question, tuple(lines))


def own_alerts(actor: Actor, owner_id: str | None) -> Callable[[str], bool]:
    """Return, by agency, whether reports count its alerts exactly for an actor."""

    def counts(owner: str) -> bool:
        return extends_to(actor, Permission.READ_REPORT, owner) and owner_id in (None, owner)

    return counts


def grouped(alerts: CountedAlerts, by: Sequence[Dimension]) -> "list[tuple[tuple[str, ...], Ints]]":
    """Return every group that holds alerts, with their places."""
    import numpy as np  # noqa: PLC0415 - most commands make no report

    keys, cells = alerts.cells(by)
    order = np.argsort(cells, kind="stable")
    ends = np.cumsum(np.bincount(cells, minlength=len(keys)))[:-1]
    return list(zip(keys, np.split(order, ends), strict=True)) if keys else []


def _own_line(group: tuple[str, ...], alerts: CountedAlerts, places: "Ints") -> Line:
    import numpy as np  # noqa: PLC0415 - as above

    counts = {}
    for dimension in _COLUMNS:
        names, codes = alerts.column(dimension)
        found = np.bincount(codes[places], minlength=len(names)).tolist()
        counts[dimension] = Counter(dict(zip(names, found, strict=True)))

    def count(dimension: Dimension, value: str) -> Figure:
        return Figure.exact(counts[dimension][value])

    return _line(
        group,
        Figure.exact(len(places)),
        count,
        quantiles(_measured(alerts.acknowledged_s, places)),
        quantiles(_measured(alerts.decided_s, places)),
    )


def _line(
    group: tuple[str, ...],
    whole: Figure,
    count: Callable[[Dimension, str], Figure],
    acknowledged: _Quantiles,
    decided: _Quantiles,
) -> Line:
    """Return a line, each column of which is a cell of the cut by one dimension more."""
    return Line(
        group,
        whole,
        count(Dimension.MATCHED_BY, MatchedBy.DOCUMENT),
        count(Dimension.OUTCOME, AlertOutcome.CONFIRMED),
        count(Dimension.OUTCOME, AlertOutcome.FALSE_ALARM),
        count(Dimension.OUTCOME, AlertOutcome.WAITING),
        count(Dimension.OUTCOME, AlertOutcome.OVERDUE),
        count(Dimension.OUTCOME, AlertOutcome.OTHER),
        count(Dimension.CLOSED, YES),
        *acknowledged,
        *decided,
    )


class _Shown:
    """Lines of what is shown of a period."""

    def __init__(self, publication: "Publication", by: tuple[Dimension, ...]) -> None:
        self._publication = publication
        self._by = by

    def line(self, group: tuple[str, ...], places: "Ints") -> Line:
        """Return the figures of one group."""
        values = dict(zip(self._by, group, strict=True))
        whole, alerts = self._publication.figure(values), self._publication.alerts
        # A time of a group that is withheld would say that it is one.
        shown = places if whole.kind is FigureKind.NUMBER else places[:0]
        return _line(
            group,
            whole,
            partial(self._column, values, whole),
            _of_enough(_measured(alerts.acknowledged_s, shown)),
            _of_enough(_measured(alerts.decided_s, shown)),
        )

    def _column(
        self, values: dict[Dimension, str], whole: Figure, dimension: Dimension, value: str
    ) -> Figure:
        if dimension in values:
            return whole if values[dimension] == value else ZERO
        deeper = values | {dimension: value}
        # Each month may be asked for by itself: it makes no cut deeper.
        if not permitted(deeper.keys() - {Dimension.MONTH}):
            return NOT_TOLD
        return self._publication.figure(deeper)


def _measured(seconds: "Floats", places: "Ints") -> "Floats":
    import numpy as np  # noqa: PLC0415 - as above

    found = seconds[places]
    return found[~np.isnan(found)]


def _of_enough(seconds: "Floats") -> _Quantiles:
    return quantiles(seconds) if len(seconds) >= LEAST_SHOWN else (None, None)
