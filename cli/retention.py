"""`siaga retention`: erase what is no longer needed."""

from typing import Annotated

import typer
from rich.table import Table

from casework.kernel.actor import Actor
from casework.oversight.retention import Erased
from cli.danger import Yes, confirm
from cli.options import As, AsJson, Why, machine_owner
from cli.output import out, print_json
from config.records import open_installation
from config.settings import Settings

app = typer.Typer(help="Erase records whose time is over.", no_args_is_help=True)


@app.command()
def run(
    compact: Annotated[
        bool,
        typer.Option(help="Give the space back too; nobody can write meanwhile."),
    ] = False,
    yes: Yes = False,
    owner: As = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Erase everything that is due, and record that it was. Safe to stop at any moment.

    It says how much that is and asks first; the service does the same by itself, unasked.
    """
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        found = [each for each in records.oversight.retention.due(operator) if each.records]
        says = [f"{each.kind}: {each.records:,}" for each in found] or ["Nothing is due."]
        confirm("Erase for good what is due?", says, yes=yes or not found)
        records.approvals.commands.begin(operator, "retention run")
        erased = records.oversight.retention.run(operator)
        if compact:
            records.kernel.database.compact()
    _tell(erased, "erased", as_json=as_json)


@app.command()
def due(as_json: AsJson = False) -> None:
    """Show what a run would erase now."""
    with open_installation(Settings()) as records:
        found = records.oversight.retention.due(Actor.operator())
    _tell(found, "due", as_json=as_json)


def _tell(found: list[Erased], done: str, *, as_json: bool) -> None:
    if as_json:
        print_json(
            [{"kind": each.kind, "before": each.before, done: each.records} for each in found]
        )
        return
    table = Table("kind", "older than", done)
    for each in found:
        limit = f"{each.before:%Y-%m-%d %H:%M}" if each.before is not None else "kept for good"
        table.add_row(each.kind, limit, f"{each.records:,}")
    out.print(table)
