"""`siaga agencies`: the authorities that own watchlists and employ officers."""

import re
from typing import Annotated, Any

import typer
from rich.table import Table

from api.v1.agencies.schemas import CODE_PATTERN, AgencyOut
from casework.accounts.agencies import NewAgency
from casework.kernel.actor import Actor
from casework.tables import Agency
from cli.danger import Yes, confirm
from cli.options import As, AsJson, Why, machine_owner
from cli.output import add_row, err, out, print_json
from config.records import open_installation
from config.settings import Settings

app = typer.Typer(help="Create, list and change agencies.", no_args_is_help=True)


def agency_code(text: str | None) -> str | None:
    """Return an agency's code as it is kept; raises BadParameter."""
    if text is None:
        return None
    code = text.strip().upper()
    if not re.fullmatch(CODE_PATTERN, code):
        raise typer.BadParameter("2 to 20 letters, digits, hyphens or underscores")
    return code


def agency_name(text: str | None) -> str | None:
    """Return an agency's name as typed, without spaces around it; raises BadParameter."""
    if text is not None and not text.strip():
        raise typer.BadParameter("it cannot be empty")
    return text.strip() if text is not None else None


Code = Annotated[
    str, typer.Argument(help="Short and spoken, such as IMIGRASI.", callback=agency_code)
]


@app.command()
def create(
    code: Code,
    name: Annotated[str, typer.Argument(help="The agency's full name.", callback=agency_name)],
    as_json: AsJson = False,
) -> None:
    """Make one more agency; `siaga init` has made the one that runs the installation."""
    with open_installation(Settings()) as records:
        row = records.accounts.agencies.create(Actor.operator(), NewAgency(code, name))
    if as_json:
        print_json(_plain(row))
        return
    err.print(f"Agency {code} is made. Its officers: `siaga officers create LOGIN --agency {code}`")
    out.print(row.id)


@app.command("list")
def list_agencies(as_json: AsJson = False) -> None:
    """Show every agency."""
    with open_installation(Settings()) as records:
        found = records.accounts.agencies.page(Actor.operator(), None, None)
    if as_json:
        print_json([_plain(row) for row in found])
        return
    table = Table("id", "code", "name", "kind", "active", "made")
    for row in found:
        made = f"{row.created_at:%Y-%m-%d %H:%M}"
        add_row(table, row.id, row.code, row.name, row.kind, "yes" if row.active else "no", made)
    out.print(table)


@app.command()
def edit(
    code: Code,
    name: Annotated[
        str | None, typer.Option(help="The new full name.", callback=agency_name)
    ] = None,
    active: Annotated[
        bool | None,
        typer.Option("--active/--inactive", help="Inactive: its keys and officers are out."),
    ] = None,
    yes: Yes = False,
    owner: As = None,
    reason: Why = None,
) -> None:
    """Change an agency's name, or switch it off or on; switching it off asks first."""
    given = {"name": name, "active": active}
    changes = {field: value for field, value in given.items() if value is not None}
    if not changes:
        raise typer.BadParameter("say what to change: --name, --active or --inactive")
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        agencies = records.accounts.agencies
        row = agencies.by_code(code)
        if row.active and active is False:
            found = agencies.consequences(operator, row.id)
            says = [
                f"Officers who are signed out at once and cannot sign in: {found.officers}.",
                f"Keys that are refused from now on: {found.keys}.",
            ]
            confirm(f"Switch off {row.name} ({row.code})?", says, yes=yes)
        records.approvals.commands.begin(operator, "agencies edit", [row.id])
        agencies.edit(operator, row.id, changes, None, operator.reason)
    err.print(f"Agency {code} is changed.")


def _plain(row: Agency) -> dict[str, Any]:
    return AgencyOut.of(row).model_dump(mode="json")
