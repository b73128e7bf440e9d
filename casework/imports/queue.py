"""The queue of imports: who works on which, and how each ends.

A process claims an import for a while and renews the claim as it goes on. A claim that was lost,
as the import was cancelled or another process took it over, is noticed before anything more is
stored. Who brought a file in was judged then, once; the trail has what it stores under their name.
"""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.log import Audit, AuditEntry
from casework.kernel.clock import Clock
from casework.kernel.ids import IMPORT, WATCHLIST, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.lease import Lease
from casework.kernel.messages import Message
from casework.kernel.permissions import Permission, require
from casework.kernel.sealed_fields import vault_of
from casework.kernel.vocabulary import ImportState, Role
from casework.tables import ImportJob
from casework.watchlists import watchlists
from casework.watchlists.watchlists import NewWatchlist, Watchlists

UNFINISHED: Final = (ImportState.QUEUED.value, ImportState.RUNNING.value)

# How long a process may be silent before another goes on with its import.
_SILENCE: Final = timedelta(seconds=60)
# A photo that ends the process would otherwise end it again at each start.
_MOST_ATTEMPTS: Final = 5

_COUNTS: Final = ("done", "created", "updated", "unchanged", "refused", "attempts")
_PHOTO_COUNTS: Final = ("photos_added", "photos_refused")


@dataclass(slots=True)
class ClaimedImport:
    """An import that this process, and no other, works on now."""

    job: ImportJob
    """As it was when it was claimed."""
    token: str
    stored_at: float = field(default_factory=time.perf_counter)
    """When some of its rows were last stored here, or it was claimed; of `time.perf_counter`."""
    tries: NewWatchlist | None = None
    """The list that it would make; only a dry run has one, which leaves none behind."""

    @property
    def actor(self) -> Actor:
        """The officer who sent the file in; in place of a request, the trail names the import."""
        job = self.job
        return Actor(
            ActorKind(job.actor_kind),
            job.actor_id,
            job.actor_name,
            job.agency_id,
            frozenset({Role.ANALYST}),
            request_id=job.id,
        )


class ImportTaken(Exception):
    """The import was cancelled, or another process works on it now: stop."""


