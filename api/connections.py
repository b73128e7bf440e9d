"""What a connection may cost before anything of its request is understood.

The server's own protocol joins an unfinished header field again with every packet, waits for it as
long as the client likes, and takes as many connections as there are. Here the bytes before a body
are counted as they arrive, and every wait has an end.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

MOST_HEADER_BYTES: Final = 64 * 1024
"""Of a request line and its headers; as much may frame the pieces of a body, or follow it."""
MOST_HEADERS: Final = 100
MOST_TARGET_BYTES: Final = 8 * 1024
"""Of a path with its query, each of whose parameters is taken apart and looked at."""
_MOST_PIPELINED: Final = 8
"""Requests that a client sends before it has read an answer."""
_MOST_UNREAD: Final = 24 * 1024 * 1024
"""Bytes of all connections that nobody has asked for yet: headers, and what of bodies is ahead."""

_HEADER_SECONDS: Final = 10.0
_IDLE_SECONDS: Final = 30
_STALLED_SECONDS: Final = 30.0
"""How long a client may take nothing of its answer."""
_LINGER_SECONDS: Final = 2.0
"""How long a refused client is still listened to, so that it reads why before the line closes."""


def _nobody(_address: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Bounds of a server's connections."""

    most: int = 512
    most_per_address: int = 256
    proxies: Callable[[str], bool] = _nobody
    """Whether an address is a trusted proxy, which speaks for many clients."""
    header_seconds: float = _HEADER_SECONDS
    idle_seconds: int = _IDLE_SECONDS
    stalled_seconds: float = _STALLED_SECONDS
    most_unread: int = _MOST_UNREAD


@dataclass(slots=True)
class Connections:
    """The open connections of one server. Belongs to one event loop."""

    limits: ConnectionLimits
    waiting: dict["BoundedProtocol", None] = field(default_factory=dict)
    """Those without a request at work, the longest waiting first."""
    unread: dict["BoundedProtocol", int] = field(default_factory=dict)
    """What each keeps of bytes that nobody has asked for yet, the eldest first."""
    total_unread: int = 0
    _open: int = 0
    _by_address: Counter[str] = field(default_factory=Counter)

    def admit(self, address: str) -> bool:
        """Count a new connection; returns whether it may stay.

        Where all are taken, the one that has waited longest for its request gives way: who sends
        one at once still gets in.
        """
        self._open += 1
        self._by_address[address] += 1
        if self._open > self.limits.most:
            longest = next(iter(self.waiting), None)
            if longest is None:
                return False
            longest.abandon()
        own = self._by_address[address]
        return own <= self.limits.most_per_address or self.limits.proxies(address)

    def left(self, address: str) -> None:
        """Forget a connection."""
        self._open -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    def keeps(self, protocol: "BoundedProtocol", change: int) -> None:
        """Count bytes that a connection keeps; too many together, and the eldest gives way."""
        kept = self.unread.get(protocol, 0) + change
        self.total_unread += change
        if kept > 0:
            self.unread[protocol] = kept
        else:
            self.unread.pop(protocol, None)
        while self.total_unread > self.limits.most_unread and self.unread:
            next(iter(self.unread)).abandon()


