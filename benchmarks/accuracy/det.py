"""The detection error trade-off (DET): FNIR at each FPIR, over trials, with intervals.

An interval comes from drawing the identities again, mated and non-mated at once: every resample has
thresholds of its own. It says how far the data set's people decide the figure, which the spread
over trials does not, as trials share people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.bootstrap import Counts, Values, draw_identities, interval, widened
from benchmarks.accuracy.open_set import TooFewIdentities, Trial, miss_rate, threshold_at

LEAST_ALARMS: Final = 3
"""False alarms to be expected where a rate is stated. Rule of 3: with fewer, seeing none at all is
no proof at the 95 % level that the rate is kept."""
_CURVE_POINTS: Final = 61
_HIGHEST_RATE: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class OperatingPoints:
    """The trials' results at some false positive identification rates."""

    rates: tuple[float, ...]
    fnir: Values
    """Shape (trials, rates)."""
    thresholds: Values
    """Shape (trials, rates)."""
    resampled_fnir: Values
    """Shape (resamples, rates), each a mean over the trials."""
    resampled_thresholds: Values
    """Likewise."""
    mated_identities: int
    """Those that were searched for, over all trials."""

    def fnir_interval(self) -> tuple[Values, Values]:
        """95 % interval of the mean FNIR, each of shape (rates,)."""
        mean = self.fnir.mean(axis=0)
        return widened(*interval(self.resampled_fnir), mean, self.mated_identities)

    def threshold_interval(self) -> tuple[Values, Values]:
        """95 % interval of the mean threshold, each of shape (rates,)."""
        return interval(self.resampled_thresholds)


def supported(rate: float, searches: int) -> bool:
    """Whether so many non-mated searches can say anything of a rate."""
    return rate * searches >= LEAST_ALARMS - 1e-9


def searches_wanted(rate: float) -> int:
    """Return how many non-mated searches a rate needs to be stated."""
    return int(np.ceil(LEAST_ALARMS / rate - 1e-9))


def require(rate: float, trials: Sequence[Trial]) -> None:
    """Insist on trials that can say something of a rate.

    Raises:
        TooFewIdentities: one of them has too few non-mated searches.
    """
    searches = min(len(trial.non_mated) for trial in trials)
    if not supported(rate, searches):
        raise TooFewIdentities(
            f"FPIR {100 * rate:g} % needs {searches_wanted(rate):,} non-mated searches, "
            f"and there are {searches:,}"
        )


def curve_rates(searches: int) -> tuple[float, ...]:
    """Return rates for a curve, evenly spaced in their logarithm, all of them supported."""
    lowest = min(LEAST_ALARMS / searches, _HIGHEST_RATE)
    return tuple(np.geomspace(_HIGHEST_RATE, lowest, _CURVE_POINTS).tolist())


def operating_points(
    trials: Sequence[Trial],
    owners: npt.NDArray[np.int64],
    rates: Sequence[float],
    seed: int = 0,
) -> OperatingPoints:
    """Measure misses at false positive identification rates.

    Args:
        trials: at least one.
        owners: shape (photos,), the identity of each photo of the data set.
        rates: below 1.
        seed: of the resamples.
    """
    counts = draw_identities(int(owners.max()) + 1, seed)
    thresholds = np.array([[threshold_at(t.non_mated, rate) for rate in rates] for t in trials])
    fnir = np.array(
        [
            [miss_rate(t.mated, bar) for bar in bars]
            for t, bars in zip(trials, thresholds, strict=True)
        ]
    )
    fnir_sum = np.zeros((len(counts), len(rates)))
    threshold_sum = np.zeros_like(fnir_sum)
    for trial in trials:
        misses, bars = _resampled(trial, owners, rates, counts)
        fnir_sum += misses
        threshold_sum += bars
    return OperatingPoints(
        tuple(rates),
        fnir,
        thresholds,
        fnir_sum / len(trials),
        threshold_sum / len(trials),
        len(np.unique(np.concatenate([owners[trial.probes] for trial in trials]))),
    )


def _resampled(
    trial: Trial, owners: npt.NDArray[np.int64], rates: Sequence[float], counts: Counts
) -> tuple[Values, Values]:
    """Return FNIR and threshold of one trial in every resample, each (resamples, rates)."""
    falling = np.argsort(-trial.non_mated, kind="stable")
    above = np.cumsum(counts[:, owners[trial.strangers[falling]]], axis=1)
    allowed = np.floor(np.outer(above[:, -1], rates) + 1e-9)
    # The first search whose weight, with all above it, exceeds what is allowed may not pass.
    barred = np.stack(
        [
            np.searchsorted(row, limit, side="right")
            for row, limit in zip(above, allowed, strict=True)
        ]
    )
    # A resample may have drawn no stranger at all: it says nothing, neither here nor below.
    drawn = above[:, -1:] > 0
    bars = trial.non_mated[falling][np.where(drawn, barred, 0)]
    mated = np.nan_to_num(trial.mated, nan=-np.inf)
    rising = np.argsort(mated, kind="stable")
    weights = counts[:, owners[trial.probes[rising]]]
    below = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(weights, axis=1)], axis=1)
    missed = np.take_along_axis(below, np.searchsorted(mated[rising], bars, side="right"), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        fnir = np.where(drawn, missed / below[:, -1:], np.nan)
    return fnir, np.where(drawn, bars.astype(np.float64), np.nan)
