"""Screens the guests that lodgings reported, beside the requests: one at a time, requests first."""

import asyncio
from contextlib import suppress
from typing import Final

from api.logging import log
from api.metrics import Metrics
from api.workers import WorkPool
from casework.service import Service
from casework.stays.screening import ClaimedStay, StayTaken

_LOOK_EVERY_S: Final = 5.0
"""Seconds after which reports that other processes took in are noticed."""


class StayWorker:
    """Works on the reports of one process. Belongs to one event loop."""

    def __init__(self, service: Service, pool: WorkPool, metrics: Metrics) -> None:
        self._service = service
        self._pool = pool
        self._metrics = metrics
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start; what an ended process left comes first."""
        self._running = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Signal that a report waits."""
        self._woken.set()

    async def stop(self) -> None:
        """Stop after the guest that is looked up; the others wait for the next start."""
        self._stopping.set()
        self._woken.set()
        if self._running is not None:
            await self._running

    async def _run(self) -> None:
        screening, take_over, erased = self._service.stays.screening, True, False
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                claim = await asyncio.to_thread(screening.claim, take_over=take_over)
                take_over = False
                if claim is not None:
                    await self._screen(claim)
                    erased = True
                    continue
                if erased:
                    # Once for all of them: what was erased is in no file then.
                    await asyncio.to_thread(self._forget)
                    erased = False
            except Exception as error:  # noqa: BLE001 - the next round may succeed, and must come
                log.error("screening of a guest failed", exc_info=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _LOOK_EVERY_S)

    async def _screen(self, claim: ClaimedStay) -> None:
        try:
            encounter = await self._pool.low_priority(
                lambda: self._service.stays.screening.screen(claim)
            )
        except StayTaken:
            log.info("guest left to another process", id=claim.stay.id)
            return
        if encounter is not None:
            self._metrics.raised(encounter)

    def _forget(self) -> None:
        self._service.kernel.database.empty_log()
        self._service.kernel.vault.own_keys.forget()
