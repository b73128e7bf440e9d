"""A control limit: how many false alarms chance brings at most, if the promised rate holds.

The one-sided Clopper-Pearson reasoning of statistical process control (p chart), with the exact
binomial distribution: at rates of one in a thousand the usual normal approximation is far off.
"""

import math
from typing import Final

import numpy as np

LEVEL: Final = 0.999
"""The limit is passed by chance once in a thousand looks at most: a breach is worth a person's time
even where several lists are watched all day."""

# Standard deviations around the mean beyond which nothing counts at this level.
_REACH: Final = 12


def upper_limit(searches: int, rate: float, level: float = LEVEL) -> int:
    """Return the least k so that a binomial count is at most k with probability `level`.

    Args:
        searches: of travellers, each alarmed by chance or not.
        rate: the promised share of alarms, 0 < rate < 1.
        level: 0 < level < 1.
    """
    mean = searches * rate
    spread = _REACH * math.sqrt(mean * (1 - rate)) + _REACH
    low, high = max(0, math.floor(mean - spread)), min(searches, math.ceil(mean + spread))
    first = (
        math.lgamma(searches + 1)
        - math.lgamma(low + 1)
        - math.lgamma(searches - low + 1)
        + low * math.log(rate)
        + (searches - low) * math.log1p(-rate)
    )
    # Each probability from the one before, in logarithms: p(k+1) / p(k).
    k = np.arange(low, high, dtype=np.float64)
    steps = np.log((searches - k) / (k + 1)) + math.log(rate) - math.log1p(-rate)
    reached = np.cumsum(np.exp(first + np.concatenate([[0.0], np.cumsum(steps)])))
    return min(high, low + int(np.searchsorted(reached, level)))
