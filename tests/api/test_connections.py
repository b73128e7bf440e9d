"""Raw sockets against the real server: what comes before a request's body is bounded, too."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from api.connections import (
    MOST_HEADER_BYTES,
    MOST_HEADERS,
    MOST_TARGET_BYTES,
    BoundedProtocol,
    ConnectionLimits,
    Connections,
)
from api.server import make_server
from config.settings import Settings
from tests.deadlines import patience, wait_until

HELLO = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = b"POST /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
MIB = 1024 * 1024


async def hello(scope, receive, send):
    """Answer the size of the body, or, at `/deaf`, without reading it."""
    if scope["type"] != "http":
        return
    size = 0
    while scope["path"] != "/deaf":
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = (b"x" * 8_000_000) if scope["path"] == "/long" else str(size).encode()
    if scope["path"] == "/who":
        body = scope["client"][0].encode()
    length = str(len(body)).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
    )
    await send({"type": "http.response.body", "body": body})


class Server:
    """A server in a thread, with the bounds of a test."""

    def __init__(self, *, trusted: str = "", **bounds: object) -> None:
        settings = Settings(port=0, shutdown_grace_s=1, trusted_proxies=trusted)
        self.server = make_server(hello, settings)
        protocol = self.server.config.http
        assert isinstance(protocol, type)
        assert issubclass(protocol, BoundedProtocol)
        protocol.connections_of = self.connections = Connections(ConnectionLimits(**bounds))  # type: ignore[arg-type]
        self._thread = threading.Thread(target=self.server.run)

    @property
    def port(self) -> int:
        """Where it answers."""
        found: int = self.server.servers[0].sockets[0].getsockname()[1]
        return found

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: self.server.started, 10)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self._thread.join()

    @contextmanager
    def line(self, first: bytes = b"") -> Iterator[socket.socket]:
        """Connect, and send the first bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience(20)) as line:
            line.sendall(first)
            yield line

    def ask(self) -> float:
        """Send a plain request; returns the seconds until it was answered."""
        began = time.monotonic()
        with self.line(HELLO + b"\r\n") as line:
            assert status(line) == 200
        return time.monotonic() - began


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(header_seconds=1.0) as server:
        yield server


def status(line: socket.socket) -> int:
    """Return the status of the next answer."""
    return int(line.makefile("rb").readline().split()[1])


