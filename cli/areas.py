"""`siaga areas`: regencies and districts from a file, and what there is."""

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from api.v1.areas.schemas import AreaOut, AreasTakenOut
from casework.areas.known import AreaFilter
from casework.areas.tree import well_formed
from casework.kernel.actor import Actor
from casework.kernel.errors import AreasRefused
from casework.kernel.vocabulary import AreaLevel
from cli.options import AsJson
from cli.output import Exit, add_row, err, out, print_json
from config.records import open_installation
from config.settings import Settings

app = typer.Typer(help="Import areas from a CSV file, and list them.", no_args_is_help=True)

_SHOWN: Final = 20


def area_code(text: str | None) -> str | None:
    """Return an area's code as it was typed; raises BadParameter."""
    if text is not None and not well_formed(text):
        raise typer.BadParameter("write ID, 31, 31.71 or 31.71.01")
    return text


@app.command("import")
def import_areas(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV in UTF-8 with the columns code and name.", exists=True, dir_okay=False
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option(help="Say what it would make, and make nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take the areas of a file in, all of them or none; areas that it lacks stay."""
    with open_installation(Settings()) as records:
        try:
            taken = records.areas.areas.take(Actor.operator(), file.read_bytes(), dry_run=dry_run)
        except AreasRefused as refused:
            for line, fault in refused.faults[:_SHOWN]:
                err.print(f"Line {line}: {fault}")
            err.print(f"Lines that are wrong: {len(refused.faults)}. Nothing was taken.")
            raise typer.Exit(Exit.REFUSED) from refused
    if as_json:
        print_json(AreasTakenOut.of(taken).model_dump(mode="json"))
        return
    says = "would be" if dry_run else "were"
    err.print(
        f"{taken.added} areas {says} added, {taken.renamed} renamed; {taken.unchanged} are there "
        f"already; {taken.left_out} villages were left out."
    )


@app.command("list")
def list_areas(
    parent: Annotated[
        str | None,
        typer.Option(help="Only those one level below this area.", callback=area_code),
    ] = None,
    level: Annotated[AreaLevel | None, typer.Option(help="Only those of this level.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the areas: the country, its provinces, and what was imported."""
    with open_installation(Settings()) as records:
        found = records.areas.areas.page(Actor.operator(), None, None, AreaFilter(parent, level))
    if as_json:
        print_json([AreaOut.of(each).model_dump(mode="json") for each in found])
        return
    table = Table("code", "name", "level")
    for each in found:
        add_row(table, each.code, each.name, each.level)
    out.print(table)
