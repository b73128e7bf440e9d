"""The table of limits: every route has a cap, a deadline and a cost, and keeps to them."""

import json
import time
from pathlib import Path

import pytest
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute

from api.app import create_app
from api.field_errors import MOST_ERRORS
from api.limits import STRANGERS_BODY, WORKING, Cost, Limits, LimitsMissing
from api.state import state_of
from config.settings import MEBI, Settings
from tests.api.authority_cases import PUBLIC
from tests.api.conftest import problem, settings_for

APP = create_app(settings_for(Path("unused")))
LIMITS = state_of(APP).limits
ROUTES = [
    pytest.param(route, each, id=f"{min(route.methods)} {route.path}")  # type: ignore[attr-defined]
    for route, each in LIMITS
]
LARGEST = 65 * MEBI


def test_the_table_has_every_route_and_no_row_without_one():
    served = {id(route) for route, _ in LIMITS}
    assert len(served) == len(ROUTES) > 150
    assert not LIMITS.unused


@pytest.mark.parametrize(("route", "limits"), ROUTES)
def test_every_route_has_a_cap_a_deadline_and_a_cost(route, limits):
    assert limits.cost in Cost
    assert limits.body_bytes >= STRANGERS_BODY
    assert 1 <= limits.body_seconds <= 3600
    if limits.held:
        assert limits.body_bytes <= LARGEST
    if not isinstance(route, APIRoute):
        return
    needs = {str(each.call) for each in route.dependant.dependencies}
    assert any("work_place" in each for each in needs) == (limits.cost in WORKING), route.path
    assert any("hashing_place" in each for each in needs) == (limits.cost is Cost.SIGN_IN)
    name = f"{min(route.methods or ())} {route.path}"
    if name in PUBLIC:
        assert limits.body_bytes == STRANGERS_BODY, "strangers call it"


def test_photos_count_by_their_number_up_to_what_is_held_in_memory():
    def of(**values: int) -> dict[str, int]:
        settings = Settings(data_dir=Path("unused"), **values)  # type: ignore[arg-type]
        app = create_app(settings)
        return {
            route.path: each.body_bytes
            for route, each in state_of(app).limits
            if isinstance(route, APIRoute) and route.path.startswith("/v1") and each.cost in WORKING
        }

    few = of(max_photo_bytes=1000_000, max_photos=3)
    assert few["/v1/encounters"] == 2 * 1000_000 + MEBI  # the chip's photo, too
    assert few["/v1/compare"] == 2 * 1000_000 + MEBI
    assert few["/v1/subjects"] == 3 * 1000_000 + MEBI
    assert of()["/v1/subjects"] == LARGEST
    assert of(max_photo_bytes=100 * MEBI)["/v1/encounters"] == 101 * MEBI


def test_a_route_that_reads_its_body_and_has_no_row_stops_the_start():
    app, router = create_app(settings_for(Path("unused"))), APIRouter()

    @router.post("/v1/new")
    async def new(request: Request) -> None:
        del request

    app.include_router(router)
    with pytest.raises(LimitsMissing, match=r"POST /v1/new .*limits\.py"):
        Limits(settings_for(Path("unused"))).add_all(app)


def test_strangers_are_refused_before_much_is_read(client):
    large = {"login": "a", "password": "x" * 2 * STRANGERS_BODY}
    problem(client.post("/v1/sessions", json=large), 413, "body_too_large")
    problem(client.post("/v1/watchlists", json=large), 401, "not_authenticated")
    shown = {"Authorization": "Bearer siaga.key_1.x"}
    problem(client.post("/v1/watchlists", json=large, headers=shown), 401, "not_authenticated")
    form = {"photo": ("x.jpg", b"x" * 4 * STRANGERS_BODY)}
    problem(client.post("/v1/encounters", files=form), 401, "not_authenticated")
    typed = client.post("/sign-in", data={"login": "a" * 2 * STRANGERS_BODY})
    assert typed.status_code in (401, 413)


def test_a_known_caller_sends_as_much_as_the_route_takes(client, office):
    long = {"name": "x" * 2 * STRANGERS_BODY}
    problem(client.post("/v1/watchlists", json=long, headers=office), 422, "request_invalid")
    longer = {"name": "x" * 5 * STRANGERS_BODY}
    problem(client.post("/v1/watchlists", json=longer, headers=office), 413, "body_too_large")


def test_pieces_of_no_announced_length_are_counted(client, office):
    def pieces(count: int):
        for _ in range(count):
            yield b"[" * 10_000

    headers = {"Content-Type": "application/json"}
    problem(client.post("/v1/sessions", content=pieces(3), headers=headers), 413, "body_too_large")
    signed = headers | office
    answer = client.post("/v1/watchlists", content=pieces(10), headers=signed)
    problem(answer, 413, "body_too_large")


def test_a_body_of_nothing_but_faults_is_answered_in_little_time_and_space(client, office):
    body = json.dumps({f"k{n}": 0 for n in range(9_500)}).encode()
    assert 100 * 1024 < len(body) < 128 * 1024
    headers = office | {"Content-Type": "application/json"}
    spent = []
    for _ in range(3):
        began = time.process_time()
        answer = client.patch("/v1/subjects/none", headers=headers, content=body)
        spent.append(time.process_time() - began)
    assert len(problem(answer, 422, "request_invalid")["errors"]) == MOST_ERRORS
    assert min(spent) < 0.1, "of a processor: the client's own share is in it"
