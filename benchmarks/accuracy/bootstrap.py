"""Intervals from drawing the identities again: photos of one person are not independent.

Every resample draws as many identities as there are, with replacement, and each brings all of its
searches along, mated and non-mated. The galleries stay as they were drawn: a template enrolled
twice would change nobody's highest score.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

RESAMPLES: Final = 1000
LEVEL: Final = 0.95
_RULE_OF_THREE: Final = 3

Counts = npt.NDArray[np.float64]
"""Shape (resamples, identities): how often each identity was drawn."""
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Events as a share of searches, per column, each with its interval."""

    rate: Values
    """Shape (columns,); NaN where nothing was searched."""
    low: Values
    high: Values
    resampled: Values
    """Shape (resamples, columns)."""
    searches: Values
    """Shape (columns,)."""


def draw_identities(identities: int, seed: int, resamples: int = RESAMPLES) -> Counts:
    """Draw the identities again and count; the same seed draws the same."""
    random = np.random.default_rng([seed, identities])
    shares = np.full(identities, 1 / identities)
    return random.multinomial(identities, shares, resamples).astype(np.float64)


def interval(resampled: Values) -> tuple[Values, Values]:
    """Return the percentile interval of resampled values, shape (resamples, ...).

    Resamples that say nothing (NaN) are passed over.
    """
    if not resampled.size or np.isnan(resampled).all():
        nothing = np.full(resampled.shape[1:], np.nan)
        return nothing, nothing.copy()
    low = np.apply_along_axis(_quantile, 0, resampled, (1 - LEVEL) / 2, "lower")
    high = np.apply_along_axis(_quantile, 0, resampled, (1 + LEVEL) / 2, "higher")
    return np.asarray(low, np.float64), np.asarray(high, np.float64)


def _quantile(values: Values, at: float, method: Literal["lower", "higher"]) -> float:
    known = values[~np.isnan(values)]
    # No interpolation: between two infinite ratios it would give NaN.
    return float(np.quantile(known, at, method=method)) if known.size else np.nan


def shares_of(events: Values, searches: Values, counts: Counts) -> Shares:
    """Pool the results of each identity's searches.

    Args:
        events: shape (identities, columns), how many of the searches were events.
        searches: shape (identities, columns).
        counts: the identities drawn again.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = events.sum(axis=0) / searches.sum(axis=0)
        resampled = (counts @ events) / (counts @ searches)
    low, high = widened(*interval(resampled), rate, (searches > 0).sum(axis=0))
    return Shares(rate, low, high, resampled, searches.sum(axis=0))


def widened(
    low: Values, high: Values, rate: npt.ArrayLike, people: npt.ArrayLike
) -> tuple[Values, Values]:
    """Give an interval also to rates of 0 and 1, of which every resample is the same.

    Rule of 3: what happened to none of n people happens, with 95 % confidence, to fewer than 3 / n.

    Args:
        low: lower ends.
        high: upper ends.
        rate: as measured.
        people: identities that each rate rests on.
    """
    reach = np.minimum(1, _RULE_OF_THREE / np.maximum(np.asarray(people), 1))
    measured = np.asarray(rate)
    low = np.where(measured == 1, np.minimum(low, 1 - reach), low)
    high = np.where(measured == 0, np.maximum(high, reach), high)
    return low, high


def tally(
    owners: npt.NDArray[np.int64],
    identities: int,
    flags: npt.ArrayLike,
    columns: npt.NDArray[np.int64] | None = None,
    width: int = 1,
) -> Values:
    """Sum flags by identity and column, shape (identities, width).

    Args:
        owners: shape (searches,), the identity each search belongs to.
        identities: how many there are.
        flags: shape (searches,), what is summed.
        columns: shape (searches,), the column of each; below 0 it is left out. The first if None.
        width: how many columns.
    """
    column = np.zeros(len(owners), np.int64) if columns is None else columns
    kept = column >= 0
    cells = owners[kept] * width + column[kept]
    weights = np.asarray(flags, np.float64)[kept]
    sums = np.bincount(cells, weights, identities * width).astype(np.float64)
    return sums.reshape(identities, width)
