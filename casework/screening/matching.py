"""Matching: an embedding in, the subjects who pass a watchlist's policy out.

What a traveller's screening and an officer's own search have in common.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

import numpy as np
from sqlalchemy import Row, select

from casework.calibration.calibrations import Calibrations
from casework.calibration.policy import Policy, read_policies
from casework.gallery.replica import GalleryReplica
from casework.kernel.kernel import Kernel
from casework.kernel.period import in_force
from casework.kernel.vocabulary import Direction, Stage, SubjectStatus
from casework.tables import EnrolledPhoto, Subject, Template, WatchlistEntry
from detector.embed import Embedding
from index.gallery import Hit

MOST_CANDIDATES: Final = 20
"""Of one watchlist, in one search. A threshold set far too low by hand must not flood officers."""


_Entry: TypeAlias = Row[int, str, str, datetime | None, datetime | None, str]
"""A template, its photo and subject, the period, and a watchlist that the subject is on."""


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
        self._policies: tuple[tuple[int, int], dict[str, Policy]] = ((-1, -1), {})
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
        # Lists also shrink and grow by the clock, as periods end and begin.
        state = (self._mirror.gallery.version, self._mirror.sizes.renewals())
        known, policies = self._policies
        if known != state:
            with self._policies_lock, self._database.read() as session:
                sizes = self._mirror.sizes.counts()
                policies = read_policies(session, sizes, self._calibrations.chance(session))
                self._policies = (state, policies)
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
        hits = [found.hits[:most] for found in everything]
        entries = self._entries({hit.template_id for some in hits for hit in some}, policies)
        return [
            Matches(tuple(_candidates(entries, some, policies, at)), found.best, found.size)
            for some, found in zip(hits, everything, strict=True)
        ]

    def _entries(
        self, ids: Collection[int], policies: Mapping[str, Policy]
    ) -> dict[int, list[_Entry]]:
        """Return on which of these watchlists the subjects of templates are, by template."""
        entries: dict[int, list[_Entry]] = defaultdict(list)
        if not ids:
            return entries
        ordered = sorted(ids)
        with self._database.read() as session:
            for start in range(0, len(ordered), _IDS_AT_ONCE):
                at_once = ordered[start : start + _IDS_AT_ONCE]
                # Asked for the lists as well, SQLite reads whole lists to find a few templates.
                for entry in session.execute(_STANDINGS.where(Template.id.in_(at_once))):
                    template_id, _, _, _, _, watchlist_id = entry
                    if watchlist_id in policies:
                        entries[template_id].append(entry)
        return entries


def _candidates(
    entries: Mapping[int, Sequence[_Entry]],
    hits: Sequence[Hit],
    policies: Mapping[str, Policy],
    at: datetime,
) -> list[Candidate]:
    """Group hits by subject and watchlist; keep those in force and past the threshold."""
    best: dict[tuple[str, str], Candidate] = {}
    for hit in hits:
        for _, photo_id, subject_id, valid_from, valid_until, watchlist_id in entries.get(
            hit.template_id, ()
        ):
            policy = policies[watchlist_id]
            if hit.score < policy.threshold or not in_force(valid_from, valid_until, at):
                continue
            key = (subject_id, watchlist_id)
            if key not in best or hit.score > best[key].score:
                best[key] = Candidate(subject_id, photo_id, policy, hit.score)
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
    .join(EnrolledPhoto, EnrolledPhoto.id == Template.photo_id)
    .where(
        Subject.status == SubjectStatus.ACTIVE,
        Subject.erase_at.is_(None),
        EnrolledPhoto.erase_at.is_(None),
    )
)