class _Phase(Enum):
    IDLE = auto()
    HEADERS = auto()
    BODY = auto()
    ANSWER = auto()
    """The request is there, and its answer is not."""
    REFUSED = auto()
    """Whatever still arrives is thrown away."""


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 with bounds: see `api.server` for how a server is made of it."""

    connections_of: Connections
    """Set by the subclass that a server is given."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - the server's own
        super().__init__(*args, **options)
        self._phase = _Phase.IDLE
        self._again = b""
        """Request line and headers without the wish for another protocol, to be parsed instead."""
        self._address = ""
        self._unframed = 0
        """Bytes since a request began, or since the last of its body."""
        self._kept = 0
        self._asked = False
        """Whether there was a request yet."""
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._lingering: asyncio.TimerHandle | None = None

    # -- from begin to end

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        if not self.connections_of.admit(self._address):
            self._refuse(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "too_many_connections",
                "As many connections are open as may be: close those that you do not need, and "
                "send the request again after the time in Retry-After.",
            )
            return
        self._await_request()
        self._begin_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._let_go()
        self.connections_of.left(self._address)
        super().connection_lost(exc)

    def abandon(self) -> None:
        """Give way to others, without a word."""
        self._phase = _Phase.REFUSED
        self._let_go()
        self.transport.abort()

    # -- what arrives

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, as long as it stays within bounds."""
        if self._phase is _Phase.IDLE:
            self._begin_deadline()
        pieces = memoryview(data)
        for start in range(0, len(data), MOST_HEADER_BYTES):
            if self._phase is _Phase.REFUSED or self.transport.is_closing():
                return
            piece = pieces[start : start + MOST_HEADER_BYTES]
            self._unframed += len(piece)
            self._parse(piece)
            if self._phase is _Phase.HEADERS:
                self._keep(self._unframed - self._kept)
            if self._unframed > MOST_HEADER_BYTES:
                self._refuse_headers()

    def _parse(self, data: memoryview | bytes) -> None:
        """Parse what arrived. A wish for another protocol may be ignored (RFC 9110, 7.8).

        The parser takes it for the end of HTTP, and drops the body of clients that ask for HTTP/2
        with every request: after it, another one parses the request without the wish.
        """
        self._unset_keepalive_if_required()
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as ended:
                if not self._again:
                    return
                data = self._again + data[ended.args[0] :]
                self._again = b""
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            except httptools.HttpParserError:
                self.logger.warning("Invalid HTTP request received.")
                self.send_400_response("")
                return
            else:
                return

    def on_message_begin(self) -> None:
        """Start to count a request."""
        super().on_message_begin()
        self._phase = _Phase.HEADERS
        self.connections_of.waiting[self] = None
        self._begin_deadline()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what follows a body is nobody's."""
        if self._phase is not _Phase.HEADERS:
            return
        if len(self.headers) >= MOST_HEADERS:
            self._refuse_headers()
            raise _OutOfBounds
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request, if its headers are within bounds."""
        if self.parser.should_upgrade() and any(name == b"upgrade" for name, _ in self.headers):
            version = self.parser.get_http_version().encode()
            kept = [(name, value) for name, value in self.headers if name != b"upgrade"]
            self._again = b"%b %b HTTP/%b\r\n%b\r\n" % (
                self.parser.get_method(),
                self.url,
                version,
                b"".join(b"%b: %b\r\n" % header for header in kept),
            )
            return
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > MOST_HEADER_BYTES:
            self._refuse_headers()
            raise _OutOfBounds
        if len(self.url) > MOST_TARGET_BYTES:
            self._refuse(
                HTTPStatus.REQUEST_URI_TOO_LONG,
                "uri_too_long",
                f"Path and query may have {MOST_TARGET_BYTES // 1024} KiB: send less.",
            )
            raise _OutOfBounds
        if len(self.pipeline) >= _MOST_PIPELINED:
            self.abandon()
            raise _OutOfBounds
        self._phase = _Phase.BODY
        self._unframed = 0
        self._end_deadline()
        self._keep(size - self._kept)
        self.connections_of.waiting.pop(self, None)
        self.connections_of.waiting[self] = None  # the last to give way
        super().on_headers_complete()
        self._asked = True

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401 - ASGI's
        async def counted(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
            async def receive_counted() -> Any:  # noqa: ANN401
                message = await receive()
                self._keep(-len(message.get("body", b"")))
                return message

            await app(scope, receive_counted, send)

        super()._start_asgi_task(cycle, counted)

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._unframed = 0
        before = len(self.cycle.body)
        super().on_body(body)
        self._keep(len(self.cycle.body) - before)

    def on_message_complete(self) -> None:
        """Note that a request is there."""
        if self._again:
            return
        super().on_message_complete()
        self._unframed = 0
        self._phase = _Phase.ANSWER
        self.connections_of.waiting.pop(self, None)
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        if self.cycle.response_complete:
            self._await_request()

    # -- what is answered

    def on_response_complete(self) -> None:
        """Wait for the next request, or for a little while for the end of a body left unread."""
        super().on_response_complete()
        if not self.cycle.response_complete or self.transport.is_closing():
            return
        self.cycle.body = bytearray()
        self._release()
        if self._phase is _Phase.ANSWER:
            self._await_request()
        elif self._phase is _Phase.BODY and self._lingering is None:
            self._lingering = self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        del msg  # the server's own words
        self._refuse(
            HTTPStatus.BAD_REQUEST,
            "bad_request",
            "This is no HTTP/1.1 request that can be read. Send it again, well formed.",
        )

    def pause_writing(self) -> None:
        """Let a client that reads nothing go after a while."""
        super().pause_writing()
        seconds = self.connections_of.limits.stalled_seconds
        self._stalled = self.loop.call_later(seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    # -- bounds

    def _await_request(self) -> None:
        self._phase = _Phase.IDLE
        self._release()
        self.connections_of.waiting[self] = None
        # A body that ends after its answer has stopped the time that a line may be idle.
        if self._asked and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _begin_deadline(self) -> None:
        if self._deadline is None:
            seconds = self.connections_of.limits.header_seconds
            self._deadline = self.loop.call_later(seconds, self._late)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        if self._unframed == 0:
            self.transport.close()
            return
        seconds = f"{self.connections_of.limits.header_seconds:g}"
        self._refuse(
            HTTPStatus.REQUEST_TIMEOUT,
            "request_timeout",
            f"The request's headers were not there within {seconds} seconds. Send it again.",
        )

    def _refuse_headers(self) -> None:
        self._refuse(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "request_header_fields_too_large",
            f"Request line and headers may have {MOST_HEADER_BYTES // 1024} KiB and "
            f"{MOST_HEADERS} fields: send fewer or shorter ones.",
        )

    def _refuse(self, status: HTTPStatus, code: str, detail: str) -> None:
        """Answer, unless an answer is under way, and listen no more."""
        if self._phase is _Phase.REFUSED:
            return
        self._phase = _Phase.REFUSED
        self._let_go()
        if self.transport.is_closing():
            return
        if self._asked and not self.cycle.response_complete:
            self.transport.close()
            return
        self.transport.write(_answer(status, code, detail, self.server_state.default_headers))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._lingering = self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def _keep(self, change: int) -> None:
        """Count more bytes, or fewer, that nobody has asked for yet."""
        change = max(change, -self._kept)
        if change and self._phase is not _Phase.REFUSED:
            self._kept += change
            self.connections_of.keeps(self, change)

    def _release(self) -> None:
        kept, self._kept = self._kept, 0
        if kept:
            self.connections_of.keeps(self, -kept)

    def _let_go(self) -> None:
        """Forget what is counted, and all that was to happen at a time."""
        self._unset_keepalive_if_required()
        self._end_deadline()
        self.connections_of.waiting.pop(self, None)
        self._release()
        for timer in (self._stalled, self._lingering):
            if timer is not None:
                timer.cancel()
        self._stalled = self._lingering = None


class _OutOfBounds(Exception):
    """Stops the parser; the connection has been answered."""


def _answer(status: HTTPStatus, code: str, detail: str, usual: list[tuple[bytes, bytes]]) -> bytes:
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": detail,
    }
    body = json.dumps(problem).encode()
    headers = [
        *usual,
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", b"1"))
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return STATUS_LINE[status.value] + lines + b"\r\n" + body
