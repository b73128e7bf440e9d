"""`siaga audit`: the audit trail, read, checked and exported."""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.table import Table

from api.v1.audit.schemas import AuditRecordOut
from casework.kernel.actor import Actor
from casework.kernel.audit.chain import Link, Verdict, check_export
from casework.kernel.audit.reader import AuditFilter
from cli.options import AsJson
from cli.output import Exit, err, out, print_json
from config.records import open_records
from config.settings import Settings

app = typer.Typer(help="Read, check and export the audit trail.", no_args_is_help=True)

Moment = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="In UTC.")
]


@app.command()
def verify(
    export: Annotated[
        Path | None,
        typer.Option(
            help="Check this export alone: no database, no key.", exists=True, dir_okay=False
        ),
    ] = None,
    anchor: Annotated[
        Path | None,
        typer.Option(
            help="Check too that the trail goes on from this export.", exists=True, dir_okay=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look for the first record that is altered, missing or out of its place; exit 1 if any is."""
    if export is not None:
        with export.open(encoding="utf-8", errors="replace") as lines:
            verdict = check_export(lines)
    else:
        link = _link(anchor) if anchor is not None else None
        with open_records(Settings()) as records:
            verdict = records.oversight.trail.verify(Actor.operator(), link)
    _tell(verdict, as_json=as_json)
    if not verdict.whole:
        raise typer.Exit(Exit.REFUSED)


@app.command()
def export(
    to: Annotated[
        Path | None, typer.Option("--out", help="File to write; unset means standard output.")
    ] = None,
) -> None:
    """Write every record, oldest first, one JSON object a line."""
    if to is not None and to.exists():
        raise typer.BadParameter(f"{to} is there already, and may be an anchor: name another file")
    with open_records(Settings()) as records:
        lines = records.oversight.trail.export(Actor.operator())
        if to is None:
            _write(lines, sys.stdout)
            return
        with to.open("x", encoding="ascii") as file:
            count = _write(lines, file)
    err.print(f"{count} records in {to}. Keep it elsewhere: it proves what the trail was today.")


@app.command("list")
def list_records(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most records.")] = 50,
    action: Annotated[
        str | None, typer.Option(help="An act, or its beginning up to a dot: `alert`.")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Id of who acted.")] = None,
    on: Annotated[str | None, typer.Option("--object", help="Id of what it was done to.")] = None,
    outcome: Annotated[str | None, typer.Option(help="`done` or `refused`.")] = None,
    since: Moment = None,
    until: Moment = None,
    as_json: AsJson = False,
) -> None:
    """Show records, newest first."""
    begin, end = (each.replace(tzinfo=UTC) if each else None for each in (since, until))
    query = AuditFilter(actor, action, on, outcome, begin, end)
    with open_records(Settings()) as records:
        found = records.oversight.trail.page(Actor.operator(), None, limit, query)
    if as_json:
        print_json([AuditRecordOut.model_validate(row).model_dump(mode="json") for row in found])
        return
    table = Table("number", "time (UTC)", "who", "act", "object", "outcome", "purpose")
    for row in found:
        table.add_row(
            str(row.seq),
            f"{row.at:%Y-%m-%d %H:%M:%S}",
            row.actor_name,
            row.action,
            row.object_id or "",
            row.outcome,
            row.purpose or "",
        )
    out.print(table)


def _link(file: Path) -> Link:
    """Return where an export ends; it has to be whole itself."""
    with file.open(encoding="utf-8", errors="replace") as lines:
        verdict = check_export(lines)
    if not verdict.whole or not verdict.records:
        raise typer.BadParameter(f"{verdict.fault or 'it is empty'}: this export proves nothing")
    return Link(verdict.records, verdict.last_hash)


def _write(lines: Iterable[str], file: TextIO) -> int:
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007 - the last number is the result
        file.write(f"{line}\n")
    return count


def _tell(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        fields = ("whole", "records", "last_hash", "fault", "seq")
        print_json({name: getattr(verdict, name) for name in fields})
    elif verdict.whole:
        out.print(f"{verdict.records} records, whole. The last one's hash is {verdict.last_hash}")
    else:
        out.print(f"The audit trail is broken: {verdict.fault}.")
        out.print(f"Records up to {verdict.records} are as they were written.")
