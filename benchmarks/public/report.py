"""What `benchmarks.public.beside` measured, as a report."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from statistics import median
from typing import Final

import numpy as np

from benchmarks.public.beside import Beside, Turn
from benchmarks.public.flood import RECEIPT
from benchmarks.report import Grid, Report, Target

MOST: Final = 1.25
"""Times the usual that screening may take during a flood."""
LATENCY_TARGET_MS: Final = 500
_COLUMNS: Final = (
    "flood",
    "alone p50, p99 ms",
    "flooded p50, p99 ms",
    "ratio",
    "CPU ms a photo",
    "ratio of CPU",
    "not screened",
    "flood's requests/s",
    "reports taken",
)


def add_to(report: Report, runs: Sequence[Beside]) -> None:
    """Add a row a flood, and the promises."""
    report.grids.append(Grid("POST /v1/encounters", _COLUMNS, tuple(map(_row, runs))))
    report.figures["runs"] = [asdict(each) for each in runs]
    for each in runs:
        answered = ", ".join(f"{count:,} x {name}" for name, count in sorted(each.outcome.items()))
        report.note(f"The flood was answered, {each.name}: {answered}.")
        name = f"{each.name}: "
        slowest = _percentile(each.flooded, 99)
        report.targets += [
            Target(f"{name}screening flooded / alone, medians", each.ratio, "<=", MOST),
            Target(f"{name}p99 flooded, ms", slowest, "<=", LATENCY_TARGET_MS, 0),
            Target(f"{name}photos that were not screened", each.refused, "<=", 0, 0),
        ]


def _row(run: Beside) -> tuple[object, ...]:
    answers = {name: count for name, count in run.outcome.items() if name != RECEIPT}
    return (
        run.name,
        _typical(run.alone),
        _typical(run.flooded),
        f"{run.ratio:.2f}",
        f"{_cpu(run.alone):.1f}, {_cpu(run.flooded):.1f}",
        f"{run.cpu_ratio:.2f}",
        run.refused,
        f"{sum(answers.values()) / run.flood_seconds:.0f}",
        run.outcome[RECEIPT],
    )


def _typical(turns: Sequence[Turn]) -> str:
    return f"{_percentile(turns, 50):.1f}, {_percentile(turns, 99):.1f}"


def _percentile(turns: Sequence[Turn], share: float) -> float:
    times = list(chain.from_iterable(turn.ms for turn in turns))
    return float(np.percentile(times, share)) if times else float("nan")


def _cpu(turns: Sequence[Turn]) -> float:
    return median(turn.cpu_ms for turn in turns)
