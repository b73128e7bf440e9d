"""An officer's own search: a photo in, the people on lists within reach who resemble it out.

It looks deeper than screening does: down to a score that one stranger in ten reaches by chance, so
that an officer with a reason can compare more faces than alerts would show. The photo is not kept;
the purpose, who asked and who was found are.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.calibration.policy import Policy
from casework.gallery.model_key import ModelKey
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import NotFound
from casework.kernel.ids import SEARCH, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.key_ring import INSTALLATION
from casework.kernel.permissions import Permission, extends_to, require
from casework.kernel.stored_photo import StoredPhoto
from casework.review.alerts import SubjectCard, subject_card
from casework.screening.matching import MOST_CANDIDATES, Candidate, Matches, Matching
from casework.tables import Agency, EnrolledPhoto, ProbeSearch, Subject, Watchlist, WatchlistEntry
from casework.watchlists import watchlists
from detector.embed import Embedding
from detector.pipeline import Pipeline
from detector.timing import Stopwatch

SEARCH_FPIR: Final = 0.1
"""Share of strangers for whom a search of a list shows somebody by chance."""

DEFAULT_CANDIDATES: Final = 10
LEAST_PURPOSE: Final = 10
"""Characters: a purpose is a sentence, or the number of a case."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What an officer asks the gallery, and why."""

    photo: bytes = field(repr=False)
    purpose: str
    watchlist_ids: tuple[str, ...] | None = None
    """None means all within reach."""
    limit: int = DEFAULT_CANDIDATES
    """Most candidates, 1 to `MOST_CANDIDATES`."""


@dataclass(frozen=True, slots=True)
class Resemblance:
    """One subject on one list, as the search found it: what is kept of a candidate."""

    rank: int
    """From 1, best first."""
    subject_id: str
    photo_id: str
    watchlist_id: str
    score: float
    threshold: float
    """The score from which the list raises alerts."""
    one_in: float
    """About one stranger in so many would score this high against this list by chance."""

    @property
    def passes(self) -> bool:
        """Whether a traveller with this score would have raised an alert."""
        return self.score >= self.threshold


@dataclass(frozen=True, slots=True)
class CandidateEntry:
    """On which list a candidate stands, and who it is."""

    watchlist: Watchlist
    owner_code: str
    subject: SubjectCard


@dataclass(frozen=True, slots=True)
class SearchView:
    """A search and those of its candidates who are within the reader's reach now."""

    search: ProbeSearch
    candidates: tuple[tuple[Resemblance, CandidateEntry], ...]


