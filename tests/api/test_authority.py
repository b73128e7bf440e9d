"""Every route x every role x own, other, shared and operating agency, over HTTP.

Who may what is read from the matrix in docs/access.md: what is promised is what is answered.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from api.app import create_app
from api.console.page import RequirePermission
from api.dependencies import Allowed
from api.state import state_of
from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.kernel.permissions import Permission, PermissionScope
from casework.kernel.vocabulary import AgencyKind, Role, Scope, SessionKind
from tests.api.authority_cases import CASES, NEVER, OWNER, PUBLIC, SHARER, Case, Stage, numbers
from tests.api.conftest import problem, settings_for, wait_until_ready
from tests.authority import promised
from tests.services import OPERATOR, PASSWORD, Desk, FakeClock, open_service

OTHER, RUNNER = "POL", "OPS"
AGENCIES = (OWNER, OTHER, SHARER, RUNNER)
PEOPLE = tuple(role for role in Role if role is not Role.PORT)

PROMISED = promised()


def declared(dependant: Any) -> Iterator[Allowed | RequirePermission]:
    """What a route's signature asks for."""
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Allowed | RequirePermission):
            yield dependency.call
        yield from declared(dependency)


def routes() -> dict[str, set[Permission]]:
    """Every route of the application, with the acts that it declares."""
    found = {}
    for route in iter_route_contexts(create_app(settings_for(Path("unused"))).routes):
        dependant = getattr(route, "dependant", None)
        acts = {each.act for each in declared(dependant)} if dependant is not None else set()
        for method in set(route.methods or ()) - {"HEAD"}:
            found[f"{method} {route.path}"] = acts
    return found


ROUTES = routes()


def test_every_route_declares_an_act_or_is_public():
    assert {route for route, acts in ROUTES.items() if not acts} == PUBLIC
    assert all(len(acts) == 1 for route, acts in ROUTES.items() if route not in PUBLIC)


def test_every_route_of_the_api_is_in_the_table_once():
    table = [case.route for case in CASES]
    assert len(table) == len(set(table))
    of_api = {route for route in ROUTES if route.split()[1].startswith("/v1/")}
    assert set(table) == of_api - PUBLIC


class Cast:
    """Officers of every role in every agency, and port systems."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.made = numbers()
        self.known: dict[tuple[str, Role], dict[str, str]] = {}

    def session(self, agency: str, *roles: Role) -> dict[str, str]:
        """Sign somebody new in."""
        records = self.desk.service
        kind = AgencyKind.OPERATOR if agency == RUNNER else AgencyKind.MEMBER
        login = f"cast.{next(self.made)}"
        new = NewOfficer(self.desk.agency(agency, kind), login, "Somebody", frozenset(roles))
        _, first = records.accounts.officers.create(OPERATOR, new)
        assert first is not None
        session = records.accounts.sessions.sign_in(Credentials(login, first), SessionKind.PROGRAM)
        records.accounts.account.change_password(session.actor, first, PASSWORD)
        return {"Authorization": f"Bearer {session.text}"}

    def headers(self, agency: str, role: Role, *, fresh: bool = False) -> dict[str, str]:
        """What somebody of a role in an agency shows."""
        if role is not Role.PORT:
            if fresh:
                return self.session(agency, role)
            if (agency, role) not in self.known:
                self.known[agency, role] = self.session(agency, role)
            return self.known[agency, role]
        if (agency, role) not in self.known:
            new = NewKey("gate", frozenset({Scope.SCREEN}), None, self.desk.agency(agency))
            _, text = self.desk.service.accounts.keys.create(OPERATOR, new)
            self.known[agency, role] = {"Authorization": f"Bearer {text}"}
        return self.known[agency, role]


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Cast]]:
    folder, clock = tmp_path_factory.mktemp("authority"), FakeClock()
    settings = settings_for(folder, webhook_private_targets=True)
    app = create_app(
        settings,
        lambda s: open_service(folder / "siaga.db", clock, limits=s.limits, private_targets=True),
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        desk = Desk(state_of(app).opened, clock)
        troupe = Cast(desk)
        desk.agency(RUNNER, AgencyKind.OPERATOR)
        owner = troupe.session(OWNER, *PEOPLE)
        second = troupe.session(OWNER, Role.ADMIN)  # ends the founding period
        yield Stage(client, desk, owner, second, numbers()), troupe


def reach_of(case: Case, role: Role, agency: str) -> tuple[PermissionScope, PermissionScope]:
    """Return how far a role gets by the route's own act, and by all that the object takes."""
    runs = agency == RUNNER
    (act,) = ROUTES[case.route]
    own = PROMISED[act, role, runs]
    second = PROMISED[case.takes, role, runs] if case.takes is not None else PermissionScope.ALL
    return own, min(own, second)


