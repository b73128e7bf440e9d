"""Sending: one delivery put together, signed and sent to the address that was checked."""

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Final, Self

import httpx2
from sqlalchemy import select

from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.errors import TargetRefused
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import DeliveryState, EventKind
from casework.review import alerts
from casework.review.siblings import WITH_ALERTS, WITH_ENCOUNTER
from casework.tables import Alert, Delivery, Encounter, Webhook
from casework.webhooks import addresses
from casework.webhooks.attempts import ClaimedDelivery, Result
from casework.webhooks.delivery_log import PING
from casework.webhooks.feed import ACTS, FeedEvent
from casework.webhooks.signature import signed
from casework.webhooks.webhooks import reader

Render = Callable[[FeedEvent, Actor], bytes]
"""Writes an event as JSON for one reader."""

_PING_BODY: Final = '{{"id":"{id}","practice":{practice},"kind":"ping","at":"{at}"}}'


class Sender:
    """Makes single deliveries. Belongs to one event loop; close it in the end."""

    def __init__(
        self,
        kernel: Kernel,
        render: Render,
        timeout_s: float,
        *,
        private: bool,
        ports: frozenset[int] = addresses.PORTS,
    ) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._clock = kernel.clock
        self._practice = kernel.practice
        self._render = render
        self._timeout_s = timeout_s
        self._private = private
        self._ports = ports
        # No kept connections: they are kept by address, and two hosts can share one. No proxies
        # from the environment, no redirects: both would lead past the check of the address.
        transport = httpx2.AsyncHTTPTransport(
            verify=_authorities(),
            trust_env=False,
            limits=httpx2.Limits(max_keepalive_connections=0),
        )
        self._client = httpx2.AsyncClient(
            transport=transport, trust_env=False, follow_redirects=False, timeout=timeout_s
        )

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def send(self, claim: ClaimedDelivery) -> Result:
        """Make one delivery; whatever goes wrong is in the result."""
        body = await asyncio.to_thread(self._body, claim.webhook, claim.delivery)
        if body is None:
            return Result(DeliveryState.GONE)
        began = time.perf_counter()
        status: int | None = None
        error: Message | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                status = await self._post(claim, body)
            if not 200 <= status < 300:
                error = Message("delivery_answered", {"status": str(status)})
        except TargetRefused as refusal:
            error = refusal.message
        except TimeoutError:
            error = Message("delivery_timed_out", {"seconds": f"{self._timeout_s:g}"})
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as failure:
            kind = type(failure).__name__
            error = Message("delivery_failed", {"kind": kind, "error": str(failure)})
        return Result(
            DeliveryState.PENDING if error is not None else DeliveryState.DELIVERED,
            status,
            round((time.perf_counter() - began) * 1000, 1),
            error,
        )

    async def _post(self, claim: ClaimedDelivery, body: bytes) -> int:
        """Send the body; returns the status that was answered."""
        target = addresses.parse(claim.webhook.url, private=self._private, ports=self._ports)
        address = await asyncio.to_thread(addresses.resolve, target, private=self._private)
        now = self._clock()
        headers = {
            "Host": target.authority,
            "Content-Type": "application/json",
            "User-Agent": "Siaga",
            "Siaga-Delivery": claim.delivery.id,
            **signed(
                claim.delivery.event_id,
                body,
                self._keys(claim.webhook, now),
                int(now.timestamp()),
            ),
        }
        # The certificate is checked against the name, although the connection goes to the address.
        extensions = {"sni_hostname": target.host}
        async with self._client.stream(
            "POST", target.at(address), content=body, headers=headers, extensions=extensions
        ) as response:
            return response.status_code  # the body is nothing to us, however long it is

    def _keys(self, webhook: Webhook, now: datetime) -> list[bytes]:
        sealed = [webhook.sealed_secret]
        if (
            webhook.sealed_former_secret is not None
            and webhook.former_until is not None
            and now < webhook.former_until
        ):
            sealed.append(webhook.sealed_former_secret)
        return [self._vault.open(each, rows.webhook_secret(webhook.id)) for each in sealed]

    def _body(self, webhook: Webhook, delivery: Delivery) -> bytes | None:
        """Return what is sent, as the receiver may see it now; None if it may not any more."""
        if delivery.kind == PING:
            at = delivery.at.isoformat().replace("+00:00", "Z")
            return _PING_BODY.format(
                id=delivery.event_id, practice=json.dumps(self._practice), at=at
            ).encode()
        kind = EventKind(delivery.kind)
        event = FeedEvent(delivery.event_id, kind, delivery.at, delivery.object_id)
        receiver = reader(webhook)
        if ACTS[kind] is Permission.READ_ENCOUNTER:
            encounter = self._encounter(webhook, delivery.object_id)
            if encounter is None:
                return None
            event = replace(event, encounter=encounter)
        elif ACTS[kind] is Permission.READ_ALERT:
            alert = self._alert(webhook, receiver, delivery.object_id)
            if alert is None:
                return None
            event = replace(event, alert=alert)
        return self._render(event, receiver)

    def _alert(self, webhook: Webhook, receiver: Actor, alert_id: str) -> Alert | None:
        query = select(Alert).options(WITH_ENCOUNTER).where(Alert.id == alert_id)
        if webhook.key_id is None:
            query = query.where(alerts.visible(receiver))
        else:
            query = query.join(Alert.encounter).where(Encounter.api_key_id == webhook.key_id)
        with self._database.read() as session:
            return session.scalar(query)

    def _encounter(self, webhook: Webhook, encounter_id: str) -> Encounter | None:
        query = (
            select(Encounter)
            .options(WITH_ALERTS)
            .where(Encounter.id == encounter_id, Encounter.api_key_id == webhook.key_id)
        )
        with self._database.read() as session:
            return session.scalar(query)


@cache
def _authorities() -> ssl.SSLContext:
    """Return the machine's own; reading them takes 30 ms."""
    return ssl.create_default_context()
