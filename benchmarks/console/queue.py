"""From a port's request until both faces are seen in an open queue, and what that costs.

A gate sends a photo at a fixed rate, whether the service keeps up or not, and each raises an alert:
first with no console open, then before a browser that shows the queue, latest first. The page
itself notes when a new row has both faces painted. Service, browser and gate share the machine.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, ViewportSize

from benchmarks import chromium, processes
from benchmarks.console.scene import LOGIN, PASSWORD, WARM_UP, Scene, port_code
from benchmarks.load.client import Connection, get, post_form
from cli.background import free_port

VIEW: Final[ViewportSize] = {"width": 1366, "height": 768}

_HERE: Final = Path(__file__).parents[2]
_IDLE_SECONDS: Final = 3.0
_AFTERWARDS_SECONDS: Final = 10.0
"""How long the last rows may take to come."""
_START_SECONDS: Final = 120

# A row is seen once both its faces are decoded and the frame after that has begun. What is pushed
# out of the window by then, later ones were shown in its place.
_WATCH: Final = """() => {
  window.seen = {};
  const queue = document.getElementById("queue");
  const frame = () => new Promise(requestAnimationFrame);
  async function follow(row) {
    const faces = [...row.querySelectorAll("img")];
    await Promise.all(faces.map((face) => face.decode()));
    await frame();
    await frame();
    const box = row.getBoundingClientRect();
    const within = row.isConnected && box.bottom > 0 && box.top < innerHeight;
    const at = performance.timeOrigin + performance.now();
    window.seen[row.dataset.id] ??= { at, within, faces: faces.length };
  }
  new MutationObserver((changes) => {
    for (const change of changes) for (const row of change.addedNodes) follow(row).catch(() => {});
  }).observe(queue, { childList: true });
}"""


@dataclass(frozen=True, slots=True)
class Sent:
    """One arrival's answer."""

    at: float
    """Milliseconds since the epoch when it was sent."""
    ms: float
    status: int
    alert_id: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Some seconds of arrivals, and the processor time that went by."""

    sent: tuple[Sent, ...]
    service_cpu_s: float
    browser_cpu_s: float = 0.0

    @property
    def answered(self) -> list[Sent]:
        """Those that raised an alert."""
        return [each for each in self.sent if each.alert_id]

    @property
    def service_ms(self) -> float:
        """The service's processor time for an alert; what was refused is in it."""
        return 1000 * self.service_cpu_s / max(1, len(self.answered))

    @property
    def browser_ms(self) -> float:
        """The browser's processor time for an alert."""
        return 1000 * self.browser_cpu_s / max(1, len(self.answered))


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured."""

    closed: Run
    """With no console open."""
    live: Run
    """With the queue open."""
    idle_service_ms: float
    """Processor time a second of an open queue where nothing happens."""
    idle_browser_ms: float
    seen_ms: tuple[float, ...]
    """From the request until both faces were seen."""
    unseen: int
    """Alerts whose row was pushed out of the window before its faces were there, or never came."""
    complaints: tuple[str, ...] = field(default=())
    """Errors of the page."""


def measure(scene: Scene, rate: float, seconds: float) -> Measured:
    """Run the service over a scene, and send arrivals before a closed console and an open one.

    Raises:
        FileNotFoundError: there is no Chromium.
    """
    if chromium.installed() is None:
        raise FileNotFoundError("there is no Chromium on this machine: apt-get install chromium")
    complaints: list[str] = []
    # Playwright keeps an event loop in this thread: the gate has another.
    with (
        _serving(scene.folder) as service,
        chromium.launched() as browser,
        ThreadPoolExecutor(1) as beside,
    ):
        gate = Gate(scene, service.port, rate)
        beside.submit(_timed, gate, WARM_UP / rate, service.pid).result()
        closed = beside.submit(_timed, gate, seconds, service.pid).result()
        context = browser.new_context(
            base_url=f"http://127.0.0.1:{service.port}", viewport=VIEW, locale="en-GB"
        )
        page = context.new_page()
        chromium.overhear(page, complaints)
        _open_queue(page)
        idle = _Meter(service.pid)
        page.wait_for_timeout(1000 * _IDLE_SECONDS)
        idle_service, idle_browser = idle.read()
        page.evaluate(_WATCH)
        live = _await(page, beside.submit(_timed, gate, seconds, service.pid))
        seen = _seen(page, live)
        context.close()
    times = [
        seen[each.alert_id]["at"] - each.at
        for each in live.answered
        if seen.get(each.alert_id, {}).get("within") and seen[each.alert_id]["faces"] == 2
    ]
    return Measured(
        closed,
        live,
        1000 * idle_service / _IDLE_SECONDS,
        1000 * idle_browser / _IDLE_SECONDS,
        tuple(times),
        len(live.answered) - len(times),
        tuple(complaints),
    )


@dataclass(frozen=True, slots=True)
class _Served:
    port: int
    pid: int


class Gate:
    """A port's system: each photo comes from another port than before, so it has its own row."""

    def __init__(self, scene: Scene, port: int, rate: float) -> None:
        self._scene = scene
        self._port = port
        self._rate = rate
        # The alerts that are open were raised at the ports before.
        self._number = scene.open_alerts

    async def send(self, seconds: float) -> tuple[Sent, ...]:
        """Send arrivals at the fixed rate; returns their answers, in order."""
        idle: list[Connection] = []
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            tasks = []
            for number in range(int(self._rate * seconds)):
                ahead = started + number / self._rate - time.perf_counter()
                if ahead > 0:
                    await asyncio.sleep(ahead)
                tasks.append(group.create_task(self._one(idle, self._next())))
        for connection in idle:
            connection.close()
        return tuple(task.result() for task in tasks)

    def _next(self) -> bytes:
        self._number += 1
        photo = self._scene.photos[self._number % len(self._scene.photos)]
        fields = {"port": port_code(self._number), "direction": "entry", "stage": "arrival"}
        return post_form("/v1/encounters", self._scene.key, fields, {"photo": photo})

    async def _one(self, idle: list[Connection], request: bytes) -> Sent:
        connection = idle.pop() if idle else Connection(self._port)
        at = 1000 * time.time()
        answer = await connection.send(request)
        idle.append(connection)
        alerts = answer.json().get("alerts", [])
        return Sent(at, answer.ms, answer.status, alerts[0]["id"] if alerts else "")


