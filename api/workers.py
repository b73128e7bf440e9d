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
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from starlette.requests import Request
from threadpoolctl import threadpool_limits

from api.limits import Cost
from casework.kernel.priority import take_least_priority
from index.threads import use_threads

T = TypeVar("T")

# Threads that wait for the disk; they commit in groups (casework.kernel.group_commit), so a few
# are enough.
_MOST_IO_THREADS: Final = 8

# An answer takes longer than its turn at a worker: its body arrives, its record is committed, and a
# busy machine is uneven. What is left of the target is for that.
_SHARE_OF_TARGET: Final = 0.6

# Officers wait longer for a search or an enrolment than a traveller does at a gate.
_PATIENCE: Final = 4

# Of so many places, one is kept for callers with less than a fair share.
_RESERVED: Final = 4

# What has waited so long goes before what came later, whatever it costs.
_OVERDUE_SECONDS: Final = 5.0

# Whose last turn is remembered.
_MOST_CALLERS: Final = 10_000

_NOBODY: Final = ""

PLACE: Final = "siaga.place"
"""Where a request's scope has its place."""
LARGE_PHOTO: Final = "siaga.large_photo"
"""Where it says that a photo of it takes much memory: of such work, one piece runs at a time."""

# Weight of the newest request in the usual time of one.
_NEWEST: Final = 0.1


class Overloaded(Exception):
    """Every worker is busy and every waiting place is taken."""


class ClientGone(Exception):
    """The client closed the connection before its work began."""


@dataclass(slots=True, eq=False)
class Place:
    """One request's place: whose it is, what it costs, and where its work stands."""

    caller: str
    cost: Cost
    begun: bool = False
    heavy: bool = False


@dataclass(slots=True, eq=False)
class _Waiting:
    """Work that waits for a worker."""

    place: Place
    work: Callable[[], Any]
    result: asyncio.Future[Any]
    since: float
    started: bool = False


