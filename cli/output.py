"""Output of commands: results on standard output, everything else on standard error."""

import json
import sys
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from rich.progress import Progress
    from rich.table import Table

# A file or a pipe has no width of its own: give tables room rather than cut them at 80 columns.
_PIPE_WIDTH: Final = 160

out: Final = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
err: Final = Console(
    stderr=True, highlight=False, width=None if sys.stderr.isatty() else _PIPE_WIDTH
)


class Exit(IntEnum):
    """What a command's exit status says."""

    DONE = 0
    REFUSED = 1
    """What was asked for, or some of the input, was refused, or a check failed."""
    USAGE = 2
    """The command line is wrong, or names what does not exist."""
    SET_UP = 3
    """The installation must be put right first; the message says how."""


def print_json(value: Any) -> None:  # noqa: ANN401 - any plain data
    """Print one JSON document."""
    print(json.dumps(value, indent=2, default=str, ensure_ascii=False))  # noqa: T201


def quantity(count: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: `1 row`, `2 rows`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def add_row(table: "Table", *cells: str) -> None:
    """Add a row whose cells are texts as they are: names may have square brackets."""
    table.add_row(*map(Text, cells))


def item_progress(unit: str) -> "Progress":
    """Return a progress bar that counts items."""
    from rich.progress import (  # noqa: PLC0415 - most commands show none
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=err,
    )


def download_progress() -> "Progress":
    """Return a progress bar that counts bytes."""
    from rich.progress import (  # noqa: PLC0415 - most commands show none
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TransferSpeedColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=err,
        transient=True,
    )
