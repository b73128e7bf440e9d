"""The service under load: the real process, real HTTP, a real database.

Scenes: real networks beside the same pipeline in process; ten times more requests than it can
answer; mocked networks over galleries of several sizes, which leaves the service itself; and
memory over many requests.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from benchmarks.load.client import Answer, closed_loop, get, open_loop, post_form
from benchmarks.load.mock import mock_photo
from benchmarks.load.service import Cpus, Data, prepare, serving
from benchmarks.processes import on_cpu
from casework.kernel.data_key import FileKeys
from casework.records import Records
from detector.pipeline import Pipeline

OVERLOAD: Final = 10
"""Times the capacity that is offered."""

SECONDS: Final = 4.0
WARM_UP_SECONDS: Final = 1.0
WARM_UP_REQUESTS: Final = 5_000
"""Before memory is followed."""
PHOTOS: Final = 500
"""Different mocked photos that are sent in turn."""

SUBJECTS: Final = (1_000, 10_000, 100_000)
"""Gallery sizes of the mocked scene."""

_PORT: Final = {"port": "CGK", "direction": "entry"}


class Server(Protocol):
    """A process of this machine that answers."""

    @property
    def port(self) -> int:
        """At which it listens."""
        ...

    def cpu_s(self) -> float:
        """Return the processor seconds that it has used."""
        ...


@dataclass(frozen=True, slots=True)
class Timed:
    """A closed loop: so many clients, each waiting for its answer."""

    clients: int
    per_second: float
    ms: tuple[float, ...]
    cpu_ms: float
    """Processor time of the service for each answer."""
    added_ms: tuple[float, ...] = ()
    """Beyond the stages that also run without HTTP: HTTP, authentication, queue and commit."""

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        return float(np.percentile(self.ms, 100 * share))


@dataclass(frozen=True, slots=True)
class Real:
    """Real networks: in process, over HTTP, and overloaded."""

    in_process_per_second: float
    start_seconds: float
    loops: tuple[Timed, ...]
    offered_per_second: float
    admitted: tuple[Answer, ...] = field(repr=False)
    refused: tuple[Answer, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mocked:
    """The service alone, over a gallery of one size."""

    subjects: int
    loops: tuple[Timed, ...]
    enrolled_per_second: float
    health_ms: float
    first_answer_seconds: float
    authentication_ms: float
    rss_mib: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory over many requests: (requests so far, MiB)."""

    points: tuple[tuple[int, float], ...]

    @property
    def kib_per_thousand(self) -> float:
        """Slope after the warm-up, in KiB per 1,000 requests."""
        if len(self.points) < 2:
            return float("nan")
        requests, mib = zip(*self.points, strict=True)
        return float(np.polyfit(requests, mib, 1)[0]) * 1000 * 1024


def measure_real(
    folder: Path, pipeline: Pipeline, photos: Sequence[bytes], cpus: Cpus, seconds: float
) -> Real:
    """Time the pipeline and then the service, each on the service's CPU."""
    data = prepare(folder, 0, 0)
    requests = [screening(data, photo) for photo in photos]
    with serving(data, cpus.service, 0) as served:
        loops, rates = [], []
        # In turns, so that a busy moment of the machine meets both sides.
        for clients in (1, 2, 4):
            with on_cpu(cpus.service):
                rates.append(_throughput(pipeline.analyse, photos, seconds / 2))
            with on_cpu(cpus.load):
                loops.append(closed(served, requests, clients, seconds))
        offered = OVERLOAD * max(loop.per_second for loop in loops)
        with on_cpu(cpus.load):
            answers, _ = asyncio.run(open_loop(served.port, requests, offered, seconds))
    return Real(
        statistics.median(rates),
        served.seconds_to_ready,
        tuple(loops),
        offered,
        tuple(a for a in answers if a.status == 201),
        tuple(a for a in answers if a.status == 503),
    )