class WorkPool:
    """Runs CPU work for requests. Belongs to one event loop.

    Places are shared fairly: a caller takes those that others leave, up to a reserve for the next
    who comes, and workers are given to callers in turn, screening before all else.
    """

    def __init__(
        self,
        workers: int,
        waiting: int,
        target_ms: float = math.inf,
        spent_s: Callable[[], float] = time.thread_time,
        processors: int | None = None,
    ) -> None:
        """Begin.

        Args:
            workers: threads.
            waiting: places to wait in.
            target_ms: within which a request is to be answered.
            spent_s: seconds that a worker has worked so far. Processor time: where others take the
                processors, everything is late, and to refuse requests would make nothing sooner.
            processors: that workers and the event loop share; None: those of this process.
        """
        self.workers = workers
        self._spent_s = spent_s
        usable = len(os.sched_getaffinity(0)) if processors is None else processors
        self._loop_competes = workers >= usable
        self._loop_ms = 0.0
        self._loop_since: float | None = None
        self._target_ms = target_ms
        self._usual_ms: dict[tuple[Cost, bool], float] = defaultdict(float)
        self.places = workers + waiting
        self._reserve = self.places // _RESERVED
        self._held: list[Place] = []
        self._queue: list[_Waiting] = []
        self._running: list[_Waiting] = []
        self._turns = 0
        self._last_turn: dict[str, int] = {}
        self._threads = ThreadPoolExecutor(workers, "siaga-worker", initializer=_one_thread_each)
        self._io_threads = ThreadPoolExecutor(min(self.places, _MOST_IO_THREADS), "siaga-io")
        self._low_priority = ThreadPoolExecutor(
            1, "siaga-low-priority", initializer=_lowest_priority
        )
        self._worker_free = asyncio.Event()
        self._worker_free.set()
        self._drained = asyncio.Event()
        self._drained.set()

    @property
    def admitted(self) -> int:
        """Requests admitted and not yet answered."""
        return len(self._held)

    def check(self, cost: Cost = Cost.SCREEN) -> None:
        """Refuse as `acquire` would refuse anybody at this moment, and take nothing.

        Raises:
            Overloaded: there is no place, or those before would keep one more past its target.
        """
        self._refuse_late(Place(_NOBODY, cost))

    def acquire(
        self, caller: str = _NOBODY, cost: Cost = Cost.SCREEN
    ) -> AbstractContextManager[Place]:
        """Take a place for the duration of a request, once its body is there.

        Args:
            caller: whose share it counts against.
            cost: what the request costs.

        Raises:
            Overloaded: there is no place, the caller has its share of them, or those before would
                keep the request past its target.
        """
        place = Place(caller, cost)
        self._refuse_late(place)
        own = sum(each.caller == caller for each in self._held)
        # One more than there are: somebody else may come at any moment.
        callers = len({each.caller for each in self._held} | {caller}) + 1
        if own >= self.places / callers and self.admitted >= self.places - self._reserve:
            raise Overloaded
        self._held.append(place)
        if self.admitted >= self.workers:
            self._worker_free.clear()
        return self._leaving(place)

    @contextmanager
    def _leaving(self, place: Place) -> Iterator[Place]:
        try:
            yield place
        finally:
            self._held.remove(place)
            if self.admitted < self.workers:
                self._worker_free.set()

    def _refuse_late(self, place: Place) -> None:
        if self.admitted >= self.places:
            raise Overloaded
        bearable = self._target_ms * _SHARE_OF_TARGET
        if place.cost is not Cost.SCREEN:
            bearable *= _PATIENCE
        if self.admitted >= self.workers and self._expected_ms(place) > bearable:
            raise Overloaded

    def _expected_ms(self, place: Place) -> float:
        """Return the milliseconds until a request would be done, on processors of our own.

        Before it goes the rest of what runs, half of it at a guess, and of what waits as much of
        each caller as brings them to the request's own turn. Heavy work keeps to one worker, and
        so to its own line.
        """
        waiting: Counter[str] = Counter()
        running: Counter[str] = Counter()
        total, workers = self._usual(place), self.workers
        for each in self._held:
            if not each.begun:
                waiting[each.caller] += each.cost <= place.cost and each.heavy == place.heavy
            elif each.heavy and not place.heavy and workers > 1:
                workers -= 1
            else:
                running[each.caller] += 1
                total += self._usual(each) / 2
        turn = 1 + running[place.caller] + waiting[place.caller]
        for caller, count in waiting.items():
            ahead = min(count, turn - running[caller]) if caller != place.caller else count
            total += max(0, ahead) * self._usual(place)
        # With nothing before it, no refusal would make it any sooner.
        return total / workers if total > self._usual(place) else 0.0

    def _usual(self, place: Place) -> float:
        """Return the milliseconds of processor time until one more is done.

        Where the workers leave the event loop no processor of its own, what that spends meanwhile,
        on refusals above all, is time in which they do not work.
        """
        beside = self._loop_ms if self._loop_competes else 0.0
        return self._usual_ms[place.cost, place.heavy] + beside

    async def run(self, request: Request, work: Callable[[], T]) -> T:
        """Run `work` on a worker thread and wait for it.

        Args:
            request: whose work it is, with its `PLACE`; it may go while its work waits.
            work: what is to be done.

        Raises:
            ClientGone: the client went away before the work began.
        """
        result = asyncio.get_running_loop().create_future()
        place = request.scope.get(PLACE) or Place(_NOBODY, Cost.SCREEN)
        place.heavy = request.scope.get(LARGE_PHOTO, False)
        waiting = _Waiting(place, work, result, time.monotonic())
        self._queue.append(waiting)
        self._drained.clear()
        self._give_turns()
        if waiting.started:
            return await asyncio.shield(result)
        gone = asyncio.ensure_future(_disconnected(request))
        either: set[asyncio.Future[Any]] = {result, gone}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            # What has begun is finished: its record is the truth even if nobody listens.
            if not result.done() and not waiting.started:
                raise ClientGone
            return await asyncio.shield(result)
        finally:
            gone.cancel()
            if not waiting.started:
                self._queue.remove(waiting)
                self._note_drained()

    def _give_turns(self) -> None:
        """Start what may run, in its order."""
        while len(self._running) < self.workers:
            may = [each for each in self._queue if self._may_run(each)]
            if not may:
                return
            self._start(min(may, key=self._order))

    def _may_run(self, waiting: _Waiting) -> bool:
        """Whether work may run beside what runs: a worker is kept for the screening of others."""
        if waiting.place.heavy and any(each.place.heavy for each in self._running):
            return False
        others = sum(each.place.cost is not Cost.SCREEN for each in self._running)
        return waiting.place.cost is Cost.SCREEN or others < max(1, self.workers - 1)

    def _order(self, waiting: _Waiting) -> tuple[int, int, int, float]:
        place = waiting.place
        overdue = time.monotonic() - waiting.since > _OVERDUE_SECONDS
        running = sum(each.place.caller == place.caller for each in self._running)
        turn = self._last_turn.get(place.caller, 0)
        return (Cost.SCREEN if overdue else place.cost, running, turn, waiting.since)

    def _start(self, waiting: _Waiting) -> None:
        self._queue.remove(waiting)
        self._running.append(waiting)
        self._turns += 1
        self._last_turn.pop(waiting.place.caller, None)
        self._last_turn[waiting.place.caller] = self._turns
        while len(self._last_turn) > _MOST_CALLERS:
            del self._last_turn[next(iter(self._last_turn))]
        waiting.started = waiting.place.begun = True
        if self._loop_since is None:
            self._loop_since = self._spent_s()
        loop = asyncio.get_running_loop()
        future = self._threads.submit(self._timed, waiting.work, waiting.place)
        future.add_done_callback(
            lambda done: loop.call_soon_threadsafe(self._finished, waiting, done)
        )

    def _finished(self, waiting: _Waiting, done: Future[Any]) -> None:
        self._running.remove(waiting)
        self._note_loop()
        if not waiting.result.done():
            error = done.exception()
            if error is not None:
                waiting.result.set_exception(error)
            else:
                waiting.result.set_result(done.result())
        self._give_turns()
        self._note_drained()

    def _note_loop(self) -> None:
        """Count what the event loop has spent since the work before was done, or this one begun."""
        now = self._spent_s()
        spent = (now - (self._loop_since or now)) * 1000
        self._loop_ms += (spent - self._loop_ms) * _NEWEST
        self._loop_since = now

    def _note_drained(self) -> None:
        if not self._queue and not self._running:
            self._drained.set()
            self._loop_since = None  # idle, it spends nothing that anybody waits for

    def _timed(self, work: Callable[[], T], place: Place) -> T:
        started, kind = self._spent_s(), (place.cost, place.heavy)
        try:
            return work()
        finally:
            spent = (self._spent_s() - started) * 1000
            # Workers may overwrite each other's figure: it is an average, not an account.
            self._usual_ms[kind] += (spent - self._usual_ms[kind]) * _NEWEST

    async def record(self, work: Callable[[], T]) -> T:
        """Run `work` that waits for the disk, so that no worker has to wait for it."""
        return await asyncio.wrap_future(self._io_threads.submit(work))

    async def low_priority(self, work: Callable[[], T]) -> T:
        """Run a short piece of `work` that nobody waits for, once a worker is free."""
        await self._worker_free.wait()
        return await asyncio.wrap_future(self._low_priority.submit(work))

    async def shutdown(self) -> None:
        """Finish what was admitted and stop the threads."""
        await self._drained.wait()
        await asyncio.to_thread(self._threads.shutdown, wait=True)
        await asyncio.to_thread(self._io_threads.shutdown, wait=True)
        await asyncio.to_thread(self._low_priority.shutdown, wait=True)


