"""A benchmark's result: printed as tables, written as JSON, judged against its targets."""

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Facts

OUT: Final = Path("out/bench")
"""Where JSON goes unless the command line says otherwise; ignored by git."""

_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
}


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that was promised, and what was measured."""

    name: str
    measured: float
    bound: str
    """`>=` or `<=`."""
    wanted: float
    digits: int = 2

    @property
    def passed(self) -> bool:
        """Whether the promise was kept; a figure that is no number keeps none."""
        return _COMPARE[self.bound](self.measured, self.wanted)


@dataclass(frozen=True, slots=True)
class Grid:
    """One table: a title, column names, and rows of text and numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(slots=True)
class Report:
    """Everything one benchmark has to say."""

    name: str
    command: str
    facts: Facts
    grids: list[Grid] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    unmeasured: dict[str, str] = field(default_factory=dict)
    """Targets that this run could not measure, and what it would take."""
    figures: dict[str, Any] = field(default_factory=dict)
    """What only the JSON carries: every figure with all its digits."""

    def note(self, sentence: str) -> None:
        """Say something about how it was measured."""
        self.notes.append(sentence)

    def print(self, console: Console) -> None:
        """Print heading, tables, notes and targets."""
        console.rule(f"[bold]{self.name}")
        for name, value in {"command": self.command, **self.facts}.items():
            console.print(f"[dim]{name:>9}[/dim]  {value}", highlight=False)
        for grid in self.grids:
            console.print(_table(grid))
        for note in self.notes:
            console.print(f"- {note}", highlight=False, markup=False)
        if self.targets or self.unmeasured:
            console.print(_verdicts(self.targets, self.unmeasured))

    def place(self, path: Path | None = None) -> Path:
        """Return where the JSON goes: `path`, or beside those of the other benchmarks."""
        return path or OUT / f"{self.name}.json"

    def write(self, path: Path | None = None) -> Path:
        """Write the report as JSON and return where."""
        path = self.place(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = asdict(self) | {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "targets": [asdict(t) | {"passed": t.passed} for t in self.targets],
        }
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
        return path


def json_numbers(values: npt.ArrayLike) -> Any:  # noqa: ANN401 - lists as deep as the array
    """Turn an array into lists that JSON can carry: what is no finite number becomes null."""
    numbers = np.asarray(values, np.float64)
    return np.where(np.isfinite(numbers), numbers.astype(object), np.array(None)).tolist()


def print_summary(console: Console, reports: Sequence[Report]) -> None:
    """Print every target of several benchmarks once more, in one table."""
    console.rule("[bold]summary")
    missing = {name: why for report in reports for name, why in report.unmeasured.items()}
    console.print(_verdicts([target for report in reports for target in report.targets], missing))


def _table(grid: Grid) -> Table:
    table = Table(title=grid.title, title_justify="left", title_style="bold")
    for position, column in enumerate(grid.columns):
        table.add_column(column, justify="left" if position == 0 else "right")
    for row in grid.rows:
        table.add_row(*(str(cell) for cell in row))
    return table


def _verdicts(targets: list[Target], unmeasured: Mapping[str, str]) -> Table:
    table = Table(title="Targets", title_justify="left", title_style="bold")
    for column in ("target", "measured", "wanted", ""):
        table.add_column(column, justify="left" if column == "target" else "right")
    for target in targets:
        verdict = "[green]pass[/green]" if target.passed else "[red]miss[/red]"
        table.add_row(
            target.name,
            f"{target.measured:.{target.digits}f}",
            f"{target.bound} {target.wanted:g}",
            verdict,
        )
    for name, why in unmeasured.items():
        table.add_row(name, "-", why, "not measured")
    return table