def measure_mocked(
    folder: Path, subjects: int, dim: int, cpus: Cpus, seconds: float, enrolments: int = 100
) -> Mocked:
    """Time the service over so many subjects, with networks that cost nothing."""
    data = prepare(folder, subjects, dim)
    requests = [screening(data, mock_photo(number)) for number in range(PHOTOS)]
    with on_cpu(cpus.load):
        with serving(data, cpus.service, dim) as served:
            loops = [closed(served, requests, clients, seconds) for clients in (1, 4)]
            health = closed(served, [get("/healthz")], 1, min(1.0, seconds))
            persons = [_enrolment(data, number) for number in range(enrolments)]
            enrolled, spent = asyncio.run(
                closed_loop(served.port, persons, 1, lambda sent, _: sent >= enrolments)
            )
            _expect(enrolled)
            rss = served.rss_mib()
        with serving(data, cpus.service, dim, first=requests[0]) as again:
            pass
        return Mocked(
            subjects,
            tuple(loops),
            enrolments / spent,
            health.percentile(0.5),
            again.seconds_to_ready,
            _authentication_ms(data),
            rss,
        )


def measure_memory(
    folder: Path,
    dim: int,
    cpus: Cpus,
    requests: int,
    points: int = 20,
    warm_up: int = WARM_UP_REQUESTS,
) -> Memory:
    """Follow the service's memory over so many requests, four clients at a time.

    Caches fill, and threads take their arenas, with the first `warm_up` requests: they come before.
    """
    data = prepare(folder, 1000, dim)
    photos = [screening(data, mock_photo(number)) for number in range(PHOTOS)]
    step, found = max(1, requests // points), []

    def send(count: int) -> None:
        answers, _ = asyncio.run(closed_loop(served.port, photos, 4, lambda n, _: n >= count))
        _expect(answers)

    with on_cpu(cpus.load), serving(data, cpus.service, dim) as served:
        send(warm_up)
        for number in range(points + 1):
            if number:
                send(step)
            found.append((number * step, served.rss_mib()))
    return Memory(tuple(found))


def stage_times(answer: Answer) -> dict[str, float]:
    """Return the milliseconds of an answer's `Server-Timing`."""
    stages = {}
    for part in answer.headers["server-timing"].split(", "):
        name, _, spent = part.partition(";dur=")
        stages[name] = float(spent)
    return stages


def closed(server: Server, requests: Sequence[bytes], clients: int, seconds: float) -> Timed:
    """Let so many clients ask a server in turn, after some warm-up."""

    def run(seconds: float) -> tuple[list[Answer], float]:
        return asyncio.run(closed_loop(server.port, requests, clients, lambda _, s: s >= seconds))

    run(min(WARM_UP_SECONDS, seconds))
    before = server.cpu_s()
    answers, spent = run(seconds)
    cpu_ms = 1000 * (server.cpu_s() - before) / len(answers)
    _expect(answers)
    added: tuple[float, ...] = ()
    if "server-timing" in answers[0].headers:
        added = tuple(a.ms - sum(_without_commit(stage_times(a))) for a in answers)
    return Timed(clients, len(answers) / spent, tuple(a.ms for a in answers), cpu_ms, added)


def _without_commit(stages: dict[str, float]) -> list[float]:
    return [spent for name, spent in stages.items() if name != "record"]


def _throughput(
    analyse: Callable[[bytes], object], photos: Sequence[bytes], seconds: float
) -> float:
    for photo in photos[:3]:
        analyse(photo)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        analyse(photos[done % len(photos)])
        done += 1
    return done / (time.perf_counter() - started)


def _authentication_ms(data: Data) -> float:
    """Return the median time of recognising a key, in this process, over the same database."""
    key = FileKeys(data.folder / "siaga.key")
    records, spent = Records.open(f"sqlite:///{data.folder / 'siaga.db'}", key), []
    try:
        for _ in range(500):
            started = time.perf_counter()
            records.accounts.keys.recognise(data.key)
            spent.append((time.perf_counter() - started) * 1000)
    finally:
        records.close()
    return statistics.median(spent)


def screening(data: Data, photo: bytes) -> bytes:
    """Return the bytes of a request that screens a photo."""
    return post_form("/v1/encounters", data.key, _PORT, {"photo": photo})


def _enrolment(data: Data, number: int) -> bytes:
    subject = f'{{"name": "Load {number}", "watchlist_ids": ["{data.watchlist_id}"]}}'
    photo = mock_photo(1_000_000 + number)
    return post_form("/v1/subjects", data.key, {"subject": subject}, {"photos": photo})


def _expect(answers: Sequence[Answer]) -> None:
    wrong = next((answer for answer in answers if answer.status >= 300), None)
    if wrong is not None:
        raise ValueError(f"a server answered {wrong.status}: {wrong.body[:300]!r}")
