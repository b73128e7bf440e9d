"""Who works while the service is killed: port systems that screen, officers who decide.

Each keeps its next request waiting at the service at every moment. What was acknowledged goes into
a `Ledger`; the rest may or may not have happened, and nobody was promised anything.
"""

import asyncio
import random
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.load.client import Answer, Connection, post_form, post_json

PORTS: Final = 150
"""Port systems at work at once."""

DESKS: Final = 25
"""Alerts in review at once; two officers compete for each."""

_NOTE: Final = "Telinga kiri dan tahi lalat sama."
_OK: Final = 200
_FORESEEN: Final = frozenset({_OK, 409, 412})
"""Done; or the rules, or a quicker officer, stood against it."""

_LOST: Final = (OSError, asyncio.IncompleteReadError, TimeoutError)
_FINDINGS: Final = ("potential_candidate", "not_candidate", "inconclusive")


@dataclass(slots=True)
class Screening:
    """A photo that a port sent, and what it was answered."""

    request: bytes = field(repr=False)
    answer: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """An acknowledged step of an alert's review."""

    alert_id: str
    act: str
    session: str = field(repr=False)
    request_id: str
    answer: dict[str, Any]

    @property
    def version(self) -> int:
        """The alert's version after it."""
        return int(self.answer["version"])


@dataclass(slots=True)
class Ledger:
    """What the clients sent and what the service answered."""

    screenings: dict[str, Screening] = field(default_factory=dict)
    """By idempotency key."""
    steps: list[Step] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Answers that no service should give, crash or not."""
    in_flight: int = 0
    """Requests sent and not answered at the moment of the kill."""

    @property
    def acknowledged(self) -> list[dict[str, Any]]:
        """The answers of the screenings that were answered."""
        return [each.answer for each in self.screenings.values() if each.answer is not None]


class Storm:
    """One round's clients, working until the connection is lost."""

    def __init__(
        self, port: int, key: str, sessions: Sequence[str], photos: Sequence[bytes], seed: int
    ) -> None:
        self.ledger = Ledger()
        self._port = port
        self._key = key
        self._sessions = sessions
        self._photos = photos
        self._seed = seed
        self._rng = random.Random(seed)
        self._alerts: asyncio.Queue[str] = asyncio.Queue()
        self._waiting = 0
        self._started = asyncio.Event()

    async def first_decision(self, seconds: float) -> None:
        """Wait until all kinds of work are going on; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            await self._started.wait()

    def strike(self) -> None:
        """Note how much is on its way at this moment."""
        self.ledger.in_flight = self._waiting

    async def run(self) -> None:
        """Work until every connection is lost."""
        desks = [asyncio.create_task(self._desk()) for _ in range(DESKS)]
        await asyncio.gather(*(self._port_system(number) for number in range(PORTS)))
        for desk in desks:
            desk.cancel()
        await asyncio.gather(*desks, return_exceptions=True)

    async def _port_system(self, number: int) -> None:
        connection = Connection(self._port)
        for turn in range(1_000_000):
            key = f"{self._seed}-{number}-{turn}"
            photo = self._photos[self._rng.randrange(len(self._photos))]
            request = post_form(
                "/v1/encounters",
                self._key,
                {"port": "CGK", "direction": "entry", "lane": str(number)},
                {"photo": photo},
                {"Idempotency-Key": key},
            )
            sent = self.ledger.screenings[key] = Screening(request)
            answer = await self._send(connection, request)
            if answer is None:
                return
            if answer.status != 201:
                self._unexpected("a screening", answer)
                return
            sent.answer = answer.json()
            for alert in sent.answer["alerts"]:
                self._alerts.put_nowait(alert["id"])

    async def _desk(self) -> None:
        """Take one alert after the other, two officers at every step."""
        rivals = [Connection(self._port), Connection(self._port)]
        try:
            while await self._review(await self._alerts.get(), rivals):
                pass
        finally:
            for connection in rivals:
                connection.close()

    async def _review(self, alert_id: str, rivals: Sequence[Connection]) -> bool:
        """Take an alert as far as it goes; returns whether the service still answers."""
        version = 1
        for act, body in self._course():
            path, read = f"/v1/alerts/{alert_id}/{act}", {"If-Match": f'"{version}"'}
            sessions = self._rng.sample(list(self._sessions), len(rivals))
            answers = await asyncio.gather(
                *(
                    self._send(connection, post_json(path, session, body, read))
                    for connection, session in zip(rivals, sessions, strict=True)
                )
            )
            done = [
                self._done(alert_id, act, session, answer)
                for session, answer in zip(sessions, answers, strict=True)
                if answer is not None and answer.status == _OK
            ]
            if len(done) > 1:
                self.ledger.wrong.append(f"two officers were both answered: {act} {alert_id}")
            for answer in answers:
                if answer is not None and answer.status not in _FORESEEN:
                    self._unexpected(f"{act} {alert_id}", answer)
            if None in answers:
                return False
            if not done:
                break  # the rules forbid this course: the next alert
            version = done[0].version
        return True

    def _course(self) -> list[tuple[str, dict[str, Any] | None]]:
        def finding() -> dict[str, Any]:
            opinion = self._rng.choice(_FINDINGS)
            return {"opinion": opinion, "reasons": ["facial_features_agree"], "note": _NOTE}

        return [
            ("acknowledge", None),
            ("decide", finding()),
            ("confirm", finding()),
            ("close", {"disposal": "other", "note": _NOTE}),
        ]

    def _done(self, alert_id: str, act: str, session: str, answer: Answer) -> Step:
        step = Step(alert_id, act, session, answer.headers["x-request-id"], answer.json())
        self.ledger.steps.append(step)
        if act == "decide":
            self._started.set()
        return step

    async def _send(self, connection: Connection, request: bytes) -> Answer | None:
        """Return the answer, None where the connection was lost before it came."""
        self._waiting += 1
        try:
            return await connection.send(request)
        except _LOST:
            connection.close()
            return None
        finally:
            self._waiting -= 1

    def _unexpected(self, what: str, answer: Answer) -> None:
        self.ledger.wrong.append(f"{what} was answered {answer.status}: {answer.body[:300]!r}")


async def kill_after(
    storm: Storm, process: "subprocess.Popen[bytes]", seconds: float, patience: float
) -> float:
    """Let clients work, and kill the service so many seconds after the first decision.

    Returns:
        Seconds from the start of the work to the kill.

    Raises:
        TimeoutError: no decision was made within `patience` seconds.
    """
    begun = time.perf_counter()
    work = asyncio.create_task(storm.run())
    try:
        await storm.first_decision(patience)
        await asyncio.sleep(seconds)
    finally:
        storm.strike()
        process.kill()
        spent = time.perf_counter() - begun
        await work
    return spent
