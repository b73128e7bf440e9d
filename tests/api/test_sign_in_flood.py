"""A flood of sign-ins keeps nobody from screening, nor officers from their console for long."""

import asyncio
import os
import threading

import pytest
from argon2 import PasswordHasher

from api.workers import Overloaded, PasswordHashLimiter
from casework.accounts.passwords import Passwords
from casework.kernel.vocabulary import Role
from tests.api.conftest import problem
from tests.services import PASSWORD


def hold(limiter, order, name, *, known, until=None):
    async def one():
        async with limiter.acquire(known=known):
            order.append(name)
            if until is not None:
                await until.wait()

    return asyncio.create_task(one())


def test_one_is_hashed_at_a_time_and_known_addresses_go_first():
    async def scene():
        limiter, release = PasswordHashLimiter(), asyncio.Event()
        order: list[str] = []
        tasks = [hold(limiter, order, "first", known=False, until=release)]
        await asyncio.sleep(0)
        tasks += [hold(limiter, order, f"stranger {n}", known=False) for n in range(3)]
        tasks += [hold(limiter, order, f"known {n}", known=True) for n in range(3)]
        await asyncio.sleep(0.01)
        assert order == ["first"]
        release.set()
        await asyncio.gather(*tasks)
        assert order[1:] == [
            *(f"known {n}" for n in range(3)),
            *(f"stranger {n}" for n in range(3)),
        ]

    asyncio.run(scene())


def test_what_would_wait_too_long_is_refused_early():
    async def scene():
        limiter, release = PasswordHashLimiter(0.05), asyncio.Event()
        order: list[str] = []
        first = hold(limiter, order, "first", known=True, until=release)
        await asyncio.sleep(0)
        waiting = [hold(limiter, order, "waiting", known=False) for _ in range(12)]
        done = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(each) for each in done] == [Overloaded] * 12
        release.set()
        await first
        await hold(limiter, order, "after", known=False)
        assert order == ["first", "after"]

    asyncio.run(scene())


def test_a_client_that_leaves_its_turn_gives_it_on():
    async def scene():
        limiter, release = PasswordHashLimiter(), asyncio.Event()
        order: list[str] = []
        first = hold(limiter, order, "first", known=True, until=release)
        await asyncio.sleep(0)
        leaving = hold(limiter, order, "leaving", known=True)
        last = hold(limiter, order, "last", known=True)
        await asyncio.sleep(0)
        leaving.cancel()
        release.set()
        await asyncio.gather(first, last)
        assert order == ["first", "last"]
        second = hold(limiter, order, "second", known=True, until=asyncio.Event())
        await asyncio.sleep(0)
        chosen = hold(limiter, order, "chosen", known=True)
        behind = hold(limiter, order, "behind", known=True)
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        await asyncio.gather(chosen, behind)

    asyncio.run(scene())


def test_strangers_together_have_a_budget():
    async def scene():
        now = [0.0]
        limiter = PasswordHashLimiter(strangers=3, clock=lambda: now[0])

        async def come(known=False):
            async with limiter.acquire(known=known):
                pass

        for _ in range(3):
            await come()
        with pytest.raises(Overloaded):
            await come()
        await come(known=True)
        now[0] += 1
        await come()
        with pytest.raises(Overloaded):
            await come()

    asyncio.run(scene())


def test_a_password_is_hashed_at_least_priority():
    found = []

    class Looking(PasswordHasher):
        def verify(self, hash, password):  # noqa: A002 - the library's name
            found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
            return super().verify(hash, password)

    Passwords(Looking(time_cost=1, memory_cost=8, parallelism=1)).check("x", None)
    assert found == [19]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) < 19


def test_an_address_is_locked_whatever_it_says_of_itself(client, sign_in):
    sign_in(Role.OFFICER, login="sari")
    wrong = {"login": "sari", "password": "wrong"}
    codes = []
    for guess in range(40):
        said = {"X-Forwarded-For": f"203.0.113.{guess}", "Forwarded": f"for=198.51.100.{guess}"}
        body = {**wrong, "login": f"nobody{guess}"}
        codes.append(client.post("/v1/sessions", json=body, headers=said).status_code)
    assert codes[:30] == [401] * 30
    assert set(codes[30:]) == {429}
    right = {"login": "sari", "password": PASSWORD}
    problem(client.post("/v1/sessions", json=right), 429, "too_many_attempts")


def test_sign_ins_beyond_the_budget_of_strangers_cost_nothing(client, sign_in):
    sign_in(Role.OFFICER, login="sari")
    codes = [client.post("/v1/sessions", json={"login": f"nobody{n}", "password": "x" * 20})
             for n in range(10)]  # fmt: skip
    assert {each.status_code for each in codes} == {401}
    assert client.post("/v1/sessions", json={"login": "sari", "password": PASSWORD}).is_success
