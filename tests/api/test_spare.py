"""What nobody waits for is done in between, and takes no traveller's place."""

import asyncio
import contextlib

import pytest

from api.workers import Overloaded, WorkPool
from tests.deadlines import patience


def test_spare_work_waits_for_a_free_worker_and_takes_no_place():
    async def scene():
        pool = WorkPool(1, 1)
        try:
            assert await pool.low_priority(lambda: "idle") == "idle"
            with pool.acquire():
                begun = []
                waiting = asyncio.create_task(pool.low_priority(lambda: begun.append(1)))
                await asyncio.sleep(0.05)
                assert not begun
                assert pool.admitted == 1
                with pool.acquire(), pytest.raises(Overloaded):
                    pool.acquire().__enter__()
                await asyncio.sleep(0.05)
                assert not begun, "a worker is still taken"
            await asyncio.wait_for(waiting, patience(5))
            assert begun == [1]
        finally:
            await pool.shutdown()

    asyncio.run(scene())


def test_a_request_is_admitted_while_spare_work_is_done():
    async def scene():
        pool = WorkPool(1, 0)
        held = asyncio.Event()
        loop = asyncio.get_running_loop()

        def slow():
            loop.call_soon_threadsafe(held.set)
            asyncio.run_coroutine_threadsafe(release.wait(), loop).result(patience(5))

        release = asyncio.Event()
        spare = asyncio.create_task(pool.low_priority(slow))
        try:
            await asyncio.wait_for(held.wait(), patience(5))
            with pool.acquire():
                recorded = pool.record(lambda: "answered")
                assert await asyncio.wait_for(recorded, patience(5)) == "answered"
        finally:
            release.set()
            await spare
            await pool.shutdown()

    asyncio.run(scene())


def test_an_error_of_spare_work_is_the_caller_s():
    async def scene():
        pool = WorkPool(1, 0)
        with contextlib.suppress(ZeroDivisionError):
            await pool.low_priority(lambda: 1 // 0)
            pytest.fail("no error")
        assert await pool.low_priority(lambda: 2) == 2
        await pool.shutdown()

    asyncio.run(scene())
