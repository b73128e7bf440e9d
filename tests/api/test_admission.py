"""Admission goes by the latency target, and keys by the database, at every request."""

import asyncio
import threading
import time
from contextlib import ExitStack, suppress
from typing import ClassVar

import pytest

from api.limits import Cost
from api.workers import LARGE_PHOTO, PLACE, Overloaded, WorkPool
from casework.accounts.api_keys import NewKey
from casework.kernel.vocabulary import Scope
from tests.api.conftest import problem
from tests.deadlines import patience
from tests.services import OPERATOR, open_service


class Staying:
    scope: ClassVar[dict[str, object]] = {}

    async def receive(self):
        await asyncio.Event().wait()


def test_no_more_are_admitted_than_can_be_answered_in_time():
    async def scene():
        pool = WorkPool(workers=1, waiting=50, target_ms=500, spent_s=time.perf_counter)
        spent = []

        def work():
            began = time.perf_counter()
            time.sleep(0.03)
            spent.append(1000 * (time.perf_counter() - began))

        for _ in range(40):
            await pool.run(Staying(), work)  # type: ignore[arg-type]
        with pytest.raises(Overloaded):
            [pool.acquire() for _ in range(11)]
        # 0.6 of 500 ms, at 30 ms and a little each; a busy machine takes longer over a piece. The
        # average begins at nothing, of which a fiftieth is left.
        assert 300 // max(spent) - 1 <= pool.admitted <= 300 // (0.98 * min(spent))
        await pool.shutdown()

    asyncio.run(scene())


def test_a_machine_that_others_keep_busy_degrades_and_refuses_nobody():
    """What takes long without work of its own waits for a processor: to refuse it frees none."""

    async def scene():
        pool = WorkPool(workers=1, waiting=50, target_ms=10)
        for _ in range(10):
            await pool.run(Staying(), lambda: time.sleep(0.02))  # type: ignore[arg-type]
        with ExitStack() as held:
            for _ in range(5):
                held.enter_context(pool.acquire())
        await pool.shutdown()

    asyncio.run(scene())


def test_what_refusals_cost_counts_where_the_workers_leave_the_loop_no_processor():
    """Three times as long on the loop as at work: a quarter can be done in time."""

    async def admitted(processors):
        clock = iter(range(10**6))
        pool = WorkPool(
            workers=1,
            waiting=50,
            target_ms=500,
            # Each look at a clock is 10 ms later: a piece of work takes that, and the loop, too.
            spent_s=lambda: next(clock) / 100,
            processors=processors,
        )
        for _ in range(60):
            await pool.run(Staying(), lambda: None)  # type: ignore[arg-type]
        with pytest.raises(Overloaded):
            [pool.acquire() for _ in range(51)]
        await pool.shutdown()
        return pool.admitted

    alone, shared = (asyncio.run(admitted(processors)) for processors in (2, 1))
    assert alone == 30  # 0.6 of 500 ms, 10 ms each
    assert shared in range(7, 11)  # the loop's 30 ms beside the worker's 10


def test_a_free_worker_takes_a_request_however_slow_the_last_one_was():
    async def scene():
        pool = WorkPool(workers=1, waiting=50, target_ms=1, spent_s=time.perf_counter)
        await pool.run(Staying(), lambda: time.sleep(0.05))  # type: ignore[arg-type]
        with pool.acquire(), pytest.raises(Overloaded):
            pool.acquire()
        with pool.acquire():
            pass
        await pool.shutdown()

    asyncio.run(scene())


def test_a_key_revoked_by_another_process_is_refused_at_the_next_request(client, desk, tmp_path):
    record, text = desk.service.accounts.keys.create(
        OPERATOR, NewKey("port", frozenset({Scope.SCREEN}))
    )
    shown = {"Authorization": f"Bearer {text}"}
    for _ in range(3):
        assert client.get("/v1/encounters/none", headers=shown).status_code == 404
    other = open_service(tmp_path / "siaga.db")
    other.accounts.keys.revoke(OPERATOR, record.id)
    problem(client.get("/v1/encounters/none", headers=shown), 401, "not_authenticated")
    other.close()


def test_a_wrong_secret_stays_wrong_however_often_the_right_one_was_shown(client, desk):
    _, text = desk.service.accounts.keys.create(OPERATOR, NewKey("port", frozenset({Scope.SCREEN})))
    wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
    for shown, status in ((text, 404), (wrong, 401), (text, 404), (wrong, 401)):
        headers = {"Authorization": f"Bearer {shown}"}
        assert client.get("/v1/encounters/none", headers=headers).status_code == status


class Asking:
    """A request that holds a place and whose client stays."""

    def __init__(self, place, *, large=False):
        self.scope = {PLACE: place, LARGE_PHOTO: large}

    async def receive(self):
        await asyncio.Event().wait()


def test_one_caller_takes_what_others_leave_but_never_the_last_places():
    async def scene():
        pool = WorkPool(workers=2, waiting=14)
        with ExitStack() as stack:

            def fill(caller):
                taken = 0
                with suppress(Overloaded):
                    while True:
                        stack.enter_context(pool.acquire(caller))
                        taken += 1
                return taken

            assert fill("greedy") == 12, "what nobody else uses, up to the reserve"
            assert fill("second") == 4, "the reserve is for whoever has less than a share"
            assert fill("third") == 0
        assert pool.admitted == 0
        with ExitStack() as stack:
            for caller in ("a", "b", "c"):
                for _ in range(4):
                    stack.enter_context(pool.acquire(caller))
            with pytest.raises(Overloaded):
                pool.acquire("a")
            with pool.acquire("new"):
                pass
        await pool.shutdown()

    asyncio.run(scene())


