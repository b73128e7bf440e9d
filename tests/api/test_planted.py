"""What people send stays where it belongs: nothing of it in logs, figures or problem documents.

Every text that a route takes, in its body, query, headers and files' names, is planted; each route
is asked so that it answers, so that it refuses, and with a database that fails.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from api import problems
from api.app import create_app
from api.state import state_of
from casework.accounts.api_keys import NewKey
from casework.kernel.vocabulary import AgencyKind, Role, Scope
from tests.api.authority_cases import CASES, NEVER, PUBLIC, Case, Stage, numbers
from tests.api.conftest import management, settings_for, signed_in, wait_until_ready
from tests.services import OPERATOR, Desk, FakeClock, open_service

MARK: Final = "Zzplanted"
PEOPLE: Final = tuple(role for role in Role if role is not Role.PORT)
CLIENTS: Final = ("httpx", "httpcore")
"""Who asks here: what they log is not the service's."""
REFUSED: Final = (MARK * 1200, f"{MARK}\0")
NO_TEXT: Final = frozenset({"enum", "const", "format", "pattern"})
IDS: Final = ("_id", "_ids", "shared_with", "recapture_of", "after", "before", "if-match")
"""Ends of the names of fields that hold ids: who asks for one is told that there is none such."""

SIGN_IN: Final = (
    Case("POST /v1/sessions", send=lambda _stage, _params: {"json": {}}),
    Case("GET /v1/sessions/oidc/callback"),
    Case("GET /v1/nothing-of-the-kind"),
)
TELLING: Final = (
    "POST /v1/encounters",
    "POST /v1/searches",
    "POST /v1/tips",
    "POST /v1/subjects",
    "PATCH /v1/subjects/{subject_id}",
    "POST /v1/alerts/{alert_id}/decide",
    "POST /v1/officers",
)
"""Routes that take the most of people's words: each of their statements fails once."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder, clock = tmp_path_factory.mktemp("planted"), FakeClock()
    settings = settings_for(folder, webhook_private_targets=True)
    app = create_app(
        settings,
        lambda s: open_service(folder / "siaga.db", clock, limits=s.limits, private_targets=True),
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        desk = Desk(state_of(app).opened, clock)
        desk.agency("OPS", AgencyKind.OPERATOR)
        owner = signed_in(desk, *PEOPLE, login="owner")
        second = signed_in(desk, Role.ADMIN, login="second")
        yield Stage(client, desk, owner, second, numbers())


@pytest.fixture
def said(capfd, caplog):
    """Everything that is logged or printed, one thing."""
    caplog.set_level(logging.DEBUG)

    def all_of_it() -> str:
        out, err = capfd.readouterr()
        own = [each for each in caplog.records if not each.name.startswith(CLIENTS)]
        written = [f"{caplog.handler.format(each)} {each.args!r}" for each in own]
        return "\n".join([out, err, *written])

    return all_of_it


class Planter:
    """Fills requests with a text, wherever one can stand."""

    def __init__(self, document: dict[str, Any], text: str) -> None:
        self.schemas = document["components"]["schemas"]
        self.paths = document["paths"]
        self.text = text

    def request(self, case: Case, sent: dict[str, Any]) -> dict[str, Any]:
        operation = self.paths.get(case.path, {}).get(case.method.lower(), {})
        content = operation.get("requestBody", {}).get("content", {})
        for media_type, each in content.items():
            schema = self._resolved(each["schema"])
            where = "json" if media_type == "application/json" else "data"
            sent[where] = self._filled(schema, sent.get(where, {}))
        if isinstance(subject := sent.get("data", {}).get("subject"), str):
            person = json.loads(subject) if subject.startswith("{") else {}
            filled = self._filled(self.schemas["SubjectIn"], person)
            sent["data"]["subject"] = json.dumps(filled | person)
        if "files" in sent:
            # Texts stand among the files too, without a name.
            for name in sent["files"]:
                sent.get("data", {}).pop(name, None)
            sent["files"] = {name: self._file(each) for name, each in sent["files"].items()}
        for parameter in operation.get("parameters", []):
            if not self._asks(parameter):
                continue
            where = {"query": "params", "header": "headers"}[parameter["in"]]
            sent.setdefault(where, {}).setdefault(parameter["name"], self.text)
        return sent

    def takes(self, case: Case) -> bool:
        """Whether a route takes any text at all."""
        operation = self.paths.get(case.path, {}).get(case.method.lower())
        if operation is None:
            return True
        asks = [each for each in operation.get("parameters", []) if self._asks(each)]
        return bool(asks) or "requestBody" in operation

    def _asks(self, parameter: dict[str, Any]) -> bool:
        if parameter["in"] == "path" or parameter["name"].endswith(IDS):
            return False
        return self._planted(parameter["schema"]) is not None

    def _file(self, given: Any) -> Any:
        if isinstance(given, tuple):
            return (given[0] and self.text, *given[1:])
        return (self.text + ".jpg", given)

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        return schema

    def _filled(self, schema: dict[str, Any], given: Any) -> dict[str, Any]:
        filled = dict(given) if isinstance(given, dict) else {}
        for name, kind in self._resolved(schema).get("properties", {}).items():
            if name in filled or name.endswith(IDS):
                continue
            if (value := self._planted(kind)) is not None:
                filled[name] = value
        return filled

    def _planted(self, schema: dict[str, Any]) -> Any:
        schema = self._resolved(schema)
        for each in schema.get("anyOf", []):
            if (value := self._planted(each)) is not None:
                return value
        if schema.get("type") == "array":
            item = self._planted(schema["items"])
            return None if item is None else [item]
        if schema.get("type") == "object":
            return self._filled(schema, {}) or None
        free = schema.get("type") == "string" and NO_TEXT.isdisjoint(schema)
        return self.text if free else None


@pytest.fixture(scope="module")
def gate(stage: Stage) -> dict[str, str]:
    """Header of a port system's key."""
    new = NewKey("gate", frozenset({Scope.SCREEN}), None, stage.desk.agency())
    _, text = stage.desk.service.accounts.keys.create(OPERATOR, new)
    return {"Authorization": f"Bearer {text}"}


