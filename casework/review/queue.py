"""The officers' queue: what waits, the most urgent first.

An alert that has to be taken comes before one that need not be, and both before those in somebody's
hands. Then the list's priority counts, then the earliest deadline, then the age: who has waited
longest is on the first page. Closed alerts follow, the newest first.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.officer_names import OfficerName, names_at
from casework.kernel.permissions import Permission, require
from casework.kernel.rules import all_of, first_of
from casework.kernel.sealed_fields import open_fields_in, vault_of
from casework.kernel.vocabulary import AlertState
from casework.review import findings
from casework.review.alerts import AlertFilter, is_open, visible
from casework.review.company import Companies, Company, captured_with, companies
from casework.review.findings import MOST_READERS, closed_beside_veiled
from casework.review.siblings import WITH_ENCOUNTER
from casework.tables import Alert, Encounter, EnrolledPhoto, Subject


class Urgency(IntEnum):
    """Where an alert belongs in the queue; the least is the most urgent."""

    OVERDUE = 0
    """Has to be taken, and has waited longer than its list allows."""
    WAITING = 1
    """Has to be taken."""
    NEW = 2
    OPEN = 3
    """In somebody's hands."""
    CLOSED = 4


MOST_COUNTED: Final = 10_000
"""Rows of the queue that are counted: nobody turns so many pages, and a count reads them all."""
_MOST_BESIDE: Final = 200
"""Other alerts of one person whose rows are sent again, when one of them changes."""


class QueueOrder(StrEnum):
    """What a page of the queue is sorted by."""

    URGENCY = "urgency"
    LATEST = "latest"
    OLDEST = "oldest"
    WATCHLIST = "watchlist"
    PORT = "port"
    ODDS = "odds"
    """The least likely by chance first."""


@dataclass(frozen=True, slots=True)
class MetBefore:
    """What became of earlier encounters with the person of an alert."""

    times: int
    disposal: str
    """How the last of them ended."""
    at: datetime
    """When that was raised."""


class QueueRow(NamedTuple):
    """What a row of the queue shows of an alert and its encounter, and where it belongs."""

    id: str
    version: int
    case_number: str
    encounter_id: str
    subject_id: str
    photo_id: str | None
    watchlist_name: str
    category: str
    port: str
    priority: int
    requires_acknowledgement: bool
    acknowledge_within_s: int
    due_at: datetime
    matched_by: str
    score: float | None
    one_in: float | None
    calibration_id: str | None
    state: str
    """As it is; a reader is shown `shown`."""
    escalation: str | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    created_at: datetime
    lane: str | None
    direction: str
    faces: int
    shown: str
    """The state that the reader may see."""


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of the queue."""

    alerts: tuple[QueueRow, ...]
    urgencies: Mapping[str, Urgency]
    """By the alert's id."""
    takers: Mapping[str, OfficerName]
    """The officer who has it, by the alert's id."""
    names: Mapping[str, str]
    """The subject's name, as the alert's page shows it, by the alert's id: none once erased."""
    with_photo: frozenset[str]
    """The ids of those whose enrolled photo is still there."""
    met: Mapping[str, MetBefore]
    """By the alert's id; of closed alerts alone that the reader may see, with nothing veiled."""
    company: Mapping[str, Company]
    """Alerts that stand in the row of another, by the id of that one."""
    total: int
    """Rows on all pages, as far as they are counted."""
    more: bool
    """Whether there are more than that."""


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """How many open alerts there are, of all that the reader may see."""

    waiting: int
    """That have to be taken and are not."""
    overdue: int
    """Of those, beyond their list's target."""
    open: int


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """Where an alert stands in the queue, as a reader has filtered and sorted it."""

    number: int
    """From 1."""
    total: int
    before: str | None
    """The alert before it, by id."""
    after: str | None


