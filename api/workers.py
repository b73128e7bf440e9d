"""Bounded work: a fixed number of threads, a fixed number of places to wait, and no more.

Analysing a photo is CPU work of tens of milliseconds. More threads than processors would only make
every answer late, and a long queue would answer travellers who have already walked on. So a request
is admitted at once or refused at once, and one whose client has gone is dropped if not yet begun.

What nobody waits for (imports) is done in between, on one thread of its own: a piece begins only
while a worker is free, and the system gives that thread what the workers leave.
"""

import asyncio
import math
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from typing import Any, Final, TypeVar

from starlette.requests import Request
from threadpoolctl import threadpool_limits

from index.threads import use_threads

T = TypeVar("T")

# Threads that wait for the disk; they commit in groups (casework.kernel.group_commit), so a few
# are enough.
_MOST_IO_THREADS: Final = 8

# An answer takes longer than its turn at a worker: its body arrives, its record is committed, and a
# busy machine is uneven. What is left of the target is for that.
_SHARE_OF_TARGET: Final = 0.6

# Weight of the newest request in the usual time of one.
_NEWEST: Final = 0.1


# As `nice` has it: the least of all.
_LEAST_PRIORITY: Final = 19


class Overloaded(Exception):
    """Every worker is busy and every waiting place is taken."""


class ClientGone(Exception):
    """The client closed the connection before its work began."""


class WorkPool:
    """Runs CPU work for requests. Belongs to one event loop."""

    def __init__(self, workers: int, waiting: int, target_ms: float = math.inf) -> None:
        self.workers = workers
        self._bearable_ms = target_ms * _SHARE_OF_TARGET
        self._usual_ms = 0.0
        self.places = workers + waiting
        self._taken = 0
        self._threads = ThreadPoolExecutor(workers, "siaga-worker", initializer=_one_thread_each)
        self._io_threads = ThreadPoolExecutor(min(self.places, _MOST_IO_THREADS), "siaga-io")
        self._low_priority = ThreadPoolExecutor(
            1, "siaga-low-priority", initializer=_lowest_priority
        )
        self._worker_free = asyncio.Event()
        self._worker_free.set()

    @property
    def admitted(self) -> int:
        """Requests admitted and not yet answered."""
        return self._taken

    def check(self) -> None:
        """Refuse as `take` would at this moment, and take nothing.

        Raises:
            Overloaded: there is no place, or those before would keep one more past its target.
        """
        if self._taken >= self.places:
            raise Overloaded
        if self._taken >= self.workers and self._expected_ms() > self._bearable_ms:
            raise Overloaded

    def acquire(self) -> AbstractContextManager[None]:
        """Take a place for the duration of a request, once its body is there.

        Raises:
            Overloaded: see `check`.
        """
        self.check()
        self._taken += 1
        if self._taken >= self.workers:
            self._worker_free.clear()
        return self._leaving()

    @contextmanager
    def _leaving(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._taken -= 1
            if self._taken < self.workers:
                self._worker_free.set()

    def _expected_ms(self) -> float:
        """Return the milliseconds until one more request would be done, at the present pace."""
        return (self._taken + 1) / self.workers * self._usual_ms

    def _timed(self, work: Callable[[], T]) -> T:
        started = time.perf_counter()
        try:
            return work()
        finally:
            spent = (time.perf_counter() - started) * 1000
            # Workers may overwrite each other's figure: it is an average, not an account.
            self._usual_ms += (spent - self._usual_ms) * _NEWEST

    async def run(self, request: Request, work: Callable[[], T]) -> T:
        """Run `work` on a worker thread and wait for it.

        Raises:
            ClientGone: the client went away before the work began.
        """
        future = self._threads.submit(self._timed, work)
        result = asyncio.wrap_future(future)
        gone = asyncio.ensure_future(_disconnected(request))
        either: set[asyncio.Future[Any]] = {result, gone}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            # What has begun is finished: its record is the truth even if nobody listens.
            if not result.done() and future.cancel():
                raise ClientGone
            return await result
        finally:
            gone.cancel()

    async def record(self, work: Callable[[], T]) -> T:
        """Run `work` that waits for the disk, so that no worker has to wait for it."""
        return await asyncio.wrap_future(self._io_threads.submit(work))

    async def low_priority(self, work: Callable[[], T]) -> T:
        """Run a short piece of `work` that nobody waits for, once a worker is free."""
        await self._worker_free.wait()
        return await asyncio.wrap_future(self._low_priority.submit(work))

    async def shutdown(self) -> None:
        """Finish what was admitted and stop the threads."""
        await asyncio.to_thread(self._threads.shutdown, wait=True)
        await asyncio.to_thread(self._io_threads.shutdown, wait=True)
        await asyncio.to_thread(self._low_priority.shutdown, wait=True)


_HASHES_AT_ONCE: Final = 2
_HASHES_WAITING: Final = 32


class PasswordHashLimiter:
    """Hashes few passwords at a time, because each takes 64 MiB and a processor.

    A route that hashes is a plain function, which runs on a thread. It waits here, before it gets
    one: a flood of sign-ins then fills neither the memory nor the threads that other routes need.
    Belongs to one event loop.
    """

    def __init__(self, at_once: int = _HASHES_AT_ONCE, waiting: int = _HASHES_WAITING) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._left = at_once + waiting

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[None]:
        """Hold a place for the duration of a block.

        Raises:
            Overloaded: too many wait already.
        """
        if self._left == 0:
            raise Overloaded
        self._left -= 1
        try:
            async with self._free:
                yield
        finally:
            self._left += 1


def _one_thread_each() -> None:
    """Keep FAISS and BLAS from starting threads of their own inside a worker."""
    use_threads(1)
    threadpool_limits(1)


def _lowest_priority() -> None:
    _one_thread_each()
    # Linux has priorities by thread; elsewhere it shares as the others do.
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LEAST_PRIORITY)


async def _disconnected(request: Request) -> None:
    """Return when the client closes the connection."""
    receive: Callable[[], Awaitable[dict[str, object]]] = request.receive  # type: ignore[assignment]
    while (await receive())["type"] != "http.disconnect":
        pass
