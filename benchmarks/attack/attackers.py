"""The attackers, in a process of their own so that they do not slow down what is measured.

    python -m benchmarks.attack.attackers NAME PORT SECONDS KEY [PHOTO]

Each ends by itself; the last line that it prints says how often it was answered with which status.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

_HOST: Final = "127.0.0.1"
_MIB: Final = 1024 * 1024
_PIECE: Final = bytes(256 * 1024)
_GET: Final = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
_PAGE: Final = b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n"
_BOUNDARY: Final = "attack"
_CROWD: Final = 240
"""Connections: nearly as many as one address may have."""

Outcome = Counter[str]


class Line:
    """One connection, which says what became of it."""

    def __init__(self, port: int, seconds: float, source: str | None = None) -> None:
        self._port = port
        self._source = (source, 0) if source else None
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the attack ends."""
        return max(0.0, self._ends - time.monotonic())

    async def run(
        self, send: Callable[[asyncio.StreamWriter], Awaitable[None]], outcome: Outcome
    ) -> None:
        """Connect, send until all is sent or the time is over, and wait for an answer."""
        try:
            async with asyncio.timeout(self.left):
                reader, writer = await asyncio.open_connection(
                    _HOST, self._port, local_addr=self._source
                )
                answer = asyncio.create_task(reader.readline())
                sending = asyncio.create_task(_until_refused(send(writer)))
                await asyncio.wait({answer, sending}, return_when=asyncio.FIRST_COMPLETED)
                line = await answer
                outcome[line.split(b" ")[1].decode() if line else "closed"] += 1
                sending.cancel()
                writer.close()
        except TimeoutError:
            outcome["open"] += 1
        except OSError:
            outcome["closed"] += 1


async def _until_refused(sending: Awaitable[None]) -> None:
    with suppress(OSError):
        await sending
    await asyncio.sleep(3600)  # the answer is what is waited for


async def nobody(port: int, seconds: float, key: str, photo: bytes) -> Outcome:
    """Leave the service alone: what it does without an attack."""
    del port, key, photo
    await asyncio.sleep(seconds)
    return Counter()


