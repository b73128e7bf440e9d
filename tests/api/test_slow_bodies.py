"""Whoever sends slowly keeps nobody out: a place is taken once the body is there."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from api.app import create_app
from api.limits import Cost, RouteLimits
from api.middleware import BodyLimits, HeldBodies
from api.problems import BodyTooLarge, BodyTooSlow
from api.server import make_server
from api.state import state_of
from api.workers import Overloaded
from casework.accounts.api_keys import NewKey
from casework.kernel.errors import NotAuthenticated
from casework.kernel.vocabulary import Scope
from cli.background import free_port
from tests.api.conftest import problem, settings_for
from tests.deadlines import patience, wait_until
from tests.fakes import photo_of
from tests.services import OPERATOR, FakeClock, open_service

WORKERS, WAITING = 1, 2
PLACES = WORKERS + WAITING
BOUNDARY = "slow"
WORKING_ROUTES = 18


@dataclass(slots=True)
class Served:
    """The application behind a real web server."""

    app: FastAPI
    port: int
    hold: threading.Event = field(default_factory=threading.Event)
    """Unset, analyses wait; `begun` says that one does."""
    begun: threading.Event = field(default_factory=threading.Event)

    def key(self) -> str:
        """Return the credentials of another port system."""
        new = NewKey("port", frozenset({Scope.SCREEN}))
        _, text = state_of(self.app).opened.accounts.keys.create(OPERATOR, new)
        return f"Bearer {text}"

    def screen(self, key: str, person: int = 1) -> httpx2.Response:
        """Send a photo as fast as can be."""
        return httpx2.post(
            f"http://127.0.0.1:{self.port}/v1/encounters",
            headers={"Authorization": key},
            data={"port": "CGK", "direction": "entry"},
            files={"photo": ("1.jpg", photo_of(person))},
            timeout=patience(20),
        )

    def begin(self, key: str, sent: int) -> "Sending":
        """Begin to send a photo, and stop after `sent` bytes of the body."""
        body = form()
        head = (
            f"POST /v1/encounters HTTP/1.1\r\nHost: localhost\r\nAuthorization: {key}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        line = socket.create_connection(("127.0.0.1", self.port), timeout=patience(20))
        line.sendall(head.encode() + body[:sent])
        return Sending(line, body[sent:])


@dataclass(slots=True)
class Sending:
    """A request whose body is under way."""

    line: socket.socket
    rest: bytes

    def trickle(self) -> None:
        """Send one byte more."""
        self.line.sendall(self.rest[:1])
        self.rest = self.rest[1:]

    def status(self) -> int:
        """Wait for the answer; returns its status."""
        return int(self.line.makefile("rb").readline().split()[1])

    def finish(self) -> int:
        """Send the rest; returns the answer's status."""
        self.line.sendall(self.rest)
        return self.status()

    def answered(self) -> bool:
        """Whether anything came back yet."""
        self.line.setblocking(False)
        try:
            self.line.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        finally:
            self.line.settimeout(patience(20))
        return True


def form() -> bytes:
    """Return the body of a screening request."""
    texts = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("port", "CGK"), ("direction", "entry"))
    )
    head = 'Content-Disposition: form-data; name="photo"; filename="1.jpg"'
    photo = f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + photo_of(1)
    return texts.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.fixture
def served(tmp_path: Path, clock: FakeClock) -> Iterator[Served]:
    port = free_port()
    settings = settings_for(
        tmp_path, max_waiting=WAITING, port=port, shutdown_grace_s=2
    ).model_copy(update={"workers": WORKERS})
    hold, begun = threading.Event(), threading.Event()
    hold.set()

    def opened(_settings):
        service = open_service(tmp_path / "siaga.db", clock)
        analyse = service.pipeline.analyse

        def held(data, watch=None):
            begun.set()
            assert hold.wait(patience(20))
            return analyse(data, watch)

        service.pipeline.analyse = held  # type: ignore[method-assign]
        return service

    app = create_app(settings, opened)
    server = make_server(app, settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: state_of(app).service is not None, 30)
        yield Served(app, port, hold, begun)
    finally:
        hold.set()
        server.should_exit = True
        thread.join()


def test_more_slow_senders_than_places_keep_no_other_port_out(served):
    slow, other = served.key(), served.key()
    with ExitStack() as stack:
        senders = [served.begin(slow, sent=10) for _ in range(3 * PLACES)]
        for sender in senders:
            stack.callback(sender.line.close)
        for person in range(5):
            for sender in senders:
                sender.trickle()
            began = time.monotonic()
            answer = served.screen(other, person)
            assert answer.status_code == 201, answer.text
            assert time.monotonic() - began < 5
        assert not any(sender.answered() for sender in senders), "they are still waited for"
        assert [sender.finish() for sender in senders[:2]] == [201, 201]


def test_a_full_service_refuses_before_it_reads_the_body_or_looks_who_sends(served):
    key = served.key()
    served.hold.clear()
    with ExitStack() as stack:
        busy = [served.begin(key, sent=10) for _ in range(PLACES)]
        for sender in busy:
            stack.callback(sender.line.close)
            sender.line.sendall(sender.rest)
        assert served.begun.wait(patience(20))
        wait_until(lambda: state_of(served.app).workers.admitted == PLACES, 20)
        for who in (key, "Bearer siaga.key_x.y"):
            refused = served.begin(who, sent=0)
            stack.callback(refused.line.close)
            assert refused.status() == 503
        served.hold.set()
        assert [sender.status() for sender in busy] == [201] * PLACES
    wait_until(lambda: state_of(served.app).workers.admitted == 0, 20)


