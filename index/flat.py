"""The engine of the usual gallery: exact search with FAISS over float32 rows."""

from typing import Final

import faiss
import numpy as np

from index.blocks import Blocks
from index.exact import (
    ROUNDING,
    Found,
    Product,
    Rows,
    Scores,
    Vectors,
    candidates,
    nearest,
    rescored,
)

# Rows of a block that FAISS's kernel hands over, best first. It costs no more than the best alone,
# and hardly ever do more reach a threshold; where they do, that block is searched once more.
_BEST_ROWS: Final = 64

# From this many probes on, one matrix product beats as many passes over the rows.
_PRODUCT_FROM: Final = 4
# Rows of a product's tile: with 64 probes its scores stay within a core's second-level cache.
_TILE_ROWS: Final = 2048


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
            possible = [self._scan(probe, least) for probe in probes]
        else:
            possible = self._multiply(probes, least)
        return [
            rescored(self._vectors, rows, probe, threshold)
            for rows, probe in zip(possible, probes, strict=True)
        ]

    def nearest(self, probe: Vectors, k: int) -> Found:
        """See `SearchEngine.nearest`."""
        return nearest(self._vectors, probe, k)

    def _scan(self, probe: Vectors, least: float) -> Rows:
        """Return the rows that reach `least` for one probe, or may be best: at memory's speed."""
        probe = np.ascontiguousarray(probe)
        tops = [
            (first, tile, *_top(probe, tile)) for first, tile in self._vectors.tiles(len(self) or 1)
        ]
        best = max((float(scores[0]) for _, _, scores, _ in tops), default=-1.0)
        least = min(least, best - 2 * ROUNDING)
        found = [np.empty(0, np.int64)]
        for first, tile, scores, rows in tops:
            if scores[-1] >= least and len(scores) < len(tile):
                rows = _reaching(probe, tile, least)  # noqa: PLW2901 - there were more
            else:
                rows = rows[scores >= least]  # noqa: PLW2901 - of these
            found.append(rows + first)
        return np.concatenate(found)

    def _multiply(self, probes: Vectors, least: float) -> list[Rows]:
        """Return the same for each probe, from products of tiles."""

        def against(which: Rows) -> Product:
            chosen, room = probes[which], np.empty((len(which), _TILE_ROWS), np.float32)
            return lambda tile: np.matmul(chosen, tile.T, out=room[:, : len(tile)])

        tiles = self._vectors.tiles(_TILE_ROWS)
        return candidates(tiles, against, len(probes), least, 2 * ROUNDING)


def _top(probe: Vectors, tile: Vectors) -> tuple[Scores, Rows]:
    """Return a tile's best scores, falling, and their rows."""
    count = min(_BEST_ROWS, len(tile))
    scores, rows = faiss.knn(probe[np.newaxis], tile, count, faiss.METRIC_INNER_PRODUCT)
    return scores[0], np.asarray(rows[0], np.int64)


def _reaching(probe: Vectors, tile: Vectors, least: float) -> Rows:
    """Return a tile's rows that reach `least`."""
    result = faiss.RangeSearchResult(1)
    faiss.range_search_inner_product(
        faiss.swig_ptr(probe),
        faiss.swig_ptr(tile),
        len(probe),
        1,
        len(tile),
        least,
        result,
    )
    hits = int(faiss.rev_swig_ptr(result.lims, 2)[1])
    return np.asarray(faiss.rev_swig_ptr(result.labels, hits), np.int64).copy()
