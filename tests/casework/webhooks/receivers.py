"""A webhook's receiver: a small real HTTP server that keeps what it is sent."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

from tests.deadlines import patience


@dataclass(frozen=True, slots=True)
class Message:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body, read."""
        read: dict[str, Any] = json.loads(self.body)
        return read


def genuine(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
    """Whether a message is signed as Standard Webhooks says: the scheme, written down again."""
    named = {name.lower(): value for name, value in headers.items()}
    message_id, at = named["webhook-id"], named["webhook-timestamp"]
    key = base64.b64decode(secret[len("whsec_") :], validate=True)
    content = message_id.encode() + b"." + at.encode() + b"." + body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    signatures = [each.split(",") for each in named["webhook-signature"].split(" ")]
    return abs(now - int(at)) <= 300 and ["v1", expected] in signatures


@dataclass(slots=True)
class Receiver:
    """What came in, and how the next is answered."""

    url: str = ""
    messages: list[Message] = field(default_factory=list)
    status: int = 200
    location: str | None = None
    gate: threading.Event | None = None
    """While it is there and not set, nothing is answered."""
    refuses: Callable[[int], bool] = lambda _: False
    """Whether the request of this number is answered with 503 and not kept."""

    def ids(self) -> list[str]:
        """Events by id, as they came."""
        return [message.json["id"] for message in self.messages]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen on this machine for as long as the block runs."""
    receiver, numbers = Receiver(), count()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            message = Message(self.path, dict(self.headers.items()), body)
            if receiver.gate is not None:
                receiver.gate.wait(patience(20))
            refused = receiver.refuses(next(numbers))
            if not refused:
                receiver.messages.append(message)
            self.send_response(503 if refused else receiver.status)
            if receiver.location is not None:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            receiver.messages.append(Message(self.path, dict(self.headers.items()), b"{}"))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *parts):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/siaga"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
