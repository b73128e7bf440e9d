"""Reading server-sent events, as any client does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.deadlines import patience


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it came."""

    kind: str
    id: str
    data: dict[str, Any]


@contextmanager
def following(
    address: str, headers: dict[str, str], last: str | None = None
) -> Iterator[Iterator[Event]]:
    """Open the stream of alerts and read it for as long as the block runs."""
    sent = headers if last is None else {**headers, "Last-Event-ID": last}
    with httpx2.stream(
        "GET", f"{address}/v1/alerts/stream", headers=sent, timeout=patience(20)
    ) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield events(response.iter_lines())


def events(lines: Iterator[str]) -> Iterator[Event]:
    """Put lines together to events; comments are left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield Event(fields["event"], fields["id"], json.loads(fields["data"]))
            fields = {}
        else:
            fields = {}
