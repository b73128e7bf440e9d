"""Lists to be imported: rows, ZIPs of drawn people, and a short way to bring them in."""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo

from api.v1.imports.rows import check_row
from casework.imports.queue import ClaimedImport
from casework.imports.source import ImportLimits, counted, opened
from casework.imports.upload import FILE, PHOTOS
from casework.kernel.actor import Actor
from casework.tables import ImportFault, ImportJob
from casework.watchlists.watchlists import NewWatchlist
from tests.fakes import photo_of
from tests.services import OPERATOR, Desk

ZONE = ZoneInfo("Asia/Jakarta")
CHECK = partial(check_row, zone=ZONE)
LIMITS = ImportLimits(upload_bytes=32 << 20, rows=10_000, photos_per_row=3, photo_bytes=300_000)


def csv_of(*rows: Mapping[str, object]) -> bytes:
    """CSV with the columns of the first row."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def zip_of(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP with these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def photos_of(people: Iterable[int]) -> bytes:
    """A ZIP with a photo `N.jpg` of each drawn person."""
    return zip_of({f"{person}.jpg": photo_of(person, side=96) for person in people})


def person(number: int, **fields: object) -> dict[str, object]:
    """A row of a drawn person."""
    return {"reference": f"R-{number}", "name": f"Person {number}", **fields}


def binary(content: bytes) -> BinaryIO:
    return cast("BinaryIO", io.BytesIO(content))


def upload(
    desk: Desk,
    file: bytes,
    photos: bytes | None = None,
    *,
    actor: Actor = OPERATOR,
    watchlist: str | None = None,
    dry_run: bool = False,
    strict: bool = False,
    limits: ImportLimits = LIMITS,
) -> ImportJob:
    """Send a file in, as the HTTP interface does."""
    imports = desk.service.exchange.imports
    receiving = imports.receive(
        actor, watchlist or desk.watchlist(), dry_run=dry_run, strict=strict
    )
    try:
        receiving.write(FILE, file)
        if photos is not None:
            receiving.write(PHOTOS, photos)
        return imports.accept(actor, receiving, limits)
    except BaseException:
        imports.discard(receiving)
        raise


def work_off(desk: Desk, batches: int | None = None) -> ImportJob | None:
    """Work on the first import as the service does, to its end or so many batches."""
    claim = desk.service.import_runner.queue.claim(take_over=True)
    assert claim is not None
    with ExitStack() as stack:
        source = stack.enter_context(
            desk.service.exchange.imports.uploads.source(claim.job.id, LIMITS)
        )
        left = desk.service.import_runner.batches(claim, source, CHECK, LIMITS)
        job = None
        for done, batch in enumerate(left):
            if done == batches:
                break
            job = store(desk, claim, batch)
    desk.service.exchange.imports.tidy()
    return job


def tried(desk: Desk, file: bytes, photos: bytes | None, new: NewWatchlist) -> ImportJob:
    """Try a file on this machine with a list that does not exist."""
    runner = desk.service.import_runner
    with opened(binary(file), binary(photos) if photos is not None else None, LIMITS) as source:
        claim = runner.queue.try_here(OPERATOR, new, counted(source, LIMITS))
        job = claim.job
        for batch in runner.batches(claim, source, CHECK, LIMITS):
            job = store(desk, claim, batch)
    return job


def store(desk: Desk, claim: ClaimedImport, batch: Any) -> ImportJob:
    """Examine a batch's photos and store it."""
    for task in batch.tasks:
        task.done = task.work()
    return desk.service.import_runner.store(claim, batch)


def imported(desk: Desk, file: bytes, photos: bytes | None = None, **how: Any) -> ImportJob:
    """Send a file in and work it off."""
    upload(desk, file, photos, **how)
    job = work_off(desk)
    assert job is not None
    return job


def faults(desk: Desk, job: ImportJob) -> list[ImportFault]:
    """What was wrong with rows."""
    return list(desk.service.exchange.imports.all_faults(OPERATOR, job.id))


def counts(job: ImportJob) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, refused."""
    return job.created, job.updated, job.unchanged, job.refused
