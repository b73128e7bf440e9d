"""Performance of a month, in the manner of the monthly accuracy statements of border systems.

False alarms against their targets, photos that could not be searched, how fast answers were.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, extends_to, require
from casework.reports.calendar import CalendarPeriod
from casework.reports.lanes import (
    OF_PORTS,
    PERSON_REQUIRED,
    RECAPTURE_ADVISED,
    SECOND_CAPTURE,
    UNSEARCHABLE,
    count_if,
)
from casework.tables import Encounter
from casework.tables.encounters import GATE_ACTED

if TYPE_CHECKING:
    from casework.calibration.monitoring import Alarms

LEVEL: Final = 0.95
"""Of the intervals."""
MOST_TIMED: Final = 20_000
"""Answers of a month whose times are looked at, the last ones."""
_BATCH: Final = 5000


@dataclass(frozen=True, slots=True)
class PortPhotos:
    """Photos that one port sent."""

    port: str
    screened: int
    unsearchable: int
    recaptures_advised: int = 0
    """Photos after which the gate was to capture again."""
    second_captures: int = 0
    """Photos that repeat the capture of another."""
    persons_required: int = 0
    """Travellers whom an officer had to see, whatever the outcome."""


@dataclass(frozen=True, slots=True)
class ListPerformance:
    """One list's false alarms against its target."""

    alarms: "Alarms"
    least_rate: float
    """Of the false alarm rate's interval (Clopper-Pearson, 95 %)."""
    greatest_rate: float

    @property
    def rate(self) -> float | None:
        """False alarms per traveller; None without any."""
        travellers = self.alarms.travellers
        return self.alarms.false_alarms / travellers if travellers else None

    @property
    def kept(self) -> bool:
        """Whether the target can hold: false unless even the least likely rate is beyond it."""
        return self.least_rate <= self.alarms.target_fpir


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """Milliseconds from the photo to what was recorded of it, by share of answers."""

    answers: int
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class PerformanceReport:
    """One month."""

    month: CalendarPeriod
    since: datetime
    until: datetime
    ports: tuple[PortPhotos, ...]
    reasons: Mapping[str, int]
    """How often photos could not be searched, by reason, the most frequent first; a photo may
    have several."""
    times: AnswerTimes
    lists: tuple[ListPerformance, ...]

    @property
    def screened(self) -> int:
        """Photos that came in."""
        return sum(each.screened for each in self.ports)

    @property
    def unsearchable(self) -> int:
        """Of these, those that could not be searched: failures to acquire."""
        return sum(each.unsearchable for each in self.ports)

    @property
    def recaptures_advised(self) -> int:
        """Photos after which a gate was to capture again."""
        return sum(each.recaptures_advised for each in self.ports)

    @property
    def second_captures(self) -> int:
        """Photos that repeat the capture of another."""
        return sum(each.second_captures for each in self.ports)

    @property
    def persons_required(self) -> int:
        """Travellers whom an officer had to see, whatever the outcome."""
        return sum(each.persons_required for each in self.ports)