class Queue:
    """Reads the queue for those who may see alerts."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock

    def page(
        self,
        actor: Actor,
        filters: AlertFilter,
        number: int,
        size: int,
        order: QueueOrder = QueueOrder.URGENCY,
    ) -> QueuePage:
        """Return one page of the queue.

        Args:
            actor: who reads it.
            filters: which alerts.
            number: of the page, from 1.
            size: alerts on a page.
            order: what it is sorted by.

        Raises:
            NotPermitted: the actor may see none.
        """
        require(actor, Permission.READ_ALERT)
        with self._database.read() as session:
            listing = _Listing.of(session, actor, filters, order)
            ids = listing.ids((number - 1) * size, size)
            found = {row.id: row for row in _rows(session, actor, Alert.id.in_(ids))}
            alerts = tuple(found[each] for each in ids)
            total = listing.total()
            page = self._described(session, actor, alerts, listing.together, total)
        detail = {"alerts": len(alerts)}
        self._audit.note(AuditEntry(actor, "alert.list", owner_id=actor.agency_id, detail=detail))
        return page

    def place(
        self, actor: Actor, alert_id: str, filters: AlertFilter, order: QueueOrder
    ) -> QueuePlace | None:
        """Return where an alert's row stands now; None where it does not fit the filter.

        Raises:
            NotPermitted: the actor may see none.
        """
        require(actor, Permission.READ_ALERT)
        by = (*_SORTED[order], *_SORTED[QueueOrder.URGENCY])
        with self._database.read() as session:
            return self._place(session, actor, alert_id, filters, by)

    def _place(
        self,
        session: Session,
        actor: Actor,
        alert_id: str,
        filters: AlertFilter,
        by: Sequence[ColumnElement[Any]],
    ) -> QueuePlace | None:
        together = companies(session, actor, filters.conditions(actor), by)
        ordered = (
            select(
                Alert.id,
                func.row_number().over(order_by=by).label("number"),
                func.count().over().label("total"),
                func.lag(Alert.id).over(order_by=by).label("before"),
                func.lead(Alert.id).over(order_by=by).label("after"),
            )
            .where(visible(actor), *filters.conditions(actor), Alert.id.not_in(together.folded))
            .subquery()
        )
        query = select(ordered).where(ordered.c.id == together.shown_by(alert_id))
        found = session.execute(query).first()
        return QueuePlace(found.number, found.total, found.before, found.after) if found else None

    def recaptures(self, actor: Actor, alert: Alert) -> tuple[Alert, ...]:
        """Return the open alerts of the same person that other captures raised, in the same row.

        Raises:
            NotPermitted: the actor may see none.
        """
        require(actor, Permission.READ_ALERT)
        with self._database.read() as session:
            by = _SORTED[QueueOrder.OLDEST]
            together = companies(session, actor, (), by, (alert.subject_id,))
            row = together.rows.get(together.shown_by(alert.id))
            if row is None:
                return ()
            query = (
                select(Alert)
                .options(WITH_ENCOUNTER)
                .where(Alert.id.in_(row.alerts), Alert.encounter_id != alert.encounter_id)
                .order_by(Alert.id)
            )
            return tuple(session.scalars(query))

    def next_new(
        self, actor: Actor, filters: AlertFilter, order: QueueOrder, besides: str
    ) -> str | None:
        """Return the first alert that nobody has taken, but `besides`; None where there is none.

        Raises:
            NotPermitted: the actor may see none.
        """
        require(actor, Permission.READ_ALERT)
        query = (
            select(Alert.id)
            .where(
                visible(actor),
                *filters.conditions(actor),
                Alert.state == AlertState.NEW.value,
                Alert.id != besides,
            )
            .order_by(*_SORTED[order], *_SORTED[QueueOrder.URGENCY])
            .limit(1)
        )
        with self._database.read() as session:
            return session.scalar(query)

    def open_alerts(self, actor: Actor) -> OpenAlerts:
        """Count what is open; raises NotPermitted."""
        require(actor, Permission.READ_ALERT)
        with self._database.read() as session:
            return self._standing(session, actor)

    def ports(self, actor: Actor) -> list[str]:
        """Return the ports of the open alerts that an actor may see; raises NotPermitted."""
        require(actor, Permission.READ_ALERT)
        query = select(Alert.port).where(visible(actor), is_open()).distinct().order_by(Alert.port)
        with self._database.read() as session:
            return list(session.scalars(query))

    def areas(self, actor: Actor) -> list[str]:
        """Return the areas of the lodgings of the open alerts that an actor may see."""
        require(actor, Permission.READ_ALERT)
        query = (
            select(Encounter.area)
            .join(Alert, Alert.encounter_id == Encounter.id)
            .where(
                visible(actor),
                is_open(),
                # Codes of lodgings alone have one: the encounters of ports are not read.
                Alert.port.contains("-"),
                Encounter.area.is_not(None),
            )
            .distinct()
        )
        with self._database.read() as session:
            return sorted(area for area in session.scalars(query) if area is not None)

    def now(self) -> datetime:
        """Return the present, by the clock that waiting is measured with."""
        return self._clock()

    def described(
        self,
        actor: Actor,
        alert_ids: Collection[str],
        filters: AlertFilter,
        order: QueueOrder = QueueOrder.URGENCY,
    ) -> tuple[QueuePage, frozenset[str]]:
        """Return some alerts as a page would show them, and the ids of those that have a row there.

        With them come those whose rows they share, or have left.

        For who follows the feed: that they do is in the audit trail already.

        Raises:
            NotPermitted: the actor may see none.
        """
        require(actor, Permission.READ_ALERT)
        conditions = filters.conditions(actor)
        with self._database.read() as session:
            changed = session.execute(
                select(Alert.subject_id, Alert.port, Alert.created_at)
                .where(visible(actor), Alert.id.in_(alert_ids))
                .distinct()
            ).all()
            subject_ids = {each.subject_id for each in changed}
            beside = session.scalars(
                select(Alert.id)
                .where(visible(actor), *conditions, or_(false(), *map(captured_with, changed)))
                .where(is_open())
                .limit(_MOST_BESIDE)
            )
            shown = {*alert_ids, *beside}
            alerts = tuple(
                sorted(
                    _rows(session, actor, and_(visible(actor), Alert.id.in_(shown))),
                    key=lambda row: row.id,
                    reverse=True,
                )
            )
            by = (*_SORTED[order], *_SORTED[QueueOrder.URGENCY])
            together = companies(session, actor, conditions, by, subject_ids)
            fitting = select(Alert.id).where(
                Alert.id.in_(shown), *conditions, Alert.id.not_in(together.folded)
            )
            page = self._described(session, actor, alerts, together, len(alerts))
            found = frozenset(session.scalars(fitting))
        return page, found

    def _standing(self, session: Session, actor: Actor) -> OpenAlerts:
        waiting = func.coalesce(func.sum(case((_WAITING, 1), else_=0)), 0)
        overdue = func.coalesce(
            func.sum(case((and_(_WAITING, Alert.due_at < self._clock()), 1), else_=0)), 0
        )
        row = session.execute(
            select(waiting, overdue, func.count())
            .select_from(Alert)
            .where(visible(actor), is_open())
        ).one()
        return OpenAlerts(int(row[0]), int(row[1]), int(row[2]))

    def _described(
        self,
        session: Session,
        actor: Actor,
        alerts: tuple[QueueRow, ...],
        together: Companies,
        total: int,
    ) -> QueuePage:
        now = self._clock()
        urgencies = {alert.id: urgency_of(alert, now) for alert in alerts}
        names, with_photo = _people(session, alerts)
        return QueuePage(
            alerts,
            urgencies,
            _takers(session, alerts),
            names,
            with_photo,
            _met(session, actor, alerts),
            together.rows,
            min(total, MOST_COUNTED),
            total > MOST_COUNTED,
        )


@dataclass(frozen=True, slots=True)
class _Listing:
    """The rows of the queue for a reader, by a filter and in an order."""

    session: Session
    condition: ColumnElement[bool]
    states: tuple[AlertState, ...] | None
    order: QueueOrder
    together: Companies

    @classmethod
    def of(
        cls, session: Session, actor: Actor, filters: AlertFilter, order: QueueOrder
    ) -> "_Listing":
        """Read which alerts share a row."""
        conditions = filters.conditions(actor)
        by = (*_SORTED[order], *_SORTED[QueueOrder.URGENCY])
        together = companies(session, actor, conditions, by)
        condition = and_(visible(actor), *conditions, Alert.id.not_in(together.folded))
        return cls(session, condition, filters.states, order, together)

    def ids(self, skipped: int, size: int) -> list[str]:
        """Return the alerts that the rows of a page show, in order.

        By urgency what is closed follows what is open, newest first: its rows are found by the
        index that they are ordered by, however many there are.
        """
        closed = AlertState.CLOSED
        if self.order is not QueueOrder.URGENCY or (
            self.states is not None and closed not in self.states
        ):
            by = (*_SORTED[self.order], *_SORTED[QueueOrder.URGENCY])
            return self._ids(self.condition, by, skipped, size)
        found, opened = [], 0
        if self.states != (closed,):
            condition = and_(self.condition, is_open())
            found = self._ids(condition, _SORTED[QueueOrder.URGENCY], skipped, size)
            opened = len(found) + skipped if found else self._count(condition)
        if len(found) < size:
            condition = and_(self.condition, _CLOSED)
            by = (Alert.id.desc(),)
            found += self._ids(condition, by, max(0, skipped - opened), size - len(found))
        return found

    def total(self) -> int:
        """Count the rows, up to one more than are counted."""
        few = select(Alert.id).where(self.condition).limit(MOST_COUNTED + 1).subquery()
        return self.session.scalar(select(func.count()).select_from(few)) or 0

    def _count(self, condition: ColumnElement[bool]) -> int:
        return self.session.scalar(select(func.count()).select_from(Alert).where(condition)) or 0

    def _ids(
        self,
        condition: ColumnElement[bool],
        by: Sequence[ColumnElement[Any]],
        skipped: int,
        size: int,
    ) -> list[str]:
        query = select(Alert.id).where(condition).order_by(*by).offset(skipped).limit(size)
        return list(self.session.scalars(query))


def _rows(session: Session, actor: Actor, condition: ColumnElement[bool]) -> Iterator[QueueRow]:
    """Yield what rows show of alerts, in no order: their columns alone, no objects are made."""
    found = session.connection().execute(_row_query(actor).where(condition))
    return map(QueueRow._make, found)


@lru_cache(MOST_READERS)
def _row_query(actor: Actor) -> Select[Any]:
    return select(*_COLUMNS, findings.shown_to(Alert, actor)).join(
        Encounter, Encounter.id == Alert.encounter_id
    )


def _takers(session: Session, alerts: Sequence[QueueRow]) -> dict[str, OfficerName]:
    """Return in whose hands alerts are, as of when they came into them, by alert."""
    taken = {
        alert.id: (alert.acknowledged_by, alert.acknowledged_at)
        for alert in alerts
        if alert.acknowledged_by is not None and alert.acknowledged_at is not None
    }
    names = names_at(session, taken.values()) if taken else {}
    return {alert_id: names[act] for alert_id, act in taken.items() if act in names}


def _people(session: Session, alerts: Sequence[QueueRow]) -> tuple[dict[str, str], frozenset[str]]:
    """Return the names of subjects that are neither erased nor being erased, by alert.

    And the ids of the alerts whose enrolled photo is still there.
    """
    if not alerts:
        return {}, frozenset()
    ids = {alert.subject_id for alert in alerts}
    vault_of(session).own_keys.fetch(session, ids)
    connection, names = session.connection(), {}
    for subject_id, agency_id, sealed, erase_at in connection.execute(_SUBJECTS, {"ids": [*ids]}):
        if erase_at is None:
            row = rows.subject(subject_id, agency_id)
            names[subject_id] = open_fields_in(session, row, sealed)["name"]
    photos = {alert.photo_id for alert in alerts if alert.photo_id is not None}
    kept = {
        photo_id
        for photo_id, *erase_at in connection.execute(_PHOTOS, {"ids": [*photos]})
        if erase_at == [None, None]
    }
    return (
        {alert.id: names[alert.subject_id] for alert in alerts if alert.subject_id in names},
        frozenset(alert.id for alert in alerts if alert.photo_id in kept),
    )


def _met(session: Session, actor: Actor, alerts: Sequence[QueueRow]) -> dict[str, MetBefore]:
    """Return what became of earlier encounters with the same subjects, by alert."""
    found = session.connection().execute(_met_query(actor), {"ids": [alert.id for alert in alerts]})
    return {alert_id: MetBefore(*rest) for alert_id, *rest in found}


@lru_cache(MOST_READERS)
def _met_query(actor: Actor) -> Select[Any]:
    shown, last = aliased(Alert), aliased(Alert)
    # Counted where the rows are: a subject who is met every day has thousands. The last that was
    # raised has the greatest id.
    met = (
        select(
            shown.id,
            func.count(Alert.encounter_id.distinct()).label("times"),
            func.max(Alert.id).label("last"),
        )
        .join(Alert, Alert.subject_id == shown.subject_id)
        .where(
            shown.id.in_(_IDS),
            Alert.state == AlertState.CLOSED.value,
            Alert.created_at < shown.created_at,
            Alert.encounter_id != shown.encounter_id,
            visible(actor),
            # What was found of a sibling must not be read off this one either.
            ~closed_beside_veiled(),
        )
        .group_by(shown.id)
        .subquery()
    )
    return select(met.c.id, met.c.times, last.disposal, last.created_at).join(
        last, last.id == met.c.last
    )


def urgency_of(alert: Alert | QueueRow, now: datetime) -> Urgency:
    """Return where an alert belongs at a time."""
    return Urgency(_urgency(alert, alert.due_at < now))


def place_of(alert: Alert | QueueRow) -> str:
    """Return an alert's place in the queue as text that sorts; closed ones share one."""
    if alert.state == AlertState.CLOSED.value:
        return str(int(Urgency.CLOSED))
    due = alert.due_at.isoformat(timespec="microseconds")
    # To be late is no place of its own: the deadline says it.
    return f"{int(_urgency(alert, late=False))} {alert.priority} {due} {alert.id}"


