"""The OpenAPI document against the live service: every answer is one that the document foresees.

Schemathesis makes requests from the document, sound ones and unsound ones, and checks each answer:
no server error, and a status, a content type, headers and a body that the document describes. Every
operation is asked by somebody who may do everything, by a port system, and by nobody; half of the
requests name things that exist, for random ids would seldom get beyond 404.

A method that a path does not document has no `responses` to conform to: for those requests the
check is that they are refused with 405 and an `Allow` header.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2
import hypothesis
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
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
from casework.access.gate import Credentials
from casework.access.keys import NewKey
from casework.access.officers import NewOfficer
from casework.review.review import Finding
from casework.vocabulary import AgencyKind, Opinion, Role, Scope, SessionKind
from cli.background import free_port
from tests.api.conftest import settings_for
from tests.fakes import photo_of
from tests.services import OPERATOR, PASSWORD, Desk, FakeClock, open_service

SEED = 20_261_122
EXAMPLES = 15
"""Requests of each kind that are drawn for an operation, beside those of its limits."""
MOST_OF_LIMITS = 40

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
    """A service that answers on a port of this machine."""

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
    paths: dict[str, Any] = create_app(settings_for(Path("unused"))).openapi()["paths"]  # type: ignore[assignment]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


LABELS = labels()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder, clock = tmp_path_factory.mktemp("live"), FakeClock()
    database = folder / "siaga.db"
    app = create_app(
        settings_for(folder),
        lambda s: open_service(database, clock, limits=s.limits, private_targets=True),
    )
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 30
        while app.state.service is None and time.monotonic() < deadline:
            time.sleep(0.01)
        address = f"http://127.0.0.1:{port}"
        schema = schemathesis.openapi.from_url(
            f"{address}/openapi.json", config=SchemathesisConfig(seed=SEED)
        )
        # Who asks is the scene's choice; a made-up `Authorization` is one 401 like another.
        schema.config.generation.with_security_parameters = False
        yield Live(address, Desk(app.state.service, clock), schema)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def scene(live: Live, request: pytest.FixtureRequest) -> Scene:
    """Things of its own for each operation: what one destroys, no other misses."""
    label = request.node.callspec.params["label"]
    number = LABELS.index(label) + 1
    desk, records = live.desk, live.desk.service.records
    agency, other = desk.agency("OPS", AgencyKind.OPERATOR), desk.agency("POL")
    one, two = _session(desk, agency, f"ops.{number}"), _session(desk, other, f"pol.{number}")
    scopes = frozenset({Scope.SCREEN})
    record, key = records.keys.create(OPERATOR, NewKey("port", scopes, agency_id=agency))
    policy = {"agency_id": agency, "requires_acknowledgement": False, "shared_with": (other,)}
    watchlist = desk.watchlist(f"list {number}", **policy)
    subject = desk.enrol(number, watchlist)
    caller = records.keys.recognise(key)
    first, second = (desk.screen(number, key=caller).encounter for _ in range(2))
    new = NewOfficer(agency, f"some.{number}", "Somebody", frozenset({Role.OFFICER}))
    officer, _ = records.officers.create(OPERATOR, new)
    image = photo_of(number, brightness=0.9)
    known = {
        "agency_id": agency,
        "receiver_id": other,
        "watchlist_id": watchlist,
        "watchlist_ids": [watchlist],
        "shared_with": [other],
        "subject_id": subject,
        "photo_id": records.subjects.get(OPERATOR, subject).photos[0].id,
        "encounter_id": first.id,
        "alert_id": first.alerts[0].id,
        "key_id": record.id,
        "officer_id": officer.id,
        "photo": image,
        "photos": [image],
        "first": image,
        "second": image,
        "port": "CGK",
        "login": new.login,
        "If-Match": "*",
        "due_at": "2026-03-02T08:00:00Z",
        # Nobody listens there: what is sent to webhooks stays on this machine.
        "url": "http://127.0.0.1:1/siaga",
        "subject": f'{{"name": "Somebody", "watchlist_ids": ["{watchlist}"]}}',
    }
    if label.endswith(("/confirm", "/close")):
        finding = Finding(Opinion.POTENTIAL_CANDIDATE)
        records.review.decide(records.sessions.recognise(two), first.alerts[0].id, finding)
    ops, pol, port = ({"Authorization": f"Bearer {text}"} for text in (one, two, key))
    with httpx2.Client(base_url=live.address, headers=ops) as client:
        known |= _exchanged(client, known, second.alerts[0].id)
    return Scene((ops, port, pol, ops, {}, pol), known)


def _exchanged(client: httpx2.Client, known: dict[str, Any], alert_id: str) -> dict[str, str]:
    """Make what agencies exchange: a tip, a referral, a webhook."""
    client.post(f"/v1/alerts/{alert_id}/acknowledge").raise_for_status()
    handover = {"receiver_id": known["receiver_id"], "note": "For you.", "due_at": known["due_at"]}
    made = {
        "tip_id": client.post(
            "/v1/tips",
            data={"text": "Seen at the market.", "source": "A neighbour"},
            files={"photo": known["photo"]},
        ),
        "referral_id": client.post(
            f"/v1/alerts/{alert_id}/refer", json={**handover, "fields": ["name"]}
        ),
        "webhook_id": client.post(
            "/v1/webhooks", json={"url": known["url"], "events": ["alert.raised"]}
        ),
    }
    for name, answer in made.items():
        assert answer.status_code == 201, (name, answer.text)
    return {name: answer.json()["id"] for name, answer in made.items()}


def _session(desk: Desk, agency: str, login: str) -> str:
    """Sign in somebody who may do all that a person of the agency may."""
    records = desk.service.records
    # The role `port` is for systems.
    roles = frozenset(Role) - {Role.PORT}
    _, first = records.officers.create(OPERATOR, NewOfficer(agency, login, "Somebody", roles))
    assert first is not None
    session = records.sessions.sign_in(Credentials(login, first), SessionKind.PROGRAM)
    records.account.change_password(session.actor, first, PASSWORD)
    return session.text


def limits_of(live: Live, operation: APIOperation) -> Iterator[Case]:
    """Requests at and beyond the limits of every parameter, and with undocumented methods."""
    config = live.schema.config.generation_for(operation=operation)
    return live.schema.iter_coverage_cases(
        operation, generation_modes=list(GenerationMode), generation_config=config
    )


def aimed(case: Case, known: dict[str, Any]) -> Case:
    """Let a request name what exists."""
    for part in (case.path_parameters, case.query, case.headers, case.body):
        if isinstance(part, MutableMapping):
            part.update({name: known[name] for name in part.keys() & known.keys()})
    return case


@pytest.mark.parametrize("label", LABELS)
def test_every_answer_is_documented(label: str, live: Live, scene: Scene) -> None:
    operation = live.schema.find_operation_by_label(label)
    assert operation is not None

    statuses: Counter[int] = Counter()

    def ask(case: Case, who: dict[str, str]) -> None:
        answer = case.call_and_validate(base_url=live.address, headers=who, checks=CHECKS)
        statuses[answer.status_code] += 1

    for number, case in enumerate(islice(limits_of(live, operation), MOST_OF_LIMITS)):
        who = scene.callers[number % len(scene.callers)]
        ask(aimed(case, scene.known) if number % 2 else case, who)

    # An id can be of nothing, but not wrong; what takes no more than that has no unsound requests.
    takes_more = any((operation.query, operation.headers, operation.cookies, operation.body))
    for mode in GenerationMode if takes_more else [GenerationMode.POSITIVE]:

        @hypothesis.settings(
            max_examples=EXAMPLES,
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
        def draw(case: Case, who: dict[str, str], exists: bool) -> None:
            ask(aimed(case, scene.known) if exists else case, who)

        draw()
    print("HIST", label, dict(sorted(statuses.items())))
