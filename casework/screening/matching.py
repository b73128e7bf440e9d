"""Matching: an embedding in, the subjects who pass a watchlist's policy out.

What a traveller's screening and an officer's own search have in common.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.calibration.calibrations import Calibrations
from casework.calibration.policy import Policy, read_policies
from casework.gallery.replica import GalleryReplica
from casework.kernel.kernel import Kernel
from casework.kernel.period import in_force
from casework.kernel.vocabulary import Direction, Stage, SubjectStatus
from casework.tables import Subject, Template, WatchlistEntry
from detector.embed import Embedding
from index.gallery import Hit, SearchResult

MOST_CANDIDATES: Final = 20
"""Of one watchlist, in one search. A threshold set far too low by hand must not flood officers."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A subject whose best template passes one watchlist's threshold."""

    subject_id: str
    photo_id: str
    policy: Policy
    score: float


@dataclass(frozen=True, slots=True)
class Matches:
    """The result of one search of the gallery."""

    candidates: tuple[Candidate, ...]
    """Best first."""
    top_score: float | None
    """The highest score of all templates; None of an empty gallery, or if none was searched."""
    gallery_size: int
    """Templates searched."""


class Matching:
    """Searches the gallery by the watchlists' policies. Safe to call from several threads."""

    def __init__(self, kernel: Kernel, mirror: GalleryReplica, calibrations: Calibrations) -> None:
        self._database = kernel.database
        self._mirror = mirror
        self._calibrations = calibrations
        self._policies: tuple[int, dict[str, Policy]] = (-1, {})
        self._policies_lock = threading.Lock()

    @property
    def model(self) -> str:
        """The model whose templates are searched, in words."""
        return self._mirror.model

    def catch_up(self) -> int:
        """Let the gallery follow every change committed so far; returns the position reached."""
        return self._mirror.catch_up()

    def policies(self) -> dict[str, Policy]:
        """Return every watchlist's policy as it stands for the gallery's present state."""
        version = self._mirror.gallery.version
        known, policies = self._policies
        if known != version:
            with self._policies_lock, self._database.read() as session:
                sizes = self._mirror.sizes.counts()
                policies = read_policies(session, sizes, self._calibrations.chance(session))
                self._policies = (version, policies)
        return policies

    def applicable(self, direction: Direction, port: str, stage: Stage) -> dict[str, Policy]:
        """Return the policies of the watchlists that look at such a traveller."""
        return {
            watchlist_id: policy
            for watchlist_id, policy in self.policies().items()
            if policy.concerns(direction, port, stage)
        }

    def no_match(self) -> Matches:
        """Return the result of a search without a face."""
        return Matches((), None, len(self._mirror.gallery))

    def search(self, embedding: Embedding, policies: Mapping[str, Policy], at: datetime) -> Matches:
        """Return who passes one of these policies at a time."""
        (matches,) = self.find_all([embedding], policies, at)
        return matches

    def find_all(
        self,
        embeddings: Sequence[Embedding],
        policies: Mapping[str, Policy],
        at: datetime,
        most: int | None = None,
    ) -> list[Matches]:
        """Like `search`, for several faces at once: much less work than one by one.

        Args:
            embeddings: the faces.
            policies: of the watchlists that are searched, by their ids.
            at: when an entry has to be in force.
            most: of each face's hits, only so many with the highest scores are looked up; None
                means all of them.
        """
        if not policies:
            return [self.no_match()] * len(embeddings)
        lowest = min(policy.threshold for policy in policies.values())
        everything = self._mirror.gallery.search_many(np.stack(embeddings), lowest)
        return [self._matches(found, policies, at, most) for found in everything]

    def _matches(
        self,
        found: SearchResult,
        policies: Mapping[str, Policy],
        at: datetime,
        most: int | None,
    ) -> Matches:
        candidates: list[Candidate] = []
        hits = found.hits[:most]
        if hits:
            with self._database.read() as session:
                candidates = _candidates(session, hits, policies, at)
        return Matches(tuple(candidates), found.best, found.size)


def _candidates(
    session: Session, hits: Sequence[Hit], policies: Mapping[str, Policy], at: datetime
) -> list[Candidate]:
    """Group hits by subject and watchlist; keep those in force and past the threshold."""
    scores = {hit.template_id: hit.score for hit in hits}
    ids = list(scores)
    rows = chain.from_iterable(
        session.execute(
            _STANDINGS.where(
                Template.id.in_(ids[start : start + _IDS_AT_ONCE]),
                WatchlistEntry.watchlist_id.in_(policies),
            )
        )
        for start in range(0, len(ids), _IDS_AT_ONCE)
    )
    best: dict[tuple[str, str], Candidate] = {}
    for template_id, photo_id, subject_id, valid_from, valid_until, watchlist_id in rows:
        policy, score = policies[watchlist_id], scores[template_id]
        if score < policy.threshold or not in_force(valid_from, valid_until, at):
            continue
        key = (subject_id, watchlist_id)
        if key not in best or score > best[key].score:
            best[key] = Candidate(subject_id, photo_id, policy, score)
    ranked = sorted(best.values(), key=lambda c: (-c.score, c.subject_id, c.policy.watchlist_id))
    return list(_bounded(ranked))


def _bounded(ranked: Sequence[Candidate]) -> Iterator[Candidate]:
    """Keep the best of each watchlist: nobody can compare hundreds of faces at a counter."""
    taken: Counter[str] = Counter()
    for candidate in ranked:
        taken[candidate.policy.watchlist_id] += 1
        if taken[candidate.policy.watchlist_id] <= MOST_CANDIDATES:
            yield candidate


# Ids in one statement: databases bound their number (SQLite at 32,766), and a threshold set low by
# hand on a long list must not break everybody's screening.
_IDS_AT_ONCE: Final = 8192

_STANDINGS: Final = (
    select(
        Template.id,
        Template.photo_id,
        Subject.id,
        Subject.valid_from,
        Subject.valid_until,
        WatchlistEntry.watchlist_id,
    )
    .join(Subject, Subject.id == Template.subject_id)
    .join(WatchlistEntry, WatchlistEntry.subject_id == Subject.id)
    .where(Subject.status == SubjectStatus.ACTIVE)
)
