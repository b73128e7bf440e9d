"""Admission goes by the latency target, and keys by the database, at every request."""

import asyncio
import time

import pytest

from api.workers import Overloaded, WorkPool
from casework.accounts.api_keys import NewKey
from casework.kernel.vocabulary import Scope
from tests.api.conftest import problem
from tests.services import OPERATOR, open_service


class Staying:
    async def receive(self):
        await asyncio.Event().wait()


def test_no_more_are_admitted_than_can_be_answered_in_time():
    async def scene():
        pool = WorkPool(workers=1, waiting=50, target_ms=500)
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


def test_a_free_worker_takes_a_request_however_slow_the_last_one_was():
    async def scene():
        pool = WorkPool(workers=1, waiting=50, target_ms=1)
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