class _Meter:
    """Processor seconds of the service and of the browser since it was made."""

    def __init__(self, service: int) -> None:
        self._service = service
        self._before = self._now()

    def read(self) -> tuple[float, float]:
        """Return those of the service, and of the browser."""
        (service, browser), before = self._now(), self._before
        # A process of the browser that has ended took its time with it.
        return service - before[0], sum(
            spent - before[1].get(pid, 0) for pid, spent in browser.items()
        )

    def _now(self) -> tuple[float, dict[int, float]]:
        ours = processes.below(os.getpid())
        browser = {pid: each.cpu_s for pid, each in ours.items() if each.name.startswith("chrom")}
        return ours[self._service].cpu_s, browser


def _timed(gate: Gate, seconds: float, service: int) -> Run:
    meter = _Meter(service)
    sent = asyncio.run(gate.send(seconds))
    return Run(sent, *meter.read())


def _open_queue(page: Page) -> None:
    page.goto("/sign-in")
    page.locator("#login").fill(LOGIN)
    page.locator("#password").fill(PASSWORD)
    page.locator("main button.primary").click()
    page.wait_for_url("**/alerts")
    page.goto("/alerts?sort=latest")
    page.locator("#live[data-state=on]").wait_for()


def _await(page: Page, coming: "Future[Run]") -> Run:
    """Wait for the arrivals' end, and let the browser's events come in meanwhile."""
    while not coming.done():
        page.wait_for_timeout(200)
    return coming.result()


def _seen(page: Page, run: Run) -> dict[str, Any]:
    """Return when the page showed which alert."""
    wanted = {each.alert_id for each in run.answered}
    deadline = time.monotonic() + _AFTERWARDS_SECONDS
    while True:
        seen: dict[str, Any] = page.evaluate("window.seen")
        if wanted <= set(seen) or time.monotonic() > deadline:
            return seen
        page.wait_for_timeout(200)


@contextmanager
def _serving(folder: Path) -> Iterator[_Served]:
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.console.server", str(folder), str(port)],
        cwd=_HERE,
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            asyncio.run(_until_ready(process, port))
            yield _Served(port, process.pid)
        finally:
            process.terminate()


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
