"""What each attack costs the service, while a port screens.

The service is `siaga serve` of a checkout: this one, or another beside it, so that the same attacks
give the figures before and after a change. Loopback only, and every attack ends by itself.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import cv2
import numpy as np

from benchmarks import processes
from benchmarks.attack.attackers import ATTACKS
from benchmarks.load.client import Connection, closed_loop, get, post_form
from cli.background import free_port

HERE: Final = Path(__file__).parents[2]
SECONDS: Final = 15.0
AFTERWARDS: Final = 30.0
"""Seconds after an attack when its memory should be back."""
FREE_MIB: Final = 32
"""What a service may grow by in any case; no memory has to come back of so little."""
WORKERS: Final = 2
LARGE_SIDE: Final = 4900
"""Pixels of a large photo's sides: 24 megapixels."""

_START_SECONDS: Final = 120
_SCREEN_EVERY: Final = 0.25
_PROBE_EVERY: Final = 0.05
_ARRIVAL: Final = {"port": "CGK", "direction": "entry"}
_KEY: Final = re.compile(r"siaga\.key_\S+")


@dataclass(slots=True)
class Scene:
    """One attack, and what was seen of the service meanwhile."""

    name: str
    screened_ms: list[float] = field(default_factory=list)
    screen_statuses: dict[str, int] = field(default_factory=dict)
    probe_ms: list[float] = field(default_factory=list)
    loop_cpu_s: float = 0.0
    rss_before: float = 0.0
    rss_peak: float = 0.0
    rss_after: float = 0.0
    outcome: dict[str, int] = field(default_factory=dict)
    probe_cpu_ms: list[float] = field(default_factory=list)
    """Processor time of the event loop, from a probe's sending to its answer."""

    def percentile(self, share: float) -> float:
        """Return a percentile of the port's screenings, in milliseconds; those refused count."""
        return float(np.percentile(self.screened_ms, share)) if self.screened_ms else float("nan")

    @property
    def lateness_ms(self) -> float:
        """The longest wait for `/healthz`."""
        return max(self.probe_ms, default=float("nan"))

    @property
    def longest_stop_ms(self) -> float:
        """The most processor time that the event loop took before it answered `/healthz`.

        All that it did for others is in it, so its longest stop took at most as much.
        """
        return max(self.probe_cpu_ms, default=float("nan"))

    @property
    def answered(self) -> float:
        """Share of the port's photos that were screened."""
        total = sum(self.screen_statuses.values())
        return self.screen_statuses.get("201", 0) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs, with the keys of two ports."""

    port: int
    pid: int
    attacker: str
    gate: str

    def rss_mib(self) -> float:
        """Return the memory that the process holds."""
        return processes.resident_mib(self.pid)

    def loop_cpu(self) -> float:
        """Return the processor seconds of the thread with the event loop, the first one."""
        return processes.main_thread_s(self.pid)


def measure(
    checkout: Path, photo: bytes, seconds: float, names: Sequence[str] = tuple(ATTACKS)
) -> list[Scene]:
    """Run the attacks one after another, each on a service that has just started.

    Args:
        checkout: whose service is attacked.
        photo: what the port screens.
        seconds: of each attack.
        names: which of `ATTACKS`.
    """
    scenes = []
    with TemporaryDirectory(prefix="siaga-attack-") as scratch:
        files = {"large photos": Path(scratch) / "large.png"}
        usual = Path(scratch) / "usual"
        usual.write_bytes(photo)
        files["large photos"].write_bytes(large_photo())
        for number, name in enumerate(names):
            folder = Path(scratch) / str(number)
            with serving(checkout, folder) as service:
                scene = asyncio.run(
                    _attacked(service, name, files.get(name, usual), photo, seconds)
                )
                if scene.rss_peak - scene.rss_before > FREE_MIB:
                    time.sleep(AFTERWARDS)
                scene.rss_after = service.rss_mib()
                scenes.append(scene)
    return scenes


def large_photo() -> bytes:
    """Return a large photo of little data: what costs most for what it takes to send."""
    rows = np.arange(LARGE_SIDE, dtype=np.uint8)[:, None]
    image = np.broadcast_to(rows[..., None], (LARGE_SIDE, LARGE_SIDE, 3))
    return bytes(cv2.imencode(".png", np.ascontiguousarray(image))[1])


@contextmanager
def serving(checkout: Path, folder: Path) -> Iterator[Service]:
    """Run `siaga serve` of a checkout over fresh data until the block ends."""
    folder.mkdir()
    port = free_port()
    environment = os.environ | {
        "PYTHONPATH": f"{checkout}:{checkout / 'client'}",
        "SIAGA_DATA_DIR": str(folder),
        "SIAGA_WORKERS": str(WORKERS),
        "SIAGA_LOG_LEVEL": "error",
        "SIAGA_MANAGEMENT": "false",
    }
    siaga = [sys.executable, "-m", "cli"]
    # Earlier versions make an agency by themselves, and know no such options.
    first = ["--code", "OPS", "--name", "Benchmark", "--admin", "admin=Benchmark"]
    subprocess.run(
        [*siaga, "init", *first], cwd=folder, env=environment, capture_output=True, check=False
    )
    keys = [_key(siaga, name, checkout, environment) for name in ("attacker", "gate")]
    with subprocess.Popen(
        [*siaga, "serve", "--port", str(port)],
        cwd=checkout,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            asyncio.run(_until_ready(process, port))
            yield Service(port, process.pid, *keys)
        finally:
            process.kill()  # an attack may have left it deaf


def _key(siaga: Sequence[str], name: str, checkout: Path, environment: dict[str, str]) -> str:
    """Make a port's key; earlier versions did not ask who makes it."""
    said = ""
    for who in (("--as", "benchmark", "--reason", "python -m benchmarks attack"), ()):
        made = subprocess.run(
            [*siaga, "keys", "create", name, "--scope", "screen", *who],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if found := _KEY.search(made.stdout):
            return found[0]
        said = said or made.stderr
    raise ValueError(f"no key was made: {said}")


async def _until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = Connection(port)
        try:
            if (await connection.send(get("/readyz"))).status == 200:
                return
        except (OSError, asyncio.IncompleteReadError):
            pass  # not listening yet
        finally:
            connection.close()
        await asyncio.sleep(0.1)
    raise ChildProcessError(f"the service did not start: exit status {process.poll()}")


async def _attacked(service: Service, name: str, file: Path, photo: bytes, seconds: float) -> Scene:
    scene = Scene(name)
    request = post_form("/v1/encounters", service.gate, _ARRIVAL, {"photo": photo})
    # Every worker has worked before: what its networks keep is no attack's.
    await closed_loop(service.port, [request], 2 * WORKERS, lambda sent, _: sent >= 10 * WORKERS)
    scene.rss_before = scene.rss_peak = service.rss_mib()
    cpu = service.loop_cpu()
    ends = time.monotonic() + seconds
    attacker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.attack.attackers",
        name,
        str(service.port),
        str(seconds),
        service.attacker,
        str(file),
        cwd=HERE,
        stdout=subprocess.PIPE,
    )
    watching = asyncio.create_task(_watch(service, scene))
    await asyncio.gather(_screen(service.port, request, ends, scene), _probe(service, ends, scene))
    output, _ = await attacker.communicate()
    watching.cancel()
    scene.loop_cpu_s = service.loop_cpu() - cpu
    scene.outcome = json.loads(output.splitlines()[-1])
    return scene


