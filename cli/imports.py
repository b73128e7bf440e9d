"""`siaga import`: an agency's own list, at the pipeline's speed."""

import hashlib
import json
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer
from rich.progress import Progress

from api.v1.imports.rows import check_row
from api.v1.imports.schemas import RowFaultOut, rate_of
from casework.imports.photos import PhotoFolder
from casework.imports.queue import ClaimedImport, ImportTaken
from casework.imports.run import ImportBatch, ImportRunner
from casework.imports.source import ImportLimits, ImportSource, counted
from casework.imports.source import opened as source_of
from casework.kernel.actor import Actor
from casework.kernel.errors import ImportRefused
from casework.kernel.vocabulary import Category, Direction
from casework.records import Records
from casework.service import Service
from casework.tables import ImportJob, Watchlist
from casework.watchlists.enrolment import Examined
from casework.watchlists.watchlists import NewWatchlist
from cli.options import As, AsJson, Why, machine_owner, owner_of
from cli.output import Exit, err, item_progress, out, print_json, quantity
from config.opening import open_service
from config.settings import Settings

# While one batch is being written, the workers already examine the next.
_AHEAD: Final = 2
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What is to be brought in, and where to."""

    file: Path
    photos: Path | None
    new: NewWatchlist
    agency: str | None
    dry_run: bool
    strict: bool
    by: Actor
    """Who brings it in, and why."""


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="CSV, Excel, JSON Lines, another list or an export."
        ),
    ],
    watchlist: Annotated[str, typer.Option(help="Name of the watchlist; made if there is none.")],
    photos: Annotated[
        Path | None,
        typer.Option(exists=True, help="Folder or ZIP of the photos; default FILE's own folder."),
    ] = None,
    agency: Annotated[
        str | None, typer.Option(help="Code of the agency that owns it; not needed if only one.")
    ] = None,
    category: Annotated[str, typer.Option(help="Category, if it is made.")] = Category.OTHER.value,
    direction: Annotated[
        Direction, typer.Option(help="Direction, if it is made.")
    ] = Direction.BOTH,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report as if, but store nothing.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse rows for what is otherwise a warning.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write everything wrong with rows to this JSON file.")
    ] = None,
    owner: As = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Import the subjects of FILE; safe to stop at any moment: run again, it goes on.

    One row is one subject, known by the agency's own `reference`: new ones are enrolled, known ones
    changed and added to. What is known in part is kept with a warning. docs/import.md has the
    format. Exit 1 if anything of any row was refused.
    """
    settings = Settings()
    brought = ImportRequest(
        file,
        photos,
        NewWatchlist(watchlist, None, category, direction),
        agency,
        dry_run,
        strict,
        machine_owner(owner, reason),
    )
    with open_service(settings) as service:
        job = run_import(service, brought, settings.import_limits, settings.workers, settings.zone)
        shown = _tell(service, job, report, as_json=as_json)
    if shown:
        raise typer.Exit(Exit.REFUSED)


def run_import(
    service: Service, brought: ImportRequest, limits: ImportLimits, workers: int, zone: tzinfo
) -> ImportJob:
    """Import a file of this machine, with a progress bar; returns the number of faults.

    Raises:
        typer.Exit: it cannot be read as a list of subjects, there is no such watchlist, or it was
            cancelled meanwhile.
    """
    operator, watchlists = brought.by, service.lists.watchlists
    holder = owner_of(service, brought.agency)
    service.approvals.commands.begin(operator, "import", [holder.id])
    new = replace(brought.new, agency_id=holder.id)
    row = watchlists.named(operator, new.name, new.agency_id)
    # Nobody sends this file: what it may hold is for the operator to know.
    size = sum(path.stat().st_size for path in (brought.file, brought.photos) if path is not None)
    limits = replace(limits, rows=sys.maxsize, upload_bytes=max(limits.upload_bytes, size))
    try:
        with _source(brought, limits) as source:
            rows = counted(source, limits, strict=brought.strict)
            claim = _begin(service, brought, new, row, rows)
            check = partial(check_row, zone=zone)
            batches = service.import_runner.batches(claim, source, check, limits)
            with item_progress("rows") as progress:
                return _work(service.import_runner, claim, batches, workers, progress)
    except ImportRefused as error:
        err.print(str(error), markup=False)
        raise typer.Exit(Exit.REFUSED) from None
    except ImportTaken:
        err.print("The import was cancelled, or another process goes on with it.")
        raise typer.Exit(Exit.REFUSED) from None


