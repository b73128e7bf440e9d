"""The feed: what a reader may see of the outbox, in order, from any point on."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require, within_reach
from casework.kernel.vocabulary import EventKind
from casework.review import alerts
from casework.review.siblings import WITH_ENCOUNTER
from casework.tables import Alert, Encounter, OutboxEvent
from casework.watchlists import watchlists

START: Final = "evt_start"
"""The point before the first event."""

ACTS: Final[Mapping[EventKind, Permission]] = {
    EventKind.ALERT_RAISED: Permission.READ_ALERT,
    EventKind.ALERT_CHANGED: Permission.READ_ALERT,
    EventKind.ALERT_OVERDUE: Permission.READ_ALERT,
    EventKind.ENCOUNTER_DISPOSITION: Permission.READ_ENCOUNTER,
    EventKind.REFERRAL_SENT: Permission.HANDLE_REFERRAL,
    EventKind.REFERRAL_CHANGED: Permission.HANDLE_REFERRAL,
    EventKind.BREAKER_TRIPPED: Permission.READ_WATCHLIST,
    EventKind.BREAKER_RESET: Permission.READ_WATCHLIST,
    # For all who follow for the agency: a webhook is no administrator.
    EventKind.KEY_EXPIRING: Permission.READ_WATCHLIST,
    EventKind.APPROVAL_ASKED: Permission.READ_APPROVAL,
    EventKind.APPROVAL_CHANGED: Permission.READ_APPROVAL,
    EventKind.OVERSTAY_BEGAN: Permission.READ_OVERSTAY,
    EventKind.COMMAND_RUN: Permission.READ_AUDIT,
}
"""The permission that a reader needs to receive an event, by its kind."""


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event, with what it is about as it stands now."""

    id: str
    """The same in the stream and in every webhook: receivers know a repetition by it."""
    kind: EventKind
    at: datetime
    object_id: str
    alert: Alert | None = None
    """Its `encounter` is loaded. None where the event is about something else."""
    encounter: Encounter | None = None
    """Its `alerts` are loaded. None where the event is about something else."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the feed."""

    event_id: str
    """The last event that the reader could see, or `START`: what to come back with."""
    seq: int
    resumed: bool = False
    """Whether it is the place that was asked for, so that nothing was missed."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some events, and how far they reach."""

    events: tuple[FeedEvent, ...]
    reached: int
    more: bool = False
    """Whether there is more to read at once."""


class Feed:
    """Reads the outbox for one reader at a time."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit

    def open(self, actor: Actor, event_id: str | None) -> Cursor:
        """Begin to follow alerts after the event with this id; None means from now on.

        Raises:
            NotPermitted: the actor may see no alert.
        """
        require(actor, Permission.READ_ALERT)
        with self._database.read() as session:
            point = _point(session, actor, event_id)
        detail = {"resumed": point.resumed}
        self._audit.note(AuditEntry(actor, "alert.stream", owner_id=actor.agency_id, detail=detail))
        return point

    def last(self, actor: Actor) -> str:
        """Return the id of the last event that the actor may hear of: what a page was read at."""
        with self._database.read() as session:
            return _point(session, actor, None).event_id

    def after(self, actor: Actor, seq: int, limit: int = 200) -> Batch:
        """Return the next events after a number, those that the actor may see.

        Raises:
            NotPermitted: the actor may see no alert.
        """
        require(actor, Permission.READ_ALERT)
        with self._database.read() as session:
            # First how far, then what: everything up to there is settled by now.
            newest = session.scalar(select(func.coalesce(func.max(OutboxEvent.seq), 0))) or 0
            rows = list(
                session.scalars(
                    select(OutboxEvent)
                    .where(OutboxEvent.seq > seq, OutboxEvent.seq <= newest, visible_events(actor))
                    .order_by(OutboxEvent.seq)
                    .limit(limit)
                )
            )
            more = len(rows) == limit
            reached = rows[-1].seq if more else newest
            return Batch(_told(session, actor, rows), max(seq, reached), more)


def visible_events(actor: Actor) -> ColumnElement[bool]:
    """Return the condition for the events that an actor may hear of."""
    kinds: dict[Permission, list[str]] = defaultdict(list)
    for kind, act in ACTS.items():
        kinds[act].append(kind.value)
    shared = watchlists.shared_to(actor, OutboxEvent.watchlist_id)
    return or_(
        *(
            and_(
                OutboxEvent.kind.in_(of),
                within_reach(actor, act, OutboxEvent.owner_id, shared),
            )
            for act, of in kinds.items()
        )
    )


def _point(session: Session, actor: Actor, event_id: str | None) -> Cursor:
    if event_id == START:
        return Cursor(START, 0, resumed=True)
    if event_id is not None:
        seq = session.scalar(select(OutboxEvent.seq).where(OutboxEvent.id == event_id))
        if seq is not None:
            return Cursor(event_id, seq, resumed=True)
    last = session.execute(
        select(OutboxEvent.id, OutboxEvent.seq)
        .where(visible_events(actor))
        .order_by(OutboxEvent.seq.desc())
        .limit(1)
    ).first()
    return Cursor(last.id, last.seq) if last is not None else Cursor(START, 0)


def _told(session: Session, actor: Actor, rows: Sequence[OutboxEvent]) -> tuple[FeedEvent, ...]:
    """Add to each event what it is about; events about what was erased since are left out."""
    alert_ids = {
        row.object_id for row in rows if ACTS[EventKind(row.kind)] is Permission.READ_ALERT
    }
    found = {
        alert.id: alert
        for alert in session.scalars(
            select(Alert)
            .options(WITH_ENCOUNTER)
            .where(Alert.id.in_(alert_ids), alerts.visible(actor))
        )
    }
    return tuple(
        FeedEvent(row.id, EventKind(row.kind), row.at, row.object_id, found.get(row.object_id))
        for row in rows
        if row.object_id in found or row.object_id not in alert_ids
    )
