"""Where the time of one photo goes, function by function: is anything copied without need."""

import cProfile
import pstats
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.report import Grid, Report

TURNS: Final = 5
_SHOWN: Final = 14


@dataclass(frozen=True, slots=True)
class Cost:
    """One function's own time."""

    name: str
    calls: int
    share: float
    """Of the whole time, without what the function calls."""


def measure(photos: Sequence[bytes], analyse: Callable[[bytes], Any]) -> list[Cost]:
    """Profile the analysis of every photo, `TURNS` times after one of warm-up; dearest first."""
    for photo in photos:
        analyse(photo)
    profiler = cProfile.Profile()
    with profiler:
        for _ in range(TURNS):
            for photo in photos:
                analyse(photo)
    # pstats keeps its table out of its type: (file, line, name) -> (calls, _, own time, ...)
    table: dict[tuple[str, int, str], tuple[int, int, float, float, Any]] = vars(
        pstats.Stats(profiler)
    )["stats"]
    total = sum(own for _, _, own, _, _ in table.values())
    costs = [
        Cost(_readable(file, name), calls, own / total)
        for (file, _, name), (calls, _, own, _, _) in table.items()
    ]
    return sorted(costs, key=lambda cost: -cost.share)


def _readable(file: str, name: str) -> str:
    return name.strip("<>") if file == "~" else f"{Path(file).stem}.{name}"


def add_to(report: Report, costs: Sequence[Cost], photos: int) -> None:
    """Put the dearest functions into a report."""
    report.grids.append(
        Grid(
            f"Own time by function, {photos} photos in {TURNS} turns",
            ("function", "calls a photo", "share"),
            tuple(
                (cost.name, f"{cost.calls / (photos * TURNS):.1f}", f"{cost.share:.1%}")
                for cost in costs[:_SHOWN]
            ),
        )
    )
    report.note("Measured by Python's own profiler, which makes small functions look dearer.")
    report.figures["own time"] = {cost.name: cost.share for cost in costs}
