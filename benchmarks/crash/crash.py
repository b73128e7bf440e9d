"""Crashes: the service is killed at random moments while 200 clients work, again and again.

Every round starts the real service over the same database, lets port systems screen and officers
decide, kills it with SIGKILL, checks the database as the crash left it, starts the service again,
asks it for all that it had acknowledged, and sends again what was never answered.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2

from benchmarks.crash import checks
from benchmarks.crash.clients import DESKS, PORTS, Storm, kill_after
from benchmarks.crash.scene import Scene, arrival_photos, enrolment_photo, prepare
from cli.background import running

CLIENTS: Final = PORTS + 2 * DESKS
"""Requests that are sent at the same time."""

_PATIENCE_SECONDS: Final = 30
_LATEST_SECONDS: Final = 1.5
"""After the first decision, within which the kill comes."""


@dataclass(frozen=True, slots=True)
class Round:
    """One crash, and what was found after it."""

    seed: int
    killed_after_s: float
    screenings: int
    """Acknowledged before the kill."""
    decisions: int
    """Acknowledged before the kill."""
    in_flight: int
    """Requests that were on their way at the kill."""
    recovered: int
    """Of those on their way, encounters that turned out to be recorded."""
    restart_s: float
    audit_records: int
    wrong: tuple[str, ...]
    """Everything that should not be, in sentences."""


def campaign(folder: Path, rounds: int, seed: int = 0) -> Iterator[Round]:
    """Crash the same installation so many times, each at another moment."""
    scene = prepare(folder)
    sent = 0
    for number in range(rounds):
        played, storm = _play(scene, seed + number, sent, first=number == 0)
        sent += len(storm.ledger.screenings)
        yield played


def _play(scene: Scene, seed: int, before: int, *, first: bool) -> tuple[Round, Storm]:
    moment = random.Random(seed).uniform(0, _LATEST_SECONDS)
    sessions = scene.sign_in()
    storm = Storm(scene.settings.port, scene.port_key, sessions, arrival_photos(), seed)
    ledger = storm.ledger
    with running(scene.settings) as service:
        if first:
            _enrol(scene, service.address)
        killed = asyncio.run(kill_after(storm, service.process, moment, _PATIENCE_SECONDS))
        service.process.wait()
    wrong = list(ledger.wrong)
    with scene.records() as records:
        wrong += checks.of_chain(records)
        wrong += checks.of_database(records)
        wrong += checks.of_ledger(records, ledger)
    screenings, decisions = len(ledger.acknowledged), len(ledger.steps)
    unanswered = [each for each in ledger.screenings.values() if each.answer is None]
    begun = time.perf_counter()
    with (
        running(scene.settings) as service,
        httpx2.Client(base_url=service.address, timeout=60) as client,
    ):
        restarted = time.perf_counter() - begun
        wrong += checks.of_answers(client, scene.port_key, ledger)
        recovered, refused = asyncio.run(checks.retry(scene.settings.port, unanswered))
        wrong += refused
    with scene.records() as records:
        wrong += checks.of_retries(records, before + len(ledger.screenings))
        wrong += checks.of_chain(records)
        trail = records.kernel.audit.verify().records
    return Round(
        seed,
        killed,
        screenings,
        decisions,
        ledger.in_flight,
        recovered,
        restarted,
        trail,
        tuple(wrong),
    ), storm


def _enrol(scene: Scene, address: str) -> None:
    # As one subject for each list: alerts of one subject would be decided together.
    for watchlist_id in scene.watchlist_ids:
        made = httpx2.post(
            f"{address}/v1/subjects",
            headers={"Authorization": f"Bearer {scene.office_key}"},
            data={"subject": f'{{"name": "Astronaut", "watchlist_ids": ["{watchlist_id}"]}}'},
            files={"photos": enrolment_photo()},
            timeout=60,
        )
        made.raise_for_status()
