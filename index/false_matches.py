"""How often two different people's faces score how high, measured of their embeddings.

Every comparison of one photo a person with another's is non-mated: n photos give n * (n - 1) / 2
of them. A rate is stated only where enough comparisons lie above it.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from index.threshold import FalseMatchCurve

RATES: Final = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 3e-6)
LEAST_ABOVE: Final = 10
"""Comparisons that a stated rate rests on; with ten, its relative error is about a third."""
MOST_PHOTOS: Final = 4_000
"""Compared with each other: eight million comparisons, in 200 MB."""
_LEAST_RATES: Final = 3
"""A curve of fewer rates would be extrapolated from common scores to rare ones."""

Scores = npt.NDArray[np.float32]


class TooFewPhotos(ValueError):
    """Photos give too few comparisons for a curve."""

    def __init__(self, photos: int) -> None:
        super().__init__(f"{photos} photos are too few for a false match curve")
        self.photos = photos


def non_mated_scores(vectors: npt.NDArray[np.float32]) -> Scores:
    """Compare all unit rows, (n, dim), with each other, once: shape (n * (n - 1) / 2,).

    In the order of `numpy.triu_indices`: the first with all others, the second with the later ones.
    """
    above = ~np.tri(len(vectors), dtype=bool)
    return np.asarray((vectors @ vectors.T)[above], np.float32)


def score_at(scores: Scores, rate: float) -> float:
    """Return the lowest score that at most `rate` of the comparisons reach.

    Args:
        scores: of non-mated comparisons, in any order.
        rate: share of them allowed at or above the returned score.
    """
    allowed = int(rate * len(scores) + 1e-9)
    if allowed >= len(scores):
        return float(scores.min())
    # The (allowed + 1)-th highest may not pass, so the threshold lies just above it.
    barred = np.partition(scores, len(scores) - 1 - allowed)[len(scores) - 1 - allowed]
    return float(np.nextafter(np.float32(barred), np.float32(np.inf)))


def stated_rates(comparisons: int) -> tuple[float, ...]:
    """Return which of `RATES` so many comparisons can tell."""
    return tuple(rate for rate in RATES if rate * comparisons >= LEAST_ABOVE)


def least_photos() -> int:
    """Return how many photos a curve takes at least."""
    comparisons = LEAST_ABOVE / RATES[_LEAST_RATES - 1]
    return int(np.ceil((1 + np.sqrt(1 + 8 * comparisons)) / 2))


def measure(vectors: npt.NDArray[np.float32], seed: int = 0) -> FalseMatchCurve:
    """Measure the curve of one photo a person.

    Args:
        vectors: unit rows, (n, dim), each of somebody else; of more than `MOST_PHOTOS` so many
            are drawn.
        seed: of that draw.

    Raises:
        TooFewPhotos: `least_photos` are needed, and scores that rise.
    """
    if len(vectors) < least_photos():
        raise TooFewPhotos(len(vectors))
    if len(vectors) > MOST_PHOTOS:
        drawn = np.random.default_rng(seed).choice(len(vectors), MOST_PHOTOS, replace=False)
        vectors = vectors[np.sort(drawn)]
    scores = non_mated_scores(vectors)
    rates = stated_rates(len(scores))
    found = tuple(score_at(scores, rate) for rate in rates)
    if np.any(np.diff(found) <= 0):  # copies of one photo
        raise TooFewPhotos(len(vectors))
    return FalseMatchCurve(rates, found)
