"""Dispatch: which deliveries are to be made now, by whom, and what is kept of the result.

A delivery is claimed before it is made, for a little longer
than it may take: several processes on one database never make the same one at the same time, and
what a killed process had claimed is taken up when the claim runs out.

Within a lane (a watchlist) nothing overtakes: only the first delivery that is pending can be
claimed. A delivery that failed too often is dead and switches its webhook off, so that the rest
waits for people instead of going out without it.
"""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    func,
    select,
    update,
)
from sqlalchemy.orm import aliased

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.lease import Lease
from casework.kernel.messages import Message
from casework.kernel.vocabulary import DeliveryState
from casework.tables import Delivery, Webhook
from casework.webhooks.delivery_log import PING
from casework.webhooks.fan_out import IN_FORCE

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 900.0
_OVERTIME: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """What an operator can set about deliveries."""

    timeout_s: float = 10
    attempts: int = 20
    """Failures after which a delivery is dead."""
    max_age: timedelta = timedelta(days=3)
    """What happened longer ago is no longer sent."""


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """One attempt that this process, and no other, makes now."""

    token: str
    webhook: Webhook
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Result:
    """The result of an attempt."""

    state: DeliveryState
    """`DELIVERED`, `GONE`, or `PENDING` where it failed."""
    status_code: int | None = None
    latency_ms: float | None = None
    error: Message | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of the queue."""

    pending: int
    oldest_s: float
    """Seconds since the oldest pending event happened."""
    disabled: int
    """Webhooks that the service switched off."""


class DeliveryQueue:
    """Hands out attempts and records their results."""

    def __init__(self, kernel: Kernel, rules: DeliveryRules) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self.rules = rules
        lasts = timedelta(seconds=rules.timeout_s) + _OVERTIME
        self._lease = Lease(Delivery, lasts, kernel.clock)

    def claim(self, most: int, busy: Collection[str] = ()) -> list[ClaimedDelivery]:
        """Take up to `most` deliveries that are due, each the first of its lane.

        Args:
            most: how many attempts can be begun.
            busy: webhooks that already have as many as they should.
        """
        now = self._clock()
        with self._database.read_one() as connection:
            if connection.execute(select(self._due(now, busy).exists())).scalar_one() is False:
                return []
        claimed: dict[str, str] = {}
        with self._database.write_core() as connection:
            connection.execute(
                update(Delivery)
                .where(
                    Delivery.state == DeliveryState.PENDING.value,
                    Delivery.at < now - self.rules.max_age,
                    self._lease.free(),
                    Delivery.webhook_id.in_(IN_FORCE.with_only_columns(Webhook.id)),
                )
                .values(state=DeliveryState.EXPIRED.value)
            )
            due = self._due(now, busy).order_by(Delivery.seq).limit(most)
            for row_id in connection.scalars(due).all():
                token = self._lease.take(connection, row_id)
                if token is not None:
                    claimed[row_id] = token
        with self._database.read() as session:
            rows = session.execute(
                select(Delivery, Webhook)
                .join(Webhook, Webhook.id == Delivery.webhook_id)
                .where(Delivery.id.in_(claimed))
                .order_by(Delivery.seq)
            )
            return [ClaimedDelivery(claimed[row.id], webhook, row) for row, webhook in rows]

    def finish(self, claim: ClaimedDelivery, result: Result) -> DeliveryState:
        """Record the result of an attempt; returns the delivery's new state."""
        now, row = self._clock(), claim.delivery
        attempts = row.attempts + 1
        state = result.state
        failed = state is DeliveryState.PENDING
        if failed and (attempts >= self.rules.attempts or row.kind == PING):
            state = DeliveryState.DEAD
        values: dict[str, Any] = {
            "state": state.value,
            "attempts": attempts,
            "due_at": now + pause(attempts),
            "attempted_at": now,
            "status_code": result.status_code,
            "latency_ms": result.latency_ms,
            "error": str(result.error)[:200] if result.error is not None else None,
            "error_sentence": result.error.as_json() if result.error is not None else None,
        }
        with self._database.write_core() as connection:
            if not self._lease.give_back(connection, row.id, claim.token, **values):
                return DeliveryState.PENDING  # it took too long: somebody else makes it again
            if failed:
                self._failed(connection, claim, now, dead=state is DeliveryState.DEAD)
            elif state is DeliveryState.DELIVERED:
                _note(connection, row.webhook_id, {"failures": 0, "succeeded_at": now})
        return state

    def pause(self) -> float | None:
        """Return the seconds until the next delivery can be made, None where none is pending."""
        with self._database.read_one() as connection:
            due: datetime | None = connection.execute(
                select(func.min(func.coalesce(Delivery.claimed_until, Delivery.due_at))).where(
                    *_first_of_lane()
                )
            ).scalar_one()
        return max(0.0, (due - self._clock()).total_seconds()) if due is not None else None

    def figures(self) -> Figures:
        """Count what waits."""
        with self._database.read() as session:
            found = session.execute(
                select(func.count(), func.min(Delivery.at))
                .join(Webhook, Webhook.id == Delivery.webhook_id)
                .where(Delivery.state == DeliveryState.PENDING.value, Webhook.active)
            ).one()
            disabled = session.scalar(
                select(func.count()).where(Webhook.disabled_reason.is_not(None), ~Webhook.active)
            )
        pending, oldest = int(found[0]), cast("datetime | None", found[1])
        age = (self._clock() - oldest).total_seconds() if oldest is not None else 0.0
        return Figures(pending, max(0.0, age), disabled or 0)

    def _due(self, now: datetime, busy: Collection[str]) -> Select[str]:
        """Select the ids of deliveries that can be made: due, free, and first of their lane."""
        return select(Delivery.id).where(
            *_first_of_lane(),
            Delivery.due_at <= now,
            self._lease.free(),
            Delivery.webhook_id.not_in(busy),
        )

    def _failed(
        self, connection: Connection, claim: ClaimedDelivery, now: datetime, *, dead: bool
    ) -> None:
        webhook_id = claim.webhook.id
        if claim.delivery.kind == PING:
            return
        _note(connection, webhook_id, {"failures": Webhook.failures + 1, "failed_at": now})
        if not dead:
            return
        params = {"delivery": claim.delivery.id, "attempts": self.rules.attempts}
        reason = Message("webhook_disabled", params)
        off = {
            "active": False,
            "disabled_reason": str(reason),
            "disabled_sentence": reason.as_json(),
            "version": Webhook.version + 1,
        }
        _note(connection, webhook_id, off)
        detail = {"delivery": claim.delivery.id, "attempts": self.rules.attempts}
        self._audit.append(
            connection,
            AuditEntry(
                Actor.service(),
                "webhook.disable",
                webhook_id,
                claim.webhook.agency_id,
                detail=detail,
            ),
        )


def pause(attempts: int) -> timedelta:
    """Return how long to wait after so many failures: doubled each time, and never all at once."""
    longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(attempts - 1, 20))
    return timedelta(seconds=longest * random.uniform(0.5, 1))  # noqa: S311 - spreads load


def _note(connection: Connection, webhook_id: str, values: Mapping[str, Any]) -> None:
    connection.execute(update(Webhook).where(Webhook.id == webhook_id).values(**values))


def _first_of_lane() -> tuple[ColumnElement[bool], ...]:
    earlier = aliased(Delivery)
    blocked = (
        select(earlier.seq)
        .where(
            earlier.webhook_id == Delivery.webhook_id,
            earlier.lane == Delivery.lane,
            earlier.state == DeliveryState.PENDING.value,
            earlier.seq < Delivery.seq,
        )
        .exists()
    )
    return (
        Delivery.state == DeliveryState.PENDING.value,
        Delivery.webhook_id.in_(IN_FORCE.with_only_columns(Webhook.id)),
        ~blocked,
    )
