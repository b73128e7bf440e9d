"""What a command costs before it does anything: processor and wall time of whole processes.

Each turn starts every command once in each checkout, one after another, so that both sides see the
same machine. A checkout's own packages are imported, by one interpreter for all; its database is
made before, and empty except for one key.
"""

import os
import resource
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.report import Grid, Report, Target

REPEATS: Final = 7
COMMANDS: Final = ("--help", "keys list", "officers list", "audit verify", "retention due")

HERE: Final = Path(__file__).parents[2]
MOST_SHARE: Final = 0.25
"""Of the processor time that the same command took in the other checkout."""


@dataclass(slots=True)
class Startup:
    """One command in one checkout, a figure a turn."""

    cpu: list[float] = field(default_factory=list)
    """Seconds of processor time, user and system, of the process and its children."""
    wall: list[float] = field(default_factory=list)


Startups = dict[str, list[Startup]]
"""By command; in the order of the checkouts."""


def measure(
    checkouts: Sequence[Path], scratch: Path, repeats: int, commands: Sequence[str] = COMMANDS
) -> Startups:
    """Run every command in every checkout, in turns, after one turn of warm-up.

    Raises:
        ValueError: a checkout is none, or a command of it fails.
    """
    found: Startups = {command: [Startup() for _ in checkouts] for command in commands}
    for checkout in checkouts:
        # Else the installed package would be measured in its place.
        if not (checkout / "cli" / "__init__.py").is_file():
            raise ValueError(f"{checkout} is no checkout of the sources")
    folders = [scratch / str(number) for number in range(len(checkouts))]
    for checkout, folder in zip(checkouts, folders, strict=True):
        folder.mkdir()
        _begin(checkout, folder)
    for turn in range(-1, repeats):
        for command, startups in found.items():
            for checkout, folder, startup in zip(checkouts, folders, startups, strict=True):
                cpu, wall = _run(checkout, folder, command)
                if turn >= 0:
                    startup.cpu.append(cpu)
                    startup.wall.append(wall)
    return found


def _begin(checkout: Path, folder: Path) -> None:
    """Make an installation, as this version or an earlier one does."""
    try:
        _run(checkout, folder, "init --code OPS --name Benchmark --admin admin=Benchmark")
    except ValueError:
        _run(checkout, folder, "agencies create OPS Benchmark --kind operator")


def _run(checkout: Path, folder: Path, command: str) -> tuple[float, float]:
    """Return the seconds of processor time and of wall time that a command takes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIAGA_")}
    path = os.pathsep.join([str(checkout), str(checkout / "client")])
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "cli", *shlex.split(command)],
        cwd=folder,
        env={**kept, "PYTHONPATH": path, "SIAGA_DATA_DIR": str(folder / "var")},
        capture_output=True,
        text=True,
        check=False,
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise ValueError(f"siaga {command} fails in {checkout}: {done.stderr.strip()}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def add_to(report: Report, startups: Startups, against: Path | None) -> None:
    """Put the medians into a report, beside those of the other checkout if there is one."""
    columns = ["command", "CPU, s", "wall, s"]
    if against is not None:
        columns += [f"CPU, s ({against.name})", f"wall, s ({against.name})", "CPU, share"]
    rows = []
    for command, (ours, *others) in startups.items():
        row = [f"siaga {command}", f"{median(ours.cpu):.3f}", f"{median(ours.wall):.3f}"]
        for other in others:
            share = median(ours.cpu) / median(other.cpu)
            row += [f"{median(other.cpu):.3f}", f"{median(other.wall):.3f}", f"{share:.2f}"]
            report.targets.append(
                Target(f"siaga {command}: share of CPU time", share, "<=", MOST_SHARE)
            )
        rows.append(tuple(row))
        report.figures[command] = [{"cpu": each.cpu, "wall": each.wall} for each in (ours, *others)]
    report.grids.append(Grid("From start to end of a process", tuple(columns), tuple(rows)))
