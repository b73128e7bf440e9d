"""What happens around every request: an id, a cap on the body, one line in the log."""

import re
import time
from collections.abc import Mapping
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from ulid import ULID

from api.logging import log
from api.metrics import Metrics
from api.problems import CLIENT_CLOSED_REQUEST, BodyTooLarge, unforeseen
from api.workers import Overloaded

# A caller's own id is taken over if it is plain: it goes into logs and back into a header.
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_QUIET_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})

# The route whose answers the latency target is about.
_SCREENING: Final = "/v1/encounters"


class RequestContext:
    """Gives each request an id (`X-Request-ID`), answers the unforeseen, counts and logs."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

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


class BodyLimit:
    """Refuses bodies larger than `max_bytes`, before or while they are read.

    A body is held in memory from its first byte until its request is answered, so all of them
    together are bounded, too, from any sender and however slow: what would go beyond
    `max_held_bytes` is refused. `larger` names the paths that take more, and how much; they hand
    their bodies on as they arrive and hold none.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_bytes: int,
        max_held_bytes: int,
        larger: Mapping[str, int] | None = None,
    ) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.larger = larger or {}
        self._spare = max_held_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        received = in_memory = 0
        kept = scope["path"] not in self.larger
        max_bytes = self.larger.get(scope["path"], self.max_bytes)
        announced = Headers(scope=scope).get("content-length", "")
        too_large = announced.isdigit() and int(announced) > max_bytes

        async def counted() -> Message:
            nonlocal received, in_memory
            if too_large:
                raise _refusal(max_bytes)
            message = await receive()
            if message["type"] == "http.request":
                arrived = len(message.get("body", b""))
                received += arrived
                if received > max_bytes:
                    raise _refusal(max_bytes)
                if kept:
                    if arrived > self._spare:
                        raise Overloaded
                    self._spare -= arrived
                    in_memory += arrived
            return message

        try:
            await self.app(scope, counted, send)
        finally:
            self._spare += in_memory


def _refusal(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The request is larger than {max_bytes} bytes: send fewer or smaller photos."
    )
