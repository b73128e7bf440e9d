"""What casework needs of a gallery: templates by their ids, and an exact search among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Hit:
    """One template that resembles the probe."""

    template_id: int
    score: float
    """Cosine similarity, -1 to 1."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first, and the state of the gallery they were found in."""

    hits: tuple[Hit, ...]
    version: int
    size: int
    """Templates in the gallery when it was searched."""
    best: float | None
    """The highest score of all templates, hit or not; None of an empty gallery."""


class Gallery(Protocol):
    """Exact search over unit vectors by stable 64-bit template ids.

    Any number of searches run at the same time; a write is seen by every search that starts after
    it returns, and by none in part.

    `version` says which state of the truth the gallery mirrors. A writer that follows a log passes
    the log's position; otherwise each write counts one up.
    """

    dim: int

    def __len__(self) -> int:
        """Templates held."""
        ...

    def __contains__(self, template_id: int) -> bool:
        """Whether a template is held."""
        ...

    @property
    def version(self) -> int:
        """The state the gallery mirrors; never falls."""
        ...

    def advance(self, version: int) -> None:
        """Say that the gallery mirrors a later state, although no vector changed."""
        ...

    def ids(self) -> frozenset[int]:
        """Every template id in the gallery."""
        ...

    def add(
        self, ids: Sequence[int], vectors: npt.ArrayLike, *, version: int | None = None
    ) -> None:
        """Add templates.

        Args:
            ids: distinct template ids that the gallery does not hold.
            vectors: shape (len(ids), dim), rows of length 1.
            version: the state this write leads to.

        Raises:
            DuplicateTemplate, DimensionMismatch, NotUnitVector: nothing was added.
        """
        ...

    def replace(
        self, template_id: int, vector: npt.ArrayLike, *, version: int | None = None
    ) -> None:
        """Give a template another vector, in one step for every search.

        Raises:
            UnknownTemplate, DimensionMismatch, NotUnitVector: nothing was changed.
        """
        ...

    def remove(self, template_id: int, *, version: int | None = None) -> None:
        """Take a template out.

        Raises:
            UnknownTemplate: it is not there; nothing was changed.
        """
        ...

    def search(self, probe: npt.ArrayLike, threshold: float) -> SearchResult:
        """Return every template whose cosine with the probe is at least `threshold`.

        Args:
            probe: shape (dim,), length 1.
            threshold: cosine, -1 to 1.

        Raises:
            DimensionMismatch, NotUnitVector: the probe cannot be compared.
        """
        ...

    def search_many(self, probes: npt.ArrayLike, threshold: float) -> list[SearchResult]:
        """Search for several probes, shape (N, dim), at once: much less work than one by one.

        Raises:
            DimensionMismatch, NotUnitVector: a probe cannot be compared.
        """
        ...

    def top(self, probe: npt.ArrayLike, k: int) -> SearchResult:
        """Return the `k` templates most like the probe, whatever their score."""
        ...
