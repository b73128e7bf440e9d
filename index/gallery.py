"""The gallery: every template of every watchlist, in memory, searchable at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import fasteners
import numpy as np
import numpy.typing as npt

from index.engine import FlatEngine, SearchEngine
from index.errors import DimensionMismatch, DuplicateTemplate, NotUnitVector, UnknownTemplate
from index.exact import Found, Vectors

# float32 rounding of a normalised vector stays far below this; a forgotten normalisation does not.
_UNIT_TOLERANCE: Final = 1e-3


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
    """The highest score of all templates, also where it is no hit; None of an empty gallery."""


class Gallery:
    """Exact search over unit vectors by stable 64-bit template ids.

    Any number of searches run at the same time; a write waits for those under way, takes
    microseconds, and is seen by every search that starts after it returns.

    `version` says which state of the truth the gallery mirrors. A writer that follows a log passes
    the log's position; otherwise each write counts one up.
    """

    def __init__(self, dim: int, engine: SearchEngine | None = None) -> None:
        self.dim = dim
        self._engine = engine if engine is not None else FlatEngine(dim)
        self._ids: list[int] = []
        self._rows: dict[int, int] = {}
        self._version = 0
        self._lock = fasteners.ReaderWriterLock()

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, template_id: int) -> bool:
        return template_id in self._rows

    @property
    def version(self) -> int:
        """The state the gallery mirrors; never falls."""
        return self._version

    def advance(self, version: int) -> None:
        """Say that the gallery mirrors a later state, although no vector changed."""
        with self._lock.write_lock():
            self._advance(version)

    def ids(self) -> frozenset[int]:
        """Every template id in the gallery."""
        with self._lock.read_lock():
            return frozenset(self._rows)

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
        rows = self._checked(vectors)
        if len(rows) != len(ids):
            raise DimensionMismatch(f"{len(ids)} ids came with {len(rows)} vectors")
        if len(set(ids)) != len(ids):
            raise DuplicateTemplate("a template id stands twice among those to add")
        with self._lock.write_lock():
            for template_id in ids:
                if template_id in self._rows:
                    raise DuplicateTemplate(f"template {template_id} is already in the gallery")
            start = len(self._ids)
            self._engine.append(rows)
            self._ids.extend(int(template_id) for template_id in ids)
            self._rows.update((int(each), start + n) for n, each in enumerate(ids))
            self._advance(version)

    def replace(
        self, template_id: int, vector: npt.ArrayLike, *, version: int | None = None
    ) -> None:
        """Give a template another vector, in one step for every search.

        Raises:
            UnknownTemplate, DimensionMismatch, NotUnitVector: nothing was changed.
        """
        (row,) = self._checked(np.asarray(vector, np.float32)[np.newaxis])
        with self._lock.write_lock():
            self._engine.overwrite(self._row_of(template_id), row)
            self._advance(version)

    def remove(self, template_id: int, *, version: int | None = None) -> None:
        """Take a template out.

        Raises:
            UnknownTemplate: it is not there; nothing was changed.
        """
        with self._lock.write_lock():
            row = self._row_of(template_id)
            last = len(self._ids) - 1
            if row != last:
                # The last row moves into the gap: no search depends on the order of rows.
                self._engine.overwrite(row, self._engine.row(last))
                moved = self._ids[last]
                self._ids[row] = moved
                self._rows[moved] = row
            self._engine.truncate(last)
            self._ids.pop()
            del self._rows[template_id]
            self._advance(version)

    def search(self, probe: npt.ArrayLike, threshold: float) -> SearchResult:
        """Return every template whose cosine with the probe is at least `threshold`.

        Args:
            probe: shape (dim,), length 1.
            threshold: cosine, -1 to 1.

        Raises:
            DimensionMismatch, NotUnitVector: the probe cannot be compared.
        """
        (result,) = self.search_many(np.asarray(probe, np.float32)[np.newaxis], threshold)
        return result

    def search_many(self, probes: npt.ArrayLike, threshold: float) -> list[SearchResult]:
        """Search for several probes, shape (N, dim), at once: much less work than one by one.

        Raises:
            DimensionMismatch, NotUnitVector: a probe cannot be compared.
        """
        vectors = self._checked(probes)
        with self._lock.read_lock():
            return [self._result(found) for found in self._engine.above(vectors, threshold)]

    def top(self, probe: npt.ArrayLike, k: int) -> SearchResult:
        """Return the `k` templates most like the probe, whatever their score."""
        vector = self._checked(np.asarray(probe, np.float32)[np.newaxis])[0]
        with self._lock.read_lock():
            return self._result(self._engine.nearest(vector, k))

    def _result(self, found: Found) -> SearchResult:
        """Name an engine's rows; call it under the read lock that found them."""
        pairs = zip(found.rows, found.scores, strict=True)
        hits = [Hit(self._ids[row], float(score)) for row, score in pairs]
        hits.sort(key=lambda hit: (-hit.score, hit.template_id))
        return SearchResult(tuple(hits), self._version, len(self._ids), found.best)

    def _row_of(self, template_id: int) -> int:
        try:
            return self._rows[template_id]
        except KeyError:
            raise UnknownTemplate(f"template {template_id} is not in the gallery") from None

    def _advance(self, version: int | None) -> None:
        self._version = max(self._version + 1 if version is None else version, self._version)

    def _checked(self, vectors: npt.ArrayLike) -> Vectors:
        rows = np.ascontiguousarray(vectors, np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.dim:
            raise DimensionMismatch(
                f"vectors of shape {rows.shape} cannot go with a gallery of dimension {self.dim}"
            )
        lengths = np.linalg.norm(rows, axis=1)
        if not np.all(np.abs(lengths - 1) <= _UNIT_TOLERANCE):
            raise NotUnitVector("every vector must have length 1: divide by its norm first")
        return rows
