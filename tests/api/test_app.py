"""The application as a whole: health, errors, documents, start-up and overload."""

import asyncio
import gc
import inspect
import re
import threading
import time
import weakref
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api import problems
from api.app import create_app
from api.state import state_of
from api.workers import ClientGone, Overloaded, WorkPool
from casework.accounts.api_keys import NewKey
from casework.kernel import errors as casework_errors
from casework.kernel.errors import TemplatesMissing
from casework.kernel.vocabulary import Scope
from detector import errors as detector_errors
from tests.api.authority_cases import PUBLIC
from tests.api.conftest import management, problem, settings_for, wait_until_ready
from tests.deadlines import patience
from tests.fakes import photo_of
from tests.services import OPERATOR, open_service


def test_health(client, desk):
    assert client.get("/healthz").json() == {"status": "ok", "practice": False}
    assert client.get("/readyz").json() == {"status": "ok", "practice": False}
    desk.enrol(1)
    desk.service.gallery.replica.catch_up()
    inside = management(client)
    assert inside.get("/healthz").json() == {"status": "ok", "practice": False}
    ready = inside.get("/readyz").json()
    assert (ready["status"], ready["templates"], ready["pack"]) == ("ok", 1, "open")
    assert ready["gallery_version"] > 0
    assert inside.get("/readyz", headers={"Host": "evil.example"}).status_code == 421


def test_it_is_alive_but_not_ready_until_the_service_is_open(tmp_path, clock):
    may_open = threading.Event()

    def slowly(_settings):
        assert may_open.wait(patience(20))
        return open_service(tmp_path / "siaga.db", clock)

    with TestClient(create_app(settings_for(tmp_path), slowly)) as client:
        assert client.get("/healthz").status_code == 200
        early = client.get("/readyz")
        assert (early.status_code, early.json()["status"]) == (503, "starting")
        refused = client.get("/v1/watchlists", headers={"Authorization": "Bearer x"})
        problem(refused, 503, "not_ready")
        assert refused.headers["retry-after"] == "1"
        may_open.set()
        wait_until_ready(client)


def test_a_service_that_cannot_open_says_why_and_tells_its_owner(tmp_path):
    told = threading.Event()

    def fail(_settings):
        raise TemplatesMissing("templates_missing", photos=3, pack="open")

    app = create_app(settings_for(tmp_path), fail, on_failure=told.set)
    with TestClient(app) as client:
        assert told.wait(patience(10))
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["status"] == "failed"
        inside = management(client).get("/readyz")
        assert inside.status_code == 503
        assert "run `siaga reembed`" in inside.json()["detail"]


def test_statuses_are_named_as_rfc_9110_does_on_every_python(client, port):
    assert problem(client.get("/nowhere"), 404, "not_found")["title"] == "Not Found"
    empty = client.post("/v1/encounters", headers=port)
    assert problem(empty, 422, "request_invalid")["title"] == "Unprocessable Content"


def test_what_the_framework_refuses_is_a_problem_too(client, port):
    problem(client.get("/nowhere"), 404, "not_found")
    problem(client.put("/v1/encounters"), 405, "method_not_allowed")
    broken = client.post(
        "/v1/watchlists", headers={**port, "Content-Type": "application/json"}, content=b"{"
    )
    assert 400 <= broken.status_code < 500
    assert broken.headers["content-type"] == problems.MEDIA_TYPE


def test_an_unforeseen_error_is_a_problem_that_tells_nothing_of_the_inside(client, desk, port):
    def explode(_data, _watch=None):
        raise RuntimeError("secret detail")

    desk.service.pipeline.analyse = explode
    response = client.post(
        "/v1/encounters",
        headers=port,
        data={"port": "CGK", "direction": "entry"},
        files={"photo": photo_of(1)},
    )
    problem(response, 500, "internal_error")
    assert "secret" not in response.text


def test_every_error_that_a_request_can_meet_has_a_status():
    """A new error type must be put into the table, or be one that only start-up can raise."""
    for module in (casework_errors, detector_errors):
        for _, error in inspect.getmembers(module, inspect.isclass):
            if not issubclass(error, Exception) or error.__module__ != module.__name__:
                continue
            is_base = any(
                other is not error and issubclass(other, error)
                for _, other in inspect.getmembers(module, inspect.isclass)
            )
            at_start_only = issubclass(
                error, (casework_errors.SetUpError, detector_errors.NetworkError)
            )
            assert is_base or at_start_only or error in problems.KINDS, error


def test_codes_are_unique_and_belong_to_client_errors_overload_or_a_peer():
    codes = [kind.code for kind in problems.KINDS.values()]
    assert len(codes) == len(set(codes))
    foreseen = {*range(400, 500), 502, 503}
    assert {kind.status for kind in problems.KINDS.values()} <= foreseen


def test_an_application_that_is_done_with_is_let_go(tmp_path):
    def use() -> weakref.ref[object]:
        app = create_app(settings_for(tmp_path), lambda _: open_service(tmp_path / "siaga.db"))
        with TestClient(app) as client:
            wait_until_ready(client)
            assert client.get("/openapi.json").status_code == 200
            assert client.get("/sign-in").status_code == 200
        return weakref.ref(app)

    former = use()
    gc.collect()
    assert former() is None


