"""One run of the service for `benchmarks.load`: its data, its process, its figures from outside."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import processes
from benchmarks.load.client import Answer, Connection, get
from benchmarks.load.gallery import fill, load_list, unit_vectors
from casework.accounts.api_keys import NewKey
from casework.gallery.model_key import ModelKey
from casework.kernel.actor import Actor
from casework.kernel.data_key import FileKeys
from casework.kernel.vocabulary import Scope
from casework.records import Records
from cli.background import free_port
from models.manifest import load_pack

_START_SECONDS: Final = 120
_PAUSE_SECONDS: Final = 0.01
WORKERS: Final = 1
"""Of the service, which has one CPU."""


@dataclass(frozen=True, slots=True)
class Cpus:
    """Which CPU serves and which one asks."""

    service: int
    load: int

    @classmethod
    def choose(cls) -> "Cpus":
        """Take the first and the last CPU allowed; with only one they share it."""
        allowed = sorted(os.sched_getaffinity(0))
        return cls(allowed[-1], allowed[0])

    @property
    def sentence(self) -> str:
        """What was done, for the report."""
        if self.service == self.load:
            return f"Service and load generator share CPU {self.service}: there is no other."
        return f"The service runs on CPU {self.service} alone, the load generator on {self.load}."


@dataclass(frozen=True, slots=True)
class Data:
    """A folder with a database, and a key that may do everything."""

    folder: Path
    key: str
    watchlist_id: str


@dataclass(frozen=True, slots=True)
class Served:
    """A service that answers."""

    port: int
    pid: int
    seconds_to_ready: float

    def rss_mib(self) -> float:
        """Return the memory that the process holds."""
        return processes.resident_mib(self.pid)

    def cpu_s(self) -> float:
        """Return the processor seconds that the process has used."""
        return processes.look(self.pid).cpu_s


def prepare(folder: Path, subjects: int, dim: int) -> Data:
    """Make a database with a watchlist of so many subjects, and an API key."""
    folder.mkdir(parents=True, exist_ok=True)
    records = Records.open(f"sqlite:///{folder / 'siaga.db'}", FileKeys(folder / "siaga.key"))
    try:
        if subjects:
            fill(records, str(ModelKey.of(load_pack("open"))), unit_vectors(subjects, dim, 1))
        watchlist = load_list(records)
        scopes = frozenset({Scope.SCREEN, Scope.ENROL})
        new = NewKey("load test", scopes, agency_id=watchlist.agency_id)
        _, key = records.accounts.keys.create(Actor.operator(), new)
        return Data(folder, key, watchlist.id)
    finally:
        records.close()


@contextmanager
def serving(data: Data, cpu: int, dim: int, first: bytes | None = None) -> Iterator[Served]:
    """Run the service over the data until the block ends.

    Args:
        data: what `prepare` made.
        cpu: the only CPU it may use.
        dim: 0 for real networks, otherwise the mocked ones' embeddings.
        first: a request that counts as the first answer, instead of `/readyz`.
    """
    port = free_port()
    arguments = [str(data.folder), *map(str, (port, cpu, WORKERS, dim))]
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load.server", *arguments],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            asyncio.run(until_answered(process, port, first or get("/readyz")))
            yield Served(port, process.pid, time.perf_counter() - started)
        finally:
            process.terminate()


async def until_answered(process: "subprocess.Popen[bytes]", port: int, request: bytes) -> Answer:
    """Send a request until it is answered well; raises ChildProcessError if the process ended."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = Connection(port)
        try:
            answer = await connection.send(request)
        except OSError:
            pass  # not listening yet
        else:
            if answer.status < 300:
                return answer
        finally:
            connection.close()
        await asyncio.sleep(_PAUSE_SECONDS)
    raise ChildProcessError(f"the service did not start: exit status {process.poll()}")
