"""Queues: every event goes into the queue of each webhook that it is for.

Behind a cursor that moves in the same transaction, so a stopped service goes on where it was, and
of several processes one does it.
"""

from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, and_, func, insert, or_, select, update

from casework.kernel.ids import DELIVERY, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.vocabulary import DeliveryState, EventKind
from casework.tables import Agency, ApiKey, Delivery, OutboxEvent, Webhook
from casework.webhooks.feed import visible_events
from casework.webhooks.webhooks import reader

_BATCH: Final = 500

# What a port system may hear of: its own encounters and their alerts.
_FOR_PORTS: Final = frozenset(
    {EventKind.ALERT_RAISED, EventKind.ALERT_CHANGED, EventKind.ENCOUNTER_DISPOSITION}
)

# A receiver that is out of force receives nothing; its queue waits, as when it is switched off.
IN_FORCE: Final = (
    select(Webhook)
    .outerjoin(Agency, Agency.id == Webhook.agency_id)
    .outerjoin(ApiKey, ApiKey.id == Webhook.key_id)
    .where(
        Webhook.active,
        or_(Webhook.agency_id.is_(None), Agency.active),
        or_(Webhook.key_id.is_(None), and_(ApiKey.id.is_not(None), ApiKey.revoked_at.is_(None))),
    )
)


class FanOut:
    """Fills the webhooks' queues from the outbox."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._clock = kernel.clock

    def fill(self) -> int:
        """Put new events into the queue of every webhook that they are for; returns how many."""
        with self._database.read() as session:
            newest = session.scalar(select(func.max(OutboxEvent.seq))) or 0
            behind = list(session.scalars(IN_FORCE.where(Webhook.cursor < newest)))
        queued = 0
        for webhook in behind:
            reached = webhook.cursor
            while reached < newest:
                with self._database.write_core() as connection:
                    step = self._queue(connection, webhook, reached, newest)
                if step is None:
                    break  # another process does it
                reached, rows = step
                queued += rows
        return queued

    def _queue(
        self, connection: Connection, webhook: Webhook, cursor: int, newest: int
    ) -> tuple[int, int] | None:
        """Queue one batch; returns how far it reaches and how many, None if another was faster."""
        events = connection.execute(
            select(OutboxEvent.__table__)
            .where(OutboxEvent.seq > cursor, OutboxEvent.seq <= newest, _meant_for(webhook))
            .order_by(OutboxEvent.seq)
            .limit(_BATCH)
        ).all()
        reached = newest if len(events) < _BATCH else events[-1].seq
        moved = connection.execute(
            update(Webhook)
            .where(Webhook.id == webhook.id, Webhook.cursor == cursor)
            .values(cursor=reached)
        )
        if moved.rowcount != 1:
            return None
        now = self._clock()
        rows = [
            {
                "id": new_id(DELIVERY),
                "webhook_id": webhook.id,
                "event_id": event.id,
                "kind": event.kind,
                "object_id": event.object_id,
                "at": event.at,
                "lane": event.watchlist_id or event.object_id,
                "state": DeliveryState.PENDING.value,
                "attempts": 0,
                "due_at": now,
                "created_at": now,
            }
            for event in events
        ]
        if rows:
            connection.execute(_NEW_DELIVERIES, rows)
        return reached, len(rows)


def _meant_for(webhook: Webhook) -> ColumnElement[bool]:
    kinds = set(webhook.events)
    if webhook.key_id is None:
        return and_(OutboxEvent.kind.in_(kinds), visible_events(reader(webhook)))
    kinds &= {kind.value for kind in _FOR_PORTS}
    return and_(OutboxEvent.kind.in_(kinds), OutboxEvent.key_id == webhook.key_id)


_TABLE: Final = Delivery.__table__
assert isinstance(_TABLE, Table)  # noqa: S101 - for the type checker
_NEW_DELIVERIES: Final = insert(_TABLE)
