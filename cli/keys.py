"""`siaga keys`: API keys of port systems and programs."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from casework.accounts.api_keys import OVERLAP, NewKey
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import Scope
from cli.danger import Yes, confirm
from cli.options import As, AsJson, Why, machine_owner, owner_of
from cli.output import add_row, err, out, print_json
from config.records import open_installation
from config.settings import Settings

app = typer.Typer(help="Create, list, rotate, revoke and restore API keys.", no_args_is_help=True)


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
    days: Annotated[
        int | None, typer.Option(help="How long it lasts; the setting key_days unless given.")
    ] = None,
    owner: As = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it. It is shown once: only its hash is kept."""
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        of_agency = agency is not None or bool(set(scope) - {Scope.SCREEN})
        holder = owner_of(records, agency) if of_agency else None
        holder_id = holder.id if holder is not None else None
        records.approvals.commands.begin(operator, "keys create", [holder_id])
        ports = frozenset(port) if port else None
        new = NewKey(name, frozenset(scope), ports, holder_id, days)
        record, text = records.accounts.keys.create(operator, new)
    if as_json:
        print_json({**asdict(record), "key": text})
        return
    err.print(f"Key {record.id} for {name}. Keep it safe: it cannot be shown again.")
    out.print(text, soft_wrap=True)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """Show every key, but not its secret."""
    with open_installation(Settings()) as records:
        found = records.accounts.keys.all(Actor.operator())
    if as_json:
        print_json([asdict(record) for record in found])
        return
    table = Table("id", "name", "scopes", "ports", "created", "used", "expires", "revoked")
    for record in found:
        add_row(
            table,
            record.id,
            record.name,
            " ".join(record.scopes),
            " ".join(record.ports) if record.ports is not None else "all",
            f"{record.created_at:%Y-%m-%d %H:%M}",
            f"{record.used_at:%Y-%m-%d %H:%M}" if record.used_at else "",
            f"{record.expires_at:%Y-%m-%d %H:%M}" if record.expires_at else "never",
            f"{record.revoked_at:%Y-%m-%d %H:%M}" if record.revoked_at else "",
        )
    out.print(table)


KeyId = Annotated[str, typer.Argument(help="As `siaga keys list` shows it.")]


@app.command()
def rotate(
    key_id: KeyId,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=720, help="Hours for which the present key works too.")
    ] = int(OVERLAP.total_seconds() // 3600),
    days: Annotated[
        int | None, typer.Option(help="How long it lasts; the setting key_days unless given.")
    ] = None,
    yes: Yes = False,
    owner: As = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Give a key a new secret and print it; the present one works for a while too."""
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        keys = records.accounts.keys
        record = keys.get(operator, key_id)
        says = [f"The present secret works for {overlap_hours} hours more, then it is refused."]
        if (until := keys.former_works(record)) is not None:
            says.append(f"The one before it, which works until {until:%Y-%m-%d %H:%M}, ends now.")
        confirm(f"Give key {record.id} of {record.name} a new secret?", says, yes=yes)
        records.approvals.commands.begin(operator, "keys rotate", [record.agency_id])
        overlap = timedelta(hours=overlap_hours)
        record, text = keys.rotate(operator, key_id, overlap, days, reason=operator.reason)
    if as_json:
        print_json({**asdict(record), "key": text})
        return
    err.print(f"New secret of key {record.id}. Keep it safe: it cannot be shown again.")
    out.print(text, soft_wrap=True)


@app.command()
def revoke(key_id: KeyId, yes: Yes = False, owner: As = None, reason: Why = None) -> None:
    """Take a key out of force at once; `siaga keys restore` takes that back for a while."""
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        keys = records.accounts.keys
        record = keys.get(operator, key_id)
        ports = " ".join(record.ports) if record.ports is not None else "all ports"
        says = ["Whatever shows it is refused from now on."]
        if Scope.SCREEN in record.scopes:
            says.append(f"It screens travellers, at {ports}.")
        confirm(f"Revoke key {record.id} of {record.name}?", says, yes=yes)
        records.approvals.commands.begin(operator, "keys revoke", [record.agency_id])
        keys.revoke(operator, key_id, reason=str(operator.reason))
    err.print(f"Key {key_id} is revoked.")


@app.command()
def restore(key_id: KeyId, owner: As = None, reason: Why = None) -> None:
    """Take a revocation back, within `undo_hours`."""
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        record = records.accounts.keys.get(operator, key_id)
        records.approvals.commands.begin(operator, "keys restore", [record.agency_id])
        records.accounts.keys.restore(operator, key_id)
    err.print(f"Key {key_id} is in force again.")
