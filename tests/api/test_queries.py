"""Query parameters: what a route does not take is refused, whichever route it is."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from api.routing import StrictRoute
from api.state import state_of
from api.v1.routers import ROUTERS
from casework.accounts.api_keys import NewKey
from casework.kernel.vocabulary import AgencyKind, Role, Scope
from tests.api.conftest import settings_for, signed_in, wait_until_ready
from tests.services import OPERATOR, Desk, FakeClock, open_service

# An identity provider adds parameters of its own to the way back; health is asked by anything.
LENIENT = {"/v1/sessions/oidc/start", "/v1/sessions/oidc/callback", "/healthz", "/readyz"}

PEOPLE = [role for role in Role if role is not Role.PORT]
ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
STRICT = [route for route in ROUTES if route.path not in LENIENT]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Response]]:
    """Send a request as somebody who may do what it asks: everybody is tried in turn."""
    folder = tmp_path_factory.mktemp("queries")
    clock = FakeClock()
    app = create_app(settings_for(folder), lambda _: open_service(folder / "siaga.db", clock))
    with TestClient(app) as client:
        wait_until_ready(client)
        desk = Desk(state_of(app).opened, clock)
        operator = AgencyKind.OPERATOR
        everybody = [signed_in(desk, role) for role in PEOPLE]
        everybody += [signed_in(desk, role, agency="OPS", kind=operator) for role in PEOPLE]
        key = NewKey("gate", frozenset({Scope.SCREEN}), None, desk.agency())
        _, text = desk.service.accounts.keys.create(OPERATOR, key)
        everybody += [{"Authorization": f"Bearer {text}"}]

        def send(method: str, address: str, **how: Any) -> Response:
            for headers in everybody:
                answer = client.request(method, address, headers=headers, **how)
                if answer.status_code != 403:
                    break
            return answer

        yield send


@pytest.mark.parametrize("route", STRICT, ids=lambda route: f"{route.name} {route.path}")
def test_a_parameter_that_the_route_does_not_take_is_refused_by_name(route, ask):
    assert isinstance(route, StrictRoute)
    path = re.sub(r"\{\w+\}", "1", route.path)
    method = next(iter(route.methods or ()))
    answer = ask(method, path, params={"surplus": "1"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "request_invalid"
    assert "surplus" in [each["field"] for each in answer.json()["errors"]]


def test_a_parameter_may_be_given_several_times_where_the_route_says_so(ask):
    wrong = ask("GET", "/v1/alerts?state=new&state=lost&since=yesterday").json()["errors"]
    assert [each["field"] for each in wrong] == ["state.1", "since"]
