"""`siaga watchlists`: lists, moved and merged by the owner of the machine."""

import tempfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table

from casework.kernel.actor import Actor
from casework.kernel.errors import NotFound
from casework.kernel.vocabulary import Category, Direction
from casework.records import Records
from casework.tables import Agency, Subject, Watchlist
from casework.watchlists.subjects import SubjectFilter
from casework.watchlists.watchlists import NewWatchlist, agencies_of
from cli.danger import Yes, confirm
from cli.options import As, AsJson, Why, machine_owner, owner_of
from cli.output import Exit, err, out, print_json, quantity
from config.records import open_installation
from config.settings import Settings

if TYPE_CHECKING:
    from casework.service import Service

app = typer.Typer(
    help="List, make, switch off or on, move and merge watchlists.", no_args_is_help=True
)

_PAGE: Final = 200

Name = Annotated[str, typer.Argument(help="Name of the watchlist.")]
OwnerCode = Annotated[
    str | None, typer.Option(help="Code of the agency that owns it; not needed if only one.")
]


@app.command("list")
def list_watchlists(as_json: AsJson = False) -> None:
    """Show every watchlist: whose it is, how many are on it, and what is open."""
    operator = Actor.operator()
    with open_installation(Settings()) as records:
        codes = {
            each.id: each.code for each in records.accounts.agencies.page(operator, None, None)
        }
        found = [
            (each, records.lists.watchlists.consequences(operator, each.id))
            for each in _every_list(records, operator)
        ]
    if as_json:
        print_json(
            [
                {
                    "id": each.id,
                    "agency": codes[each.agency_id],
                    "name": each.name,
                    "category": each.category,
                    "direction": each.direction,
                    "active": each.active,
                    "shared_with": [codes[other] for other in agencies_of(each)],
                    "subjects": depends.subjects,
                    "open_alerts": depends.open_alerts,
                }
                for each, depends in found
            ]
        )
        return
    table = Table("agency", "name", "category", "looks at", "active", "subjects", "open alerts")
    for each, depends in found:
        table.add_row(
            codes[each.agency_id],
            each.name,
            each.category,
            each.direction,
            "yes" if each.active else "no",
            f"{depends.subjects:,}",
            f"{depends.open_alerts:,}",
        )
    out.print(table)


@app.command()
def create(
    name: Name,
    agency: OwnerCode = None,
    category: Annotated[Category, typer.Option(help="Why the list exists.")] = Category.OTHER,
    direction: Annotated[Direction, typer.Option(help="Whom it looks at.")] = Direction.BOTH,
    legal_basis: Annotated[str, typer.Option(help="What law it rests on.")] = "",
    second_officer: Annotated[
        bool, typer.Option("--second-officer", help="An alert takes two officers.")
    ] = False,
    owner: As = None,
    reason: Why = None,
) -> None:
    """Make an empty watchlist; the console has the rest of its policy."""
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        holder = owner_of(records, agency)
        records.approvals.commands.begin(operator, "watchlists create", [holder.id])
        new = NewWatchlist(
            name.strip(),
            holder.id,
            category,
            direction,
            legal_basis=legal_basis,
            requires_second_officer=second_officer,
        )
        row = records.lists.watchlists.create(operator, new)
    err.print(f"Watchlist {row.name} of {holder.code} is made.", markup=False)
    out.print(row.id)


@app.command()
def edit(
    name: Name,
    agency: OwnerCode = None,
    active: Annotated[
        bool | None,
        typer.Option("--active/--inactive", help="Inactive: it raises no alerts."),
    ] = None,
    yes: Yes = False,
    owner: As = None,
    reason: Why = None,
) -> None:
    """Switch a watchlist off or on, as after a move or a merge; switching it off asks first."""
    if active is None:
        raise typer.BadParameter("say what to change: --active or --inactive")
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        holder = owner_of(records, agency)
        row = _named(records, operator, name, holder)
        if row.active and not active:
            depends = records.lists.watchlists.consequences(operator, row.id)
            says = [
                f"Subjects on it: {depends.subjects}; on no other list: {depends.only_here}.",
                f"Open alerts, which stay: {depends.open_alerts}.",
            ]
            confirm(f"Switch off {row.name} of {holder.code}?", says, yes=yes)
        records.approvals.commands.begin(operator, "watchlists edit", [holder.id])
        changes = {"active": active}
        records.lists.watchlists.edit(operator, row.id, changes, None, operator.reason)
    err.print(f"Watchlist {row.name} is switched {'on' if active else 'off'}.", markup=False)


