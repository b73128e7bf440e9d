"""Working on an import: some rows at a time are checked, their photos examined, and stored.

What a batch stores, what was wrong with it and how far the import has come are one transaction: a
process killed at any moment leaves an import that goes on with the next row, and no row twice.

    run = importing.begin(claim, source, check_row, limits)
    for batch in run.batches():
        for task in batch.tasks:
            task.done = task.work()     # the slow part, on whatever threads there are
        run.store(batch)
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from casework.gallery.replica import GalleryReplica
from casework.imports.formats import Fault, RawRow
from casework.imports.photos import PhotoUnavailable
from casework.imports.queue import ClaimedImport, ImportQueue
from casework.imports.source import ImportLimits, ImportSource
from casework.imports.store import BatchOutcome, CheckedRow, ImportStore, StoredRow
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.tables import ImportFault, ImportJob
from casework.watchlists.enrolment import Enrolment, Examined, PhotoFile, PhotoReport
from detector.errors import PhotoTooLarge

# Rows stored in one transaction: others wait to write for as long as that takes.
_BATCH: Final = 32
# Bytes of photos held in memory for one batch, but for a row that has more by itself.
_BATCH_BYTES: Final = 64 << 20

RowCheck = Callable[[Mapping[str, Any], str], CheckedRow | Sequence[Fault]]
"""Checks the fields of a row for a watchlist's id as those of any new subject are checked."""


@dataclass(slots=True)
class Task:
    """A photo to be examined."""

    work: Callable[[], Examined]
    done: Examined | None = None


@dataclass(slots=True)
class _Pending:
    row: RawRow
    checked: CheckedRow | None
    faults: tuple[Fault, ...]
    tasks: list[Task] = field(default_factory=list)


@dataclass(slots=True)
class ImportBatch:
    """Some rows in a row."""

    rows: list[_Pending] = field(default_factory=list)
    bytes: int = 0

    @property
    def tasks(self) -> list[Task]:
        """The photos of all rows."""
        return [task for row in self.rows for task in row.tasks]


class Importing:
    """What works on imports, with one pipeline."""

    def __init__(
        self,
        kernel: Kernel,
        queue: ImportQueue,
        enrolment: Enrolment,
        store: ImportStore,
        mirror: GalleryReplica,
    ) -> None:
        self.database = kernel.database
        self.queue = queue
        self.enrolment = enrolment
        self.store = store
        self.mirror = mirror

    def begin(
        self, claim: ClaimedImport, source: ImportSource, check: RowCheck, limits: ImportLimits
    ) -> "ImportRun":
        """Go on with an import after the rows that are done."""
        return ImportRun(self, claim, source, check, limits)