class ImportQueue:
    """Hands imports out and records their progress."""

    def __init__(self, kernel: Kernel, lists: Watchlists) -> None:
        self._lists = lists
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._lease = Lease(ImportJob, _SILENCE, kernel.clock)

    def begin_here(
        self,
        actor: Actor,
        watchlist_id: str,
        digest: str,
        rows: int,
        *,
        dry_run: bool,
        strict: bool = False,
    ) -> ClaimedImport:
        """Begin, or go on with, the import of a file on this machine.

        Args:
            actor: who brings it in.
            watchlist_id: where its subjects are to stand.
            digest: of the file's bytes; the same file goes on where it was stopped.
            rows: how many it has.
            dry_run: whether nothing is to be stored.
            strict: whether rows are refused for what is otherwise a warning.

        Raises:
            NotPermitted, NotFound: the actor may import nothing, or not into this list.
        """
        digest = self._vault.digest("import_job.digest", watchlist_id, digest)
        with self._database.write() as session:
            into = place(session, actor, watchlist_id)
            new = new_job(session, actor, into, self._clock, dry_run=dry_run, strict=strict)
            job = session.scalar(
                select(ImportJob).where(
                    ImportJob.watchlist_id == watchlist_id,
                    ImportJob.digest == digest,
                    ImportJob.dry_run == dry_run,
                    ImportJob.strict == strict,
                    ImportJob.state == ImportState.RUNNING.value,
                )
            )
            if job is None:
                job = new
                self._begin_here(session, actor, job, digest, rows)
            return ClaimedImport(job, self._lease.take_over(session, job.id))

    def try_here(
        self, actor: Actor, new: NewWatchlist, rows: int, *, strict: bool = False
    ) -> ClaimedImport:
        """Begin a dry run into a list that does not exist yet, of a file on this machine.

        Args:
            actor: who tries it.
            new: the list.
            rows: how many the file has.
            strict: whether rows are refused for what is otherwise a warning.

        Raises:
            NotPermitted, NotFound, CodeRefused, RequirementMissing: no such list could be made.
        """
        watchlist_id = new_id(WATCHLIST)
        with self._database.write() as session:
            require(actor, Permission.IMPORT)
            trial = session.begin_nested()
            owner_id = self._lists.try_out(session, actor, new, watchlist_id).agency_id
            trial.rollback()
            into = owner_id, watchlist_id
            job = new_job(session, actor, into, self._clock, dry_run=True, strict=strict)
            self._begin_here(session, actor, job, None, rows)
            return ClaimedImport(job, self._lease.take_over(session, job.id), tries=new)

    def _begin_here(
        self, session: Session, actor: Actor, job: ImportJob, digest: str | None, rows: int
    ) -> None:
        job.uploaded, job.digest, job.rows = False, digest, rows
        job.state, job.started_at = ImportState.RUNNING.value, self._clock()
        session.add(job)
        session.flush()
        note_begin(self._audit, session, actor, job)

    def claim(self, *, take_over: bool = False) -> ClaimedImport | None:
        """Take the first upload that nobody works on; None if there is none.

        Args:
            take_over: whether a claim of another process counts for nothing, as after a restart:
                that process notices, if it is alive, and looks for other work.
        """
        now = self._clock()
        query = (
            select(ImportJob)
            .where(ImportJob.uploaded, ImportJob.state.in_(UNFINISHED))
            .order_by(ImportJob.id)
            .limit(1)
        )
        if not take_over:
            query = query.where(self._lease.free())
        with self._database.read() as session:
            if session.scalar(query) is None:
                return None
        with self._database.write() as session:
            job = session.scalar(query)
            if job is None:
                return None
            take = self._lease.take_over if take_over else self._lease.take
            token = take(session, job.id)
            if token is None:
                return None
            job.state = ImportState.RUNNING.value
            job.started_at = job.started_at or now
            job.attempts += 1
            claim = ClaimedImport(job, token)
            if job.attempts <= _MOST_ATTEMPTS:
                return claim
            _note_failure(job, Message("import_rest_fails", {"done": job.done}))
            self._end(session, claim.actor, job, ImportState.FAILED)
        return self.claim(take_over=take_over)

    def renew(self, claim: ClaimedImport) -> None:
        """Say that the work goes on; raises ImportTaken."""
        with self._database.write() as session:
            self.held(session, claim)

    def release(self, claim: ClaimedImport) -> None:
        """Give an import back that was not ended, so that any process may go on with it."""
        with self._database.write_core() as connection:
            self._lease.give_back(connection, claim.job.id, claim.token, attempts=0)

    def fail(self, claim: ClaimedImport, why: Message) -> None:
        """End an import that cannot go on; raises ImportTaken."""
        with self._database.write() as session:
            job = self.held(session, claim)
            _note_failure(job, why)
            self._end(session, claim.actor, job, ImportState.FAILED)

    def held(self, session: Session, claim: ClaimedImport) -> ImportJob:
        """Renew a claim within a transaction, and return its import; raises ImportTaken."""
        if not self._lease.renew(session, claim.job.id, claim.token):
            raise ImportTaken
        return session.get_one(ImportJob, claim.job.id)

    def finish(self, session: Session, claim: ClaimedImport, job: ImportJob) -> None:
        """End an import whose last row is dealt with, within that row's transaction."""
        self._end(session, claim.actor, job, ImportState.DONE)

    def _end(self, session: Session, actor: Actor, job: ImportJob, state: ImportState) -> None:
        end(job, state, self._clock)
        detail: dict[str, Any] = {"state": job.state, "rows": job.done, "dry_run": job.dry_run}
        detail |= {name: getattr(job, name) for name in (*_COUNTS[1:-1], *_PHOTO_COUNTS)}
        self._audit.append(
            session, AuditEntry(actor, "import.finish", job.id, job.agency_id, detail=detail)
        )


def place(session: Session, actor: Actor, watchlist_id: str) -> tuple[str, str]:
    """Return whose a list is that an actor may import into, and its id.

    Raises:
        NotPermitted, NotFound: the actor may import nothing, or not into this list.
    """
    require(actor, Permission.IMPORT)
    return watchlists.find(session, actor, Permission.IMPORT, watchlist_id).agency_id, watchlist_id


def new_job(
    session: Session,
    actor: Actor,
    into: tuple[str, str],
    clock: Clock,
    *,
    dry_run: bool,
    strict: bool,
) -> ImportJob:
    """Return an import of nothing yet, into a list of an agency: see `place`."""
    import_id, (owner_id, watchlist_id) = new_id(IMPORT), into
    vault_of(session).own_keys.make(import_id, owner_id, session)
    return ImportJob(
        id=import_id,
        agency_id=owner_id,
        watchlist_id=watchlist_id,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_name=actor.name,
        uploaded=True,
        dry_run=dry_run,
        strict=strict,
        warnings={},
        state=ImportState.RECEIVING.value,
        rows=0,
        worked_s=0.0,
        created_at=clock(),
        **dict.fromkeys((*_COUNTS, *_PHOTO_COUNTS), 0),
    )


def end(job: ImportJob, state: ImportState, clock: Clock) -> None:
    """Let an import be over."""
    job.state = state.value
    job.finished_at = clock()
    job.claim = job.claimed_until = None


def note_begin(audit: Audit, session: Session, actor: Actor, job: ImportJob) -> None:
    """Write into the trail what is brought in."""
    detail = {"watchlist": job.watchlist_id, "rows": job.rows, "dry_run": job.dry_run}
    audit.append(
        session, AuditEntry(actor, Permission.IMPORT, job.id, job.agency_id, detail=detail)
    )


def _note_failure(job: ImportJob, why: Message) -> None:
    job.failure, job.failure_sentence = str(why), why.as_json()
