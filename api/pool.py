"""Bounded work: a fixed number of threads, a fixed number of places to wait, and no more.

Analysing a photo is CPU work of tens of milliseconds. More threads than processors would only make
every answer late, and a long queue would answer travellers who have already walked on. So a request
is admitted at once or refused at once, and one whose client has gone is dropped if not yet begun.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from starlette.requests import Request
from threadpoolctl import threadpool_limits

from index import use_threads

T = TypeVar("T")


class Overloaded(Exception):
    """Every worker is busy and every waiting place is taken."""


class ClientGone(Exception):
    """The client closed the connection before its work began."""


class WorkPool:
    """Runs CPU work for requests. Belongs to one event loop."""

    def __init__(self, workers: int, waiting: int) -> None:
        self.workers = workers
        self._places = workers + waiting
        self._taken = 0
        self._threads = ThreadPoolExecutor(workers, "siaga-worker", initializer=_one_thread_each)

    @property
    def admitted(self) -> int:
        """Requests admitted and not yet answered."""
        return self._taken

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Take a place for the duration of a request, before its body is read.

        Raises:
            Overloaded: there is none.
        """
        if self._taken >= self._places:
            raise Overloaded
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    async def run(self, request: Request, work: Callable[[], T]) -> T:
        """Run `work` on a worker thread and wait for it.

        Raises:
            ClientGone: the client went away before the work began.
        """
        future = self._threads.submit(work)
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

    async def idle(self) -> None:
        """Finish what was admitted and stop the threads."""
        await asyncio.to_thread(self._threads.shutdown, wait=True)


def _one_thread_each() -> None:
    """Keep FAISS and BLAS from starting threads of their own inside a worker."""
    use_threads(1)
    threadpool_limits(1)


async def _disconnected(request: Request) -> None:
    """Return when the client closes the connection."""
    receive: Callable[[], Awaitable[dict[str, object]]] = request.receive  # type: ignore[assignment]
    while (await receive())["type"] != "http.disconnect":
        pass
