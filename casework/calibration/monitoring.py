"""Monitoring: whether the lists alarm as rarely as was promised.

Counts alone, by watchlist: nothing of any traveller is read. Encounters come from one index
(`ix_encounter_screened`), and days that are over from memory (`casework.kernel.kept_days`).

A breach goes into the audit trail when it begins and when it ends. What the trail says last of
a list is also how it is known, after a restart or in another process, whether one has begun.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from casework.calibration.policy import kept_fpir
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kept_days import Bounds, KeptDays, memory_of, split
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, extends_to, require
from casework.kernel.vocabulary import Direction, MatchedBy, Outcome
from casework.review.alert_days import AlertColumns, Words, microseconds, read_columns
from casework.review.findings import SEVERITY, AdjudicationResult
from casework.tables import AuditRecord, Encounter, Watchlist

WINDOW_DAYS: Final = 30
BREACH: Final = "watchlist.breach"
"""The audit trail's act; `detail.breach` says whether it begins or ends."""
LEVEL: Final = 0.999
"""The limit is passed by chance once in a thousand looks at most: a breach is worth a person's time
even where several lists are watched all day."""

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_Passage: TypeAlias = tuple[str, Direction, str]
"""Port, direction and stage."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """One watchlist's alarms over a time: travellers with at least one alert by their face."""

    watchlist_id: str
    owner_id: str
    name: str
    target_fpir: float
    travellers: int
    """Searchable encounters that the list concerned, as it looks at directions and ports now."""
    matches: int
    """Alarms that people hold to be the subject."""
    undecided: int
    false_alarms: int
    """Alarms that people found to be somebody else."""
    overdue: int
    """Of the undecided, those whose review time is over."""
    limit: int
    """The most alarms that chance brings in 999 of 1,000 such windows, at the target."""

    @property
    def alarms(self) -> int:
        """All alarms."""
        return self.matches + self.undecided + self.false_alarms

    @property
    def not_matches(self) -> int:
        """Alarms that nobody holds to be the subject: those undecided too."""
        return self.undecided + self.false_alarms

    @property
    def by_chance(self) -> int:
        """Alarms that count as chance: false ones, and those undecided beyond their time.

        Before that nobody is late: a list is not to blame for what officers are looking at.
        """
        return self.overdue + self.false_alarms

    @property
    def breach(self) -> bool:
        """Whether more alarms count as chance than the target can bring."""
        return self.by_chance > self.limit

    def per_thousand(self, count: int) -> float | None:
        """Return a count per thousand travellers; None where there was none."""
        return 1000 * count / self.travellers if self.travellers else None


@dataclass(frozen=True, slots=True)
class AlarmReport:
    """Every watchlist's alarms from one moment to another."""

    since: datetime
    until: datetime
    watchlists: tuple[Alarms, ...]


class Monitoring:
    """Counts travellers and alarms."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock

    def report(self, actor: Actor, days: int = WINDOW_DAYS) -> AlarmReport:
        """Return the report on the lists within the actor's reach; raises NotPermitted."""
        require(actor, Permission.READ_REPORT)
        found = self.alarms(days)
        kept = tuple(
            each
            for each in found.watchlists
            if extends_to(actor, Permission.READ_REPORT, each.owner_id)
        )
        return replace(found, watchlists=kept)

    def watch(self, days: int = WINDOW_DAYS) -> AlarmReport:
        """Count every list's alarms, and put on record where a breach has begun or ended."""
        found = self.alarms(days)
        with self._database.read() as session:
            changed = [
                each for each in found.watchlists if _on_record(session, each) != each.breach
            ]
        for each in changed:
            with self._database.write() as session:
                # Looked at again: another process may have been first, and writers take turns.
                if _on_record(session, each) != each.breach:
                    self._audit.append(session, _entry(each))
        return found

    def alarms(self, days: int = WINDOW_DAYS) -> AlarmReport:
        """Return the report on every list over the last days, up to now."""
        until = self._clock()
        since = until - timedelta(days=days)
        with self._database.read() as session:
            return AlarmReport(since, until, count_alarms(session, since, until))


def count_alarms(
    session: Session, since: datetime, now: datetime, until: datetime | None = None
) -> tuple[Alarms, ...]:
    """Count every list's alarms since a moment, within a transaction.

    Args:
        session: the transaction's.
        since: the first moment.
        now: by when the review time of what is undecided may be over.
        until: the first moment that is not meant any more; None for all there are.
    """
    bounds = since, until or _NEVER
    columns, words = read_columns(session, bounds, now)
    travellers = _travellers(session, bounds, now, columns, words)
    raised = _raised(columns, words, now)
    return tuple(
        _alarms(row, travellers, raised.get(row.id, _Raised())) for row in session.execute(_LISTS)
    )


def upper_limit(searches: int, rate: float, level: float = LEVEL) -> int:
    """Return the least k so that a binomial count is at most k with probability `level`.

    The one-sided control limit of a p chart, from the exact distribution: at rates of one in
    a thousand the usual normal approximation is far off.

    Args:
        searches: of travellers, each alarmed by chance or not.
        rate: the promised share of alarms, 0 < rate < 1.
        level: 0 < level < 1.
    """
    if not searches:
        return 0
    from scipy import special  # noqa: PLC0415 - most commands need none of it

    if special.bdtr(0, searches, rate) >= level:
        return 0  # of rates too small for the inverse, which answers with no number
    # The inverse is continuous and within rounding of the count that reaches the level.
    limit: int = math.ceil(special.bdtrik(level, searches, rate))
    if limit and special.bdtr(limit - 1, searches, rate) >= level:
        return limit - 1
    return limit


