"""What `benchmarks.attack.attack` measured, as a report."""

from collections.abc import Sequence
from dataclasses import asdict

from benchmarks.attack.attack import AFTERWARDS, FREE_MIB, Scene
from benchmarks.report import Grid, Report, Target

LATENCY_TARGET_MS = 500
STRANGERS_MIB = 64
KEYS_MIB = 286  # 300 MB
_OF_A_KEY = frozenset({"slow bodies", "greedy key", "large photos", "crowd of a key"})

STOP_MS = 50
_OF_FEW_LINES = frozenset({"endless header", "large bodies", "stalled bodies", "odd requests"})
"""Attacks whose requests come one by one: before a probe, the loop does one or two of them."""

_COLUMNS = (
    "attack",
    "port p50 ms",
    "p99 ms",
    "screened",
    "healthz worst ms",
    "loop CPU s",
    "before healthz ms",
    "RSS before MiB",
    "peak",
    f"{AFTERWARDS:.0f} s later",
    "attackers",
)


def add_to(report: Report, title: str, scenes: Sequence[Scene]) -> None:
    """Add one row an attack."""
    report.grids.append(Grid(title, _COLUMNS, tuple(map(_row, scenes))))
    report.figures[title] = [asdict(each) for each in scenes]


def judge(report: Report, scenes: Sequence[Scene]) -> None:
    """Add the promises that hold under attack."""
    for each in scenes:
        most = KEYS_MIB if each.name in _OF_A_KEY else STRANGERS_MIB
        grown = each.rss_peak - each.rss_before
        kept = each.rss_after - each.rss_before
        report.targets += [
            Target(f"{each.name}: port's p99, ms", each.percentile(99), "<=", LATENCY_TARGET_MS, 0),
            Target(f"{each.name}: memory at its peak, MiB more", grown, "<=", most, 0),
            Target(f"{each.name}: memory afterwards, MiB more", kept, "<=", FREE_MIB, 0),
        ]
        if each.name in _OF_FEW_LINES:
            named = f"{each.name}: loop's processor time before /healthz, ms"
            report.targets.append(Target(named, each.longest_stop_ms, "<=", STOP_MS, 0))


def _row(scene: Scene) -> tuple[object, ...]:
    return (
        scene.name,
        f"{scene.percentile(50):.0f}",
        f"{scene.percentile(99):.0f}",
        f"{scene.answered:.0%}",
        f"{scene.lateness_ms:.0f}",
        f"{scene.loop_cpu_s:.1f}",
        f"{scene.longest_stop_ms:.0f}",
        f"{scene.rss_before:.0f}",
        f"{scene.rss_peak:.0f}",
        f"{scene.rss_after:.0f}",
        ", ".join(f"{count} x {status}" for status, count in sorted(scene.outcome.items())),
    )