async def endless_header(port: int, seconds: float, key: str, photo: bytes) -> Outcome:
    """Send one header field of 40 MB that never ends."""
    del key, photo
    outcome: Outcome = Counter()

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(_GET + b"X-Long: ")
        for _ in range(40 * _MIB // len(_PIECE)):
            writer.write(b"a" * len(_PIECE))
            await writer.drain()

    await Line(port, seconds).run(send, outcome)
    return outcome


async def half_open(port: int, seconds: float, key: str, photo: bytes) -> Outcome:
    """Keep 600 connections in the middle of their headers."""
    del key, photo
    outcome: Outcome = Counter()

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(_GET + b"X-Half: ")
        await writer.drain()

    await asyncio.gather(*(Line(port, seconds).run(send, outcome) for _ in range(600)))
    return outcome


async def large_bodies(port: int, seconds: float, key: str, photo: bytes) -> Outcome:
    """Send three sign-ins of 190 MB each, as a stranger."""
    del key, photo
    outcome: Outcome = Counter()
    await asyncio.gather(*(_strangers_body(port, seconds, 190, 190, outcome) for _ in range(3)))
    return outcome


async def stalled_bodies(port: int, seconds: float, key: str, photo: bytes) -> Outcome:
    """Send 130 of 190 MB as a stranger, six times, and then nothing."""
    del key, photo
    outcome: Outcome = Counter()
    await asyncio.gather(*(_strangers_body(port, seconds, 190, 90, outcome) for _ in range(6)))
    return outcome


async def _strangers_body(
    port: int, seconds: float, announced: int, sent: int, outcome: Outcome
) -> None:
    head = (
        "POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {announced * _MIB}\r\n\r\n"
    )

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode() + b'{"login": "')
        for _ in range(sent * _MIB // len(_PIECE)):
            writer.write(b"a" * len(_PIECE))
            await writer.drain()

    await Line(port, seconds).run(send, outcome)


async def slow_bodies(port: int, seconds: float, key: str, photo: bytes) -> Outcome:
    """Hold 18 requests of one port's key that send a byte a second."""
    outcome: Outcome = Counter()
    request = _screening(key, photo)
    head = request.index(b"\r\n\r\n") + 4

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(request[:head])
        for at in range(head, len(request)):
            writer.write(request[at : at + 1])
            await writer.drain()
            await asyncio.sleep(1)

    await asyncio.gather(*(Line(port, seconds).run(send, outcome) for _ in range(18)))
    return outcome


async def greedy_key(port: int, seconds: float, key: str, photo: bytes) -> Outcome:
    """Screen as fast as can be over 24 connections of one key."""
    return await _again(port, seconds, _screening(key, photo), 24)


async def crowd(port: int, seconds: float, key: str, photo: bytes) -> Outcome:
    """Screen as fast as can be over as many connections of one key as an address may have."""
    return await _again(port, seconds, _screening(key, photo), _CROWD)


async def strangers(port: int, seconds: float, key: str, photo: bytes) -> Outcome:
    """Ask for the sign-in page over as many connections as an address may have."""
    del key, photo
    return await _again(port, seconds, _PAGE, _CROWD)


async def _again(port: int, seconds: float, request: bytes, lines: int) -> Outcome:
    """Send a request over and over, each time over a new connection."""
    outcome: Outcome = Counter()

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(request)
        await writer.drain()

    async def again() -> None:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            await Line(port, left).run(send, outcome)

    await asyncio.gather(*(again() for _ in range(lines)))
    return outcome


async def odd_requests(port: int, seconds: float, key: str, photo: bytes) -> Outcome:
    """Send what costs most to take apart, one request after the other over two lines."""
    del photo
    outcome: Outcome = Counter()
    requests = list(_odd(key))

    async def again(first: int) -> None:
        ends, turn = time.monotonic() + seconds, first
        while (left := ends - time.monotonic()) > 0:
            request = requests[turn % len(requests)]
            turn += 1

            async def send(writer: asyncio.StreamWriter, request: bytes = request) -> None:
                writer.write(request)
                await writer.drain()

            await Line(port, left).run(send, outcome)

    await asyncio.gather(again(0), again(len(requests) // 2))
    return outcome


def _odd(key: str) -> Iterator[bytes]:
    many, size = 60 * 1024, 15 * 1024
    for name, value in (
        ("Cookie", "; ".join(f"a{number:x}=" for number in range(many // 8))),
        ("Accept-Language", ",".join(["a"] * (many // 2))),
        ("Accept", ",".join(["a/b;q=0.1"] * (many // 10))),
    ):
        yield f"GET /sign-in HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\n\r\n".encode()
    shown = f"Host: localhost\r\nAuthorization: Bearer {key}\r\n"
    for query in (
        "&".join(f"{number:x}=" for number in range(many // 6)),
        "&".join(["state=a"] * (many // 8)),
    ):
        yield f"GET /v1/encounters/none?{query} HTTP/1.1\r\n{shown}\r\n".encode()
        yield f"GET /v1/alerts?{query} HTTP/1.1\r\n{shown}\r\n".encode()
    for body in (
        "[" * (size // 2) + "]" * (size // 2),
        "{" + ",".join(f'"{number:x}":0' for number in range(size // 9)) + "}",
        '{"login":"' + "\\u0041" * (size // 6) + '"}',
    ):
        yield _post("/v1/sessions", "Host: localhost\r\n", "application/json", body)
    for kind in (";" * many, "a=b;" * (many // 4)):
        yield _post("/v1/encounters", shown, f"multipart/form-data;{kind}", "")
    part = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n\r\n'
    form = f"multipart/form-data; boundary={_BOUNDARY}"
    yield _post("/v1/encounters", shown, form, part * (60 * 1024 // len(part)))


def _post(path: str, who: str, kind: str, body: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\n{who}Content-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def sign_ins(port: int, seconds: float, key: str, photo: bytes) -> Outcome:
    """Guess passwords from 12 addresses, as fast as can be."""
    del key, photo
    outcome: Outcome = Counter()

    async def again(number: int) -> None:
        ends, count = time.monotonic() + seconds, 0
        while (left := ends - time.monotonic()) > 0:
            count += 1
            body = json.dumps({"login": f"u{number}-{count}", "password": "guess " * 5})
            head = (
                "POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
                f"\r\nX-Forwarded-For: 203.0.113.{count % 250}\r\nContent-Length: {len(body)}\r\n"
            )

            async def send(
                writer: asyncio.StreamWriter, request: bytes = f"{head}\r\n{body}".encode()
            ) -> None:
                writer.write(request)
                await writer.drain()

            await Line(port, left, f"127.0.1.{number + 1}").run(send, outcome)
            await asyncio.sleep(0.02)

    await asyncio.gather(*(again(number) for number in range(12)))
    return outcome


def _screening(key: str, photo: bytes) -> bytes:
    texts = "".join(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("port", "CGK"), ("direction", "entry"))
    )
    part = 'Content-Disposition: form-data; name="photo"; filename="1.jpg"'
    body = f"{texts}--{_BOUNDARY}\r\n{part}\r\n\r\n".encode() + photo
    body += f"\r\n--{_BOUNDARY}--\r\n".encode()
    head = (
        f"POST /v1/encounters HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


Attack = Callable[[int, float, str, bytes], Awaitable[Outcome]]

ATTACKS: Final[Mapping[str, Attack]] = {
    "none": nobody,
    "endless header": endless_header,
    "half-open headers": half_open,
    "large bodies": large_bodies,
    "stalled bodies": stalled_bodies,
    "slow bodies": slow_bodies,
    "greedy key": greedy_key,
    "large photos": greedy_key,
    "crowd of a key": crowd,
    "strangers' requests": strangers,
    "sign-ins": sign_ins,
    "odd requests": odd_requests,
}


def main(name: str, port: str, seconds: str, key: str, photo: str) -> None:
    """Attack, and print what came back."""
    attack = ATTACKS[name]
    content = Path(photo).read_bytes()
    outcome = asyncio.run(_awaited(attack(int(port), float(seconds), key, content)))
    print(json.dumps(dict(outcome)))


async def _awaited(attack: Awaitable[Outcome]) -> Outcome:
    return await attack


if __name__ == "__main__":
    main(*sys.argv[1:])
