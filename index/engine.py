"""What a gallery needs of a search engine, and the default one: exact search with FAISS.

Every engine answers with the same scores to the last bit, whatever it does to find candidates
quickly: it finds all rows that could reach the threshold, and `exact_scores` then decides.
"""

from typing import Final, Protocol

import faiss
import numpy as np
import numpy.typing as npt

from index.blocks import Blocks

Vectors = npt.NDArray[np.float32]
"""Shape (N, dim), C-contiguous, rows of length 1."""

Rows = npt.NDArray[np.int64]
"""Shape (N,): row numbers of an engine."""

Scores = npt.NDArray[np.float32]
"""Shape (N,): cosines."""

Found = tuple[Rows, Scores]
"""Rows and their scores, in no particular order."""

# float32 sums of 512 products of unit vectors differ by less, whatever their order.
ROUNDING: Final = 1e-5

# From this many probes on, one matrix product beats as many passes over the rows.
_PRODUCT_FROM: Final = 4
# Rows of a product's tile: with 64 probes its scores stay within a core's second-level cache.
_TILE_ROWS: Final = 2048


class SearchEngine(Protocol):
    """Rows of vectors, numbered from 0, that can be compared with probes.

    The gallery above it serialises writes and keeps them apart from searches; an engine only has
    to allow several searches at once.
    """

    def __len__(self) -> int:
        """Rows held."""
        ...

    def append(self, vectors: Vectors) -> None:
        """Add rows after the last."""
        ...

    def overwrite(self, row: int, vector: Vectors) -> None:
        """Replace one row by a vector of shape (dim,)."""
        ...

    def row(self, row: int) -> Vectors:
        """Return a copy of one row, shape (dim,)."""
        ...

    def truncate(self, rows: int) -> None:
        """Keep the first `rows` rows only."""
        ...

    def above(self, probes: Vectors, threshold: float) -> list[Found]:
        """Return, for each probe, every row whose cosine with it is at least `threshold`."""
        ...

    def nearest(self, probe: Vectors, k: int) -> Found:
        """Return the `k` rows of highest cosine with a probe (dim,), or all if there are fewer."""
        ...


class FlatEngine:
    """Exact search over float32 rows: FAISS's kernels for one probe, matrix products for many."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._vectors: Blocks[np.float32] = Blocks(dim, np.float32)

    def __len__(self) -> int:
        return len(self._vectors)

    def append(self, vectors: Vectors) -> None:
        """See `SearchEngine.append`."""
        self._vectors.append(vectors)

    def overwrite(self, row: int, vector: Vectors) -> None:
        """See `SearchEngine.overwrite`."""
        self._vectors[row] = vector

    def row(self, row: int) -> Vectors:
        """See `SearchEngine.row`."""
        return self._vectors[row].copy()

    def truncate(self, rows: int) -> None:
        """See `SearchEngine.truncate`."""
        self._vectors.truncate(rows)

    def above(self, probes: Vectors, threshold: float) -> list[Found]:
        """See `SearchEngine.above`."""
        least = threshold - ROUNDING
        if len(probes) < _PRODUCT_FROM:
            candidates = [self._scan(probe, least) for probe in probes]
        else:
            candidates = self._multiply(probes, least)
        return [
            confirmed(self._vectors, rows, probe, threshold)
            for rows, probe in zip(candidates, probes, strict=True)
        ]

    def nearest(self, probe: Vectors, k: int) -> Found:
        """See `SearchEngine.nearest`."""
        return nearest(self._vectors, probe, k)

    def _scan(self, probe: Vectors, least: float) -> Rows:
        """Return the rows that reach `least` for one probe: as fast as memory can be read."""
        probe = np.ascontiguousarray(probe)
        found = [np.empty(0, np.int64)]
        for first, tile in self._vectors.tiles(len(self)):
            result = faiss.RangeSearchResult(1)
            faiss.range_search_inner_product(
                faiss.swig_ptr(probe),
                faiss.swig_ptr(tile),
                self._dim,
                1,
                len(tile),
                least,
                result,
            )
            hits = int(faiss.rev_swig_ptr(result.lims, 2)[1])
            if hits:
                found.append(faiss.rev_swig_ptr(result.labels, hits).astype(np.int64) + first)
        return np.concatenate(found)

    def _multiply(self, probes: Vectors, least: float) -> list[Rows]:
        """Return the rows that reach `least`, for each probe, from products of tiles."""
        room = np.empty((len(probes), _TILE_ROWS), np.float32)
        probe_numbers: list[Rows] = []
        row_numbers: list[Rows] = []
        for first, tile in self._vectors.tiles(_TILE_ROWS):
            scores = np.matmul(probes, tile.T, out=room[:, : len(tile)])
            if scores.max() >= least:  # hardly any tile of a watchlist is
                which, where = np.nonzero(scores >= least)
                probe_numbers.append(which)
                row_numbers.append(where + first)
        return grouped(len(probes), probe_numbers, row_numbers)


def exact_scores(vectors: Vectors, probe: Vectors) -> Scores:
    """Return the cosines of rows (N, dim) with a probe (dim,), correctly rounded.

    Products and sums in float64 leave nothing of the order of addition in a float32 result, so
    that every engine, batch size and processor gives the same score.
    """
    products = vectors.astype(np.float64) * probe.astype(np.float64)
    return np.asarray(products.sum(axis=1), np.float32)


def confirmed(vectors: Blocks[np.float32], rows: Rows, probe: Vectors, threshold: float) -> Found:
    """Keep those candidates whose exact score is at least the threshold."""
    scores = exact_scores(vectors.take(rows), probe)
    passing = scores >= np.float32(threshold)
    return rows[passing], scores[passing]


def nearest(vectors: Blocks[np.float32], probe: Vectors, k: int) -> Found:
    """Return the k rows of highest exact cosine with a probe."""
    if k <= 0:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    candidates = [np.empty(0, np.int64)]
    probe = np.ascontiguousarray(probe)
    # A few more than k from each block: rounding may order near ties differently.
    spare = k + 8
    for first, tile in vectors.tiles(len(vectors) or 1):
        _, found = faiss.knn(
            probe[np.newaxis], tile, min(spare, len(tile)), faiss.METRIC_INNER_PRODUCT
        )
        candidates.append(np.asarray(found[0], np.int64) + first)
    rows = np.concatenate(candidates)
    scores = exact_scores(vectors.take(rows), probe)
    best = np.argsort(-scores, kind="stable")[:k]
    return rows[best], scores[best]


def grouped(probes: int, which: list[Rows], rows: list[Rows]) -> list[Rows]:
    """Sort hits, given as probe numbers and row numbers, into one array a probe."""
    if not which:
        return [np.empty(0, np.int64)] * probes
    probe_numbers, row_numbers = np.concatenate(which), np.concatenate(rows)
    order = np.argsort(probe_numbers, kind="stable")
    edges = np.searchsorted(probe_numbers[order], np.arange(1, probes))
    return [np.asarray(part, np.int64) for part in np.split(row_numbers[order], edges)]


def use_threads(count: int) -> None:
    """Let FAISS use `count` threads for searches started by the calling thread.

    OpenMP keeps this number per calling thread, so each worker has to say it once.
    """
    faiss.omp_set_num_threads(count)