def _begin(
    service: Service, brought: ImportRequest, new: NewWatchlist, row: Watchlist | None, rows: int
) -> ClaimedImport:
    """Claim the import; the list is made where there is none, except in a dry run."""
    queue, operator = service.import_runner.queue, brought.by
    if row is None and brought.dry_run:
        says = f"There is no watchlist {new.name} yet: it would be made ({new.category}, "
        err.print(f"{says}{new.direction}).", markup=False)
        return queue.try_here(operator, new, rows, strict=brought.strict)
    row = row or service.lists.watchlists.create(operator, new)
    dry, strict = brought.dry_run, brought.strict
    return queue.begin_here(operator, row.id, _digest(brought), rows, dry_run=dry, strict=strict)


def _work(
    runner: ImportRunner,
    claim: ClaimedImport,
    batches: Iterator[ImportBatch],
    workers: int,
    progress: Progress,
) -> ImportJob:
    job = claim.job
    task = progress.add_task("Importing", total=job.rows, completed=job.done, rate="")
    ahead: deque[tuple[ImportBatch, list[Future[Examined]]]] = deque()
    with ThreadPoolExecutor(workers, "siaga-import") as pool:
        while True:
            while len(ahead) < _AHEAD and (batch := next(batches, None)) is not None:
                ahead.append((batch, [pool.submit(each.work) for each in batch.tasks]))
            if not ahead:
                return job
            batch, futures = ahead.popleft()
            for each, future in zip(batch.tasks, futures, strict=True):
                each.done = future.result()
            job = runner.store(claim, batch)
            rate = f"{rate_of(job) or 0:.0f} rows/s, {job.refused} refused"
            progress.update(task, completed=job.done, rate=rate)


@contextmanager
def _source(brought: ImportRequest, limits: ImportLimits) -> Iterator[ImportSource]:
    with ExitStack() as stack:
        file = stack.enter_context(brought.file.open("rb"))
        photos, folder = brought.photos, None
        zipped: BinaryIO | None = None
        if photos is None or photos.is_dir():
            folder = PhotoFolder(photos or brought.file.parent)
        else:
            zipped = stack.enter_context(photos.open("rb"))
        yield stack.enter_context(source_of(file, zipped, limits, folder))


def _digest(brought: ImportRequest) -> str:
    with brought.file.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tell(records: Records, job: ImportJob, report: Path | None, *, as_json: bool) -> int:
    """Print the result of an import; returns the number of faults, without mere warnings."""
    imports = records.exchange.imports
    faults = [RowFaultOut.of(each) for each in imports.all_faults(Actor.operator(), job.id)]
    refusals = sum(not each.warning for each in faults)
    plain = [each.model_dump() for each in faults]
    if report is not None:
        report.write_text(json.dumps(plain, indent=2))
    if as_json:
        counts = ("rows", "created", "updated", "unchanged", "refused")
        more = ("open_ended", "photos_added", "photos_refused", "warnings", "dry_run", "strict")
        summary = {name: getattr(job, name) for name in ("id", "state", *counts, *more)}
        print_json({**summary, "rows_per_s": rate_of(job), "faults": plain})
        return refusals
    done = "would be " if job.dry_run else ""
    warnings = quantity(sum(job.warnings.values()), "warning")
    out.print(
        f"{quantity(job.rows, 'row')}: {job.created} {done}created, {job.updated} {done}updated, "
        f"{job.unchanged} unchanged, {job.refused} refused. "
        f"{quantity(job.photos_added, 'photo')} {done}added, {job.photos_refused} refused. "
        f"{warnings}. {job.worked_s:.1f} s."
    )
    if job.open_ended:
        entries = quantity(job.open_ended, "created entry", "created entries")
        err.print(f"No end of validity: {entries}. Correct the list, or extend them one by one.")
    for each in faults[:_SHOWN]:
        kind = "warning, " if each.warning else ""
        what = " ".join(filter(None, (each.reference, each.field)))
        where = f"row {each.row}: {what}" if what else f"row {each.row}"
        err.print(f"{kind}{where}: {each.message}", markup=False)
    if len(faults) > _SHOWN:
        rest = f"the rest is in {report}" if report else "use --report FILE to keep them all"
        err.print(f"... and {len(faults) - _SHOWN} more; {rest}", markup=False)
    return refusals
