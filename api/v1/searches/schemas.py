"""An officer's own search: purpose and lists in, candidates out."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from api.v1.alerts.schemas import AlertSubject, AlertWatchlist
from api.v1.common import Answer, QualityOut, Strict, Text
from casework.screening.matching import MOST_CANDIDATES
from casework.screening.searches import (
    DEFAULT_CANDIDATES,
    LEAST_PURPOSE,
    CandidateEntry,
    Resemblance,
    SearchView,
)

_Purpose = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=LEAST_PURPOSE, max_length=500),
]


class SearchFields(Strict):
    """What an officer says about a search, beside the photo."""

    purpose: _Purpose = Field(
        description="Why: it goes into the audit trail, here and of agencies whose subjects you "
        "are shown.",
        examples=["Missing documents at counter 7, case 2026/114"],
    )
    watchlist_ids: list[Text] | None = Field(
        default=None,
        min_length=1,
        max_length=50,
        description="Repeat the field for several; unset means every list within your reach.",
    )
    limit: int = Field(
        default=DEFAULT_CANDIDATES, ge=1, le=MOST_CANDIDATES, description="Most candidates."
    )


class SearchCandidate(Answer):
    """One subject on one list."""

    rank: int = Field(description="From 1, best first; the photo is at `/candidates/{rank}/photo`.")
    score: float = Field(description="Cosine similarity; it decides nothing, people do.")
    one_in: float = Field(
        description="About one in so many people would score this high against this list by chance."
    )
    threshold: float = Field(description="The score from which the list raises alerts.")
    passes: bool = Field(description="Whether a traveller with this score would raise an alert.")
    watchlist: AlertWatchlist
    owner_code: str
    subject_id: str
    subject: AlertSubject

    @classmethod
    def of(cls, found: Resemblance, standing: CandidateEntry) -> Self:
        """Make the answer from what was found and what stands."""
        row = standing.watchlist
        return cls(
            rank=found.rank,
            score=round(found.score, 4),
            one_in=found.one_in,
            threshold=round(found.threshold, 4),
            passes=found.passes,
            watchlist=AlertWatchlist(
                id=row.id, name=row.name, category=row.category, owner_id=row.agency_id
            ),
            owner_code=standing.owner_code,
            subject_id=found.subject_id,
            subject=AlertSubject.model_validate(standing.subject),
        )


class SearchOut(Answer):
    """A search, with those of its candidates who are on lists within your reach now."""

    id: str
    purpose: str
    made_at: datetime
    quality: QualityOut
    watchlist_ids: list[str] = Field(description="The active lists that were searched.")
    candidates: list[SearchCandidate]

    @classmethod
    def of(cls, view: SearchView) -> Self:
        """Make the answer from what the reader may see."""
        row = view.search
        return cls(
            id=row.id,
            purpose=row.purpose,
            made_at=row.made_at,
            quality=QualityOut.model_validate(row.quality),
            watchlist_ids=row.watchlist_ids,
            candidates=[SearchCandidate.of(found, at) for found, at in view.candidates],
        )
