"""Which high scores chance explains, among travellers whose identity nobody has confirmed.

A search that nobody looked into may be of a person who is in the gallery after all: an alert not
yet reviewed, or a traveller whose entry has lapsed. One such score per thousand, taken for chance,
would lift a threshold of one in a thousand to where true matches lie. Chance leaves a tail that
falls off about exponentially, and true matches stand far beyond its end.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

# How fast the tail falls is read between these shares of the scores: above the bulk, and below
# where true matches, a few in a hundred at most, begin to count.
_FROM: Final = 0.80
_TO: Final = 0.93
_TO_OF_CLEAR: Final = 0.98
_LEAST_BETWEEN: Final = 20
# A score is beyond chance if the tail explains fewer than this many searches as high, of all.
_EXPLAINED: Final = 0.5


def plausible_non_mated_limit(clear: npt.ArrayLike, alerts: npt.ArrayLike = ()) -> float:
    """Return the score beyond which chance explains hardly any search.

    An exponential tail is the cautious reading: the tails of cosines fall faster, so that what is
    called beyond chance here hardly ever is chance.

    Args:
        clear: top scores of searches that raised no alert, shape (N,).
        alerts: top scores of those that did, shape (M,); true matches among them, up to one in
            twenty of all searches, do no harm.

    Returns:
        a score; infinity where scores are too few or all equal, so that nothing is known.
    """
    least, everyone = np.asarray(clear, np.float64), np.asarray(alerts, np.float64)
    everyone = np.concatenate([least, everyone])
    if not len(least):
        return math.inf
    # Rare alerts leave the clear scores whole up there; frequent ones are needed to see the tail.
    begin = max(np.quantile(least, _FROM), np.quantile(everyone, _FROM))
    end = max(np.quantile(least, _TO_OF_CLEAR), np.quantile(everyone, _TO))
    between = everyone[(everyone > begin) & (everyone <= end)] - begin
    if len(between) < _LEAST_BETWEEN:
        return math.inf
    width = float(end - begin)
    scale = _truncated_scale(float(between.mean()), width)
    beyond_begin = len(between) / -math.expm1(-width / scale)
    return float(begin) + scale * math.log(beyond_begin / _EXPLAINED)


def _truncated_scale(mean: float, width: float) -> float:
    """Return the scale of an exponential distribution cut off at `width`, from its mean.

    The maximum-likelihood estimate: the mean of such a distribution is
    scale - width / (exp(width / scale) - 1), which rises with the scale towards width / 2.
    """
    from scipy import optimize  # noqa: PLC0415 - only calibrating needs it

    def excess(scale: float) -> float:
        steepness = width / scale  # expm1 of the negative: a steep tail must not overflow
        return scale + width * math.exp(-steepness) / math.expm1(-steepness) - mean

    low, high = 1e-3 * width, 10 * width  # flatter than that is no tail any more
    if excess(high) <= 0:
        return high
    if excess(low) >= 0:
        return low
    return float(optimize.brentq(excess, low, high))
