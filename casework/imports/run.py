"""Working on an import: some rows at a time are checked, their photos examined, and stored.

What a batch stores, what was wrong with it and how far the import has come are one transaction: a
process killed at any moment leaves an import that goes on with the next row, and no row twice. Only
warnings of look-alikes come right after it.

    for batch in runner.batches(claim, source, check_row, limits):
        for task in batch.tasks:
            task.done = task.work()     # the slow part, on whatever threads there are
        runner.store(claim, batch)
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.orm import Session

from casework.imports.photos import PhotoUnavailable
from casework.imports.queue import ClaimedImport, ImportQueue
from casework.imports.raw_rows import LOOKS_LIKE, WARNINGS, Fault, RawRow
from casework.imports.source import ImportLimits, ImportSource
from casework.imports.store import BatchOutcome, CheckedRow, ImportStore, StoredRow
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.kernel.text import look
from casework.screening.duplicates import Lookalike, Lookalikes
from casework.tables import ImportFault, ImportJob
from casework.watchlists.enrolment import Enrolment, Examined, PhotoFile, PhotoReport
from casework.watchlists.watchlists import Watchlists
from detector.errors import PhotoTooLarge

# Rows stored in one transaction: others wait to write for as long as that takes.
_BATCH: Final = 32
# Bytes of photos held in memory for one batch, except for a single row that has more.
_BATCH_BYTES: Final = 64 << 20
_MOST_LOOKALIKES: Final = 5
"""Named in the warning of one row."""

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
    """Warnings, where the row was checked."""
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


class ImportRunner:
    """Works on imports that this process has claimed, with one pipeline."""

    def __init__(
        self,
        kernel: Kernel,
        queue: ImportQueue,
        lists: Watchlists,
        enrolment: Enrolment,
        store: ImportStore,
        lookalikes: Lookalikes,
    ) -> None:
        self._database = kernel.database
        self._lists = lists
        self._lookalikes = lookalikes
        self._enrolment = enrolment
        self._store = store
        self.queue = queue

    def batches(
        self, claim: ClaimedImport, source: ImportSource, check: RowCheck, limits: ImportLimits
    ) -> Iterator[ImportBatch]:
        """Yield what is left to do; the next may be asked for before the last is stored.

        Args:
            claim: the import; it goes on after the rows that are done.
            source: its file and photos.
            check: checks the fields of a row.
            limits: what a row may have.

        Raises:
            ImportRefused: the file cannot be read any further.
        """
        if claim.job.done >= claim.job.rows:
            # Stopped between its last row and its end.
            with self._database.write() as session:
                self._finish_if_done(session, claim, self.queue.held(session, claim))
            return
        seen: dict[str, int] = {}
        batch = ImportBatch()
        for place, row in enumerate(source.rows()):
            named = look(row.reference) if row.reference else None
            first = seen.setdefault(named, row.number) if named else row.number
            if place < claim.job.done:
                continue
            pending = _pending(row, first, claim.job, check, limits)
            photos = row.photos if pending.checked is not None else ()
            size = sum(source.photos.size(name) for name in photos)
            full = len(batch.rows) == _BATCH or batch.bytes + size > _BATCH_BYTES
            if batch.rows and full:
                yield self._prepared(claim, source, batch, limits)
                batch = ImportBatch()
            batch.rows.append(pending)
            batch.bytes += size
        if batch.rows:
            yield self._prepared(claim, source, batch, limits)

    def store(self, claim: ClaimedImport, batch: ImportBatch) -> ImportJob:
        """Store a batch whose tasks are done; returns how far the import has come.

        Batches are stored in their order. Whom the new photos resemble is looked up once they are
        in the gallery, so that rows of one file are compared with each other too; the import ends
        only after that.

        Raises:
            ImportTaken: nothing more was stored, and nothing more will be.
            NotFound: the watchlist is gone; nothing was stored.
        """
        job, outcome = self._store_rows(claim, batch)
        warnings = self._warnings(claim, outcome)
        if warnings or job.done >= job.rows:
            with self._database.write() as session:
                job = self.queue.held(session, claim)
                _add_faults(session, job, warnings)
                self._finish_if_done(session, claim, job)
        return job

    def _store_rows(
        self, claim: ClaimedImport, batch: ImportBatch
    ) -> tuple[ImportJob, BatchOutcome]:
        candidates = [
            StoredRow(each.row, each.checked, [task.done for task in each.tasks if task.done])
            for each in batch.rows
            if each.checked is not None
        ]
        with self._database.write() as session:
            job = self.queue.held(session, claim)
            trial = session.begin_nested() if job.dry_run else None
            if claim.tries is not None:
                self._lists.try_out(session, claim.actor, claim.tries, job.watchlist_id)
            outcome = self._store.store(session, claim.actor, job, candidates)
            if trial is not None:
                trial.rollback()
            refused_before = [each for each in batch.rows if each.checked is None]
            lost = {row.number for row, _, refused in outcome.faults if refused}
            faults = [
                (each.row, fault, each.checked is None)
                for each in batch.rows
                for fault in each.faults
                # Of a row that is refused after all, a warning is of no use.
                if each.row.number not in lost or fault.row is not None
            ]
            _add_faults(session, job, faults + outcome.faults)
            now = time.perf_counter()
            _count(job, outcome, len(batch.rows), len(refused_before), now - claim.stored_at)
            claim.stored_at = now
        return job, outcome

    def _warnings(
        self, claim: ClaimedImport, outcome: BatchOutcome
    ) -> list[tuple[RawRow, Fault, bool]]:
        """Return a warning for each row whose new photos resemble somebody: one search for all."""
        enrolled = [each for _, each in outcome.enrolled]
        similar = self._lookalikes.of(claim.actor, enrolled)
        return [
            (row, Fault("photos", LOOKS_LIKE, looks_like(found[:_MOST_LOOKALIKES])), False)
            for (row, _), found in zip(outcome.enrolled, similar, strict=True)
            if found
        ]

    def _finish_if_done(self, session: Session, claim: ClaimedImport, job: ImportJob) -> None:
        if job.done >= job.rows:
            self.queue.finish(session, claim, job)

    def _prepared(
        self, claim: ClaimedImport, source: ImportSource, batch: ImportBatch, limits: ImportLimits
    ) -> ImportBatch:
        """Make the tasks of a batch; photos that are enrolled already need no second look."""
        rows = [each for each in batch.rows if each.checked is not None]
        references = [each.row.reference for each in rows if each.row.reference is not None]
        known = self._enrolment.known_photos(claim.job.agency_id, references)
        for each in rows:
            digests = known.get(each.row.reference or "", frozenset())
            each.tasks = [
                Task(self._work(source, name, digests, limits)) for name in each.row.photos
            ]
        return batch

    def _work(
        self, source: ImportSource, name: str, known: frozenset[str], limits: ImportLimits
    ) -> Callable[[], Examined]:
        def examine() -> Examined:
            try:
                content = source.photos.read(name, limits.photo_bytes)
            except PhotoUnavailable as error:
                report = PhotoReport(name, error.code, (error.message,))
                return Examined(PhotoFile(name, b""), report, None)
            if len(content) > limits.photo_bytes:
                message = Message("row_photo_too_large", {"bytes": limits.photo_bytes})
                report = PhotoReport(name, PhotoTooLarge.code, (message,))
                return Examined(PhotoFile(name, b""), report, None)
            file = PhotoFile(name, content)
            if file.sha256 in known:
                return Examined(file, PhotoReport(name, "already_enrolled", ()), None)
            return self._enrolment.examine(file)

        return examine


def _pending(
    row: RawRow, first: int, job: ImportJob, check: RowCheck, limits: ImportLimits
) -> _Pending:
    """Check one row by itself; a strict import refuses what is only worth a warning."""
    faults = list(row.faults)
    if first != row.number:
        message = Message("row_reference_twice", {"row": first})
        faults.append(Fault("reference", "duplicate_reference", message))
    if len(row.photos) > limits.photos_per_row:
        message = Message("row_too_many_photos", {"photos": limits.photos_per_row})
        faults.append(Fault("photos", "too_many_photos", message))
    warnings = list(row.warnings)
    if row.fields or not faults:
        checked = check(row.fields, job.watchlist_id)
        if not isinstance(checked, CheckedRow):
            faults += checked
        else:
            warnings += checked.warnings
            if not faults and not (job.strict and warnings):
                return _Pending(row, checked, tuple(warnings))
    # Nothing of a refused row is kept, so its warnings are of no use; those of the file are.
    told = warnings if job.strict else [each for each in warnings if each.row is not None]
    return _Pending(row, None, (*faults, *told))


def looks_like(similar: Iterable[Lookalike]) -> Message:
    """Return whom a face resembles: own subjects by id, no more of others than whose they are."""
    people = [
        Message("looks_like_own", {"subject": each.subject_id, "watchlist": each.watchlist})
        if each.subject_id is not None
        else Message("looks_like_other", {"agency": each.owner_code})
        for each in similar
    ]
    once = {str(each): each for each in people}
    return Message("row_looks_like", {"people": tuple(once.values())})


def _add_faults(
    session: Session, job: ImportJob, faults: Iterable[tuple[RawRow, Fault, bool]]
) -> None:
    """Record what was wrong, and count what is no more than a warning by its code."""
    warned = Counter(job.warnings)
    for row, fault, refused in sorted(faults, key=lambda each: each[0].number):
        of_file = fault.row is not None
        session.add(
            ImportFault(
                import_id=job.id,
                row=row.number if fault.row is None else fault.row,
                reference=None if of_file else row.reference,
                row_refused=refused and not of_file,
                field=fault.field,
                code=fault.code,
                message=str(fault.message),
                sentence=fault.message.as_json(),
            )
        )
        warned[fault.code] += fault.code in WARNINGS and (of_file or not refused)
    job.warnings = dict(sorted((+warned).items()))


def _count(
    job: ImportJob, outcome: BatchOutcome, rows: int, refused_before: int, seconds: float
) -> None:
    job.done += rows
    job.created += outcome.created
    job.updated += outcome.updated
    job.unchanged += outcome.unchanged
    job.refused += outcome.refused + refused_before
    job.open_ended = (job.open_ended or 0) + outcome.open_ended
    job.photos_added += outcome.photos_added
    job.photos_refused += outcome.photos_refused
    job.worked_s += seconds
    job.attempts = 0
