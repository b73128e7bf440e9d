"""The worker: makes deliveries as they come up, several at a time, for as long as it runs."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

from casework.kernel.kernel import Kernel
from casework.kernel.vocabulary import DeliveryState
from casework.webhooks.attempts import ClaimedDelivery, DeliveryQueue
from casework.webhooks.fan_out import FanOut
from casework.webhooks.sender import Sender

_AT_ONCE: Final = 16
_AT_ONCE_EACH: Final = 4
"""To one webhook; it has several lanes."""

# Nobody rings for what was queued by hand in another process, a command for example.
_LONGEST_NAP_S: Final = 10.0

# How long another process's write may go unnoticed, in seconds: readers are promised one.
LOOK_EVERY_S: Final = 0.5


class OutboxPoller:
    """Notices what other processes write, and rings for it. Belongs to one event loop."""

    def __init__(self, kernel: Kernel, every_s: float = LOOK_EVERY_S) -> None:
        self._outbox = kernel.outbox
        self._every_s = every_s

    async def run(self, stopping: asyncio.Event, failed: Callable[[Exception], None]) -> None:
        """Poll until stopped."""
        seen: int | None = None
        while not stopping.is_set():
            try:
                newest: int | None = await asyncio.to_thread(self._outbox.newest)
            except Exception as error:  # noqa: BLE001 - the database may be back the next time
                failed(error)
                newest = seen
            if newest != seen:
                seen = newest
                self._outbox.ring()
            await first_of(self._every_s, stopping)


class Worker:
    """Makes the deliveries of one process. Belongs to one event loop."""

    def __init__(
        self,
        kernel: Kernel,
        queues: FanOut,
        dispatch: DeliveryQueue,
        sender: Sender,
        attempted: Callable[[DeliveryState], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._outbox = kernel.outbox
        self._queues = queues
        self._dispatch = dispatch
        self._sender = sender
        self._attempted = attempted
        self._failed = failed
        self._woken = asyncio.Event()
        self._under_way: dict[asyncio.Task[None], str] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        """Deliver until stopped; deliveries under way are finished."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._woken.set)

        with self._outbox.listening(wake):
            while not stopping.is_set():
                self._woken.clear()
                try:
                    pause = await self._round()
                except Exception as error:  # noqa: BLE001 - the next round may succeed
                    self._failed(error)
                    pause = LOOK_EVERY_S
                await first_of(pause, stopping, self._woken)
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _round(self) -> float | None:
        """Start the deliveries that are due; returns the seconds until there may be more."""
        await asyncio.to_thread(self._queues.fill)
        each = Counter(self._under_way.values())
        free = _AT_ONCE - each.total()
        if free <= 0:
            return None  # the next that ends wakes us
        busy = [name for name, count in each.items() if count >= _AT_ONCE_EACH]
        claims = await asyncio.to_thread(self._dispatch.claim, min(free, _AT_ONCE_EACH), busy)
        for claim in claims:
            task = asyncio.create_task(self._make(claim))
            self._under_way[task] = claim.webhook.id
            task.add_done_callback(self._ended)
        if claims:
            return 0
        pause = await asyncio.to_thread(self._dispatch.pause)
        return min(pause, _LONGEST_NAP_S) if pause is not None else _LONGEST_NAP_S

    async def _make(self, claim: ClaimedDelivery) -> None:
        try:
            result = await self._sender.send(claim)
            state = await asyncio.to_thread(self._dispatch.finish, claim, result)
        except Exception as error:  # noqa: BLE001 - the claim runs out, and it is made again
            self._failed(error)
        else:
            self._attempted(state)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.pop(task)
        self._woken.set()


async def first_of(seconds: float | None, *events: asyncio.Event) -> None:
    """Wait until one of the events is set, or for so many seconds; None means for good."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