class ImportRun:
    """One import being worked on by this process."""

    def __init__(
        self,
        importing: Importing,
        claim: ClaimedImport,
        source: ImportSource,
        check: RowCheck,
        limits: ImportLimits,
    ) -> None:
        self._importing = importing
        self._source = source
        self._check = check
        self._limits = limits
        self._stored_at = time.perf_counter()
        self.claim = claim

    def batches(self) -> Iterator[ImportBatch]:
        """Yield what is left to do; the next may be asked for before the last is stored.

        Raises:
            ImportRefused: the file cannot be read any further.
        """
        seen: dict[str, int] = {}
        batch = ImportBatch()
        for place, row in enumerate(self._source.rows()):
            first = seen.setdefault(row.reference, row.number) if row.reference else row.number
            if place < self.claim.job.done:
                continue
            pending = self._pending(row, first)
            named = row.photos if pending.checked is not None else ()
            size = sum(self._source.photos.size(name) for name in named)
            full = len(batch.rows) == _BATCH or batch.bytes + size > _BATCH_BYTES
            if batch.rows and full:
                yield self._prepared(batch)
                batch = ImportBatch()
            batch.rows.append(pending)
            batch.bytes += size
        if batch.rows:
            yield self._prepared(batch)

    def store(self, batch: ImportBatch) -> ImportJob:
        """Store a batch whose tasks are done; returns how far the import has come.

        Batches are stored in their order.

        Raises:
            ImportTaken: nothing was stored, and nothing more will be.
            NotFound: the watchlist is gone; nothing was stored.
        """
        importing, claim = self._importing, self.claim
        candidates = [
            StoredRow(each.row, each.checked, [task.done for task in each.tasks if task.done])
            for each in batch.rows
            if each.checked is not None
        ]
        with importing.database.write() as session:
            job = importing.queue.held(session, claim)
            trial = session.begin_nested() if job.dry_run else None
            outcome = importing.store.store(session, claim.actor, job, candidates)
            if trial is not None:
                trial.rollback()
            refused_before = [each for each in batch.rows if each.checked is None]
            faults = [(each.row, fault, True) for each in refused_before for fault in each.faults]
            faults += outcome.faults
            session.add_all(
                ImportFault(
                    import_id=job.id,
                    row=row.number,
                    reference=row.reference,
                    row_refused=refused,
                    field=fault.field,
                    code=fault.code,
                    message=str(fault.message),
                    sentence=fault.message.as_json(),
                )
                for row, fault, refused in sorted(faults, key=lambda each: each[0].number)
            )
            now = time.perf_counter()
            _count(job, outcome, len(batch.rows), len(refused_before), now - self._stored_at)
            self._stored_at = now
            if job.done >= job.rows:
                importing.queue.finish(session, claim, job)
        return job

    def _pending(self, row: RawRow, first: int) -> _Pending:
        """Check one row by itself."""
        faults = list(row.faults)
        if first != row.number:
            message = Message("row_reference_twice", {"row": first})
            faults.append(Fault("reference", "duplicate_reference", message))
        if len(row.photos) > self._limits.photos_per_row:
            message = Message("row_too_many_photos", {"photos": self._limits.photos_per_row})
            faults.append(Fault("photos", "too_many_photos", message))
        if faults and not row.fields:
            return _Pending(row, None, tuple(faults))
        checked = self._check(row.fields, self.claim.job.watchlist_id)
        if not isinstance(checked, CheckedRow):
            faults += checked
        elif not faults:
            return _Pending(row, checked, ())
        return _Pending(row, None, tuple(faults))

    def _prepared(self, batch: ImportBatch) -> ImportBatch:
        """Make the tasks of a batch; photos that are enrolled already need no second look."""
        rows = [each for each in batch.rows if each.checked is not None]
        references = [each.row.reference for each in rows if each.row.reference is not None]
        known = self._importing.enrolment.known_photos(self.claim.job.agency_id, references)
        for each in rows:
            digests = known.get(each.row.reference or "", frozenset())
            each.tasks = [Task(self._work(name, digests)) for name in each.row.photos]
        return batch

    def _work(self, name: str, known: frozenset[str]) -> Callable[[], Examined]:
        def examine() -> Examined:
            try:
                content = self._source.photos.read(name, self._limits.photo_bytes)
            except PhotoUnavailable as error:
                report = PhotoReport(name, error.code, (error.message,))
                return Examined(PhotoFile(name, b""), report, None)
            if len(content) > self._limits.photo_bytes:
                message = Message("row_photo_too_large", {"bytes": self._limits.photo_bytes})
                report = PhotoReport(name, PhotoTooLarge.code, (message,))
                return Examined(PhotoFile(name, b""), report, None)
            file = PhotoFile(name, content)
            if file.sha256 in known:
                return Examined(file, PhotoReport(name, "already_enrolled", ()), None)
            return self._importing.enrolment.examine(file)

        return examine


def _count(
    job: ImportJob, outcome: BatchOutcome, rows: int, refused_before: int, seconds: float
) -> None:
    job.done += rows
    job.created += outcome.created
    job.updated += outcome.updated
    job.unchanged += outcome.unchanged
    job.refused += outcome.refused + refused_before
    job.photos_added += outcome.photos_added
    job.photos_refused += outcome.photos_refused
    job.worked_s += seconds
    job.attempts = 0