class Searches:
    """Searches for officers, and shows them their searches. Safe to call from several threads."""

    def __init__(
        self, kernel: Kernel, pipeline: Pipeline, matching: Matching, model: ModelKey
    ) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._pipeline = pipeline
        self._matching = matching
        self._model = model
        self._audit = kernel.audit
        self._clock = kernel.clock

    def search(
        self, actor: Actor, question: SearchRequest, watch: Stopwatch | None = None
    ) -> SearchView:
        """Analyse a photo, search the lists within the actor's reach, and record the search.

        Args:
            actor: who asks.
            question: what for.
            watch: adds up the time by stage.

        Raises:
            PhotoError: the photo is not one; nothing is recorded.
            NotPermitted, NotFound: the actor may not search, or not one of the lists named.
        """
        require(actor, Permission.SEARCH)
        watch = watch or Stopwatch()
        if question.watchlist_ids is not None:
            self._require_lists(actor, question.watchlist_ids)
        analysis = self._pipeline.analyse(question.photo, watch)
        with watch.stage("search"):
            self._matching.catch_up()
            policies = self._policies(actor, question.watchlist_ids)
            matches = self._find(analysis.embedding, policies)
        found = matches.candidates[: min(question.limit, MOST_CANDIDATES)]
        row = ProbeSearch(
            id=new_id(SEARCH),
            officer_id=actor.id,
            agency_id=actor.agency_id,
            purpose=question.purpose,
            made_at=self._clock(),
            model=str(self._model),
            runtime=self._pipeline.runtime.value,
            gallery_size=matches.gallery_size,
            quality=analysis.quality_record(),
            watchlist_ids=sorted(policies),
            candidates=[
                asdict(_resemblance(rank, each, policies)) for rank, each in enumerate(found, 1)
            ],
        )
        with watch.stage("record"), self._database.write() as session:
            session.add(row)
            self._vault.own_keys.make(row.id, INSTALLATION, session)
            session.flush()
            self._record(session, actor, row, found)
            return SearchView(row, _standing(session, actor, _kept(row)))

    def get(self, actor: Actor, search_id: str) -> SearchView:
        """Return a search that the actor made.

        A candidate who was erased since, or taken off the list, or whose list is not within reach
        any more, is left out.

        Raises:
            NotPermitted, NotFound: the actor may not search, or did not make this one.
        """
        with self._database.read() as session:
            row = _own(session, actor, search_id)
            view = SearchView(row, _standing(session, actor, _kept(row)))
        self._audit.note(AuditEntry(actor, "search.read", row.id, row.agency_id))
        return view

    def photo(self, actor: Actor, search_id: str, rank: int) -> StoredPhoto:
        """Return the photo that a candidate was found by.

        Raises:
            NotPermitted, NotFound: the actor may not search, did not make this search, or it shows
                no such candidate (any more).
        """
        missing = NotFound("candidate_not_found", search=search_id, rank=rank)
        with self._database.read() as session:
            row = _own(session, actor, search_id)
            kept = [each for each in _kept(row) if each.rank == rank]
            shown = _standing(session, actor, kept)
            if not shown:
                raise missing
            ((candidate, standing),) = shown
            photo = rows.one(
                session,
                EnrolledPhoto,
                candidate.photo_id,
                missing,
                where=lambda row: row.subject_id == candidate.subject_id and row.erase_at is None,
            )
            name = rows.photo(photo.id, photo.subject_id, photo.subject.agency_id)
            content = self._vault.open(photo.sealed_content, name)
        detail = {"rank": rank, "photo": photo.id}
        owner = standing.watchlist.agency_id
        self._audit.note(AuditEntry(actor, "search.photo", row.id, owner, detail=detail))
        return StoredPhoto.of(content, photo.format, photo.quality)

    def _require_lists(self, actor: Actor, watchlist_ids: Sequence[str]) -> None:
        """Raise NotFound unless every list named is within the actor's reach."""
        with self._database.read() as session:
            for watchlist_id in watchlist_ids:
                watchlists.find(session, actor, Permission.SEARCH, watchlist_id)

    def _policies(self, actor: Actor, named: Sequence[str] | None) -> dict[str, Policy]:
        """Return the policies of the active lists within reach, of all or of those named."""
        return {
            watchlist_id: policy
            for watchlist_id, policy in self._matching.policies().items()
            if (named is None or watchlist_id in named)
            and extends_to(actor, Permission.SEARCH, policy.owner_id, policy.shared_with)
        }

    def _find(self, embedding: Embedding | None, policies: Mapping[str, Policy]) -> Matches:
        if embedding is None:
            return self._matching.no_match()
        deeper = {each: _deeper(policy) for each, policy in policies.items()}
        return self._matching.search(embedding, deeper, self._clock())

    def _record(
        self, session: Session, actor: Actor, row: ProbeSearch, found: Sequence[Candidate]
    ) -> None:
        """Write into the audit trail who searched, and for each other agency who was shown."""
        detail = {"watchlists": row.watchlist_ids, "candidates": len(found)}
        self._audit.append(
            session,
            AuditEntry(
                actor, Permission.SEARCH, row.id, row.agency_id, purpose=row.purpose, detail=detail
            ),
        )
        shown = Counter(each.policy.owner_id for each in found)
        for owner_id in sorted(set(shown) - {actor.agency_id}):
            self._audit.append(
                session,
                AuditEntry(
                    actor,
                    "search.shown",
                    row.id,
                    owner_id,
                    purpose=row.purpose,
                    detail={"candidates": shown[owner_id]},
                ),
            )


def _deeper(policy: Policy) -> Policy:
    """Return a list's policy with the threshold of a search, which is never above its own."""
    chance = policy.chance.threshold(SEARCH_FPIR, policy.templates)
    return replace(policy, threshold=min(policy.threshold, chance))


def _resemblance(rank: int, candidate: Candidate, policies: Mapping[str, Policy]) -> Resemblance:
    policy = policies[candidate.policy.watchlist_id]
    return Resemblance(
        rank,
        candidate.subject_id,
        candidate.photo_id,
        policy.watchlist_id,
        candidate.score,
        policy.threshold,
        policy.one_in(candidate.score),
    )


def _own(session: Session, actor: Actor, search_id: str) -> ProbeSearch:
    require(actor, Permission.SEARCH)
    missing = NotFound("search_not_found", search=search_id)
    return rows.one(
        session, ProbeSearch, search_id, missing, where=lambda row: row.officer_id == actor.id
    )


def _kept(row: ProbeSearch) -> list[Resemblance]:
    fields: Sequence[dict[str, Any]] = row.candidates
    return [Resemblance(**each) for each in fields]


def _standing(
    session: Session, actor: Actor, kept: Sequence[Resemblance]
) -> tuple[tuple[Resemblance, CandidateEntry], ...]:
    """Return the candidates who are still on lists within reach, with what is shown of them."""
    rows = session.execute(
        select(Subject, Watchlist, Agency.code)
        .join(WatchlistEntry, WatchlistEntry.subject_id == Subject.id)
        .join(Watchlist, Watchlist.id == WatchlistEntry.watchlist_id)
        .join(Agency, Agency.id == Watchlist.agency_id)
        .where(
            Subject.id.in_({each.subject_id for each in kept}),
            Subject.erase_at.is_(None),
            watchlists.visible(actor, Permission.SEARCH),
        )
    )
    found = {
        (subject.id, row.id): CandidateEntry(row, code, subject_card(subject))
        for subject, row, code in rows
    }
    return tuple(
        (each, found[each.subject_id, each.watchlist_id])
        for each in kept
        if (each.subject_id, each.watchlist_id) in found
    )
