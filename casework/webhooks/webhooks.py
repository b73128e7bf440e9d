"""Webhooks: who receives which events at which address, and the secret that signs them.

An agency's webhook receives what its officers and auditors may see. A port system's receives the
alerts of its own encounters: outcome, alert id and state, never who it is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from casework.accounts import agencies
from casework.kernel import rows
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import NotFound, ReasonMissing
from casework.kernel.ids import WEBHOOK, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require, require_object, within_reach
from casework.kernel.vocabulary import DeliveryState, EventKind, Role, Scope
from casework.tables import ApiKey, Delivery, OutboxEvent, Webhook
from casework.webhooks import addresses
from casework.webhooks.signature import new_key, secret_of

OVERLAP: Final = timedelta(days=1)
"""How long a former secret still signs by default."""


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """What a webhook is made from: for an agency, or for a port system's key."""

    url: str
    events: frozenset[EventKind]
    description: str = ""
    agency_id: str | None = None
    """The receiving agency; with a key, it is the key's and may be left out."""
    key_id: str | None = None


class Webhooks:
    """Registers webhooks, and changes, shows and removes them."""

    def __init__(
        self, kernel: Kernel, *, private: bool, ports: frozenset[int] = addresses.PORTS
    ) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._private = private
        self._ports = ports

    def create(self, actor: Actor, new: NewWebhook) -> tuple[Webhook, str]:
        """Register a webhook; returns it and its secret, which cannot be shown again.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such agency or key.
            TargetRefused: the address is not one that may be called.
        """
        require(actor, Permission.MANAGE_WEBHOOK)
        with self._database.read() as session:
            agency_id = _receiver(session, actor, new)
        self._check(new.url)
        now, key, webhook_id = self._clock(), new_key(), new_id(WEBHOOK)
        row = Webhook(
            id=webhook_id,
            agency_id=agency_id,
            key_id=new.key_id,
            url=new.url,
            description=new.description,
            events=sorted(new.events),
            sealed_secret=self._sealed(webhook_id, key),
            active=True,
            failures=0,
            created_at=now,
            updated_at=now,
        )
        with self._database.write() as session:
            _receiver(session, actor, new)
            # What happened before is not sent.
            row.cursor = session.scalar(select(func.coalesce(func.max(OutboxEvent.seq), 0))) or 0
            session.add(row)
            session.flush()
            detail = {"events": row.events, "key": row.key_id}
            self._audit.append(
                session, AuditEntry(actor, "webhook.create", row.id, row.agency_id, detail=detail)
            )
        return row, secret_of(key)

    def page(self, actor: Actor, after: str | None, limit: int) -> list[Webhook]:
        """Return up to `limit` webhooks in order of making; raises NotPermitted."""
        require(actor, Permission.MANAGE_WEBHOOK)
        query = (
            select(Webhook)
            .where(within_reach(actor, Permission.MANAGE_WEBHOOK, Webhook.agency_id))
            .order_by(Webhook.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(Webhook.id > after)
        with self._database.read() as session:
            return list(session.scalars(query))

    def get(self, actor: Actor, webhook_id: str) -> Webhook:
        """Return one webhook; raises NotPermitted, NotFound."""
        with self._database.read() as session:
            return find(session, actor, webhook_id)

    def edit(
        self,
        actor: Actor,
        webhook_id: str,
        changes: Mapping[str, Any],
        version: int | None,
        reason: str | None = None,
    ) -> Webhook:
        """Change url, events, description or active; switching on resets the failures.

        Args:
            actor: who changes it.
            webhook_id: the webhook.
            changes: the new values.
            version: the version the caller read, or None for whichever there is.
            reason: why; required to switch it off.

        Raises:
            NotPermitted, NotFound, StaleVersion, TargetRefused: nothing was changed.
            ReasonMissing: it is switched off without a reason.
        """
        if "url" in changes:
            require(actor, Permission.MANAGE_WEBHOOK)
            self._check(changes["url"])
        with self._database.write() as session:
            row = find(session, actor, webhook_id)
            rows.require_version(row, version)
            if row.active and not changes.get("active", True) and not reason:
                raise ReasonMissing("off_reason_missing", field="reason")
            for name, value in changes.items():
                setattr(row, name, sorted(value) if name == "events" else value)
            if changes.get("active"):
                row.disabled_reason, row.disabled_sentence, row.failures = None, None, 0
            if changes.get("active") or "url" in changes:
                _begin_anew(session, row.id, self._clock())
            row.updated_at = self._clock()
            session.flush()
            detail = {"fields": sorted(changes), "active": row.active}
            entry = AuditEntry(
                actor, "webhook.edit", row.id, row.agency_id, purpose=reason, detail=detail
            )
            self._audit.append(session, entry)
        return row

    def waiting(self, actor: Actor, webhook_id: str) -> int:
        """Return how many messages are still to be delivered; raises NotPermitted, NotFound."""
        pending = select(func.count()).where(
            Delivery.webhook_id == webhook_id, Delivery.state == DeliveryState.PENDING.value
        )
        with self._database.read() as session:
            find(session, actor, webhook_id)
            return session.scalar(pending) or 0

    def rotate(
        self,
        actor: Actor,
        webhook_id: str,
        overlap: timedelta = OVERLAP,
        *,
        reason: str | None = None,
        version: int | None = None,
    ) -> tuple[Webhook, str]:
        """Give a webhook a new secret; returns it. The former one signs too for a while.

        Args:
            actor: who rotates it.
            webhook_id: the webhook.
            overlap: how long messages are signed with the present secret too; with one before it
                no more.
            reason: why, for the audit trail.
            version: the version the caller read, or None for whichever there is.

        Raises:
            NotPermitted, NotFound, StaleVersion: nothing was changed.
        """
        key = new_key()
        with self._database.write() as session:
            row = find(session, actor, webhook_id)
            rows.require_version(row, version)
            now = self._clock()
            row.sealed_former_secret = row.sealed_secret if overlap else None
            row.former_until = now + overlap if overlap else None
            row.sealed_secret = self._sealed(row.id, key)
            row.updated_at = now
            session.flush()
            detail = {"overlap_s": int(overlap.total_seconds())}
            entry = AuditEntry(
                actor, "webhook.rotate", row.id, row.agency_id, purpose=reason, detail=detail
            )
            self._audit.append(session, entry)
        return row, secret_of(key)

    def remove(self, actor: Actor, webhook_id: str, *, reason: str | None = None) -> None:
        """Remove a webhook with its deliveries; raises NotPermitted, NotFound."""
        with self._database.write() as session:
            row = find(session, actor, webhook_id)
            session.delete(row)
            session.flush()
            entry = AuditEntry(actor, "webhook.remove", row.id, row.agency_id, purpose=reason)
            self._audit.append(session, entry)

    def _check(self, url: str) -> None:
        target = addresses.parse(url, private=self._private, ports=self._ports)
        addresses.resolve(target, private=self._private)

    def _sealed(self, webhook_id: str, key: bytes) -> bytes:
        return self._vault.seal(key, rows.webhook_secret(webhook_id))


def find(session: Session, actor: Actor, webhook_id: str) -> Webhook:
    """Return a webhook that the actor manages, within a transaction.

    Raises:
        NotPermitted, NotFound: the actor manages none, or not this one.
    """
    missing = NotFound("webhook_not_found", webhook=webhook_id)
    return rows.one_within(session, actor, Permission.MANAGE_WEBHOOK, Webhook, webhook_id, missing)


def reader(webhook: Webhook) -> Actor:
    """Return whom a webhook's messages are put together for."""
    if webhook.key_id is not None:
        name, roles = webhook.key_id, frozenset({Role.PORT})
    else:
        name, roles = webhook.id, frozenset({Role.OFFICER, Role.AUDITOR})
    return Actor(ActorKind.SYSTEM, name, name, webhook.agency_id, roles)


def _begin_anew(session: Session, webhook_id: str, now: datetime) -> None:
    """Make pending deliveries due now, with all their attempts ahead."""
    session.execute(
        update(Delivery)
        .where(Delivery.webhook_id == webhook_id, Delivery.state == DeliveryState.PENDING.value)
        .values(due_at=now, attempts=0)
    )


def _receiver(session: Session, actor: Actor, new: NewWebhook) -> str | None:
    """Return the agency that manages a new webhook; raises NotPermitted, NotFound."""
    if new.key_id is None:
        unknown = NotFound("agency_not_found", agency=new.agency_id)
        require_object(actor, Permission.MANAGE_WEBHOOK, new.agency_id, missing=unknown)
        if new.agency_id is None:
            raise NotFound("webhook_lacks_receiver")
        agencies.find(session, new.agency_id)
        return new.agency_id
    missing = NotFound("webhook_key_not_found", key=new.key_id)
    key = rows.one_within(session, actor, Permission.MANAGE_WEBHOOK, ApiKey, new.key_id, missing)
    if key.revoked_at is not None or Scope.SCREEN.value not in key.scopes:
        raise missing
    return key.agency_id
