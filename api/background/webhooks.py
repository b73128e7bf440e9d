"""Webhook delivery beside the requests, and polling for events of other processes."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final

from api.logging import log
from api.metrics import Metrics
from api.v1.webhooks.schemas import render
from casework.records import Records
from casework.webhooks.attempts import DeliveryQueue, DeliveryRules
from casework.webhooks.fan_out import FanOut
from casework.webhooks.sender import Sender
from casework.webhooks.worker import OutboxPoller, Worker, first_of
from config.settings import Settings

_FIGURES_EVERY_S: Final = 15.0


class WebhookDelivery:
    """Runs for as long as the service does. Belongs to one event loop."""

    def __init__(self, settings: Settings, records: Records, metrics: Metrics) -> None:
        self._settings = settings
        self._records = records
        self._metrics = metrics
        self._stopping = asyncio.Event()
        rules = DeliveryRules(
            settings.webhook_timeout_s,
            settings.webhook_attempts,
            timedelta(hours=settings.webhook_max_age_h),
        )
        self._dispatch = DeliveryQueue(records.kernel, rules)
        self._tasks = [
            asyncio.create_task(self._deliver()),
            asyncio.create_task(
                OutboxPoller(records.kernel).run(self._stopping, _failed("look out"))
            ),
        ]
        if settings.management:
            self._tasks.append(asyncio.create_task(self._measure()))

    async def stop(self) -> None:
        """Finish the deliveries under way, and start no more."""
        self._stopping.set()
        await asyncio.gather(*self._tasks)

    async def _deliver(self) -> None:
        records, settings = self._records, self._settings
        sender = Sender(
            records.kernel,
            partial(render, practice=records.kernel.practice),
            settings.webhook_timeout_s,
            private=settings.webhook_private_targets,
            ports=settings.webhook_ports,
        )
        async with sender:
            worker = Worker(
                records.kernel,
                FanOut(records.kernel),
                self._dispatch,
                sender,
                self._metrics.delivered,
                _failed("webhooks"),
            )
            await worker.run(self._stopping)

    async def _measure(self) -> None:
        failed = _failed("webhook figures")
        while not self._stopping.is_set():
            try:
                self._metrics.queued(await asyncio.to_thread(self._dispatch.figures))
            except Exception as error:  # noqa: BLE001 - the next look may succeed, and must come
                failed(error)
            await first_of(_FIGURES_EVERY_S, self._stopping)


def _failed(name: str) -> Callable[[Exception], None]:
    def report(error: Exception) -> None:
        log.error("telling failed", work=name, exc_info=error)

    return report
