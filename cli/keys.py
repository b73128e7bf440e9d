"""`siaga keys`: API keys of port systems and programs."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from casework.accounts.api_keys import NewKey
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import Scope
from cli.danger import Reason, Yes, confirmed
from cli.options import AsJson
from cli.output import err, out, print_json
from config.records import open_records
from config.settings import Settings

app = typer.Typer(help="Create, list, revoke and restore API keys.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is, for people.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; repeat for several.")],
    port: Annotated[
        list[str] | None, typer.Option(help="Ports it may speak for; none given means all.")
    ] = None,
    agency: Annotated[
        str | None, typer.Option(help="Code of the agency it belongs to; not needed by ports.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it. It is shown once: only its hash is kept."""
    with open_records(Settings()) as records:
        operator = Actor.operator()
        owner = None
        if agency is not None:
            owner = records.accounts.agencies.by_code(agency)
        elif Scope.ENROL in scope:
            owner = records.accounts.agencies.only(operator)
        ports = frozenset(port) if port else None
        new = NewKey(name, frozenset(scope), ports, owner.id if owner is not None else None)
        record, text = records.accounts.keys.create(operator, new)
    if as_json:
        print_json({**asdict(record), "key": text})
        return
    err.print(f"Key {record.id} for {name}. Keep it safe: it cannot be shown again.")
    out.print(text, soft_wrap=True)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """Show every key, but not its secret."""
    with open_records(Settings()) as records:
        found = records.accounts.keys.all(Actor.operator())
    if as_json:
        print_json([asdict(record) for record in found])
        return
    table = Table("id", "name", "scopes", "ports", "created", "revoked")
    for record in found:
        table.add_row(
            record.id,
            record.name,
            " ".join(record.scopes),
            " ".join(record.ports) if record.ports is not None else "all",
            f"{record.created_at:%Y-%m-%d %H:%M}",
            f"{record.revoked_at:%Y-%m-%d %H:%M}" if record.revoked_at else "",
        )
    out.print(table)


KeyId = Annotated[str, typer.Argument(help="As `siaga keys list` shows it.")]


@app.command()
def revoke(key_id: KeyId, yes: Yes = False, reason: Reason = None) -> None:
    """Take a key out of force at once; `siaga keys restore` takes that back for a while."""
    operator = Actor.operator()
    with open_records(Settings()) as records:
        keys = records.accounts.keys
        record = keys.get(operator, key_id)
        ports = " ".join(record.ports) if record.ports is not None else "all ports"
        says = ["Whatever shows it is refused from now on."]
        if Scope.SCREEN in record.scopes:
            says.append(f"It screens travellers, at {ports}.")
        question = f"Revoke key {record.id} of {record.name}?"
        why = confirmed(question, says, yes=yes, reason=reason)
        keys.revoke(operator, key_id, reason=why)
    err.print(f"Key {key_id} is revoked.")


@app.command()
def restore(key_id: KeyId) -> None:
    """Take a revocation back, within `undo_hours`."""
    with open_records(Settings()) as records:
        records.accounts.keys.restore(Actor.operator(), key_id)
    err.print(f"Key {key_id} is in force again.")
