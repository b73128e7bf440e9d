"""The load generator: keep-alive connections that cost as little as possible.

It shares a machine with what it measures, so it parses no more of an answer than it needs, and
every request is bytes made beforehand. Loopback only.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import ceil
from typing import Any, Final
from urllib.parse import urlencode

BOUNDARY: Final = "siaga-load"
_HOST: Final = "127.0.0.1"
_TIMEOUT_SECONDS: Final = 60
_PER_ADDRESS: Final = 8
"""Requests a second from one address: half of the refusals that the service answers at once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and when."""

    status: int
    ms: float
    headers: dict[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:  # noqa: ANN401 - whatever the service said
        """Return the body as data."""
        return json.loads(self.body)


class Connection:
    """One HTTP/1.1 connection, opened when it is first needed and again when it was closed."""

    def __init__(self, port: int, address: str | None = None) -> None:
        """Connect to a port of this machine, from a loopback address if one is given."""
        self._port = port
        self._from = None if address is None else (address, 0)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> Answer:
        """Send one request and read its answer."""
        started = time.perf_counter()
        if self._streams is None:
            self._streams = await asyncio.open_connection(_HOST, self._port, local_addr=self._from)
        reader, writer = self._streams
        writer.write(request)
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(_headers(head[1:]))
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        answer = Answer(
            int(head[0].split(" ")[1]), (time.perf_counter() - started) * 1000, headers, body
        )
        if headers.get("connection") == "close":
            self.close()
        return answer

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def get(path: str, key: str | None = None, headers: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a GET request."""
    return _request("GET", path, key, headers or {})


def post_fields(
    path: str, texts: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> bytes:
    """Return the bytes of a POST as forms without a file send it."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return _request("POST", path, None, kind | dict(headers or {}), urlencode(texts).encode())


def post_form(
    path: str,
    key: str | None,
    texts: dict[str, str],
    files: dict[str, bytes],
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return the bytes of a multipart POST."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in texts.items()
    ]
    for name, content in files.items():
        disposition = f'form-data; name="{name}"; filename="photo"'
        head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n"
        parts += [head.encode(), content, b"\r\n"]
    body = b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return _request("POST", path, key, kind | dict(headers or {}), body)


def post_json(
    path: str,
    key: str | None,
    body: dict[str, Any] | None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return the bytes of a POST of JSON; None has no body."""
    sent = dict(headers or {})
    if body is None:
        return _request("POST", path, key, sent)
    sent["Content-Type"] = "application/json"
    return _request("POST", path, key, sent, json.dumps(body).encode())


async def closed_loop(
    port: int, requests: Sequence[bytes], clients: int, enough: Callable[[int, float], bool]
) -> tuple[list[Answer], float]:
    """Let each client send its next request when the last one is answered.

    Args:
        port: of the service on this machine.
        requests: sent in turn, over and over.
        clients: connections.
        enough: says, given the answers so far and the seconds passed, whether to stop.

    Returns:
        Every answer, and the seconds it took.
    """
    answers: list[Answer] = []
    sent, started = 0, time.perf_counter()

    async def client() -> None:
        nonlocal sent
        connection = Connection(port)
        while not enough(sent, time.perf_counter() - started):
            sent += 1
            answers.append(await connection.send(requests[sent % len(requests)]))
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return answers, time.perf_counter() - started


async def open_loop(
    port: int, requests: Sequence[bytes], rate: float, seconds: float
) -> tuple[list[Answer], float]:
    """Send requests at a fixed rate, whether the service keeps up or not.

    Connections are kept and used again: a port's systems do not connect for every traveller. They
    come from so many addresses that the service has no reason to slow any of them down.
    """
    # The last number of 127.0.0.x; connections of each that rest.
    ports: dict[int, list[Connection]] = {2 + n: [] for n in range(ceil(rate / _PER_ADDRESS))}
    answers: list[Answer] = []
    started = time.perf_counter()

    async def one(request: bytes, number: int) -> None:
        idle = ports[number]
        connection = idle.pop() if idle else Connection(port, f"127.0.0.{number}")
        answers.append(await connection.send(request))
        idle.append(connection)

    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            ahead = started + number / rate - time.perf_counter()
            if ahead > 0:
                await asyncio.sleep(ahead)
            group.create_task(one(requests[number % len(requests)], 2 + number % len(ports)))
    for connection in chain.from_iterable(ports.values()):
        connection.close()
    return answers, time.perf_counter() - started


def _request(
    method: str, path: str, key: str | None, headers: Mapping[str, str], body: bytes = b""
) -> bytes:
    sent = {"Host": "localhost", **headers}
    if key is not None:
        sent["Authorization"] = f"Bearer {key}"
    if method != "GET":
        sent["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join([*lines, "\r\n"]).encode() + body


def _headers(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, found, value = line.partition(":")
        if found:
            yield name.lower(), value.strip()
