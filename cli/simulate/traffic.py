"""Travellers arrive when they arrive: an open loop, which does not wait for slow answers.

A load generator that sends the next request when the last one is answered slows down together with
the service and never shows a queue. Here each arrival has its moment, and its latency counts from
that moment, whatever became of the ones before.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from siaga_client import AsyncClient, Refused, SiagaError

Direction = Literal["entry", "exit"]

LOST: Final = "no answer"


@dataclass(frozen=True, slots=True)
class Plan:
    """What traffic is made."""

    photos: Sequence[bytes]
    ports: Sequence[str]
    rate: float
    """Arrivals a second, over all ports together."""
    seconds: float
    seed: int = 0
    direction: Direction = "entry"

    def moments(self) -> list[float]:
        """Return when travellers arrive, in seconds from the beginning: independent of each other.

        As many as the rate promises, at random moments: a Poisson stream of that number.
        """
        drawn = random.Random(self.seed)  # noqa: S311 - a simulation
        count = round(self.rate * self.seconds)
        return sorted(drawn.uniform(0, self.seconds) for _ in range(count))


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer."""

    port: str
    outcome: str
    """`clear`, `alert`, `unsearchable`, a problem's code, or `LOST`."""
    seconds: float
    """From the traveller's arrival to the answer, the first of two."""
    alert_ids: tuple[str, ...] = ()
    captured_twice: bool = False
    to_officer: bool = False
    """Whether the gate calls an officer: the second capture was not better."""


@dataclass(slots=True)
class Traffic:
    """What has happened so far; read while it grows."""

    plan: Plan
    seen: list[Seen] = field(default_factory=list)
    sent: int = 0
    began: float = field(default_factory=time.perf_counter)

    @property
    def elapsed(self) -> float:
        """Seconds since the first moment."""
        return time.perf_counter() - self.began

    def outcomes(self, port: str | None = None) -> Counter[str]:
        """Count outcomes, of one port or of all."""
        return Counter(each.outcome for each in self.seen if port in (None, each.port))

    def latencies(self) -> list[float]:
        """Return the latencies of answers that screened, in rising order, seconds."""
        return sorted(each.seconds for each in self.seen if each.outcome in SCREENED)


SCREENED: Final = frozenset({"clear", "alert", "unsearchable"})


async def run(client: AsyncClient, traffic: Traffic) -> None:
    """Let every traveller of the plan arrive, and wait for the last answer."""
    plan, drawn = traffic.plan, random.Random(traffic.plan.seed + 1)  # noqa: S311 - as above
    traffic.began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, moment in enumerate(plan.moments()):
            await asyncio.sleep(max(0.0, moment - traffic.elapsed))
            port = drawn.choice(plan.ports)
            photo = plan.photos[number % len(plan.photos)]
            traffic.sent += 1
            group.create_task(_arrive(client, traffic, port, photo, moment))


async def _arrive(
    client: AsyncClient, traffic: Traffic, port: str, photo: bytes, moment: float
) -> None:
    try:
        answer = await client.screen(photo, port, traffic.plan.direction)
        seconds = traffic.elapsed - moment
        twice = answer.recapture_advised
        if twice:
            # There is no better photo of them: the gate calls an officer then.
            answer = await client.screen(
                photo, port, traffic.plan.direction, recapture_of=answer.id
            )
    except SiagaError as error:
        outcome = error.code if isinstance(error, Refused) else LOST
        traffic.seen.append(Seen(port, outcome, traffic.elapsed - moment))
        return
    alerts = tuple(alert.id for alert in answer.alerts)
    traffic.seen.append(Seen(port, answer.outcome, seconds, alerts, twice, answer.person_required))