_MOST_WAITING: Final = 32
_MOST_STRANGERS_WAITING: Final = 8
_MOST_WAIT_SECONDS: Final = 10.0
_STRANGERS_AT_ONCE: Final = 60
_STRANGERS_PER_SECOND: Final = 1.0


class PasswordHashLimiter:
    """Hashes one password at a time, because each takes 46 MiB and a processor.

    A route that hashes is a plain function, which runs on a thread. It waits here, before it gets
    one: a flood of sign-ins then fills neither the memory nor the threads that other routes need.
    Those who signed in from the same place before go first, and strangers together have a budget.
    Belongs to one event loop.
    """

    def __init__(
        self,
        most_seconds: float = _MOST_WAIT_SECONDS,
        strangers: int = _STRANGERS_AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_seconds = most_seconds
        self._busy = False
        self._lines: dict[bool, deque[asyncio.Future[None]]] = {True: deque(), False: deque()}
        self._most = {True: _MOST_WAITING, False: _MOST_STRANGERS_WAITING}
        self._clock = clock
        self._most_budget = self._budget = float(strangers)
        self._counted_at = clock()

    @asynccontextmanager
    async def acquire(self, *, known: bool = True) -> AsyncIterator[None]:
        """Hold the place for the duration of a block.

        Args:
            known: whether somebody signed in from there before, or is signed in.

        Raises:
            Overloaded: too many wait already, or it took too long; of strangers, too many came.
        """
        if not known:
            self._spend()
        if self._busy:
            await self._wait(self._lines[known], self._most[known])
        self._busy = True
        try:
            yield
        finally:
            self._next()

    async def _wait(self, line: deque[asyncio.Future[None]], most: int) -> None:
        if len(line) >= most:
            raise Overloaded
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await asyncio.wait({turn}, timeout=self._most_seconds)
        except asyncio.CancelledError:
            if turn.done():
                self._next()
            else:
                line.remove(turn)
            raise
        if not turn.done():
            line.remove(turn)
            raise Overloaded

    def _next(self) -> None:
        for line in (self._lines[True], self._lines[False]):
            if line:
                line.popleft().set_result(None)
                return
        self._busy = False

    def _spend(self) -> None:
        now = self._clock()
        earned = (now - self._counted_at) * _STRANGERS_PER_SECOND
        self._budget = min(self._most_budget, self._budget + earned)
        self._counted_at = now
        if self._budget < 1:
            raise Overloaded
        self._budget -= 1


def _one_thread_each() -> None:
    """Keep FAISS and BLAS from starting threads of their own inside a worker."""
    use_threads(1)
    threadpool_limits(1)


def _lowest_priority() -> None:
    _one_thread_each()
    take_least_priority()


async def _disconnected(request: Request) -> None:
    """Return when the client closes the connection."""
    receive: Callable[[], Awaitable[dict[str, object]]] = request.receive  # type: ignore[assignment]
    while (await receive())["type"] != "http.disconnect":
        pass
