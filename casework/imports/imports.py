"""Imports as their agency sees them: received, listed, cancelled; `queue` hands them out."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from casework.imports.queue import UNFINISHED, end, new_job, note_begin, place
from casework.imports.source import ImportLimits, counted
from casework.imports.upload import PIECE, Uploads
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import IllegalTransition, NotFound, TooManyImports
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require, within_reach
from casework.kernel.vocabulary import ImportState
from casework.tables import ImportFault, ImportJob, ImportPart

_MOST_UNFINISHED: Final = 10
"""Uploads of one agency."""
# A begun upload that is older was cut off.
_LONGEST_UPLOAD: Final = timedelta(hours=6)
_FAULTS_AT_ONCE: Final = 1000


class Upload:
    """A file on its way in."""

    def __init__(self, uploads: Uploads, import_id: str) -> None:
        self._uploads = uploads
        self._buffers: dict[str, bytearray] = {}
        self._pieces: dict[str, int] = {}
        self.import_id = import_id

    def write(self, stream: str, content: bytes) -> None:
        """Take in the next bytes of `FILE` or `PHOTOS`."""
        buffer = self._buffers.setdefault(stream, bytearray())
        buffer += content
        while len(buffer) >= PIECE:
            self._keep(stream, bytes(buffer[:PIECE]))
            del buffer[:PIECE]

    def end(self) -> None:
        """Take in what is left."""
        for stream, buffer in self._buffers.items():
            if buffer:
                self._keep(stream, bytes(buffer))
        self._buffers.clear()

    def _keep(self, stream: str, piece: bytes) -> None:
        number = self._pieces.get(stream, 0)
        self._uploads.add(self.import_id, stream, number, piece)
        self._pieces[stream] = number + 1


class Imports:
    """Keeps imports."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self.uploads = Uploads(kernel)

    def receive(
        self, actor: Actor, watchlist_id: str, *, dry_run: bool, strict: bool = False
    ) -> Upload:
        """Begin an upload; `accept` or `discard` must follow.

        Args:
            actor: who sends it.
            watchlist_id: where its subjects are to stand.
            dry_run: whether nothing is to be stored.
            strict: whether rows are refused for what is otherwise a warning.

        Raises:
            NotPermitted, NotFound: the actor may import nothing, or not into this list.
            TooManyImports: the agency's others must be done first.
        """
        with self._database.write() as session:
            into = place(session, actor, watchlist_id)
            job = new_job(session, actor, into, self._clock, dry_run=dry_run, strict=strict)
            unfinished = session.scalar(
                select(func.count()).where(
                    ImportJob.agency_id == job.agency_id,
                    ImportJob.uploaded,
                    ImportJob.state.in_([*UNFINISHED, ImportState.RECEIVING.value]),
                    ImportJob.created_at > self._clock() - _LONGEST_UPLOAD,
                )
            )
            if unfinished is not None and unfinished >= _MOST_UNFINISHED:
                raise TooManyImports("imports_unfinished", imports=unfinished)
            session.add(job)
        return Upload(self.uploads, job.id)

    def accept(self, actor: Actor, receiving: Upload, limits: ImportLimits) -> ImportJob:
        """Look the upload over and queue it.

        Raises:
            ImportRefused: it cannot be read as a list of subjects.
        """
        receiving.end()
        with self._database.read() as session:
            strict = session.get_one(ImportJob, receiving.import_id).strict
        with self.uploads.source(receiving.import_id, limits) as source:
            rows = counted(source, limits, strict=strict)
        with self._database.write() as session:
            job = session.get_one(ImportJob, receiving.import_id)
            job.rows = rows
            job.state = ImportState.QUEUED.value
            note_begin(self._audit, session, actor, job)
        return job

    def discard(self, receiving: Upload) -> None:
        """Forget an upload that was refused or cut off."""
        self._forget(receiving.import_id)

    def cancel(self, actor: Actor, import_id: str, reason: str) -> ImportJob:
        """Stop an import before its next rows; what it has stored stays.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such import.
            IllegalTransition: it has ended already.
        """
        with self._database.write() as session:
            job = _find(session, actor, import_id)
            if job.state not in UNFINISHED:
                raise IllegalTransition("import_ended", state=ImportState(job.state))
            end(job, ImportState.CANCELLED, self._clock)
            detail = {"rows": job.done}
            entry = AuditEntry(
                actor, "import.cancel", job.id, job.agency_id, purpose=reason, detail=detail
            )
            self._audit.append(session, entry)
        return job

    def get(self, actor: Actor, import_id: str) -> ImportJob:
        """Return one import; raises NotPermitted or NotFound."""
        with self._database.read() as session:
            return _find(session, actor, import_id)

    def page(self, actor: Actor, before: str | None, limit: int) -> list[ImportJob]:
        """Return up to `limit` imports, newest first, those before id `before`.

        Raises:
            NotPermitted: the actor may see none.
        """
        require(actor, Permission.IMPORT)
        query = select(ImportJob).where(
            within_reach(actor, Permission.IMPORT, ImportJob.agency_id),
            ImportJob.state != ImportState.RECEIVING.value,
        )
        if before is not None:
            query = query.where(ImportJob.id < before)
        with self._database.read() as session:
            return list(session.scalars(query.order_by(ImportJob.id.desc()).limit(limit)))

    def faults(
        self, actor: Actor, import_id: str, after: int | None, limit: int
    ) -> list[ImportFault]:
        """Return up to `limit` faults of rows in their order, those after number `after`.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such import.
        """
        with self._database.read() as session:
            _find(session, actor, import_id)
            query = select(ImportFault).where(ImportFault.import_id == import_id)
            if after is not None:
                query = query.where(ImportFault.id > after)
            return list(session.scalars(query.order_by(ImportFault.id).limit(limit)))

    def all_faults(self, actor: Actor, import_id: str) -> Iterator[ImportFault]:
        """Return every fault, read some at a time; raises as `faults`, before the first is."""
        self.get(actor, import_id)
        return self._all_faults(actor, import_id)

    def _all_faults(self, actor: Actor, import_id: str) -> Iterator[ImportFault]:
        after = None
        while found := self.faults(actor, import_id, after, _FAULTS_AT_ONCE):
            yield from found
            after = found[-1].id

    def tidy(self) -> None:
        """Erase the files of imports that have ended, and uploads that were cut off."""
        cut_off = self._clock() - _LONGEST_UPLOAD
        with self._database.read() as session:
            ended = list(
                session.scalars(
                    select(ImportPart.import_id)
                    .join(ImportJob, ImportJob.id == ImportPart.import_id)
                    .where(ImportJob.finished_at.is_not(None))
                    .distinct()
                )
            )
            lost = list(
                session.scalars(
                    select(ImportJob.id).where(
                        ImportJob.state == ImportState.RECEIVING.value,
                        ImportJob.created_at < cut_off,
                    )
                )
            )
        for import_id in ended:
            self.uploads.erase(import_id)
        for import_id in lost:
            self._forget(import_id)

    def _forget(self, import_id: str) -> None:
        self.uploads.erase(import_id)
        with self._database.write() as session:
            job = session.get(ImportJob, import_id)
            if job is not None:
                session.delete(job)


def _find(session: Session, actor: Actor, import_id: str) -> ImportJob:
    missing = NotFound("import_not_found", id=import_id)
    job = rows.one_within(session, actor, Permission.IMPORT, ImportJob, import_id, missing)
    if job.state == ImportState.RECEIVING.value:
        raise missing
    return job
