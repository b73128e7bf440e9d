"""`siaga subjects`: the people on watchlists, by the owner of the machine."""

from datetime import datetime
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from casework.kernel.actor import Actor
from casework.records import Records
from casework.tables import Subject
from casework.watchlists.subjects import SubjectFilter
from cli.danger import Yes, confirm
from cli.options import As, AsJson, Why, list_of, machine_owner
from cli.output import add_row, err, out, print_json, quantity
from config.records import open_installation
from config.settings import Settings

app = typer.Typer(
    help="Find, move, merge, erase and restore the subjects of watchlists.", no_args_is_help=True
)

_SHOWN: Final = 200

SubjectId = Annotated[str, typer.Argument(help="As `siaga subjects find` shows it.")]


@app.command()
def find(
    words: Annotated[
        str, typer.Argument(help="Part of a name, an alias, a reference or a document's number.")
    ],
    owner: As = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Find subjects of every agency, at most 200; their auditors hear of it."""
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        records.approvals.commands.begin(operator, "subjects find")
        filters = SubjectFilter(words=words)
        found = records.lists.subjects.page(operator, None, _SHOWN, filters)
        plain = [_plain(records, each) for each in found]
    if as_json:
        print_json(plain)
        return
    table = Table("id", "agency", "reference", "name", "lists", "status", "photos")
    for each in plain:
        add_row(
            table,
            each["id"],
            each["agency"],
            each["reference"] or "",
            each["name"],
            ", ".join(each["watchlists"]),
            "being erased" if each["erase_at"] else each["status"],
            str(each["photos"]),
        )
    out.print(table)


@app.command()
def move(
    subject_id: SubjectId,
    to: Annotated[
        list[str], typer.Option(help="Name of a list of the same agency; repeat for several.")
    ],
    yes: Yes = False,
    owner: As = None,
    reason: Why = None,
) -> None:
    """Put a subject on other lists of the agency, and on no others; asks first."""
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        row = records.lists.subjects.get(operator, subject_id)
        holder = records.accounts.agencies.get(operator, row.agency_id)
        lists = [list_of(records, operator, name, holder) for name in to]
        before = ", ".join(_plain(records, row)["watchlists"])
        says = [f"Listed on: {before}."]
        says += [
            f"{each.name} is switched off: it alerts nobody." for each in lists if not each.active
        ]
        confirm(f"Move {row.name} to {', '.join(to)}?", says, yes=yes)
        records.approvals.commands.begin(operator, "subjects move", [row.agency_id])
        changes = {"watchlist_ids": tuple(dict.fromkeys(each.id for each in lists))}
        records.lists.subjects.edit(operator, row.id, changes, None, operator.reason)
    err.print(f"{row.name} is on {', '.join(to)}.", markup=False)


@app.command()
def merge(
    subject_id: SubjectId,
    into: Annotated[str, typer.Option(help="The subject who stays, of the same agency.")],
    yes: Yes = False,
    owner: As = None,
    reason: Why = None,
) -> None:
    """Merge a subject into another who is the same person; asks first.

    Who stays gets the other's lists, photos, documents and names, and the longer period. The other
    is erased after `undo_hours`; until then `siaga subjects restore` takes the merge back.
    """
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        merges = records.lists.merges
        found = merges.preview(operator, subject_id, into)
        gone, kept = found.gone, found.kept
        says = [
            f"{kept.name} gets {quantity(found.photos, 'photo')}, and is on the lists of both.",
            f"{gone.name} ({gone.id}) is erased after the time of grace.",
            f"Open alerts about {gone.name}, which stay, without the person: {found.open_alerts}.",
        ]
        confirm(f"Merge {gone.name} into {kept.name} ({kept.id})?", says, yes=yes)
        records.approvals.commands.begin(operator, "subjects merge", [kept.agency_id])
        until = merges.merge(operator, gone.id, kept.id, str(operator.reason)).erase_at
    err.print(f"{gone.name} is merged into {kept.name}.", markup=False)
    _tell_end(gone.id, until)


@app.command()
def erase(
    subject_id: SubjectId,
    immediately: Annotated[
        bool, typer.Option("--at-once", help="Without the time of grace: nobody takes it back.")
    ] = False,
    yes: Yes = False,
    owner: As = None,
    reason: Why = None,
) -> None:
    """Erase a subject: alerts nobody from now on, gone after `undo_hours`; asks first."""
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        row = records.lists.subjects.get(operator, subject_id)
        depends = records.lists.erasures.consequences(operator, subject_id)
        says = [
            f"Listed on: {', '.join(depends.watchlists)}.",
            f"Photos: {depends.photos}. Open alerts, which stay: {depends.open_alerts}.",
            f"Open referrals: {depends.open_referrals}.",
        ]
        confirm(f"Erase {depends.name} ({subject_id})?", says, yes=yes)
        records.approvals.commands.begin(operator, "subjects erase", [row.agency_id])
        until = records.lists.erasures.erase(
            operator, subject_id, str(operator.reason), immediately=immediately
        )
    _tell_end(subject_id, until)


@app.command()
def restore(subject_id: SubjectId, owner: As = None, reason: Why = None) -> None:
    """Take an erasure or a merge back, within `undo_hours`; says what of a merge stays."""
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        row = records.lists.subjects.get(operator, subject_id)
        records.approvals.commands.begin(operator, "subjects restore", [row.agency_id])
        stays: tuple[str, ...] = ()
        if row.merged is not None:
            stays = records.lists.merges.undo(operator, subject_id).stays
        else:
            records.lists.erasures.restore(operator, subject_id)
    err.print(f"Subject {subject_id} alerts again.")
    if stays:
        err.print(f"Changed since the merge, and left as it is: {', '.join(stays)}.")


def _tell_end(subject_id: str, until: datetime | None) -> None:
    if until is None:
        err.print(f"Subject {subject_id} is erased.")
        return
    err.print(
        f"Subject {subject_id} alerts nobody from now on, and is gone at {until:%Y-%m-%d %H:%M} "
        f"UTC; until then `siaga subjects restore {subject_id}` takes it back."
    )


def _plain(records: Records, row: Subject) -> dict[str, Any]:
    operator = Actor.operator()
    lists = [
        records.lists.watchlists.get(operator, each.watchlist_id).name for each in row.memberships
    ]
    return {
        "id": row.id,
        "agency": records.accounts.agencies.get(operator, row.agency_id).code,
        "reference": row.reference,
        "name": row.name,
        "watchlists": sorted(lists),
        "status": row.status,
        "photos": len(row.photos),
        "erase_at": row.erase_at,
    }
