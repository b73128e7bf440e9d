"""A route whose arguments are given by hand answers as the framework makes it answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api import app as assembly
from api.app import create_app
from api.routing import StrictRoute
from api.state import state_of
from casework.accounts.api_keys import NewKey
from casework.kernel.vocabulary import Scope
from tests.api.conftest import settings_for, wait_until_ready
from tests.fakes import photo_of
from tests.services import OPERATOR, Desk, open_service

FIELDS = {"port": "CGK", "direction": "entry"}
PHOTO = {"photo": ("face.jpg", photo_of(1, brightness=0.9), "image/jpeg")}
CHANGES = ("id", "request_id", "captured_at", "received_at", "stages_ms")

Answer = tuple[int, dict[str, str], Any]


@pytest.fixture
def by_signature(tmp_path, clock, monkeypatch) -> Iterator[TestClient]:
    """An application in which the framework finds every argument."""
    folder = tmp_path / "by_signature"
    folder.mkdir()
    assembly._routes.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(StrictRoute, "get_route_handler", APIRoute.get_route_handler)
        app = create_app(
            settings_for(folder),
            lambda s: open_service(folder / "siaga.db", clock, limits=s.limits),
        )
    assembly._routes.cache_clear()
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client


def desk_of(client: TestClient, clock: Any) -> Desk:
    return Desk(state_of(client.app).opened, clock)  # type: ignore[arg-type]


def bearer(desk: Desk, *scopes: Scope) -> dict[str, str]:
    new = NewKey("test", frozenset(scopes), None, desk.agency())
    _, text = desk.service.accounts.keys.create(OPERATOR, new)
    return {"Authorization": f"Bearer {text}"}


def answers(client: TestClient, clock: Any) -> Iterator[Answer]:
    """Send what is right and what is wrong in every way that the arguments look at."""
    desk = desk_of(client, clock)
    port, other = bearer(desk, Scope.SCREEN), bearer(desk, Scope.ENROL)
    good: dict[str, Any] = {"data": FIELDS, "files": PHOTO, "headers": port}
    requests: list[dict[str, Any]] = [
        good,
        good | {"headers": {}},
        good | {"headers": {"Authorization": "Basic eDp5"}},
        good | {"headers": {"Authorization": "Bearer"}},
        good | {"headers": {"Authorization": "bearer siaga.unknown.secret"}},
        good | {"headers": other},
        good | {"params": {"port": "CGK"}},
        good | {"params": {"port": "CG\0K"}},
        good | {"headers": port | {"Idempotency-Key": ""}},
        good | {"headers": port | {"Idempotency-Key": "k" * 201}},
        good | {"headers": port | {"Idempotency-Key": "k" * 200}},
        good | {"headers": port | {"Idempotency-Key": "k" * 200}},
        good | {"data": FIELDS | {"port": "DPS"}, "headers": port | {"Idempotency-Key": "k" * 200}},
        good | {"data": FIELDS | {"direction": "up"}},
        good | {"files": {}},
        {"content": b"{}", "headers": port | {"Content-Type": "application/json"}},
        {"headers": port},
    ]
    for request in requests:
        answer = client.post("/v1/encounters", **request)
        body = answer.json()
        kept = {name: each for name, each in body.items() if name not in CHANGES}
        wanted = ("content-type", "idempotency-replayed", "www-authenticate", "retry-after")
        headers = {name: answer.headers[name] for name in wanted if name in answer.headers}
        yield answer.status_code, headers, kept


def test_arguments_given_by_hand_are_those_of_the_signature(client, by_signature, clock):
    found, expected = list(answers(client, clock)), list(answers(by_signature, clock))
    assert {status for status, *_ in found} == {200, 201, 401, 403, 422}
    assert found == expected


def test_the_framework_takes_no_part_in_the_hottest_route(client, by_signature, clock, monkeypatch):
    asked = []

    async def solved(**options: Any) -> None:
        asked.append(options["request"].url.path)
        raise LookupError("what the framework found")

    monkeypatch.setattr("fastapi.routing.solve_dependencies", solved)
    headers = bearer(desk_of(client, clock), Scope.SCREEN)
    sent = {"data": FIELDS, "files": PHOTO}
    assert client.post("/v1/encounters", headers=headers, **sent).status_code == 201
    assert not asked
    headers = bearer(desk_of(by_signature, clock), Scope.SCREEN)
    by_signature.post("/v1/encounters", headers=headers, **sent)
    assert asked == ["/v1/encounters"]
