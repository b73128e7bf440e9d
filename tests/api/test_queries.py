"""Query parameters: what a route does not take is refused, whichever route it is."""

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.app import create_app
from api.dependencies import Allowed
from api.routing import StrictRoute
from api.v1.routers import ROUTERS
from casework.kernel.permissions import Permission
from tests.api.conftest import settings_for, wait_until_ready
from tests.services import OPERATOR, FakeClock, open_service

# An identity provider adds parameters of its own to the way back; health is asked by anything.
LENIENT = {"/v1/sessions/oidc/start", "/v1/sessions/oidc/callback", "/healthz", "/readyz"}

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
STRICT = [route for route in ROUTES if route.path not in LENIENT]


@pytest.fixture(scope="module")
def anybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client who may do everything."""
    folder = tmp_path_factory.mktemp("queries")
    app = create_app(settings_for(folder), lambda _: open_service(folder / "siaga.db", FakeClock()))
    for permission in Permission:
        app.dependency_overrides[Allowed(permission)] = lambda: OPERATOR
    with TestClient(app) as client:
        wait_until_ready(client)
        yield client


@pytest.mark.parametrize("route", STRICT, ids=lambda route: f"{route.name} {route.path}")
def test_a_parameter_that_the_route_does_not_take_is_refused_by_name(route, anybody):
    assert isinstance(route, StrictRoute)
    path = re.sub(r"\{\w+\}", "1", route.path)
    method = next(iter(route.methods or ()))
    answer = anybody.request(method, path, params={"surplus": "1"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "request_invalid"
    assert "surplus" in [each["field"] for each in answer.json()["errors"]]


def test_a_parameter_may_be_given_several_times_where_the_route_says_so(anybody):
    wrong = anybody.get("/v1/alerts?state=new&state=lost&since=yesterday").json()["errors"]
    assert [each["field"] for each in wrong] == ["state.1", "since"]
