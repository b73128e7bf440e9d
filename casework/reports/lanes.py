"""Lanes: how many photos each sent, and whether its clock is right. Counts, never identities."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Float, Select, and_, case, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.kernel.vocabulary import Outcome, PadResult, Recapture
from casework.screening.capture_time import OFF
from casework.tables import Encounter

LANE_DAYS: Final = 1
FRESH: Final = timedelta(minutes=10)
"""For so long a count is shown again: it reads every encounter of a day."""
MOST_LANE_DAYS: Final = 31
"""Each encounter of that time is read: more would take seconds at a large port."""
MOST_LANES: Final = 500
"""Named in one report, those with the most captures off first: a lane's name is the port's own
word, and one that is new for every traveller must not fill the answer."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What came from one lane of one port."""

    port: str
    lane: str | None
    """None of what named no lane."""
    encounters: int
    unsearchable: int
    ahead: int
    """Photos that were taken, by the lane's clock, more than `OFF` after they came in."""
    behind: int
    """Photos that were taken more than `OFF` before they came in."""
    verified: int
    """Travellers who were compared with a reference."""
    mismatched: int
    """Of these, who did not pass."""
    attacks: int
    """Travellers in whom the gate's presentation attack detection found an attack."""
    recaptures_advised: int
    """Photos after which the gate was to capture again."""
    second_captures: int
    """Photos that repeat the capture of another."""
    persons_required: int
    """Travellers whom an officer had to see, whatever the outcome."""
    least_offset_s: float
    greatest_offset_s: float
    """From receipt to capture in seconds: above zero of a clock that is ahead. Where both are far
    off and alike, the clock is wrong; a wide span is a lane that was cut off and sent later."""
    last_at: datetime
    """When the last photo came in."""

    @property
    def off(self) -> int:
        """Photos whose capture time is off."""
        return self.ahead + self.behind


@dataclass(frozen=True, slots=True)
class LaneReport:
    """Every lane that sent something, from one moment to another."""

    since: datetime
    until: datetime
    lanes: tuple[Lane, ...]
    """Those with the most captures off first."""


class Lanes:
    """Counts what lanes sent."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._latest: LaneReport | None = None

    def report(self, actor: Actor, days: int = LANE_DAYS) -> LaneReport:
        """Return the report over the last days: a port's lanes are nobody's secret among agencies.

        Raises:
            NotPermitted: the actor may read no report.
        """
        require(actor, Permission.READ_REPORT)
        return self._noted(actor, self.count(days))

    def latest(self, actor: Actor) -> LaneReport:
        """Return the report over `LANE_DAYS` as the service last counted it for its own figures.

        Raises:
            NotPermitted: the actor may read no report.
        """
        require(actor, Permission.READ_REPORT)
        report = self._latest
        if report is None or self._clock() - report.until > FRESH:
            report = self.count()
        return self._noted(actor, report)

    def _noted(self, actor: Actor, report: LaneReport) -> LaneReport:
        detail = {"by": ["port", "lane"], "lines": len(report.lanes)}
        self._audit.note(
            AuditEntry(actor, Permission.READ_REPORT, owner_id=actor.agency_id, detail=detail)
        )
        return report

    def count(self, days: int = LANE_DAYS) -> LaneReport:
        """Return the report for the service's own figures."""
        until = self._clock()
        since = until - timedelta(days=days)
        with self._database.read() as session:
            report = LaneReport(since, until, _lanes(session, since))
        if days == LANE_DAYS:
            self._latest = report
        return report


def _lanes(session: Session, since: datetime) -> tuple[Lane, ...]:
    rows = session.execute(_LANES.where(Encounter.received_at >= since))
    return tuple(
        Lane(
            port=row.port,
            lane=row.lane,
            encounters=row.encounters,
            unsearchable=row.unsearchable,
            ahead=row.ahead,
            behind=row.behind,
            verified=row.verified,
            mismatched=row.mismatched,
            attacks=row.attacks,
            recaptures_advised=row.recaptures_advised,
            second_captures=row.second_captures,
            persons_required=row.persons_required,
            least_offset_s=round(row.least, 1),
            greatest_offset_s=round(row.greatest, 1),
            last_at=row.last,
        )
        for row in rows
    )


class _SecondsBetween(FunctionElement[float]):
    """Seconds from the second time to the first."""

    type = Float()
    inherit_cache = True


@compiles(_SecondsBetween, "sqlite")
def _by_days(element: Any, compiler: Any, **how: Any) -> str:  # noqa: ANN401 - SQLAlchemy's hook
    later, earlier = (compiler.process(each, **how) for each in element.clauses)
    return f"((julianday({later}) - julianday({earlier})) * 86400.0)"


@compiles(_SecondsBetween)
def _by_epoch(element: Any, compiler: Any, **how: Any) -> str:  # noqa: ANN401 - as above
    later, earlier = (compiler.process(each, **how) for each in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM ({later} - {earlier})) AS DOUBLE PRECISION)"


_OFFSET: Final = _SecondsBetween(Encounter.captured_at, Encounter.received_at)
# Days are counted in floating point: a millisecond is within its rounding.
_OFF_S: Final = OFF.total_seconds() + 0.001


def count_if(*conditions: Any) -> Any:  # noqa: ANN401 - SQL
    """Return how many of the rows meet all conditions; None of no row."""
    return func.sum(case((and_(*conditions), 1), else_=0))


_PASSES: Final = Encounter.verification["passes"].as_boolean()
_PAD: Final = Encounter.presentation["result"].as_string()
# A document also raises alerts of photos that could not be searched.
UNSEARCHABLE: Final = or_(
    Encounter.outcome == Outcome.UNSEARCHABLE.value,
    and_(
        Encounter.outcome == Outcome.ALERT.value,
        Encounter.quality["verdict"].as_string() == Outcome.UNSEARCHABLE.value,
    ),
)
# Lodgings report to one agency, and every agency reads this: see `casework.stays.screening`.
OF_PORTS: Final = ~Encounter.port.contains("-")
_AHEAD: Final = count_if(_OFFSET > _OFF_S)
_BEHIND: Final = count_if(_OFFSET < -_OFF_S)

RECAPTURE_ADVISED: Final = Encounter.recapture == Recapture.ADVISED.value
SECOND_CAPTURE: Final = Encounter.recapture_of.is_not(None)
PERSON_REQUIRED: Final = or_(
    Encounter.person_required, Encounter.recapture == Recapture.PERSON.value
)

_LANES: Final[Select[Any]] = (
    select(
        Encounter.port,
        Encounter.lane,
        func.count().label("encounters"),
        count_if(UNSEARCHABLE).label("unsearchable"),
        _AHEAD.label("ahead"),
        _BEHIND.label("behind"),
        count_if(_PASSES.is_not(None)).label("verified"),
        count_if(_PASSES.is_(False)).label("mismatched"),
        count_if(_PAD.in_([PadResult.FAIL.value])).label("attacks"),
        count_if(RECAPTURE_ADVISED).label("recaptures_advised"),
        count_if(SECOND_CAPTURE).label("second_captures"),
        count_if(PERSON_REQUIRED).label("persons_required"),
        func.min(_OFFSET).label("least"),
        func.max(_OFFSET).label("greatest"),
        func.max(Encounter.received_at).label("last"),
    )
    .where(OF_PORTS)
    .group_by(Encounter.port, Encounter.lane)
    .order_by((_AHEAD + _BEHIND).desc(), Encounter.port, Encounter.lane.nulls_last())
    .limit(MOST_LANES)
)
