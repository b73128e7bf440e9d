"""What makes every engine exact: which rows must not be lost, and what their scores are.

An engine may compare roughly, if it knows how roughly: all rows that could reach the threshold or
be the best become candidates, and products in float64 decide.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

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


class Found(NamedTuple):
    """The result of one probe's search."""

    rows: Rows
    scores: Scores
    """Of these rows, in no particular order."""
    best: float | None
    """The highest score of all rows, below the threshold or not; None without any row."""

    def reaching(self, threshold: float) -> "Found":
        """Return what of it is found with a threshold that is as high or higher."""
        kept = self.scores >= np.float32(threshold)
        return Found(self.rows[kept], self.scores[kept], self.best)


# float32 sums of 512 products of unit vectors differ by less, whatever their order.
ROUNDING: Final = 1e-5


Product = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]
"""From a tile of N rows to rough scores with some probes, shape (probes, N)."""


def candidates(
    tiles: Iterable[tuple[int, npt.NDArray[Any]]],
    against: Callable[[Rows], Product],
    probes: int,
    least: float,
    margin: float,
) -> list[Rows]:
    """Return, for each probe, every row that may reach a threshold or be the best of all.

    Of each tile only the highest score is kept; the few tiles that turn out to matter are
    multiplied again, by the probes to which they do.

    Args:
        tiles: first row's number and rows.
        against: makes the product with some of the probes.
        probes: how many there are.
        least: rough score that a row of the threshold's exact score has at least.
        margin: rough scores of two rows that differ by more are in the right order.
    """
    held = list(tiles)
    if not held:
        return [np.empty(0, np.int64)] * probes
    product = against(np.arange(probes))
    tops = np.stack([product(tile).max(axis=1) for _, tile in held])
    limits = np.minimum(tops.max(axis=0) - margin, least)
    found: list[list[Rows]] = [[np.empty(0, np.int64)] for _ in range(probes)]
    matters = tops >= limits
    for number in np.flatnonzero(matters.any(axis=1)):
        first, tile = held[number]
        which = np.flatnonzero(matters[number])
        for probe, scores in zip(which, against(which)(tile), strict=True):
            found[probe].append(np.flatnonzero(scores >= limits[probe]) + first)
    return [np.concatenate(rows) for rows in found]


def exact_scores(vectors: Vectors, probe: Vectors) -> Scores:
    """Return the cosines of rows (N, dim) with a probe (dim,), correctly rounded.

    Products and sums in float64 leave nothing of the order of addition in a float32 result, so
    that every engine, batch size and processor gives the same score.
    """
    products = vectors.astype(np.float64) * probe.astype(np.float64)
    return np.asarray(products.sum(axis=1), np.float32)


def rescored(vectors: Blocks[np.float32], rows: Rows, probe: Vectors, threshold: float) -> Found:
    """Give the candidates their exact scores; the best of all rows is among them."""
    scores = exact_scores(vectors.take(rows), probe)
    passing = scores >= np.float32(threshold)
    best = float(scores.max()) if len(scores) else None
    return Found(rows[passing], scores[passing], best)


def nearest(vectors: Blocks[np.float32], probe: Vectors, k: int) -> Found:
    """Return the k rows of highest exact cosine with a probe."""
    if k <= 0:
        return Found(np.empty(0, np.int64), np.empty(0, np.float32), None)
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
    return Found(rows[best], scores[best], float(scores[best[0]]) if len(best) else None)
