"""What the commands of `python -m benchmarks` have in common: options, report, errors."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from benchmarks.accuracy.embeddings import CodeChanged
from benchmarks.accuracy.identities import DataSetInvalid
from benchmarks.accuracy.open_set import TooFewIdentities
from benchmarks.machine import facts
from benchmarks.report import Report
from detector.errors import RuntimeRefused
from models.errors import ModelsError

_PIPED_WIDTH: Final = 120
"""Characters of a line where output goes to no terminal: what the widest table needs."""
console = Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH)

PackName = Annotated[str, typer.Option("--pack", help="Pack to measure.")]
Json = Annotated[Path | None, typer.Option("--json", help="Where to write the figures as JSON.")]
Seed = Annotated[int, typer.Option(help="The same seed draws the same.")]


def new_report(name: str) -> Report:
    """Begin a report with the command line and the machine."""
    return Report(name, " ".join(["python -m benchmarks", *sys.argv[1:]]), facts())


def publish(report: Report, path: Path | None) -> Report:
    """Print a report and write its figures."""
    report.print(console)
    console.print(f"[dim]figures in {report.write(path)}[/dim]\n")
    return report


@contextmanager
def explained() -> Iterator[None]:
    """Say in one line what a person can put right, instead of a traceback."""
    try:
        yield
    except (
        CodeChanged,
        DataSetInvalid,
        FileNotFoundError,
        ModelsError,
        RuntimeRefused,
        TooFewIdentities,
        ValueError,
    ) as error:
        Console(stderr=True).print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(2) from error
