"""`siaga export`: an agency's own list, as an import takes it."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from casework.imports.exports import ExportForm
from cli.options import As, Why, list_of, machine_owner, owner_of
from cli.output import err
from config.records import open_installation
from config.settings import Settings


def export(
    watchlist: Annotated[str, typer.Option(help="Name of the watchlist.")],
    to: Annotated[
        Path | None, typer.Option(dir_okay=False, help="File to write; default standard output.")
    ] = None,
    photos: Annotated[
        bool, typer.Option("--photos", help="Write a ZIP with every enrolled photo.")
    ] = False,
    form: Annotated[
        ExportForm,
        typer.Option("--format", help="How; nist: a ZIP of ANSI/NIST-ITL files."),
    ] = ExportForm.CSV,
    agency: Annotated[
        str | None, typer.Option(help="Code of the agency that owns it; not needed if only one.")
    ] = None,
    owner: As = None,
    reason: Why = None,
) -> None:
    """Export a watchlist as `siaga import` takes it. What is written is personal data."""
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records, ExitStack() as stack:
        holder = owner_of(records, agency)
        records.approvals.commands.begin(operator, "export", [holder.id])
        row = list_of(records, operator, watchlist, holder)
        target = sys.stdout.buffer if to is None else stack.enter_context(_private(to))
        made = records.exchange.exports.export(operator, row.id, form, photos=photos)
        for piece in made.content:
            target.write(piece)
        target.flush()
    err.print(f"{made.subjects} subjects, {made.photos} photos.")


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that nobody but its owner can read."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    with path.open("wb") as file:
        yield file