@app.command()
def move(
    name: Name,
    to: Annotated[str, typer.Option(help="Code of the agency that gets it.")],
    agency: OwnerCode = None,
    into: Annotated[
        str | None, typer.Option(help="Name there, if another; joins a list of that name.")
    ] = None,
    yes: Yes = False,
    owner: As = None,
    reason: Why = None,
) -> None:
    """Move a watchlist to another agency: policy, subjects and photos; asks first.

    The agency that gets it sees the alerts of before, too. The list of before stays, switched off:
    `siaga watchlists edit NAME --active` takes the move back. Exit 1 if anybody could not be
    enrolled again: then it stays on. Safe to stop and to run again.
    """
    # The other commands are about records alone.
    from config.opening import open_service  # noqa: PLC0415

    operator, settings = machine_owner(owner, reason), Settings()
    with open_service(settings) as service:
        holder, getter = owner_of(service, agency), service.accounts.agencies.by_code(to)
        if getter.id == holder.id:
            raise typer.BadParameter("it is that agency's already: see `siaga watchlists merge`")
        row = _named(service, operator, name, holder)
        depends = service.lists.watchlists.consequences(operator, row.id)
        says = [
            f"Subjects who are enrolled again at {getter.code}: {depends.subjects}.",
            f"Open alerts of {holder.code}, shown to {getter.code}, too: {depends.open_alerts}.",
            "The list of before is switched off, and kept.",
        ]
        confirm(f"Move {row.name} of {holder.code} to {getter.code}?", says, yes=yes)
        service.approvals.commands.begin(operator, "watchlists move", [holder.id, getter.id])
        new = _like(row, (into or row.name).strip(), getter)
        if not _enrolled_again(service, operator, row, new, getter, settings):
            err.print(f"{row.name} of {holder.code} stays on, for those who could not be moved.")
            raise typer.Exit(Exit.REFUSED)
        changes = {"active": False, "shared_with": (*agencies_of(row), getter.id)}
        service.lists.watchlists.edit(operator, row.id, changes, None, operator.reason)
    err.print(
        f"{quantity(depends.subjects, 'subject')} on {new.name} of {getter.code}; the list of "
        f"before is off: `siaga watchlists edit NAME --agency {holder.code} --active` takes it "
        "back.",
        markup=False,
    )


@app.command()
def merge(
    name: Name,
    into: Annotated[str, typer.Option(help="Name of the agency's list that gets its subjects.")],
    agency: OwnerCode = None,
    yes: Yes = False,
    owner: As = None,
    reason: Why = None,
) -> None:
    """Put everybody on a watchlist on another one of the agency, and switch it off; asks first.

    The first list keeps its subjects: `siaga watchlists edit NAME --active` switches it on again.
    """
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        holder = owner_of(records, agency)
        row = _named(records, operator, name, holder)
        other = _named(records, operator, into, holder)
        if row.id == other.id:
            raise typer.BadParameter("these are the same list")
        on_it = list(_subjects(records, operator, row))
        coming = [each for each in on_it if other.id not in _lists_of(each)]
        confirm(f"Merge {row.name} into {other.name}?", _differences(row, other, coming), yes=yes)
        records.approvals.commands.begin(operator, "watchlists merge", [holder.id])
        for each in coming:
            if each.erase_at is not None:
                continue  # gone soon; where it is taken back, it is on the first list
            lists = (*_lists_of(each), other.id)
            changes = {"watchlist_ids": lists}
            records.lists.subjects.edit(operator, each.id, changes, None, operator.reason)
        off = {"active": False}
        records.lists.watchlists.edit(operator, row.id, off, None, operator.reason)
    err.print(
        f"{quantity(len(coming), 'subject')} more on {other.name}; {row.name} is off.",
        markup=False,
    )


def _named(records: Records, operator: Actor, name: str, holder: Agency) -> Watchlist:
    """Return an agency's list of that name; raises NotFound."""
    row = records.lists.watchlists.named(operator, name, holder.id)
    if row is None:
        raise NotFound("watchlist_name_unknown", name=name, agency=holder.code)
    return row


def _every_list(records: Records, operator: Actor) -> Iterator[Watchlist]:
    after = None
    while page := records.lists.watchlists.page(operator, after, _PAGE):
        yield from page
        after = page[-1].id


def _subjects(records: Records, operator: Actor, row: Watchlist) -> Iterator[Subject]:
    after, on_it = None, SubjectFilter(watchlist_id=row.id)
    while page := records.lists.subjects.page(operator, after, _PAGE, on_it):
        yield from page
        after = page[-1].id


def _lists_of(subject: Subject) -> list[str]:
    return [each.watchlist_id for each in subject.memberships]


def _like(row: Watchlist, name: str, getter: Agency) -> NewWatchlist:
    """Return what a list of another agency with the same policy is made from."""
    same = {
        each.name: getattr(row, each.name)
        for each in fields(NewWatchlist)
        if each.name not in {"name", "agency_id", "shared_with"}
    }
    shared = tuple(each for each in agencies_of(row) if each != getter.id)
    return NewWatchlist(name, getter.id, shared_with=shared, **same | {"active": True})


def _enrolled_again(
    service: "Service",
    operator: Actor,
    row: Watchlist,
    new: NewWatchlist,
    getter: Agency,
    settings: Settings,
) -> bool:
    """Export a list, and import it at another agency; returns whether nothing was refused."""
    from casework.imports.exports import ExportForm  # noqa: PLC0415 - as above
    from cli.imports import ImportRequest, run_import  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="siaga-move-") as folder:
        file = Path(folder) / "list.zip"
        made = service.exchange.exports.export(operator, row.id, ExportForm.JSONL, photos=True)
        with file.open("wb") as target:
            for piece in made.content:
                target.write(piece)
        brought = ImportRequest(
            file, None, new, getter.code, dry_run=False, strict=False, by=operator
        )
        job = run_import(service, brought, settings.import_limits, settings.workers, settings.zone)
    if job.refused or job.photos_refused:
        rows, photos = quantity(job.refused, "row"), quantity(job.photos_refused, "photo")
        err.print(f"Refused: {rows}, {photos}. The import {job.id} says why.")
    return not (job.refused or job.photos_refused)


def _differences(row: Watchlist, other: Watchlist, coming: list[Subject]) -> list[str]:
    """Say what a merge means, and in what the lists differ."""
    says = [
        f"Subjects who come to {other.name}: {len(coming)}.",
        f"{row.name} is switched off, and keeps its subjects and alerts.",
    ]
    for field in ("category", "direction", "requires_second_officer", "target_fpir"):
        before, after = getattr(row, field), getattr(other, field)
        if before != after:
            says.append(f"They differ in {field}: {before} before, {after} from now on.")
    return says
