"""`siaga audit`: the audit trail, read, checked and exported."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.table import Table

from api.v1.audit.schemas import AuditRecordOut, VerdictOut
from casework.kernel.actor import Actor
from casework.kernel.audit.chain import Link, Proved, Verdict, check_export
from casework.kernel.audit.checkpoints import Checkpoint, Signers
from casework.kernel.audit.proof import check
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.audit.sinks import read_checkpoints
from casework.kernel.errors import SetUpError
from cli.options import AsJson
from cli.output import Exit, err, out, print_json
from config.checkpoints import make_key, read_keys, sink_of
from config.records import open_installation
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
    checkpoints: Annotated[
        Path | None,
        typer.Option(
            help="Compare with the checkpoints in this file, as others received them.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    proof: Annotated[
        Path | None,
        typer.Option(
            help="Check this proof of one record alone: no database, no key but --public-key.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    public_key: Annotated[
        Path | None,
        typer.Option(help="Public keys in PEM that may have signed it.", dir_okay=False),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Check everything, not only what was recorded since the last check; that is done "
            "anyway where --anchor or --checkpoints is given, the last check found a fault, or "
            "nobody has checked everything for 7 days.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look for records and rows that are altered, missing or added; exit 1 if there are any."""
    if proof is not None:
        _verify_proof(proof, public_key, as_json=as_json)
        return
    if export is not None:
        with export.open(encoding="utf-8", errors="replace") as lines:
            verdict = check_export(lines)
    else:
        link = _link(anchor) if anchor is not None else None
        outside = _checkpoints(checkpoints) if checkpoints is not None else None
        tail = not everything and outside is None
        with open_installation(Settings()) as records:
            verdict = records.oversight.trail.verify(Actor.operator(), link, outside, tail=tail)
    _tell(verdict, as_json=as_json, alone=export is not None)
    if not verdict.whole:
        raise typer.Exit(Exit.REFUSED)


@app.command()
def prove(
    seq: Annotated[int, typer.Argument(help="Number of the record.", min=1)],
    to: Annotated[
        Path | None, typer.Option("--out", help="File to write; unset means standard output.")
    ] = None,
    show: Annotated[
        list[str] | None,
        typer.Option(help="A field or text to show, such as `action` or `purpose`; unset: all."),
    ] = None,
) -> None:
    """Write a proof of one record, which shows no other; a checkpoint must cover the record."""
    with open_installation(Settings()) as records:
        made = records.oversight.trail.prove(Actor.operator(), seq, show)
    if to is None:
        sys.stdout.write(made.text)
    else:
        with to.open("x", encoding="ascii") as file:
            file.write(made.text)


@app.command()
def checkpoint() -> None:
    """Sign where the audit trail stands now, hand it out, and print it."""
    settings = Settings()
    with open_installation(settings) as records:
        checkpoints = records.oversight.checkpoints
        if checkpoints.signers.private is None:
            raise SetUpError("checkpoint_key_missing")
        made = checkpoints.make()
        condition = checkpoints.tend(sink_of(settings))
    if made is not None:
        sys.stdout.write(f"{made.line}\n")
    if condition.problem is not None:
        raise condition.problem


@app.command("signing-key")
def signing_key(
    to: Annotated[Path, typer.Argument(help="File to write, outside the data folder.")],
) -> None:
    """Make the key that signs checkpoints; prints its public half, for those who check them."""
    sys.stdout.write(make_key(to, Settings()).decode("ascii"))
    err.print(f"Name {to} in checkpoint_key_file, and give the public key to your auditors.")


@app.command()
def export(
    to: Annotated[
        Path | None, typer.Option("--out", help="File to write; unset means standard output.")
    ] = None,
) -> None:
    """Write every record, oldest first, one JSON object a line."""
    if to is not None and to.exists():
        raise typer.BadParameter(f"{to} is there already, and may be an anchor: name another file")
    with open_installation(Settings()) as records:
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
    with open_installation(Settings()) as records:
        found = records.oversight.trail.page(Actor.operator(), None, limit, query)
    if as_json:
        print_json([AuditRecordOut.model_validate(row).model_dump(mode="json") for row in found])
        return
    table = Table("number", "time (UTC)", "who", "act", "object", "outcome", "texts")
    for row in found:
        table.add_row(
            str(row.seq),
            f"{row.at:%Y-%m-%d %H:%M:%S}",
            row.actor_name or "(erased)",
            row.action,
            row.object_id or "",
            row.outcome,
            "; ".join(text or "(erased)" for text in row.typed.values()),
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


def _checkpoints(file: Path) -> list[Checkpoint]:
    try:
        return read_checkpoints(file)
    except ValueError as error:
        raise typer.BadParameter(f"{file} holds a line that is no checkpoint") from error


def _verify_proof(file: Path, public_key: Path | None, *, as_json: bool) -> None:
    if public_key is None:
        raise typer.BadParameter("a proof is checked with --public-key")
    private, public = read_keys(public_key)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        content = {}
    found = check(content, Signers.of(private, public))
    if as_json:
        print_json({"proved": found is not None, "record": found})
    elif found is not None:
        out.print("Proved: a signed checkpoint covers this record, as it is shown here:")
        print_json(found)
    if found is None:
        if not as_json:
            out.print("This proves nothing: it was altered, or another key signed the checkpoint.")
        raise typer.Exit(Exit.REFUSED)


def _tell(verdict: Verdict, *, as_json: bool, alone: bool) -> None:
    if as_json:
        print_json(VerdictOut.of(verdict).model_dump(mode="json"))
        return
    if not verdict.whole:
        out.print(f"The audit trail does not hold: {verdict.fault}.")
        for each in verdict.more:
            out.print(f"  {each}.")
        out.print(f"Records up to {verdict.records} are as they were written.")
        return
    out.print(f"{verdict.records} records, whole. The last one's hash is {verdict.last_hash}")
    if verdict.all_at is not None:
        out.print(
            f"Looked behind record {verdict.after} alone, up to which earlier checks found no"
        )
        out.print("fault: what was changed there since, or in rows that no later record names, is")
        out.print(f"found by --all, last done on {verdict.all_at:%Y-%m-%d %H:%M} UTC.")
    for line in _proved(verdict.proved, alone=alone):
        out.print(line)


def _proved(proved: Proved, *, alone: bool) -> Iterator[str]:
    """Say how far each part is proved, and what is not."""
    if proved.taken_over:
        again = "" if alone else f"; {proved.recomputed} of their first hashes computed again"
        yield f"{proved.taken_over} records were taken over from the first format{again}."
    yield f"{proved.texts} names and texts are those written, {proved.texts_erased} were erased."
    if alone:
        yield "Not proved by an export alone: that nothing is missing at its end, nor what the"
        yield "database says today."
        return
    yield f"{proved.rows} protected rows are as the records left them."
    if proved.signing_key is None:
        yield "Nobody signs checkpoints (checkpoint_key_file): nothing proves that somebody who has"
        yield "the data key did not write all this again."
        return
    yield f"{proved.checkpoints} signed checkpoints cover the records up to {proved.signed_to};"
    yield f"{proved.elsewhere} were compared with what was handed out. Key {proved.signing_key}"
