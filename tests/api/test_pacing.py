"""A client that is refused and comes again at once is answered later."""

import asyncio
import itertools
import time

import pytest

from api.metrics import Metrics
from api.middleware import RequestContext
from api.pacing import Pacing


def test_so_many_refusals_are_answered_at_once_and_more_a_while_later():
    now = [0.0]
    pacing = Pacing(at_once=3, seconds=1.0, clock=lambda: now[0])
    waits = [pacing.refused("a") for _ in range(103)]
    assert waits[:3] == [0, 0, 0]
    later = sorted(waits[3:])
    assert 1 <= later[0] < later[-1] < 2
    assert max(after - before for before, after in itertools.pairwise(later)) < 0.03, "spread"
    assert pacing.refused("b") == 0
    now[0] += 1
    assert [pacing.refused("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_addresses_that_were_refused_are_forgotten_at_some_number():
    pacing = Pacing(at_once=1)
    pacing.refused("first")
    for number in range(10_000):
        pacing.refused(str(number))
    assert pacing.refused("first") == 0


@pytest.mark.parametrize(("status", "slow"), [(503, True), (429, True), (404, False), (201, False)])
def test_what_says_come_again_is_answered_later_to_those_who_come_at_once(status, slow):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    context = RequestContext(app, Metrics(500), Pacing(at_once=2, seconds=0.05))
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "client": ("10.0.0.1", 1)}

    async def ask() -> float:
        sent = []

        async def send(message):
            sent.append(message["type"])

        began = time.monotonic()
        await context(dict(scope), None, send)  # type: ignore[arg-type]
        assert sent == ["http.response.start", "http.response.body"]
        return time.monotonic() - began

    async def scene():
        return [await ask() for _ in range(3)]

    waits = asyncio.run(scene())
    assert max(waits[:2]) < 0.05
    assert (waits[2] >= 0.05) == slow