class Performance:
    """Reports how well the service did."""

    def __init__(self, kernel: Kernel, zone: tzinfo) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._zone = zone

    def report(
        self, actor: Actor, month: CalendarPeriod | None = None, owner_id: str | None = None
    ) -> PerformanceReport:
        """Return the report of a month, with the lists within the actor's reach.

        Args:
            actor: who may read reports.
            month: None for the last one that is over.
            owner_id: only lists of this agency.

        Raises:
            NotPermitted: the actor may read no report.
        """
        require(actor, Permission.READ_REPORT)
        found = self.count(month, with_lists=True)
        lists = tuple(
            each
            for each in found.lists
            if extends_to(actor, Permission.READ_REPORT, each.alarms.owner_id)
            and owner_id in (None, each.alarms.owner_id)
        )
        detail = {"by": ["month", "watchlist"], "lines": len(lists)}
        self._audit.note(
            AuditEntry(
                actor,
                Permission.READ_REPORT,
                owner_id=owner_id or actor.agency_id,
                detail=detail,
            )
        )
        return PerformanceReport(
            found.month,
            found.since,
            found.until,
            found.ports,
            found.reasons,
            found.times,
            lists,
        )

    def count(
        self, month: CalendarPeriod | None = None, *, with_lists: bool = False
    ) -> PerformanceReport:
        """Return the report of a month, of every list or of none."""
        # It takes arithmetic on arrays, which most processes never do.
        from casework.calibration.monitoring import count_alarms  # noqa: PLC0415

        now = self._clock()
        month = month or CalendarPeriod.last_month(now, self._zone)
        since, until = month.bounds(self._zone)
        with self._database.read() as session:
            lists = count_alarms(session, since, now, until) if with_lists else ()
            return PerformanceReport(
                month,
                since,
                until,
                _ports(session, since, until),
                _reasons(session, since, until),
                _times(session, since, until),
                tuple(
                    ListPerformance(each, *interval(each.false_alarms, each.travellers))
                    for each in lists
                ),
            )


def interval(count: int, of: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact (Clopper-Pearson) interval of a share.

    Args:
        count: how often it happened; no more than `of` are counted.
        of: out of how many.
        level: how often such intervals hold the true share, at least.
    """
    count = min(count, of)
    if not of:
        return 0.0, 1.0
    from scipy import special  # noqa: PLC0415 - most commands need none of it

    tail = (1 - level) / 2
    least = special.betaincinv(count, of - count + 1, tail) if count else 0.0
    most = special.betaincinv(count + 1, of - count, 1 - tail) if count < of else 1.0
    return float(least), float(most)


def _within(since: datetime, until: datetime) -> tuple[Any, Any, Any]:
    return Encounter.received_at >= since, Encounter.received_at < until, OF_PORTS


def _ports(session: Session, since: datetime, until: datetime) -> tuple[PortPhotos, ...]:
    refused = session.execute(
        select(Encounter.port, func.count())
        .where(*_within(since, until), UNSEARCHABLE)
        .group_by(Encounter.port)
    )
    unsearchable = {port: count for port, count in refused}  # noqa: C416 - rows are no pairs
    counted = session.execute(
        select(Encounter.port, func.count())
        .where(*_within(since, until))
        .group_by(Encounter.port)
        .order_by(Encounter.port)
    )
    acted = session.execute(
        select(
            Encounter.port,
            count_if(RECAPTURE_ADVISED),
            count_if(SECOND_CAPTURE),
            count_if(PERSON_REQUIRED),
        )
        .where(*_within(since, until), text(GATE_ACTED))
        .group_by(Encounter.port)
    )
    gates = {port: tuple(figures) for port, *figures in acted}
    return tuple(
        PortPhotos(port, count, unsearchable.get(port, 0), *gates.get(port, ()))
        for port, count in counted
    )


def _reasons(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    found: Counter[str] = Counter()
    query = select(Encounter.quality).where(*_within(since, until), UNSEARCHABLE)
    for quality in session.scalars(query.execution_options(yield_per=_BATCH)):
        found.update({each["code"] for each in quality.get("reasons", ())})
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _times(session: Session, since: datetime, until: datetime) -> AnswerTimes:
    query = (
        select(Encounter.stages)
        .where(*_within(since, until))
        .order_by(Encounter.received_at.desc())
        .limit(MOST_TIMED)
    )
    taken = [sum(stages.values()) for stages in session.scalars(query) if stages]
    if not taken:
        return AnswerTimes(0, None, None, None)
    import numpy as np  # noqa: PLC0415 - most commands make no report

    p50, p95, p99 = (round(float(each), 1) for each in np.quantile(taken, [0.5, 0.95, 0.99]))
    return AnswerTimes(len(taken), p50, p95, p99)
