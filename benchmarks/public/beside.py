"""Screening alone and while the public form is flooded, in turns over one installation.

`siaga serve` and `siaga serve --only public` are the real processes; they share one CPU, where the
form has the least priority, and one database. Port and flood are on another. Loopback only.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import processes
from benchmarks.load.client import closed_loop, get, post_form
from benchmarks.load.gallery import AGENCY
from benchmarks.load.service import Cpus, Data, prepare, until_answered
from benchmarks.public.flood import LEAD_IN_S
from cli.background import free_port

HERE: Final = Path(__file__).parents[2]
SECONDS: Final = 5.0
REPEATS: Final = 7
LINES: Final = 48
"""Connections of the flood: more than the form lets wait."""
NO_BOUND: Final = 1_000_000
_WARM_UP: Final = 10
_ARRIVAL: Final = {"port": "CGK", "direction": "entry"}


@dataclass(frozen=True, slots=True)
class Turn:
    """A port's screenings, one after another, for a few seconds."""

    ms: tuple[float, ...]
    refused: int
    cpu_ms: float
    """Processor time of the service for each."""

    @property
    def typical_ms(self) -> float:
        """The median screening."""
        return median(self.ms) if self.ms else float("nan")


@dataclass(slots=True)
class Beside:
    """Turns without the flood and with it."""

    name: str
    alone: list[Turn] = field(default_factory=list)
    flooded: list[Turn] = field(default_factory=list)
    outcome: Mapping[str, int] = field(default_factory=dict)
    """How the flood was answered."""
    flood_seconds: float = 0.0

    @property
    def ratio(self) -> float:
        """The median screening during the flood by that of the turn before it: their median."""
        pairs = zip(self.alone, self.flooded, strict=True)
        return median(after.typical_ms / before.typical_ms for before, after in pairs)

    @property
    def cpu_ratio(self) -> float:
        """The same of the service's processor time for each."""
        pairs = zip(self.alone, self.flooded, strict=True)
        return median(after.cpu_ms / before.cpu_ms for before, after in pairs)

    @property
    def refused(self) -> int:
        """The port's photos that were not screened."""
        return sum(turn.refused for turn in (*self.alone, *self.flooded))


@dataclass(frozen=True, slots=True)
class Served:
    """The two processes, over one installation."""

    data: Data
    pid: int
    port: int
    form: int
    """Port of the public form."""

    def cpu_seconds(self) -> float:
        """Return the processor time that the service has used."""
        return processes.look(self.pid).cpu_s


def measure(
    folder: Path, photo: bytes, cpus: Cpus, seconds: float, repeats: int, per_hour: int | None
) -> Beside:
    """Screen alone and during a flood, in turns.

    Args:
        folder: for the installation, which is made.
        photo: what the port screens, and the public sends.
        cpus: the services' and the other.
        seconds: of each turn.
        repeats: turns of both kinds.
        per_hour: reports that are taken within an hour; None for the default bound.
    """
    found = Beside("no bound" if per_hour else "bounds as set by default")
    data = prepare(folder, 0, 0)
    sent = folder / "photo"
    sent.write_bytes(photo)
    allowed = os.sched_getaffinity(0)
    with _serving(data, cpus, per_hour) as served:
        os.sched_setaffinity(0, {cpus.load})
        try:
            request = post_form("/v1/encounters", data.key, _ARRIVAL, {"photo": photo})
            asyncio.run(closed_loop(served.port, [request], 1, lambda sent, _: sent >= _WARM_UP))
            answers: Counter[str] = Counter()
            for _ in range(repeats):
                found.alone.append(asyncio.run(_turn(served, request, seconds)))
                turn, outcome = asyncio.run(_flooded(served, request, seconds, sent))
                found.flooded.append(turn)
                answers += outcome
                found.flood_seconds += seconds + LEAD_IN_S
            found.outcome = dict(answers)
        finally:
            os.sched_setaffinity(0, allowed)
    return found


async def _turn(served: Served, request: bytes, seconds: float) -> Turn:
    cpu = served.cpu_seconds()
    answers, _ = await closed_loop(served.port, [request], 1, lambda _, spent: spent >= seconds)
    spent = (served.cpu_seconds() - cpu) * 1000 / len(answers)
    screened = [each for each in answers if each.status < 300]
    return Turn(tuple(each.ms for each in screened), len(answers) - len(screened), spent)


async def _flooded(
    served: Served, request: bytes, seconds: float, photo: Path
) -> tuple[Turn, Counter[str]]:
    """Screen while the form is flooded, once its first reports are old enough to be taken."""
    arguments = (str(served.form), str(seconds + LEAD_IN_S), str(LINES), str(photo))
    flood = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.public.flood", *arguments),
        cwd=HERE,
        stdout=subprocess.PIPE,
    )
    assert flood.stdout is not None  # noqa: S101 - it is a pipe
    await flood.stdout.readline()  # it has begun
    await asyncio.sleep(LEAD_IN_S)
    turn = await _turn(served, request, seconds)
    output, _ = await flood.communicate()
    return turn, Counter(json.loads(output.splitlines()[-1]))


@contextmanager
def _serving(data: Data, cpus: Cpus, per_hour: int | None) -> Iterator[Served]:
    """Run both over the data until the block ends."""
    port, form = free_port(), free_port()
    environment = {
        **os.environ,
        "SIAGA_DATA_DIR": str(data.folder),
        "SIAGA_WORKERS": "1",
        "SIAGA_LOG_LEVEL": "error",
        "SIAGA_MANAGEMENT": "false",
        "SIAGA_TRUSTED_PROXIES": "127.0.0.1",
        "SIAGA_PUBLIC_AGENCY": AGENCY,
        "SIAGA_PUBLIC_LEGAL_BASIS": "python -m benchmarks public",
        "SIAGA_PUBLIC_PURPOSE": "python -m benchmarks public",
        "SIAGA_KEEP_REPORTERS_DAYS": "1",
    }
    if per_hour is not None:
        environment["SIAGA_PUBLIC_REPORTS_PER_HOUR"] = str(per_hour)
    with ExitStack() as stack:
        service = stack.enter_context(_process((str(port),), environment, cpus.service))
        asyncio.run(until_answered(service, port, get("/readyz")))
        public = (str(form), "--only", "public")
        started = stack.enter_context(_process(public, environment, cpus.service))
        asyncio.run(until_answered(started, form, get("/healthz")))
        yield Served(data, service.pid, port, form)


@contextmanager
def _process(
    arguments: tuple[str, ...], environment: Mapping[str, str], cpu: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `siaga serve` on one CPU until the block ends."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})  # what is started takes it over
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve", "--port", *arguments],
            cwd=HERE,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    finally:
        os.sched_setaffinity(0, allowed)
    with process:
        try:
            yield process
        finally:
            process.terminate()