def _urgency(alert: Alert | QueueRow | type[Alert], late: Any) -> Any:  # noqa: ANN401
    """Say where alerts belong, given whether each is beyond its deadline."""
    waiting = _waiting(alert)
    return first_of(
        (all_of(waiting, late), int(Urgency.OVERDUE)),
        (waiting, int(Urgency.WAITING)),
        (alert.state == AlertState.NEW.value, int(Urgency.NEW)),
        (alert.state == AlertState.CLOSED.value, int(Urgency.CLOSED)),
        otherwise=int(Urgency.OPEN),
    )


def _waiting(alert: Alert | QueueRow | type[Alert]) -> Any:  # noqa: ANN401
    """Say whether an alert has to be taken and is not."""
    return all_of(alert.state == AlertState.NEW.value, alert.requires_acknowledgement)


_WAITING: Final = cast("ColumnElement[bool]", _waiting(Alert))
_CLOSED: Final = Alert.state == AlertState.CLOSED.value
_SORTED: Final[Mapping[QueueOrder, tuple[ColumnElement[Any], ...]]] = {
    QueueOrder.URGENCY: (
        _urgency(Alert, false()),
        case((_CLOSED, 0), else_=Alert.priority),
        case((_CLOSED, null()), else_=Alert.due_at),
        case((_CLOSED, Alert.id), else_=null()).desc(),
        Alert.id.asc(),
    ),
    QueueOrder.LATEST: (Alert.id.desc(),),
    QueueOrder.OLDEST: (Alert.id.asc(),),
    QueueOrder.WATCHLIST: (Alert.watchlist_name.asc(),),
    QueueOrder.PORT: (Alert.port.asc(),),
    QueueOrder.ODDS: (Alert.one_in.desc().nulls_last(),),
}

_OF_ENCOUNTER: Final = ("lane", "direction", "faces")
_COLUMNS: Final = tuple(
    getattr(Encounter if name in _OF_ENCOUNTER else Alert, name)
    for name in QueueRow._fields
    if name != "shown"
)
_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
# What is being erased is told apart here: by a condition a planner might go through all that is
# not, by the index of what is.
_SUBJECTS: Final = select(
    Subject.id, Subject.agency_id, Subject.sealed_fields, Subject.erase_at
).where(Subject.id.in_(_IDS))
_PHOTOS: Final = (
    select(EnrolledPhoto.id, EnrolledPhoto.erase_at, Subject.erase_at)
    .join(EnrolledPhoto.subject)
    .where(EnrolledPhoto.id.in_(_IDS))
)