def expected(case: Case, role: Role, agency: str) -> int | None:
    """Return the refusal's status, None where the request is let in."""
    own, through = reach_of(case, role, agency)
    if own is PermissionScope.NOTHING or (
        case.takes is not None and through is PermissionScope.NOTHING
    ):
        return 403
    if case.of is None or agency == OWNER or (through is PermissionScope.ALL and not case.mine):
        return None
    if case.mine:
        return 404
    return (
        None if case.shareable and agency == SHARER and through is PermissionScope.SHARED else 404
    )


def ask(stage: Stage, case: Case, headers: dict[str, str], params: dict[str, str]) -> Any:
    path = case.path
    for name, value in params.items():
        path = path.replace(f"{{{name}}}", value)
    path = re.sub(r"\{\w+\}", f"x_{NEVER}", path)
    request = case.send(stage, params)
    shown = {**headers, **request.pop("headers", {})}
    return stage.client.request(case.method, path, headers=shown, **request)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.route)
def test_what_is_promised_is_what_is_answered(cast, case):
    stage, troupe = cast
    for agency in AGENCIES if case.of is not None else (OWNER, RUNNER):
        for role in Role:
            who = f"{role} of {agency}"
            headers = troupe.headers(agency, role, fresh=case.fresh)
            status = expected(case, role, agency)
            params: dict[str, str] = {}
            if case.of is not None and status != 403:
                maker = headers if case.mine and agency == OWNER else stage.owner
                params = case.of(stage, maker)
            answer = ask(stage, case, headers, params)
            if status is None:
                let_in = answer.status_code < 300 or answer.json()["code"] in case.lets_in
                # A calibration and a code that do not exist: those who may are told so.
                absent = case.of is None and answer.status_code in (404, 409, 422)
                assert let_in or absent, f"{who}: {answer.text}"
            elif status == 403:
                assert problem(answer, 403, "not_permitted"), who
            else:
                # Nothing tells it from an id that nobody ever gave out.
                body = problem(answer, 404, "not_found")
                nowhere = {
                    name: f"{value.partition('_')[0]}_{NEVER}" if name.endswith("_id") else value
                    for name, value in params.items()
                }
                other = problem(ask(stage, case, headers, nowhere), 404, "not_found")
                assert told(body, params) == told(other, nowhere), who


def told(body: dict[str, Any], params: dict[str, str]) -> str:
    """What a problem says, but for the ids of the request."""
    text = str({name: value for name, value in body.items() if name != "request_id"})
    for name, value in params.items():
        text = text.replace(value, name)
    return text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.route)
def test_nobody_gets_in_without_showing_who_they_are(cast, case):
    stage, _ = cast
    for headers in ({}, {"Authorization": "Bearer siaga.ses_x.y"}, {"Authorization": "Basic eA=="}):
        problem(
            ask(stage, case, headers, {}),
            401,
            "not_authenticated",
        )


def test_before_the_first_password_is_changed_nothing_else_is_answered(cast):
    stage, _ = cast
    records = stage.desk.service
    new = NewOfficer(stage.desk.agency(RUNNER), "newcomer", "New", frozenset(PEOPLE))
    _, first = records.accounts.officers.create(OPERATOR, new)
    signed_in = stage.client.post("/v1/sessions", json={"login": "newcomer", "password": first})
    headers = {"Authorization": f"Bearer {signed_in.json()['token']}"}
    for case in CASES:
        if ROUTES[case.route] != {Permission.OWN_ACCOUNT}:
            answer = ask(stage, case, headers, {})
            assert problem(answer, 403, "account_incomplete"), case.route


LISTS = {
    "/v1/watchlists": Stage.watchlist,
    "/v1/subjects": Stage.subject,
    "/v1/alerts": Stage.alert,
    "/v1/referrals?box=out": Stage.referral,
    "/v1/referrals": Stage.referral,
    "/v1/tips": Stage.tip,
    "/v1/imports": Stage.job,
    "/v1/webhooks": Stage.webhook,
    "/v1/officers": Stage.officer,
    "/v1/keys": Stage.key,
    "/v1/approvals": Stage.approval,
    "/v1/reports/alarms": Stage.alert,
    "/v1/reports/review?since=2026-02-01T00:00:00Z&until=2026-12-31T00:00:00Z": Stage.alert,
    "/v1/reports/map?period=2026": Stage.alert,
    "/v1/reports/cuts?columns=port&since=2026-02-01&until=2026-12-31": Stage.alert,
}


@pytest.mark.parametrize("path", LISTS)
def test_what_belongs_to_others_changes_no_list_and_no_count(cast, path):
    stage, troupe = cast
    headers = troupe.session(OTHER, *(set(PEOPLE) - {Role.COORDINATOR}))
    Stage.alert(stage, stage.owner)

    def seen() -> Any:
        answer = stage.client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    before = seen()
    LISTS[path](stage, stage.owner)
    assert seen() == before
