"""What happens around every request: an id, a cap on the body, one line in the log."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from ulid import ULID

from api.limits import STRANGERS_BODY, RouteLimits, RouteTable
from api.logging import log
from api.metrics import Metrics
from api.pacing import Pacing
from api.problems import (
    CLIENT_CLOSED_REQUEST,
    BodyEncoded,
    BodyTooLarge,
    BodyTooSlow,
    unforeseen,
)
from api.workers import Overloaded

# A caller's own id is taken over if it is plain: it goes into logs and back into a header.
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_QUIET_PATHS: Final = frozenset({"/healthz", "/readyz"})

# A body that is waited for comes at this pace, after a while to begin with.
_LEAST_BYTES_PER_SECOND: Final = 1024
_GRACE_SECONDS: Final = 10.0

# Values of Content-Encoding that change nothing, and how much of others is shown.
_PLAIN: Final = frozenset({"", "identity"})
_MAX_SHOWN: Final = 40

# What is answered with `Retry-After`.
_COME_AGAIN: Final = frozenset({429, 503})

# The route whose answers the latency target is about.
_SCREENING: Final = "/v1/encounters"


class RequestContext:
    """Gives each request an id (`X-Request-ID`), answers the unforeseen, counts and logs."""

    def __init__(self, app: ASGIApp, metrics: Metrics, pacing: Pacing) -> None:
        self.app = app
        self.metrics = metrics
        self.pacing = pacing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _PLAIN_ID.fullmatch(given) else str(ULID())
        scope["siaga.request_id"] = request_id
        started, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status in _COME_AGAIN and (wait := self.pacing.refused(_address(scope))):
                    await asyncio.sleep(wait)
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_with_id)
            except Exception as error:  # noqa: BLE001 - the last place that can still answer
                log.error("unforeseen error", exc_info=error)
                if status == 0:
                    answer = unforeseen(Request(scope))
                    await answer(scope, receive, send_with_id)
            finally:
                seconds = time.perf_counter() - started
                route = getattr(scope.get("route"), "path", None)
                self.metrics.answered(
                    scope["method"],
                    route,
                    status or CLIENT_CLOSED_REQUEST,
                    seconds,
                    screening=route == _SCREENING and scope["method"] == "POST" and status < 300,
                )
                level = "debug" if scope["path"] in _QUIET_PATHS else "info"
                getattr(log, level)(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    ms=round(seconds * 1000, 1),
                )


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


class HeldBodies:
    """Bytes of bodies that are held in memory, from their first byte to the end of their request.

    All callers together are bounded, each of them too, and all who are not known yet as one.
    Belongs to one event loop.
    """

    def __init__(self, most: int, most_each: int, most_of_strangers: int) -> None:
        self._spare = most
        self._most = {True: most_each, False: most_of_strangers}
        self._held: Counter[str | None] = Counter()

    def take(self, caller: str | None, size: int) -> None:
        """Count more bytes of a caller, None for one who is not known yet.

        Raises:
            Overloaded: they do not fit any more.
        """
        if size > self._spare or self._held[caller] + size > self._most[caller is not None]:
            raise Overloaded
        self._spare -= size
        self._held[caller] += size

    def give_back(self, caller: str | None, size: int) -> None:
        """Forget bytes of a caller."""
        self._spare += size
        self._held[caller] -= size
        if not self._held[caller]:
            del self._held[caller]


class BodyLimits:
    """Keeps each body within its route's limits (`api.limits`), before and while it is read.

    What a stranger may send is little: more is read only once it is known who sends it.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: RouteTable,
        held: HeldBodies,
        identify: Callable[[Scope], Awaitable[str]],
    ) -> None:
        """Take what is bounded.

        Args:
            app: what is called.
            limits: of every route.
            held: of all bodies in memory.
            identify: returns the id of who sends a request; raises NotAuthenticated.
        """
        self.app = app
        self.limits = limits
        self.held = held
        self.identify = identify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(self, scope, receive)
        try:
            await self.app(scope, body.receive, send)
        finally:
            body.forget()


class _Body:
    """The body of one request, while it arrives."""

    def __init__(self, owner: BodyLimits, scope: Scope, receive: Receive) -> None:
        self._owner = owner
        self._scope = scope
        self._receive = receive
        self._limits: RouteLimits | None = None
        self._caller: str | None = None
        self._received = self._in_memory = 0
        self._waited = 0.0
        self._complete = False

    async def receive(self) -> Message:
        """Return the next piece.

        Raises:
            BodyTooLarge, BodyTooSlow, BodyEncoded, NotAuthenticated, Overloaded: it is not taken.
        """
        if self._complete:
            return await self._receive()  # the client goes, some time
        if self._limits is None:
            # The route is known by now: it is the first to ask.
            self._limits = self._owner.limits.of(self._scope.get("route"))
            headers = Headers(scope=self._scope)
            encoding = headers.get("content-encoding", "").strip().lower()
            if encoding not in _PLAIN:
                raise BodyEncoded(
                    f"The body is compressed (Content-Encoding: {encoding[:_MAX_SHOWN]}), which is "
                    "not accepted: send it as it is. Photos are compressed already."
                )
            announced = headers.get("content-length", "")
            await self._admit(int(announced) if announced.isdecimal() else 0, self._limits)
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._patience(self._limits)):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow(
                "The body arrives too slowly: send it again over a better line, or a smaller one."
            ) from None
        self._waited += time.perf_counter() - began
        if message["type"] == "http.request":
            size = len(message.get("body", b""))
            self._received += size
            await self._admit(self._received, self._limits)
            if self._limits.held:
                self._owner.held.take(self._caller, size)
                self._in_memory += size
            self._complete = not message.get("more_body", False)
        return message

    def forget(self) -> None:
        """Let go of what was held."""
        self._owner.held.give_back(self._caller, self._in_memory)
        self._in_memory = 0

    async def _admit(self, size: int, limits: RouteLimits) -> None:
        if size > limits.body_bytes:
            raise BodyTooLarge(
                f"The request is larger than {limits.body_bytes} bytes: send less, or fewer and "
                "smaller photos."
            )
        if size > STRANGERS_BODY and self._caller is None:
            # A small body that a known caller sends may count among those of strangers.
            caller = await self._owner.identify(self._scope)
            held = self._in_memory
            self.forget()
            self._caller = caller
            self._owner.held.take(caller, held)
            self._in_memory = held

    def _patience(self, limits: RouteLimits) -> float:
        """Return the seconds that the next piece may take."""
        by_pace = _GRACE_SECONDS + self._received / _LEAST_BYTES_PER_SECOND
        return max(0.0, min(limits.body_seconds, by_pace) - self._waited)
