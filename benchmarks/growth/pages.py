"""What pages and lists cost: processor time of the service for one request, in process."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from starlette.testclient import TestClient

from benchmarks.growth.databases import server_cpu_s
from benchmarks.growth.fill import PORTS


@dataclass(frozen=True, slots=True)
class Asked:
    """A page, and who opens it."""

    name: str
    login: str
    path: str
    report: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """What a page cost, medians of several times."""

    asked: Asked
    cpu_ms: float
    wall_ms: float
    first_cpu_ms: float
    """Of the very first time."""
    server_ms: float
    """Of a database server, beside it."""


def every_page(open_alerts: int, size: int) -> tuple[Asked, ...]:
    """Return the pages that are measured."""
    last = max(1, -(-open_alerts // size))
    return (
        Asked("queue, page 1", "officer", "/alerts"),
        Asked("queue, last page of open alerts", "officer", f"/alerts?page={last}"),
        Asked("queue, latest first", "officer", "/alerts?sort=latest"),
        Asked("queue, by odds", "officer", "/alerts?sort=odds"),
        Asked("queue, one port", "officer", f"/alerts?port={PORTS[0]}"),
        Asked("queue, one category", "officer", "/alerts?category=wanted"),
        Asked("queue, closed ones", "officer", "/alerts?state=closed"),
        Asked("queue, all, one port", "officer", f"/alerts?state=all&port={PORTS[0]}"),
        Asked("queue, all, page 999", "officer", "/alerts?state=all&page=999"),
        Asked("alerts by the API", "officer", "/v1/alerts?limit=50"),
        Asked("subjects", "officer", "/subjects"),
        Asked("watchlists", "officer", "/watchlists"),
        Asked("audit", "auditor", "/audit"),
        Asked("audit, one actor", "auditor", "/audit?actor=nobody"),
        Asked("audit, one act", "auditor", "/audit?action=alert.decide"),
        Asked("audit, refused", "auditor", "/audit?outcome=refused"),
        Asked("audit, without reading", "auditor", "/audit?reads=no&action=watchlist"),
        Asked("overview, 90 days", "supervisor", "/overview?days=90", report=True),
        Asked("false alarms, 90 days", "supervisor", "/v1/reports/alarms?days=90", report=True),
        Asked("table by area and category", "supervisor", "/reports", report=True),
        Asked("map", "supervisor", "/map", report=True),
    )


def measure(
    browsers: dict[str, TestClient], pages: Sequence[Asked], repeats: int
) -> list[Answered]:
    """Open each page once, and then so many times again."""
    return [_measured(browsers[each.login], each, repeats) for each in pages]


def _measured(browser: TestClient, asked: Asked, repeats: int) -> Answered:
    cpus, walls, servers = [], [], []
    for _ in range(repeats + 1):
        server, cpu, wall = server_cpu_s(), time.process_time(), time.perf_counter()
        answer = browser.get(asked.path)
        cpus.append(1000 * (time.process_time() - cpu))
        walls.append(1000 * (time.perf_counter() - wall))
        servers.append(1000 * (server_cpu_s() - server))
        if answer.status_code != _OK:
            raise ValueError(f"{asked.path} answered {answer.status_code}: {answer.text[:200]}")
    return Answered(asked, median(cpus[1:]), median(walls[1:]), cpus[0], sum(servers[1:]) / repeats)


_OK: Final = 200