def answer(line: socket.socket) -> bytes:
    """Return all that comes until the line is closed."""
    found = b""
    try:
        while piece := line.recv(65_536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def push(line: socket.socket, content: bytes) -> None:
    """Send what the other side will take."""
    try:
        for start in range(0, len(content), 65_536):
            line.sendall(content[start : start + 65_536])
    except (BrokenPipeError, ConnectionResetError):
        pass


@pytest.mark.parametrize(
    "endless",
    [
        HELLO + b"X-Long: ",
        b"GET /",
        HELLO + b"X-",
        CHUNKED + b"5\r\nhello\r\n0\r\nX: ",
        CHUNKED + b"5;x=",
    ],
    ids=["a header's value", "an address", "a header's name", "a trailer", "a chunk's extension"],
)
def test_what_never_ends_before_or_after_a_body_stops_nobody(server, endless):
    with server.line(endless) as line:
        sender = threading.Thread(target=push, args=(line, b"a" * 10 * MIB))
        sender.start()
        longest = max(server.ask() for _ in range(5))
        sender.join()
        assert longest < patience(0.5), "joined again and again, 10 MB take more than a second"
        said = answer(line)
        assert not said or said.split()[1] in (b"431", b"400", b"200")
    wait_until(lambda: server.connections.total_unread == 0, 10)


def test_headers_within_bounds_are_taken_and_those_beyond_are_refused_as_a_problem(server):
    fits = b"X-Long: " + b"a" * (MOST_HEADER_BYTES - 200) + b"\r\n\r\n"
    with server.line(HELLO + fits) as line:
        assert status(line) == 200
    beyond = b"X-Long: " + b"a" * MOST_HEADER_BYTES + b"\r\n\r\n"
    with server.line() as line:
        push(line, HELLO + beyond)
        said = answer(line)
    assert said.split()[1] == b"431"
    assert b"application/problem+json" in said
    assert b'"code": "request_header_fields_too_large"' in said
    many = b"".join(b"x-%d: 1\r\n" % each for each in range(MOST_HEADERS))
    with server.line(HELLO + many + b"\r\n") as line:
        assert status(line) == 431


@pytest.mark.parametrize("begun", [b"", HELLO, b"GET", b"\r\n"])
def test_headers_that_do_not_end_are_waited_for_no_longer_than_the_deadline(server, begun):
    began = time.monotonic()
    with server.line(begun) as line:
        said = answer(line)
    assert 0.8 < time.monotonic() - began < patience(4)
    assert said == b"" if not begun else said.split()[1] == b"408"


def test_a_header_sent_byte_by_byte_does_not_put_the_deadline_off(server):
    began = time.monotonic()
    with server.line(HELLO + b"X-Slow: ") as line:
        while time.monotonic() - began < 0.8:
            push(line, b"a")
            time.sleep(0.02)
        said = answer(line)
    assert said.split()[1] == b"408"


def test_a_line_serves_many_requests_and_a_refused_body_does_not_cost_it(server):
    with server.line() as line:
        for size in (0, 1, 70_000, 300_000):
            head = b"POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
            line.sendall(head + b"b" * size)
            found = b""
            while not found.endswith(b"\r\n\r\n" + str(size).encode()):
                found += line.recv(65_536)
        line.sendall(b"POST /deaf HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234")
        assert b"200 OK" in line.recv(65_536)
        line.sendall(b"56789" + HELLO + b"\r\n")
        assert b"200 OK" in line.recv(65_536)


UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"


@pytest.mark.parametrize("pause", [False, True])
def test_a_wish_for_another_protocol_is_ignored_and_the_body_is_read(server, pause):
    post = b"POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n" + UPGRADE + b"\r\nhello"
    chunked = CHUNKED[:-2] + UPGRADE + b"\r\n5\r\nhello\r\n0\r\n\r\n"
    whole = post + HELLO + UPGRADE + b"\r\n" + chunked + HELLO + b"Connection: close\r\n\r\n"
    with server.line() as line:
        for start in range(0, len(whole), 7 if pause else len(whole)):
            line.sendall(whole[start : start + (7 if pause else len(whole))])
        said = answer(line)
    assert [part.split(b"\r\n\r\n")[1] for part in said.split(b"HTTP/1.1 200 OK")[1:]] == [
        *(b"5", b"0", b"5", b"0")
    ]
    wait_until(lambda: server.connections.total_unread == 0, 10)


def test_a_tunnel_is_refused(server):
    tunnel = b"CONNECT localhost:22 HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n"
    with server.line(tunnel) as line:
        assert status(line) == 400


def test_a_body_that_nobody_reads_ends_its_line_after_the_answer(server):
    with server.line(
        b"POST /deaf HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n12"
    ) as line:
        began = time.monotonic()
        assert b"200 OK" in answer(line)
        assert time.monotonic() - began < patience(6)
    wait_until(lambda: server.connections.total_unread == 0, 10)


def test_requests_that_are_piled_up_unanswered_end_their_line(server):
    with server.line() as line:
        push(line, (HELLO + b"\r\n") * 2000)
        assert answer(line).count(b"200 OK") <= 20
    server.ask()


def test_whoever_asks_at_once_gets_in_where_all_lines_are_taken_by_those_who_wait():
    with Server(most=20, most_per_address=100) as server, ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(server.line(HELLO))
        assert max(server.ask() for _ in range(10)) < patience(2)
        assert len(server.connections.waiting) <= 20


def test_one_address_has_its_share_of_lines_and_a_proxy_all_of_them():
    def count(server: Server) -> list[int]:
        with ExitStack() as stack:
            lines = [stack.enter_context(server.line()) for _ in range(12)]
            for line in lines[:10]:
                line.sendall(HELLO + b"\r\n")
            found = [status(line) for line in lines[:10]]
            wait_until(lambda: True, 1)
            return found + [status(line) for line in lines[10:] if line.send(HELLO + b"\r\n")]

    with Server(most=40, most_per_address=10) as server:
        assert count(server) == [200] * 10 + [503] * 2
        wait_until(lambda: not server.connections.waiting, 10)
    with Server(most=40, most_per_address=10, proxies=lambda _: True) as server:
        assert count(server) == [200] * 12


def test_bytes_that_nobody_has_asked_for_are_bounded_over_all_lines():
    with Server(most_unread=200_000) as server, ExitStack() as stack:
        lines = [stack.enter_context(server.line(HELLO + b"X: ")) for _ in range(10)]
        for line in lines:
            push(line, b"a" * 50_000)
        wait_until(lambda: 0 < server.connections.total_unread <= 200_000, 10)
        server.ask()


def test_a_client_that_reads_nothing_of_its_answer_is_let_go():
    with Server(stalled_seconds=0.3) as server:
        with server.line() as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
            wait_until(lambda: server.server.server_state.connections, 10)
            wait_until(lambda: not server.server.server_state.connections, 10)
        server.ask()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.sampled_from([HELLO, b"\r\n", b"\r\n\r\n", b"Content-Length: 5\r\n", b"0\r\n\r\n"]),
        ),
        max_size=8,
    )
)
def test_whatever_is_sent_is_let_go_and_nothing_stays_counted(server, pieces):
    with server.line() as line:
        for piece in pieces:
            push(line, piece)
        line.shutdown(socket.SHUT_WR)
        answer(line)
    wait_until(lambda: not server.server.server_state.connections, 10)
    assert server.connections.total_unread == 0
    assert not server.connections.waiting
    assert not server.connections._by_address


