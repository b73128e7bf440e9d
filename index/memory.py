"""The gallery of one process: every template of every watchlist, in memory, searchable at once."""

from collections.abc import Sequence
from typing import Final

import fasteners
import numpy as np
import numpy.typing as npt

from index.engine import ENGINES, SearchEngine
from index.errors import DimensionMismatch, DuplicateTemplate, NotUnitVector, UnknownTemplate
from index.exact import Found, Vectors
from index.gallery import Hit, SearchResult
from index.shared import SharedPasses

# float32 rounding of a normalised vector stays far below this; a forgotten normalisation does not.
_UNIT_TOLERANCE: Final = 1e-3

SHARED_FROM_ROWS: Final = 1_000_000
"""Where a pass takes long enough that those who have to wait had better go together."""


class MemoryGallery:
    """A gallery over one engine's rows.

    Any number of searches run at the same time; a write waits for those under way, takes
    microseconds, and is seen by every search that starts after it returns.
    """

    def __init__(self, dim: int, engine: SearchEngine | None = None) -> None:
        self.dim = dim
        self._engine = engine if engine is not None else ENGINES["auto"](dim)
        self._ids: list[int] = []
        self._rows: dict[int, int] = {}
        self._version = 0
        self._lock = fasteners.ReaderWriterLock()
        self._passes = SharedPasses(self._together)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, template_id: int) -> bool:
        return template_id in self._rows

    @property
    def version(self) -> int:
        """See `Gallery.version`."""
        return self._version

    def advance(self, version: int) -> None:
        """See `Gallery.advance`."""
        with self._lock.write_lock():
            self._advance(version)

    def ids(self) -> frozenset[int]:
        """See `Gallery.ids`."""
        with self._lock.read_lock():
            return frozenset(self._rows)

    def add(
        self, ids: Sequence[int], vectors: npt.ArrayLike, *, version: int | None = None
    ) -> None:
        """See `Gallery.add`."""
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
        """See `Gallery.replace`."""
        (row,) = self._checked(np.asarray(vector, np.float32)[np.newaxis])
        with self._lock.write_lock():
            self._engine.overwrite(self._row_of(template_id), row)
            self._advance(version)

    def remove(self, template_id: int, *, version: int | None = None) -> None:
        """See `Gallery.remove`."""
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
        """See `Gallery.search`."""
        vector = self._checked(np.asarray(probe, np.float32)[np.newaxis])[0]
        if len(self._ids) >= SHARED_FROM_ROWS:
            return self._passes.ask((vector, threshold))
        (result,) = self._together([(vector, threshold)])
        return result

    def search_many(self, probes: npt.ArrayLike, threshold: float) -> list[SearchResult]:
        """See `Gallery.search_many`."""
        vectors = self._checked(probes)
        with self._lock.read_lock():
            return [self._result(found) for found in self._engine.above(vectors, threshold)]

    def top(self, probe: npt.ArrayLike, k: int) -> SearchResult:
        """See `Gallery.top`."""
        vector = self._checked(np.asarray(probe, np.float32)[np.newaxis])[0]
        with self._lock.read_lock():
            return self._result(self._engine.nearest(vector, k))

    def _together(self, asked: Sequence[tuple[Vectors, float]]) -> list[SearchResult]:
        """Search with several probes in one pass, each with a threshold of its own."""
        probes = np.stack([probe for probe, _ in asked])
        with self._lock.read_lock():
            found = self._engine.above(probes, min(threshold for _, threshold in asked))
            return [
                self._result(each.reaching(threshold))
                for each, (_, threshold) in zip(found, asked, strict=True)
            ]

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
