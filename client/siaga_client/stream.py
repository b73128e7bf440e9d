"""Server-sent events (WHATWG HTML, section 9.2), line by line."""

import json
from collections.abc import Mapping
from typing import Final

import httpx2

from siaga_client.models import AlertEvent

# The service sends a comment at least this often; a longer silence is a broken connection.
_SILENCE_S: Final = 45.0


class Reader:
    """Puts lines together into events, and knows where to resume."""

    def __init__(self, after: str | None) -> None:
        self._last = after
        self._kind = ""
        self._data: list[str] = []
        self.timeout: Final = httpx2.Timeout(10.0, read=_SILENCE_S)

    def begin(self) -> Mapping[str, str]:
        """Return the headers of a request that goes on from here; half an event is forgotten."""
        self._kind, self._data = "", []
        resume = {"Last-Event-ID": self._last} if self._last is not None else {}
        return {"Accept": "text/event-stream", **resume}

    def feed(self, line: str) -> AlertEvent | None:
        """Take one line without its end; returns the event that it completes."""
        if line == "":
            return self._finish()
        if line.startswith(":"):
            return None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id" and "\0" not in value:
            self._last = value
        elif name == "event":
            self._kind = value
        elif name == "data":
            self._data.append(value)
        return None

    def _finish(self) -> AlertEvent | None:
        kind, data = self._kind or "message", "\n".join(self._data)
        self._kind, self._data = "", []
        if not data:
            return None
        return AlertEvent(id=self._last or "", kind=kind, data=json.loads(data))
