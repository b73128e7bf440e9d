"""`siaga watchlists`: lists, moved and merged by the owner of the machine."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table

from casework.kernel.actor import Actor
from casework.kernel.errors import RequirementMissing
from casework.kernel.vocabulary import Category, Direction
from casework.records import Records
from casework.tables import Agency, Subject, Watchlist
from casework.watchlists.subjects import SubjectFilter
from casework.watchlists.watchlists import NewWatchlist, agencies_of
from cli.danger import Yes, confirm
from cli.options import As, AsJson, Why, list_of, machine_owner, owner_of
from cli.output import Exit, add_row, err, out, print_json, quantity
from config.records import open_installation
from config.settings import Settings

if TYPE_CHECKING:
    from casework.service import Service

app = typer.Typer(
    help="List, make, switch off or on, move and merge watchlists.", no_args_is_help=True
)

_PAGE: Final = 200
_POLICY: Final = (
    "category",
    "direction",
    "stages",
    "ports",
    "target_fpir",
    "threshold",
    "requires_acknowledgement",
    "requires_second_officer",
    "requires_person_on_failed_pad",
    "acknowledge_within_s",
    "priority",
)
"""What decides whom a list's alerts are about, and who decides them."""

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
        add_row(
            table,
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
    category: Annotated[str, typer.Option(help="Why the list exists.")] = Category.OTHER.value,
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
        row = list_of(records, operator, name, holder)
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

    The agency that gets it sees the alerts of before, too. The list of before stays, switched off;
    to take the move back, switch it on with `siaga watchlists edit`, and the new one off. Exit 1
    if that agency has other people under the same references: then nothing is done; or if anybody
    could not be enrolled again: then the list stays on. Safe to stop and to run again.
    """
    # The other commands are about records alone.
    from config.opening import open_service  # noqa: PLC0415

    operator, settings = machine_owner(owner, reason), Settings()
    with open_service(settings) as service:
        holder, getter = owner_of(service, agency), service.accounts.agencies.by_code(to)
        if getter.id == holder.id:
            raise typer.BadParameter("it is that agency's already: see `siaga watchlists merge`")
        row = list_of(service, operator, name, holder)
        new = _like(row, (into or row.name).strip(), getter)
        other = service.lists.watchlists.named(operator, new.name, getter.id)
        if other is not None:
            _require_on(row, other)
        if others := _other_people(service, operator, row, getter):
            err.print(
                f"{getter.code} has other people under these references: {', '.join(others)}. "
                "Give one of each two another reference first.",
                markup=False,
            )
            raise typer.Exit(Exit.REFUSED)
        depends = service.lists.watchlists.consequences(operator, row.id)
        says = [
            f"Subjects who are enrolled again at {getter.code}: {depends.subjects}.",
            f"Open alerts of {holder.code}, shown to {getter.code}, too: {depends.open_alerts}.",
            "The list of before is switched off, and kept.",
        ]
        if other is not None:
            says += [f"{getter.code} has a list {other.name}: they join it.", *_other(row, other)]
        confirm(f"Move {row.name} of {holder.code} to {getter.code}?", says, yes=yes)
        service.approvals.commands.begin(operator, "watchlists move", [holder.id, getter.id])
        if not _enrolled_again(service, operator, row, new, getter, settings):
            err.print(f"{row.name} of {holder.code} stays on, for those who could not be moved.")
            raise typer.Exit(Exit.REFUSED)
        changes = {"active": False, "shared_with": (*agencies_of(row), getter.id)}
        service.lists.watchlists.edit(operator, row.id, changes, None, operator.reason)
    err.print(
        f"{row.name} is {new.name} of {getter.code}; the list of before is off. "
        f"`siaga watchlists edit NAME --agency {holder.code} --active` switches it "
        "on again; then switch the new one off.",
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
    Exit 1 if anybody lacks what the other requires: then it stays on. Safe to run again.
    """
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        holder = owner_of(records, agency)
        row = list_of(records, operator, name, holder)
        other = list_of(records, operator, into, holder)
        if row.id == other.id:
            raise typer.BadParameter("these are the same list")
        _require_on(row, other)
        # Who is being erased is gone soon; where that is taken back, it is on the first list.
        coming = [
            each
            for each in _subjects(records, operator, row)
            if each.erase_at is None and other.id not in _lists_of(each)
        ]
        says = [
            f"Subjects who come to {other.name}: {len(coming)}.",
            f"{row.name} is switched off, and keeps its subjects and alerts.",
            *_other(row, other),
        ]
        confirm(f"Merge {row.name} into {other.name}?", says, yes=yes)
        records.approvals.commands.begin(operator, "watchlists merge", [holder.id])
        come = sum(_joined(records, operator, each, other) for each in coming)
        if come < len(coming):
            err.print(f"{row.name} stays on, for those who could not come.", markup=False)
            raise typer.Exit(Exit.REFUSED)
        off = {"active": False}
        records.lists.watchlists.edit(operator, row.id, off, None, operator.reason)
    err.print(
        f"{quantity(len(coming), 'subject')} more on {other.name}; {row.name} is off.",
        markup=False,
    )


def _joined(records: Records, operator: Actor, subject: Subject, other: Watchlist) -> bool:
    """Put a subject on another list, too; returns whether it has what that list requires."""
    changes = {"watchlist_ids": (*_lists_of(subject), other.id)}
    try:
        records.lists.subjects.edit(operator, subject.id, changes, None, operator.reason)
    except RequirementMissing as error:
        err.print(f"{subject.name} ({subject.id}): {error}", markup=False)
        return False
    return True


def _every_list(records: Records, operator: Actor) -> Iterator[Watchlist]:
    after = None
    while page := records.lists.watchlists.page(operator, after, _PAGE):
        yield from page
        after = page[-1].id


def _subjects(records: Records, operator: Actor, row: Watchlist) -> Iterator[Subject]:
    for some in _pages(records, operator, row):
        yield from some


def _pages(records: Records, operator: Actor, row: Watchlist) -> Iterator[Sequence[Subject]]:
    after, on_it = None, SubjectFilter(watchlist_id=row.id)
    while page := records.lists.subjects.page(operator, after, _PAGE, on_it):
        yield page
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
    """Export a list, and import it at another agency.

    Returns:
        Whether nothing was refused, except those whose time is over: they alert nobody.
    """
    from casework.imports.exports import ExportForm  # noqa: PLC0415 - as above
    from casework.imports.raw_rows import INVALID_PERIOD  # noqa: PLC0415
    from cli.imports import ImportRequest, run_import  # noqa: PLC0415

    # Beside the database: there is room for it, and nobody else can read it.
    with tempfile.TemporaryDirectory(prefix="move-", dir=settings.data_dir) as folder:
        file = Path(folder) / "list.zip"
        made = service.exchange.exports.export(operator, row.id, ExportForm.JSONL, photos=True)
        with file.open("wb") as target:
            for piece in made.content:
                target.write(piece)
        brought = ImportRequest(
            file, None, new, getter.code, dry_run=False, strict=False, by=operator
        )
        job = run_import(service, brought, settings.import_limits, settings.workers, settings.zone)
    faults = service.exchange.imports.all_faults(operator, job.id)
    lapsed = sum(each.row_refused and each.code == INVALID_PERIOD for each in faults)
    if lapsed:
        err.print(f"Not moved, for their time is over: {quantity(lapsed, 'subject')}.")
    refused = job.refused - lapsed
    if refused or job.photos_refused:
        rows, photos = quantity(refused, "row"), quantity(job.photos_refused, "photo")
        err.print(f"Refused: {rows}, {photos}. The import {job.id} says why.")
    return not (refused or job.photos_refused)


def _require_on(row: Watchlist, other: Watchlist) -> None:
    """Raise BadParameter where subjects of a list in force would come to one that alerts nobody."""
    if row.active and not other.active:
        raise typer.BadParameter(
            f"{other.name} is switched off, so that nobody on it would alert: switch it on first, "
            "with `siaga watchlists edit`"
        )


def _other_people(
    service: "Service", operator: Actor, row: Watchlist, getter: Agency
) -> Sequence[str]:
    """Return the references of a list under which another agency has somebody else.

    Each agency numbers as it likes. Who was moved before has photos in common with whom it was.
    """
    found = []
    for some in _pages(service, operator, row):
        ours = {each.reference or each.id: {photo.sha256 for photo in each.photos} for each in some}
        theirs = service.enrolment.known_photos(getter.id, list(ours))
        found += [each for each, photos in theirs.items() if ours[each].isdisjoint(photos)]
    return found


def _other(row: Watchlist, other: Watchlist) -> list[str]:
    """Say in what the policy of a list is another one than that of the list before."""
    return [
        f"They differ in {name}: {_shown(row, name)} before, {_shown(other, name)} from now on."
        for name in _POLICY
        if getattr(row, name) != getattr(other, name)
    ]


def _shown(row: Watchlist, name: str) -> str:
    value = getattr(row, name)
    return ", ".join(value) if isinstance(value, list) else str(value)
