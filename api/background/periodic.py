"""Periodic work, beside the event loop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from api.logging import log


class PeriodicTasks:
    """Runs each task at once and then periodically. Belongs to one event loop."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()
        self._rounds: list[asyncio.Task[None]] = []

    def every(self, seconds: int, name: str, work: Callable[[], None]) -> None:
        """Run `work` on a thread, wait the given seconds, and repeat; 0 means never."""
        if seconds:
            self._rounds.append(asyncio.create_task(self._round(seconds, name, work)))

    async def stop(self) -> None:
        """Finish the running task, and start no other."""
        self._stopping.set()
        await asyncio.gather(*self._rounds)

    async def _round(self, seconds: int, name: str, work: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                await asyncio.to_thread(work)
            except Exception as error:  # noqa: BLE001 - the next round may succeed, and must come
                log.error("periodic task failed", work=name, exc_info=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)
