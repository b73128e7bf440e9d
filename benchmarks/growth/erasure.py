"""The erasure of a third of all encounters, while a port screens and others write."""

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import Final

from benchmarks.growth.fill import DAYS, PORTS
from benchmarks.load.mock import mock_photo
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.clock import utc_now
from casework.kernel.vocabulary import Direction, Role, Stage
from casework.oversight.retention import RecordKind, Retention
from casework.screening.screening import Arrival
from casework.service import Service

KEPT_DAYS: Final = 2 * DAYS // 3
ALONE_SECONDS: Final = 5.0
_APART_SECONDS: Final = 0.02
_PHOTOS: Final = 20


@dataclass(slots=True)
class Beside:
    """What somebody saw who wrote meanwhile."""

    waits_ms: list[float] = field(default_factory=list)
    """For the turn to write."""
    screen_cpu_ms: list[float] = field(default_factory=list)
    """Processor time of a screening's thread."""
    screen_ms: list[float] = field(default_factory=list)

    @property
    def longest_wait_ms(self) -> float:
        """The longest wait for the turn."""
        return max(self.waits_ms)

    @property
    def screening_cpu_ms(self) -> float:
        """Median of a screening."""
        return median(self.screen_cpu_ms)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was measured."""

    alone: Beside
    during: Beside
    records: int
    seconds: float
    cpu_s: float


def measure(service: Service, most_s: float) -> Erasure:
    """Erase what is older than two thirds of the period, for so many seconds at most."""
    days = dict.fromkeys(RecordKind, 0) | {RecordKind.ENCOUNTERS: KEPT_DAYS}
    retention = Retention(service.kernel, days)
    alone = Beside()
    with _Others(service, alone):
        time.sleep(ALONE_SECONDS)
    during, begun, cpu = Beside(), time.perf_counter(), time.thread_time()
    with _Others(service, during):
        erased = retention.run(Actor.operator(), most_s)
        cpu, seconds = time.thread_time() - cpu, time.perf_counter() - begun
    return Erasure(alone, during, sum(each.records for each in erased), seconds, cpu)


class _Others:
    """A port that screens, and somebody who only wants a turn to write."""

    def __init__(self, service: Service, seen: Beside) -> None:
        self._service = service
        self._seen = seen
        self._over = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._screen, self._wait)]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _screen(self) -> None:
        gate = Actor(ActorKind.SYSTEM, "key_growth", "gate", None, frozenset({Role.PORT}))
        photos, number = [mock_photo(each) for each in range(_PHOTOS)], 0
        while not self._over.wait(_APART_SECONDS):
            number += 1
            arrival = Arrival(
                photo=photos[number % _PHOTOS],
                port=PORTS[0],
                direction=Direction.ENTRY,
                stage=Stage.ARRIVAL,
                captured_at=utc_now() - timedelta(seconds=1),
                idempotency_key=f"{time.monotonic_ns()}",
            )
            cpu, wall = time.thread_time(), time.perf_counter()
            self._service.screening.encounters.screen(arrival, gate)
            self._seen.screen_cpu_ms.append(1000 * (time.thread_time() - cpu))
            self._seen.screen_ms.append(1000 * (time.perf_counter() - wall))

    def _wait(self) -> None:
        while not self._over.wait(_APART_SECONDS):
            asked = time.perf_counter()
            with self._service.kernel.database.write_core():
                self._seen.waits_ms.append(1000 * (time.perf_counter() - asked))