def test_the_openapi_document_describes_every_route_its_form_and_its_errors(client):
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    screen = document["paths"]["/v1/encounters"]["post"]
    form = screen["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["required"]) == {"photo", "port", "direction"}
    assert {"201", "200", "401", "403", "413", "415", "422", "503"} <= set(screen["responses"])
    assert screen["security"] == [{"bearer": []}]
    assert "examples" in document["components"]["schemas"]["EncounterOut"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/v1") and f"{method.upper()} {path}" not in PUBLIC:
                assert operation["security"], (method, path)
                assert "401" in operation["responses"], (method, path)
            assert operation.get("summary"), (method, path)
    _check_references(document, document)


def _check_references(node, document):
    if isinstance(node, dict):
        if "$ref" in node:
            target = document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
        for value in node.values():
            _check_references(value, document)
    elif isinstance(node, list):
        for value in node:
            _check_references(value, document)


# The pool


class Listener:
    """A request whose client stays, or goes when told to."""

    def __init__(self):
        self.scope = {}
        self.gone = asyncio.Event()

    async def receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}


def test_no_more_are_admitted_than_there_are_places():
    async def scene():
        pool = WorkPool(workers=1, waiting=1)
        with pool.acquire(), pool.acquire():
            assert pool.admitted == 2
            with pytest.raises(Overloaded):
                pool.acquire()
        with pool.acquire():
            assert pool.admitted == 1
        await pool.shutdown()

    asyncio.run(scene())


def test_work_of_a_client_that_left_is_not_begun_and_what_was_begun_is_finished():
    async def scene():
        pool, begun, release, done = WorkPool(1, 5), threading.Event(), threading.Event(), []

        def first():
            begun.set()
            assert release.wait(patience(10))
            done.append("first")
            return "first"

        staying, leaving = Listener(), Listener()
        one = asyncio.create_task(pool.run(staying, first))  # type: ignore[arg-type]
        await asyncio.to_thread(begun.wait)
        two = asyncio.create_task(pool.run(leaving, lambda: done.append("second")))  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        leaving.gone.set()
        with pytest.raises(ClientGone):
            await two
        staying.gone.set()  # too late: the work has begun
        await asyncio.sleep(0.05)
        release.set()
        assert await one == "first"
        await pool.shutdown()
        assert done == ["first"]

    asyncio.run(scene())


def test_shutting_down_finishes_what_was_admitted():
    async def scene():
        pool, done = WorkPool(1, 5), []
        listener = Listener()
        tasks = [
            asyncio.create_task(pool.run(listener, lambda n=n: done.append(n)))  # type: ignore[arg-type, misc]
            for n in range(4)
        ]
        await asyncio.sleep(0)
        await pool.shutdown()
        await asyncio.gather(*tasks)
        assert done == [0, 1, 2, 3]

    asyncio.run(scene())


def test_overload_is_refused_at_once_over_http(tmp_path, clock):
    settings = settings_for(tmp_path, max_waiting=0).model_copy(update={"workers": 1})
    release, begun = threading.Event(), threading.Event()

    def opened(_settings):
        service = open_service(tmp_path / "siaga.db", clock)
        analyse = service.pipeline.analyse

        def slow(data, watch=None):
            begun.set()
            assert release.wait(patience(20))
            return analyse(data, watch)

        service.pipeline.analyse = slow  # type: ignore[method-assign]
        return service

    app = create_app(settings, opened)
    with TestClient(app) as client:
        wait_until_ready(client)
        _, text = state_of(app).opened.accounts.keys.create(
            OPERATOR, NewKey("port", frozenset({Scope.SCREEN}))
        )
        answers = []

        def send():
            return client.post(
                "/v1/encounters",
                headers={"Authorization": f"Bearer {text}"},
                data={"port": "CGK", "direction": "entry"},
                files={"photo": photo_of(1)},
            )

        busy = threading.Thread(target=lambda: answers.append(send()))
        busy.start()
        assert begun.wait(patience(10))
        refused = send()
        problem(refused, 503, "overloaded")
        assert refused.headers["retry-after"] == "1"
        assert client.get("/healthz").status_code == 200
        release.set()
        busy.join()
        assert answers[0].status_code == 201
        assert send().status_code == 201


def test_admitted_work_is_finished_before_the_database_is_closed(tmp_path):
    app = create_app(settings_for(tmp_path), lambda _: open_service(tmp_path / "siaga.db"))
    with TestClient(app) as client:
        wait_until_ready(client)
        engine = state_of(app).opened.kernel.database.engine
        connections = engine.pool
        begun = threading.Event()

        def work():
            begun.set()
            time.sleep(0.3)
            return engine.pool is connections  # closing replaces them

        still_open = state_of(app).workers._threads.submit(work)
        begun.wait()
    assert still_open.result(timeout=0) is True
    assert engine.pool is not connections


def test_what_an_application_holds_has_its_types():
    loose = [
        f"{path}:{number}"
        for folder in ("api", "cli")
        for path in sorted(Path(folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "app.state." in line and not re.search(r"app\.state\.siaga\b", line)
    ]
    assert loose == []
