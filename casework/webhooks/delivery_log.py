"""The delivery log of a webhook, and sending again what is in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import NotFound
from casework.kernel.ids import DELIVERY, EVENT, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.vocabulary import DeliveryState
from casework.tables import Delivery
from casework.webhooks.webhooks import find

PING: Final = "ping"
"""Kind of an empty message that tests an address."""

MOST_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class ReplaySelection:
    """Which deliveries are to be made again: those named, or those of a period."""

    ids: tuple[str, ...] = ()
    since: datetime | None = None
    """From when their events happened."""
    until: datetime | None = None
    states: tuple[DeliveryState, ...] = ()
    """Only those that ended in these states; empty means all."""


class Deliveries:
    """Shows and repeats the deliveries of webhooks that an actor manages."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._outbox = kernel.outbox
        self._clock = kernel.clock

    def page(
        self,
        actor: Actor,
        webhook_id: str,
        before: str | None,
        limit: int,
        state: DeliveryState | None = None,
    ) -> list[Delivery]:
        """Return up to `limit` deliveries, the latest first, those before the one with this id.

        Raises:
            NotPermitted, NotFound: the actor manages none, or not this webhook.
        """
        with self._database.read() as session:
            find(session, actor, webhook_id)
            query = (
                select(Delivery)
                .where(Delivery.webhook_id == webhook_id)
                .order_by(Delivery.seq.desc())
                .limit(limit)
            )
            if state is not None:
                query = query.where(Delivery.state == state.value)
            if before is not None:
                first = select(Delivery.seq).where(
                    Delivery.id == before, Delivery.webhook_id == webhook_id
                )
                query = query.where(Delivery.seq < first.scalar_subquery())
            return list(session.scalars(query))

    def ping(self, actor: Actor, webhook_id: str) -> Delivery:
        """Queue an empty test message; it is tried once, and the log shows the result.

        Raises:
            NotPermitted, NotFound: the actor manages none, or not this webhook.
        """
        with self._database.write() as session:
            webhook = find(session, actor, webhook_id)
            event_id, now = new_id(EVENT), self._clock()
            row = _queued(webhook_id, event_id, PING, webhook_id, now, event_id, now)
            session.add(row)
            session.flush()
            self._audit.append(
                session, AuditEntry(actor, "webhook.ping", webhook_id, webhook.agency_id)
            )
        self._outbox.ring()
        return row

    def replay(self, actor: Actor, webhook_id: str, again: ReplaySelection) -> int:
        """Queue deliveries once more, in their old order; returns how many.

        At most `MOST_AT_ONCE`, the earliest: go on from the last one's time for more. Those still
        under way are left alone.

        Raises:
            NotPermitted, NotFound: the actor manages none, or not this webhook, or a delivery that
                was named is not of it.
        """
        with self._database.write() as session:
            webhook = find(session, actor, webhook_id)
            rows = self._chosen(session, webhook_id, again)
            now = self._clock()
            for row in rows:
                session.add(
                    _queued(
                        webhook_id,
                        row.event_id,
                        row.kind,
                        row.object_id,
                        row.at,
                        row.lane,
                        now,
                        replay_of=row.id,
                    )
                )
                session.flush()  # one by one: their numbers keep the order
            detail = {"deliveries": len(rows)}
            self._audit.append(
                session,
                AuditEntry(actor, "webhook.replay", webhook_id, webhook.agency_id, detail=detail),
            )
        self._outbox.ring()
        return len(rows)

    def _chosen(
        self, session: Session, webhook_id: str, again: ReplaySelection
    ) -> Sequence[Delivery]:
        conditions: list[ColumnElement[bool]] = [
            Delivery.webhook_id == webhook_id,
            Delivery.kind != PING,
            Delivery.state != DeliveryState.PENDING.value,
        ]
        if again.ids:
            conditions.append(Delivery.id.in_(again.ids))
        if again.since is not None:
            conditions.append(Delivery.at >= again.since)
        if again.until is not None:
            conditions.append(Delivery.at <= again.until)
        if again.states:
            conditions.append(Delivery.state.in_([state.value for state in again.states]))
        query = select(Delivery).where(*conditions).order_by(Delivery.seq).limit(MOST_AT_ONCE)
        rows = session.scalars(query).all()
        if again.ids and {row.id for row in rows} != set(again.ids):
            raise NotFound("delivery_not_to_replay")
        # What was repeated before is in the log more than once.
        return list({row.event_id: row for row in reversed(rows)}.values())[::-1]


def _queued(
    webhook_id: str,
    event_id: str,
    kind: str,
    object_id: str,
    at: datetime,
    lane: str,
    now: datetime,
    replay_of: str | None = None,
) -> Delivery:
    return Delivery(
        id=new_id(DELIVERY),
        webhook_id=webhook_id,
        event_id=event_id,
        kind=kind,
        object_id=object_id,
        at=at,
        lane=lane,
        state=DeliveryState.PENDING.value,
        attempts=0,
        due_at=now,
        replay_of=replay_of,
        created_at=now,
    )
