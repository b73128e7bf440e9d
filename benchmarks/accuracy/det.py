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
from benchmarks.accuracy.open_set import (
    TooFewIdentities,
    Trial,
    miss_rate,
    person_weights,
    threshold_at,
)

LEAST_ALARMS: Final = 3
"""False alarms to be expected where a rate is stated. Rule of 3: with fewer, seeing none at all is
no proof at the 95 % level that the rate is kept."""
_CURVE_POINTS: Final = 61
_HIGHEST_RATE: Final = 0.5
_HEAD_MARGIN: Final = 50
"""Searches beyond the expected ones that are summed up first to find a resample's threshold."""


@dataclass(frozen=True, slots=True, eq=False)
class OperatingPoints:
    """The trials' results at some false positive identification rates."""

    rates: tuple[float, ...]
    fnir: Values
    """Per photo, shape (trials, rates)."""
    person_fnir: Values
    """Per person, shape (trials, rates): everybody's share of misses, averaged over people."""
    thresholds: Values
    """Shape (trials, rates)."""
    resampled_fnir: Values
    """Shape (resamples, rates), each a mean over the trials."""
    resampled_person_fnir: Values
    """Likewise."""
    resampled_thresholds: Values
    """Likewise."""
    mated_identities: int
    """Those that were searched for, over all trials."""

    def fnir_interval(self) -> tuple[Values, Values]:
        """95 % interval of the mean FNIR per photo, each of shape (rates,)."""
        mean = self.fnir.mean(axis=0)
        return widened(*interval(self.resampled_fnir), mean, self.mated_identities)

    def person_fnir_interval(self) -> tuple[Values, Values]:
        """95 % interval of the mean FNIR per person, each of shape (rates,)."""
        mean = self.person_fnir.mean(axis=0)
        return widened(*interval(self.resampled_person_fnir), mean, self.mated_identities)

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
    # A row an identity: a search's weights in all resamples lie side by side in memory.
    counts = np.ascontiguousarray(draw_identities(int(owners.max()) + 1, seed).T)
    thresholds = np.array([[threshold_at(t.non_mated, rate) for rate in rates] for t in trials])
    fnir, person_fnir = np.empty_like(thresholds), np.empty_like(thresholds)
    sums = np.zeros((3, counts.shape[1], len(rates)))
    for number, (trial, bars) in enumerate(zip(trials, thresholds, strict=True)):
        weights = person_weights(trial, owners)
        fnir[number] = [miss_rate(trial.mated, bar) for bar in bars]
        person_fnir[number] = [miss_rate(trial.mated, bar, weights) for bar in bars]
        sums += _resampled(trial, owners, weights, rates, counts)
    by_photo, by_person, resampled_bars = sums / len(trials)
    searched = np.unique(np.concatenate([owners[trial.probes] for trial in trials]))
    return OperatingPoints(
        tuple(rates),
        fnir,
        person_fnir,
        thresholds,
        by_photo,
        by_person,
        resampled_bars,
        len(searched),
    )


def _resampled(
    trial: Trial,
    owners: npt.NDArray[np.int64],
    weights: Values,
    rates: Sequence[float],
    counts: Counts,
) -> Values:
    """Return FNIR per photo, FNIR per person and the threshold, shape (3, resamples, rates).

    Args:
        trial: its searches.
        owners: the identity of each photo.
        weights: of its mated searches where every person counts once.
        rates: rising or falling.
        counts: shape (identities, resamples).
    """
    barred, drawn = _barred(trial, owners, rates, counts)
    mated = np.nan_to_num(trial.mated, nan=-np.inf)
    rising = np.argsort(mated, kind="stable")
    mated, who, weights = mated[rising], owners[trial.probes[rising]], weights[rising]
    # Resamples differ only in searches between the lowest and the highest of all thresholds.
    begin = int(np.searchsorted(mated, barred.min(), side="left"))
    end = int(np.searchsorted(mated, barred.max(), side="right"))
    between = counts[who[begin:end]]
    upto = np.searchsorted(mated, barred, side="right") - begin
    found = []
    for weight in (np.ones(len(who)), weights):
        below = _weight(who[:begin], weight[:begin], counts)
        steps = np.zeros((end - begin + 1, counts.shape[1]))
        np.cumsum(between * weight[begin:end, None], axis=0, out=steps[1:])
        missed = below[:, None] + np.take_along_axis(steps.T, upto, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = missed / _weight(who, weight, counts)[:, None]
        found.append(np.where(drawn, share, np.nan))
    return np.stack([*found, np.where(drawn, barred.astype(np.float64), np.nan)])


def _barred(
    trial: Trial, owners: npt.NDArray[np.int64], rates: Sequence[float], counts: Counts
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return the highest score that may not pass, (resamples, rates), and who has strangers.

    A resample may have drawn no stranger at all: it says nothing.
    """
    falling = np.argsort(-trial.non_mated, kind="stable")
    scores, who = trial.non_mated[falling], owners[trial.strangers[falling]]
    total = _weight(who, np.ones(len(who)), counts)
    allowed = np.floor(np.outer(total, rates) + 1e-9)
    # Only the highest scores decide: as many as hold more than what any resample allows.
    head = _HEAD_MARGIN + int(2 * max(rates) * len(who))
    while True:
        above = np.cumsum(counts[who[:head]], axis=0)
        if head >= len(who) or np.all((above[-1] > allowed.max(axis=1)) | (total == 0)):
            break
        head *= 2
    # Each resample's sums rise, and lie beyond all of the one before: one search finds them all.
    beyond = (np.arange(counts.shape[1]) * (total.max() + 1))[:, None]
    flat = (above.T + beyond).ravel()
    place = np.searchsorted(flat, allowed + beyond, side="right").reshape(allowed.shape)
    place -= (np.arange(counts.shape[1]) * len(above))[:, None]
    drawn = (total > 0)[:, None]
    return scores[np.where(drawn, place, 0)], drawn


def _weight(who: npt.NDArray[np.int64], weights: Values, counts: Counts) -> Values:
    """Sum the searches' weights in every resample, shape (resamples,)."""
    return np.asarray(np.bincount(who, weights, len(counts)) @ counts, np.float64)