async def _watch(service: Service, scene: Scene) -> None:
    while True:
        scene.rss_peak = max(scene.rss_peak, service.rss_mib())
        await asyncio.sleep(0.02)


async def _screen(port: int, request: bytes, ends: float, scene: Scene) -> None:
    """Screen at a steady pace, as a gate does, over two lines."""

    async def line(offset: float) -> None:
        connection = Connection(port)
        await asyncio.sleep(offset)
        while time.monotonic() < ends:
            began = time.perf_counter()
            status = await _status(connection, request)
            spent = (time.perf_counter() - began) * 1000
            scene.screened_ms.append(spent)
            scene.screen_statuses[status] = scene.screen_statuses.get(status, 0) + 1
            await asyncio.sleep(max(0.0, 2 * _SCREEN_EVERY - spent / 1000))
        connection.close()

    await asyncio.gather(line(0), line(_SCREEN_EVERY))


async def _probe(service: Service, ends: float, scene: Scene) -> None:
    connection, request = Connection(service.port), get("/healthz")
    while time.monotonic() < ends:
        began, cpu = time.perf_counter(), service.loop_cpu()
        await _status(connection, request)
        scene.probe_ms.append((time.perf_counter() - began) * 1000)
        scene.probe_cpu_ms.append((service.loop_cpu() - cpu) * 1000)
        await asyncio.sleep(_PROBE_EVERY)
    connection.close()


async def _status(connection: Connection, request: bytes) -> str:
    with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
        return str((await connection.send(request)).status)
    connection.close()
    return "failed"