def asked(
    stage: Stage, gate: dict[str, str], case: Case, planter: Planter, params: dict[str, str]
) -> Any:
    path = case.path
    for name, value in params.items():
        path = path.replace(f"{{{name}}}", value)
    request = planter.request(case, case.send(stage, params))
    who = gate if case.route == "POST /v1/encounters" else stage.owner
    headers = {**who, "If-Match": "*", **request.pop("headers", {})}
    if case.route in PUBLIC:
        headers.pop("Authorization", None)
    path = re.sub(r"\{\w+\}", f"x_{NEVER}", path)
    return stage.client.request(case.method, path, headers=headers, **request)


@contextmanager
def failing(stage: Stage, after: int) -> Iterator[list[str]]:
    """Let every statement fail but the first ones; gives those that failed."""
    engine, count, failed = stage.desk.service.kernel.database.engine, [after], []

    def broken(_connection, _cursor, statement, parameters, _context, _many):
        count[0] -= 1
        if count[0] < 0 and not statement.startswith(("BEGIN", "PRAGMA")):
            failed.append(statement)
            statement += " and nonsense"
        return statement, parameters

    event.listen(engine, "before_cursor_execute", broken, retval=True)
    try:
        yield failed
    finally:
        event.remove(engine, "before_cursor_execute", broken)


def figures(stage: Stage) -> str:
    return management(stage.client).get("/metrics").text.lower()


def test_nothing_that_is_sent_is_logged_counted_or_quoted(stage, gate, said):
    document = stage.client.app.openapi()
    planter, refused = Planter(document, MARK), [Planter(document, text) for text in REFUSED]
    statuses = set()
    for case in (*CASES, *SIGN_IN):
        # Some end the session; a stream ends never.
        if case.fresh or "stream" in case.route or not planter.takes(case):
            continue
        params = case.of(stage, stage.owner) if case.of is not None else {}
        for each in (*refused, planter):
            answer = asked(stage, gate, case, each, params)
            statuses.add(answer.status_code)
            assert answer.status_code < 500, case.route
            if answer.status_code >= 400:
                assert MARK.lower() not in answer.text.lower(), case.route
    assert {200, 201, 404, 409, 422} <= statuses
    assert MARK.lower() not in said().lower()
    assert MARK.lower() not in figures(stage)


@pytest.mark.parametrize("route", TELLING)
def test_a_database_that_fails_tells_nothing_of_what_was_sent(stage, gate, said, route):
    (case,) = [each for each in CASES if each.route == route]
    planter = Planter(stage.client.app.openapi(), MARK)
    params = case.of(stage, stage.owner) if case.of is not None else {}
    said()
    failures, after = 0, 0
    while True:
        with failing(stage, after) as failed:
            answer = asked(stage, gate, case, planter, params)
        if not failed:
            break
        failures += answer.json().get("code") == problems.INTERNAL.code
        # Work in the background may have failed, and the request not.
        if answer.status_code >= 400:
            assert MARK.lower() not in answer.text.lower()
        after += 1 if after < 4 else 3
    # What a statement failed behind the commit of was done already.
    assert answer.status_code < 300 or answer.status_code == 409, answer.text
    assert failures
    logged = said().lower()
    assert "error" in logged
    assert MARK.lower() not in logged
    assert MARK.lower() not in figures(stage)
