"""Work that waits in the database, done beside the requests: one piece after another."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Final, Generic, TypeVar

from api.logging import log

LOOK_EVERY_S: Final = 5.0
"""Seconds after which what other processes took in is noticed."""


Claim = TypeVar("Claim")


class QueueWorker(ABC, Generic[Claim]):
    """Works on one queue in one process. Belongs to one event loop."""

    failed: str
    """What the log says of a turn that went wrong."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start; what an ended process left comes first."""
        self._running = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Signal that something waits."""
        self._woken.set()

    async def stop(self) -> None:
        """Stop after the piece of work at hand; the others wait for the next start."""
        self._stopping.set()
        self._woken.set()
        if self._running is not None:
            await self._running

    @abstractmethod
    def _claim(self, *, take_over: bool) -> Claim | None:
        """Take what waits first, on a thread; None if nothing does.

        Args:
            take_over: whether claims of other processes count for nothing, as after a start.
        """

    @abstractmethod
    async def _work_on(self, claim: Claim) -> None:
        """Do it."""

    @abstractmethod
    def _tidy(self, *, idle: bool) -> None:
        """Put in order what the work left, on a thread; `idle` says that nothing waits now."""

    async def _run(self) -> None:
        take_over = True
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                claim = await asyncio.to_thread(self._claim, take_over=take_over)
                take_over = False
                if claim is not None:
                    await self._work_on(claim)
                await asyncio.to_thread(self._tidy, idle=claim is None)
                if claim is not None:
                    continue
            except Exception as error:  # noqa: BLE001 - the next round may succeed, and must come
                log.error(self.failed, exc_info=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), LOOK_EVERY_S)