def _on_record(session: Session, alarms: Alarms) -> bool:
    """Whether the trail says that a list's breach has begun and not ended."""
    last = session.scalar(
        select(AuditRecord.detail)
        .where(AuditRecord.object_id == alarms.watchlist_id, AuditRecord.action == BREACH)
        .order_by(AuditRecord.seq.desc())
        .limit(1)
    )
    return last is not None and bool(last["breach"])


def _entry(alarms: Alarms) -> AuditEntry:
    detail = {
        "breach": alarms.breach,
        "travellers": alarms.travellers,
        "not_matches": alarms.by_chance,
        "limit": alarms.limit,
    }
    return AuditEntry(Actor.service(), BREACH, alarms.watchlist_id, alarms.owner_id, detail=detail)


def _travellers(
    session: Session, bounds: Bounds, now: datetime, columns: AlertColumns, words: Words
) -> Counter[_Passage]:
    """Return searchable encounters by port, direction and stage."""
    kept: KeptDays[Counter[_Passage]] = memory_of(session).part("travellers", KeptDays)
    found = split(bounds, now, whole=True)
    travellers: Counter[_Passage] = Counter()
    for each in kept.read(session, found.days, _passed_by_day, Counter()):
        travellers.update(each)
    for rest in found.rest:
        travellers.update(_passed(session, rest))
    # A listed document raises alerts also of a photo that could not be searched.
    beside: set[int] = set()
    for at in columns.unsearched.nonzero()[0].tolist():
        encounter = int(columns.encounter[at])
        if encounter not in beside:
            beside.add(encounter)
            passage = (columns.place, columns.direction, columns.stage)
            (port, _), direction, stage = (words.names[each[at]] for each in passage)
            travellers[port, Direction(direction), stage] -= 1
    return travellers


def _passed(session: Session, bounds: Bounds) -> Counter[_Passage]:
    """Return encounters of a time by port, direction and stage, without those unsearchable."""
    counted = session.execute(
        select(Encounter.port, Encounter.direction, Encounter.stage, func.count())
        .where(*_received(bounds))
        .group_by(Encounter.port, Encounter.direction, Encounter.stage)
    )
    return Counter(
        {(port, Direction(direction), stage): count for port, direction, stage, count in counted}
    )


def _passed_by_day(session: Session, bounds: Bounds) -> dict[date, Counter[_Passage]]:
    since, until = bounds
    days = ((since + timedelta(days=each)) for each in range((until - since).days))
    return {day.date(): _passed(session, (day, day + timedelta(days=1))) for day in days}


def _received(bounds: Bounds) -> tuple[ColumnElement[bool], ...]:
    since, until = bounds
    return (
        Encounter.received_at >= since,
        Encounter.received_at < until,
        Encounter.outcome != Outcome.UNSEARCHABLE.value,
    )


@dataclass(frozen=True, slots=True)
class _Raised:
    """One list's alarms, by finding."""

    found: Counter[AdjudicationResult] = field(default_factory=Counter)
    overdue: int = 0


def _raised(columns: AlertColumns, words: Words, now: datetime) -> dict[str, _Raised]:
    """Return alarms by watchlist and finding: of each traveller the gravest one."""
    import numpy as np  # noqa: PLC0415 - most commands need none of it

    by_document = [
        number
        for number in np.unique(columns.matched_by).tolist()
        if words.names[number] == MatchedBy.DOCUMENT.value
    ]
    columns = columns.at(~np.isin(columns.matched_by, by_document))
    if not len(columns):
        return {}
    is_open = SEVERITY.index(AdjudicationResult.OPEN)
    late = (columns.severity == is_open) & (columns.due_us <= microseconds(now))
    order = np.lexsort((columns.encounter, columns.watchlist_id))
    lists, encounters = columns.watchlist_id[order], columns.encounter[order]
    begins = np.flatnonzero(np.append(True, (np.diff(lists) != 0) | (np.diff(encounters) != 0)))
    worst = np.maximum.reduceat(columns.severity[order], begins)
    any_late = np.maximum.reduceat(late[order], begins)
    raised: dict[str, _Raised] = {}
    for number in np.unique(lists).tolist():
        of_list = lists[begins] == number
        counts = np.bincount(worst[of_list], minlength=len(SEVERITY)).tolist()
        overdue = int((any_late & of_list & (worst == is_open)).sum())
        found = Counter(dict(zip(SEVERITY, counts, strict=True)))
        raised[words.names[number]] = _Raised(found, overdue)
    return raised


def _alarms(
    row: Row[str, str, str, str, list[str] | None, list[str] | None, float],
    travellers: Mapping[_Passage, int],
    raised: _Raised,
) -> Alarms:
    looks = Direction(row.direction)
    concerned = sum(
        count
        for (port, direction, stage), count in travellers.items()
        if looks.covers(direction)
        and (row.ports is None or port in row.ports)
        and (row.stages is None or stage in row.stages)
    )
    target = kept_fpir(row.target_fpir)
    return Alarms(
        row.id,
        row.agency_id,
        row.name,
        target,
        concerned,
        raised.found[AdjudicationResult.MATCH],
        raised.found[AdjudicationResult.OPEN],
        raised.found[AdjudicationResult.FALSE_ALARM],
        raised.overdue,
        upper_limit(concerned, target),
    )


_LISTS: Final = select(
    Watchlist.id,
    Watchlist.agency_id,
    Watchlist.name,
    Watchlist.direction,
    Watchlist.ports,
    Watchlist.stages,
    Watchlist.target_fpir,
).order_by(Watchlist.id)