def scheduled(workers, *asked):
    """Run pieces of work behind one that holds every worker; returns the order they began in."""

    async def scene():
        pool, order, release = WorkPool(workers, 30), [], threading.Event()
        loop, begun = asyncio.get_running_loop(), asyncio.Semaphore(0)

        def hold():
            loop.call_soon_threadsafe(begun.release)
            assert release.wait(patience(20))

        with ExitStack() as stack:
            first = [stack.enter_context(pool.acquire("first")) for _ in range(workers)]
            tasks = [asyncio.create_task(pool.run(Asking(each), hold)) for each in first]  # type: ignore[arg-type]
            for _ in first:
                await begun.acquire()
            for name, caller, cost in asked:
                place = stack.enter_context(pool.acquire(caller, cost))
                run = pool.run(Asking(place), lambda name=name: order.append(name))  # type: ignore[arg-type, misc]
                tasks.append(asyncio.create_task(run))
            await asyncio.sleep(0)
            release.set()
            await asyncio.gather(*tasks)
        await pool.shutdown()
        return order

    return asyncio.run(scene())


def test_screening_goes_before_searches_comparisons_and_enrolments():
    costs = (Cost.ENROL, Cost.SEARCH, Cost.COMPARE, Cost.SCREEN)
    asked = [(cost.name, cost.name, cost) for cost in costs]
    assert scheduled(1, *asked) == ["SCREEN", "SEARCH", "COMPARE", "ENROL"]


def test_callers_take_turns_however_many_requests_one_of_them_has():
    many = [(f"greedy {n}", "greedy", Cost.SCREEN) for n in range(8)]
    order = scheduled(1, *many, ("other", "other", Cost.SCREEN), ("last", "last", Cost.SCREEN))
    assert set(order[:3]) == {"greedy 0", "other", "last"}


def test_what_is_expected_of_a_caller_counts_others_up_to_its_own_share():
    async def scene():
        pool = WorkPool(workers=1, waiting=50, target_ms=500, spent_s=time.perf_counter)
        for _ in range(60):
            await pool.run(Asking(None), lambda: time.sleep(0.01))  # type: ignore[arg-type]
        with ExitStack() as stack:
            with suppress(Overloaded):
                while True:
                    stack.enter_context(pool.acquire("greedy"))
            assert 5 < pool.admitted < 32
            for _ in range(3):
                stack.enter_context(pool.acquire("other"))  # its wait is short
        await pool.shutdown()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("cost", "large", "workers", "most"),
    [
        (Cost.SCREEN, False, 3, 3),
        (Cost.SCREEN, True, 3, 1),
        (Cost.SEARCH, False, 3, 2),
        (Cost.ENROL, False, 1, 1),
    ],
)
def test_large_photos_run_one_at_a_time_and_a_worker_is_kept_for_screening(
    cost, large, workers, most
):
    async def scene():
        pool, running, highest, turn = WorkPool(workers, 30), [], [], threading.Lock()

        def work():
            with turn:
                running.append(1)
                highest.append(len(running))
            time.sleep(0.02)
            with turn:
                running.pop()

        with ExitStack() as stack:
            places = [stack.enter_context(pool.acquire(str(n), cost)) for n in range(9)]
            await asyncio.gather(*(pool.run(Asking(each, large=large), work) for each in places))  # type: ignore[arg-type]
        assert max(highest) == most
        await pool.shutdown()

    asyncio.run(scene())


def test_a_port_is_admitted_however_much_another_sends_and_however_large_its_photos():
    async def scene(large, seconds):
        pool, release = (
            WorkPool(workers=2, waiting=16, target_ms=500, spent_s=time.perf_counter),
            threading.Event(),
        )
        with ExitStack() as stack:
            for _ in range(40):  # what each usually takes
                place = stack.enter_context(pool.acquire("warm"))
                await pool.run(Asking(place), lambda: time.sleep(0.005))  # type: ignore[arg-type]
                stack.pop_all().close()
            if large:
                place = stack.enter_context(pool.acquire("warm"))
                asking = Asking(place, large=True)
                await pool.run(asking, lambda: time.sleep(seconds))  # type: ignore[arg-type]
                stack.pop_all().close()
            tasks = []
            with suppress(Overloaded):
                while True:
                    place = stack.enter_context(pool.acquire("greedy"))
                    asking = Asking(place, large=large)
                    work = pool.run(asking, lambda: release.wait(patience(20)))  # type: ignore[arg-type]
                    tasks.append(asyncio.create_task(work))
                    await asyncio.sleep(0)
            assert pool.admitted > 2
            for _ in range(2):
                with pool.acquire("gate"):
                    pass
            release.set()
            await asyncio.gather(*tasks)
        await pool.shutdown()

    asyncio.run(scene(large=False, seconds=0))
    asyncio.run(scene(large=True, seconds=1.0))
