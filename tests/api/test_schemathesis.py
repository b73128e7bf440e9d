"""The OpenAPI document against the live service: every answer is one that the document foresees.

Schemathesis makes requests from the document, sound ones and unsound ones, and checks each answer:
no server error, and a status, a content type, headers and a body that the document describes. Every
operation is asked by somebody who may do everything, by a port system, and by nobody; half of the
requests name things that exist, for random ids would seldom get beyond 404.

A method that a path does not document has no `responses` to conform to: for those requests the
check is that they are refused with 405 and an `Allow` header.
"""

from collections.abc import Iterator, MutableMapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from api.app import create_app
from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.kernel.vocabulary import AgencyKind, Opinion, Role, Scope, SessionKind
from casework.review.decisions import Finding
from tests.api.conftest import settings_for
from tests.api.live import running
from tests.fakes import photo_of
from tests.services import OPERATOR, PASSWORD, Desk

SEED = 20_261_122
FEW_OR_MANY = ((10, 4), pytest.param((24, 10), marks=pytest.mark.more))
"""Requests at the limits of an operation at most, and of each kind that are drawn for it."""
LONGEST_QUERY = 8000
"""Octets; much longer ones than RFC 9112 asks a server to take never reach the application."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


@dataclass(frozen=True)
class Live:
    """A service that answers on a port of this machine, and its document."""

    address: str
    desk: Desk
    schema: BaseSchema


@dataclass(frozen=True)
class Scene:
    """Who asks about one operation, and for what."""

    callers: tuple[dict[str, str], ...]
    known: dict[str, Any]
    """Values that exist, by the names that parameters and fields have."""


def labels() -> list[str]:
    """Every operation of the document, such as `GET /v1/alerts`."""
    paths: dict[str, Any] = create_app(settings_for(Path("unused"))).openapi()["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


LABELS = labels()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with running(tmp_path_factory.mktemp("live")) as service:
        schema = schemathesis.openapi.from_url(
            f"{service.address}/openapi.json", config=SchemathesisConfig(seed=SEED)
        )
        # Who asks is the scene's choice; a made-up `Authorization` is one 401 like another.
        schema.config.generation.with_security_parameters = False
        # A stream goes on for ever: its first event is what is checked.
        schema.config.max_stream_events = 1
        yield Live(service.address, service.desk, schema)


@pytest.fixture
def scene(live: Live, request: pytest.FixtureRequest) -> Scene:
    """Things of its own for each operation: what one destroys, no other misses."""
    drawn = request.node.callspec
    label = drawn.params["label"]
    number = 101 + LABELS.index(label) + len(LABELS) * drawn.indices["counts"]
    desk, records = live.desk, live.desk.service
    agency, other = desk.agency("OPS", AgencyKind.OPERATOR), desk.agency("POL")
    one, two = _session(desk, agency, f"ops.{number}"), _session(desk, other, f"pol.{number}")
    scopes = frozenset({Scope.SCREEN})
    record, key = records.accounts.keys.create(OPERATOR, NewKey("port", scopes, agency_id=agency))
    policy = {"agency_id": agency, "requires_acknowledgement": False, "shared_with": (other,)}
    watchlist = desk.watchlist(f"list {number}", **policy)
    subject = desk.enrol(number, watchlist)
    caller = records.accounts.keys.recognise(key)
    first, second = (desk.screen(number, key=caller).encounter for _ in range(2))
    new = NewOfficer(agency, f"some.{number}", "Somebody", frozenset({Role.OFFICER}))
    officer, _ = records.accounts.officers.create(OPERATOR, new)
    image = photo_of(number, brightness=0.9)
    known = {
        "agency_id": agency,
        "receiver_id": other,
        "watchlist_id": watchlist,
        "watchlist_ids": [watchlist],
        "shared_with": [other],
        "subject_id": subject,
        "photo_id": records.lists.subjects.get(OPERATOR, subject).photos[0].id,
        "encounter_id": first.id,
        "alert_id": first.alerts[0].id,
        "key_id": record.id,
        "officer_id": officer.id,
        "photo": image,
        "photos": [image],
        "first": image,
        "second": image,
        "file": b"reference,name\n1,Somebody\n",
        "port": "CGK",
        "login": f"pol.{number}",
        "password": PASSWORD,
        "present": PASSWORD,
        "If-Match": "*",
        "due_at": "2026-03-02T08:00:00Z",
        # Nobody listens there: what is sent to webhooks stays on this machine.
        "url": "http://127.0.0.1:1/siaga",
        "subject": f'{{"name": "Somebody", "watchlist_ids": ["{watchlist}"]}}',
    }
    if label.endswith(("/confirm", "/close")):
        finding = Finding(Opinion.POTENTIAL_CANDIDATE)
        records.review.decisions.decide(
            records.accounts.sessions.recognise(two), first.alerts[0].id, finding
        )
    ops, pol, port = ({"Authorization": f"Bearer {text}"} for text in (one, two, key))
    with httpx2.Client(base_url=live.address, headers=ops) as client:
        for name, make in _MADE.items():
            if f"{{{name}}}" in label:
                made = make(client, known, second.alerts[0].id)
                assert made.is_success, made.text
                known[name] = made.json()["id"]
    return Scene((ops, port, pol, ops, {}, pol), known)


def _tip(client: httpx2.Client, known: dict[str, Any], _alert_id: str) -> httpx2.Response:
    said = {"text": "Seen at the market.", "source": "A neighbour"}
    return client.post("/v1/tips", data=said, files={"photo": known["photo"]})


def _referral(client: httpx2.Client, known: dict[str, Any], alert_id: str) -> httpx2.Response:
    client.post(f"/v1/alerts/{alert_id}/acknowledge").raise_for_status()
    handover = {"receiver_id": known["receiver_id"], "due_at": known["due_at"], "note": "Yours."}
    return client.post(f"/v1/alerts/{alert_id}/refer", json={**handover, "fields": ["name"]})


def _webhook(client: httpx2.Client, known: dict[str, Any], _alert_id: str) -> httpx2.Response:
    return client.post("/v1/webhooks", json={"url": known["url"], "events": ["alert.changed"]})


def _import(client: httpx2.Client, known: dict[str, Any], _alert_id: str) -> httpx2.Response:
    wanted = {"watchlist_id": known["watchlist_id"]}
    return client.post("/v1/imports", params=wanted, files={"file": known["file"]})


_MADE = {
    "tip_id": _tip,
    "referral_id": _referral,
    "webhook_id": _webhook,
    "import_id": _import,
}


def _session(desk: Desk, agency: str, login: str) -> str:
    """Sign in somebody who may do all that a person of the agency may."""
    records = desk.service
    # The role `port` is for systems.
    roles = frozenset(Role) - {Role.PORT}
    _, first = records.accounts.officers.create(
        OPERATOR, NewOfficer(agency, login, "Somebody", roles)
    )
    assert first is not None
    session = records.accounts.sessions.sign_in(Credentials(login, first), SessionKind.PROGRAM)
    records.accounts.account.change_password(session.actor, first, PASSWORD)
    return session.text


def limits_of(live: Live, operation: APIOperation[Any, Any, Any, Any]) -> Iterator[Case[Any]]:
    """Requests at and beyond the limits of every parameter, and with undocumented methods."""
    config = live.schema.config.generation_for(operation=operation)
    return live.schema.iter_coverage_cases(
        operation, generation_modes=list(GenerationMode), generation_config=config
    )


def aimed(case: Case[Any], known: dict[str, Any]) -> Case[Any]:
    """Let a request name what exists."""
    for part in (case.path_parameters, case.query, case.headers, case.body):
        if isinstance(part, MutableMapping):
            part.update({name: known[name] for name in part.keys() & known.keys()})
    return case


@pytest.mark.filterwarnings(
    # The service, in a thread of this process, uses the module while requests are drawn.
    "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
)
@pytest.mark.parametrize("counts", FEW_OR_MANY, ids=["few", "many"])
@pytest.mark.parametrize("label", LABELS)
def test_every_answer_is_documented(
    label: str, counts: tuple[int, int], live: Live, scene: Scene
) -> None:
    of_limits, drawn = counts
    operation = live.schema.find_operation_by_label(label)
    assert operation is not None

    def ask(case: Case[Any], who: dict[str, str]) -> None:
        if len(urlencode(case.query)) <= LONGEST_QUERY:
            case.call_and_validate(base_url=live.address, headers=who, checks=CHECKS)

    for number, case in enumerate(islice(limits_of(live, operation), of_limits)):
        who = scene.callers[number % len(scene.callers)]
        ask(aimed(case, scene.known) if number % 2 else case, who)

    # An id can be of nothing, but not wrong.
    takes_more = any((operation.query, operation.headers, operation.cookies, operation.body))
    for mode in GenerationMode if takes_more else [GenerationMode.POSITIVE]:

        @hypothesis.settings(
            max_examples=drawn,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(
            case=operation.as_strategy(generation_mode=mode),
            who=st.sampled_from(scene.callers),
            exists=st.booleans(),
        )
        def draw(case: Case[Any], who: dict[str, str], exists: bool) -> None:
            ask(aimed(case, scene.known) if exists else case, who)

        # There may be nothing that a request could get wrong.
        with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
            draw()


def test_what_is_answered_before_any_route_is_documented_for_all() -> None:
    paths: dict[str, Any] = create_app(settings_for(Path("unused"))).openapi()["paths"]
    for path, operations in paths.items():
        for operation in operations.values():
            said = {
                status: answer["description"] for status, answer in operation["responses"].items()
            }
            if path.startswith("/v1/"):
                assert "`not_ready`" in said["503"], path
            if "requestBody" in operation:
                assert "`body_too_large`" in said["413"], path