def test_the_eldest_gives_way_first():
    class Line:
        def __init__(self) -> None:
            self.gone = False

        def abandon(self) -> None:
            self.gone = True
            connections.unread.pop(self, None)  # type: ignore[call-overload]
            connections.total_unread -= 100

    connections = Connections(ConnectionLimits(most_unread=250))
    lines = [Line() for _ in range(3)]
    for line in lines:
        connections.keeps(line, 100)  # type: ignore[arg-type]
    assert [line.gone for line in lines] == [True, False, False]
    asyncio.run(asyncio.sleep(0))


@pytest.mark.parametrize(
    ("trusted", "forwarded", "client"),
    [
        ("", "203.0.113.1", "127.0.0.1"),
        ("10.0.0.5", "203.0.113.1", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.1", "203.0.113.1"),
        ("127.0.0.1", "198.51.100.9, 203.0.113.1", "203.0.113.1"),
        ("127.0.0.1, 10.0.0.0/8", "198.51.100.9, 203.0.113.1, 10.1.2.3", "203.0.113.1"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_only_trusted_proxies_say_who_a_client_is(trusted, forwarded, client):
    with Server(trusted=trusted) as server:
        said = f"GET /who HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {forwarded}\r\n"
        with server.line(said.encode() + b"Connection: close\r\n\r\n") as line:
            assert answer(line).rpartition(b"\r\n")[2].decode() == client


@pytest.mark.parametrize("proxies", ["*", "everybody", "10.0.0.5,proxy.example"])
def test_proxies_are_named_by_address(proxies):
    with pytest.raises(ValidationError, match="name the proxies"):
        Settings(trusted_proxies=proxies)


def test_a_long_address_is_refused_before_its_parameters_are_taken_apart(server):
    for length, expected in ((MOST_TARGET_BYTES, 200), (MOST_TARGET_BYTES + 1, 414)):
        target = b"/hello?" + b"a" * (length - 7)
        with server.line(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n") as line:
            assert status(line) == expected