def test_a_service_that_fills_up_while_a_body_arrives_refuses_it_then(served):
    key = served.key()
    late = served.begin(key, sent=10)
    time.sleep(0.3)  # it is let in, and its body waited for
    served.hold.clear()
    busy = [served.begin(key, sent=10) for _ in range(PLACES)]
    try:
        for sender in busy:
            sender.line.sendall(sender.rest)
        wait_until(lambda: state_of(served.app).workers.admitted == PLACES, 20)
        assert not late.answered()
        assert late.finish() == 503
    finally:
        served.hold.set()
        for sender in (late, *busy):
            sender.line.close()


def test_whatever_runs_on_a_worker_takes_a_place_and_gives_it_back_before_the_answer():
    working = []
    for context in iter_route_contexts(create_app(settings_for(Path("unused"))).routes):
        route = context.original_route
        if not isinstance(route, APIRoute):
            continue
        needs = route.dependant.dependencies
        if any(each.name == "pool" for each in needs):
            scopes = [each.scope for each in needs if "work_place" in str(each.call)]
            assert scopes == ["function"], route.path
            working.append(route.path)
    assert len(working) == WORKING_ROUTES


# -- the memory of bodies that wait


class Holding:
    """An application that reads its body and answers when it is told to."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.outcomes: list[str] = []

    async def __call__(self, scope, receive, send):
        """See ASGI."""
        try:
            while (await receive())["more_body"]:
                pass
            await self.release.wait()
            self.outcomes.append("held")
        except Overloaded:
            self.outcomes.append("refused")


def arriving(*sizes: int):
    messages = [
        {"type": "http.request", "body": b"x" * size, "more_body": place + 1 < len(sizes)}
        for place, size in enumerate(sizes)
    ]

    async def receive():
        return messages.pop(0)

    return receive


async def _nobody_listens(_message) -> None:
    """An answer that nobody reads."""


class Routes:
    """Limits of routes that are told apart by a name."""

    def of(self, name):
        """Return what a route may send."""
        return RouteLimits(Cost.WRITE, 100_000, 60, held=name != "handed on")


async def by_name(scope):
    if "caller" not in scope:
        raise NotAuthenticated("credentials_missing")
    return scope["caller"]


def test_bodies_together_are_bounded_and_room_comes_back():
    async def scene():
        app = Holding()
        held = HeldBodies(most=150_000, most_each=100_000, most_of_strangers=20_000)
        limit = BodyLimits(app, Routes(), held, by_name)

        def send(caller: str | None, *sizes: int, route: str = "held") -> asyncio.Task[None]:
            scope = {"type": "http", "path": "/", "headers": [], "route": route}
            if caller is not None:
                scope["caller"] = caller
            return asyncio.create_task(limit(scope, arriving(*sizes), _nobody_listens))

        first = send("one", 50_000, 40_000)
        await asyncio.sleep(0.01)
        await send("one", 30_000)  # more than a caller's share
        await send("two", 40_000, 40_000)  # more than all may have
        assert app.outcomes == ["refused"] * 2
        handed_on, second = send("two", 90_000, route="handed on"), send("two", 60_000)
        await asyncio.sleep(0.01)
        await send(None, 1)
        assert app.outcomes == ["refused"] * 3
        app.release.set()
        await asyncio.gather(first, handed_on, second)
        await asyncio.gather(send("one", 100_000), send("two", 50_000))
        assert app.outcomes == ["refused"] * 3 + ["held"] * 5
        await asyncio.gather(*(send(None, 15_000) for _ in range(3)))
        assert app.outcomes[8:] == ["held"] * 3

    asyncio.run(scene())


def test_strangers_have_a_share_of_their_own_and_send_little():
    async def scene():
        app = Holding()
        held = HeldBodies(most=150_000, most_each=100_000, most_of_strangers=20_000)
        limit = BodyLimits(app, Routes(), held, by_name)
        scope = {"type": "http", "path": "/", "headers": [], "route": "held"}
        with pytest.raises(NotAuthenticated):
            await limit(dict(scope), arriving(10_000, 10_000), _nobody_listens)
        with pytest.raises(BodyTooLarge):
            await limit({**scope, "caller": "one"}, arriving(99_000, 2_000), _nobody_listens)
        waiting = asyncio.create_task(limit(dict(scope), arriving(15_000), _nobody_listens))
        await asyncio.sleep(0.01)
        await limit(dict(scope), arriving(15_000), _nobody_listens)
        assert app.outcomes == ["refused"]
        app.release.set()
        await waiting
        assert app.outcomes == ["refused", "held"]

    asyncio.run(scene())


def test_a_body_that_stalls_is_refused_and_its_bytes_are_let_go(monkeypatch):
    monkeypatch.setattr("api.middleware._GRACE_SECONDS", 0.2)

    async def scene():
        messages = [{"type": "http.request", "body": b"x" * 300, "more_body": True}]

        async def receive():
            if messages:
                return messages.pop()
            return await asyncio.Event().wait()

        held = HeldBodies(most=1000, most_each=1000, most_of_strangers=1000)
        limit = BodyLimits(Holding(), Routes(), held, by_name)
        scope = {"type": "http", "path": "/", "headers": [], "route": "held"}
        began = time.monotonic()
        with pytest.raises(BodyTooSlow):
            await limit(scope, receive, _nobody_listens)
        assert 0.2 < time.monotonic() - began < patience(2)
        held.take(None, 1000)

    asyncio.run(scene())


def test_a_body_of_json_beyond_all_limits_is_called_too_large(client, office):
    answer = client.post("/v1/watchlists", headers=office, json={"name": "x" * 5_000_000})
    problem(answer, 413, "body_too_large")
