"""From the highest scores of travellers who are on no list to a threshold for a stated FPIR.

Each non-mated search of the actual gallery leaves one number: its highest score. The upper tail of
these numbers is fitted by a generalised Pareto distribution (peaks over threshold: Pickands 1975;
estimated by probability-weighted moments: Hosking and Wallis 1987), which gives the score that a
stated share of travellers reaches by chance, also where that share is rarer than the searches are
many, with an interval that says how sure that is. A gallery of another size is reached by the
reasoning of extremes: the highest of k times as many scores.

How fast a tail falls beyond what was seen follows from its shape, which a hundred scores show
badly, and a threshold that rests on too short a tail is reached several times as often as it says.
So a tail longer than exponential is believed at once, and a shorter one the less the fewer scores
there are.
"""

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]

# A rate of which fewer alarms are to be expected among all searches was not measured.
# With 3, calibrations carried over to a gallery four times as large are a third too strict at 1 %.
_LEAST_ALARMS: Final = 2

# Share of the scores that counts as the tail, and the least number of them that can be fitted.
TAIL_SHARE: Final = 0.1
LEAST_TAIL: Final = 50
LEAST_SCORES: Final = 200

# Scores are cosines, so their tail ends somewhere: shapes far above 0 would put it beyond 1. Below
# -0.5 the fit's own theory ends.
_LEAST_SHAPE: Final = -0.5
_LARGEST_SHAPE: Final = 0.2

# An exponential tail, and how far shapes differ between galleries: from -0.1 at 100 templates to
# 0.1 at 1,000 (docs/decisions/0049-thresholds-of-few-searches.md).
_USUAL_SHAPE: Final = 0.0
_SHAPE_SPREAD: Final = 0.1
# Variance of the shape that probability-weighted moments estimate, times the number of scores, at
# the usual shape (Hosking and Wallis 1987).
_SHAPE_VARIANCE: Final = 4 / 3
_RESAMPLES: Final = 400
_HIGHEST_SCORE: Final = 1.0


class TooFewScores(ValueError):
    """There are not enough non-mated searches to say anything of their tail."""


@dataclass(frozen=True, slots=True)
class Tail:
    """A generalised Pareto distribution over the scores beyond `begin`."""

    begin: float
    rate: float
    """Share of all scores beyond `begin`."""
    shape: float
    scale: float

    @classmethod
    def fit(cls, scores: Scores, share: float, usual: float = _USUAL_SHAPE) -> Self:
        """Fit the highest `share` of scores.

        Args:
            scores: shape (N,), rising.
            share: how much of them is the tail.
            usual: the shape that few scores with a shorter tail are drawn towards.
        """
        count = max(LEAST_TAIL, round(share * len(scores)))
        begin = float(scores[-count - 1])
        excess = scores[-count:] - begin
        # Probability-weighted moments a0 = E[x] and a1 = E[x (1 - F(x))].
        weights = (count - np.arange(1, count + 1)) / (count - 1)
        a0, a1 = float(excess.mean()), float((excess * weights).mean())
        if not a0 > 2 * a1 > 0:
            # All but equal scores: an exponential tail of that size is the cautious reading.
            return cls(begin, count / len(scores), 0.0, max(a0, np.finfo(float).tiny))
        seen = float(np.clip(2 - a0 / (a0 - 2 * a1), _LEAST_SHAPE, _LARGEST_SHAPE))
        # Both weigh as much as they are sure: the posterior mean of two normal distributions.
        weight = _SHAPE_VARIANCE / _SHAPE_SPREAD**2
        shape = max(seen, (count * seen + weight * usual) / (count + weight))
        return cls(begin, count / len(scores), shape, a0 * (1 - shape))

    def score_at(self, rate: float) -> float:
        """Return the score that a share `rate`, at most `self.rate`, goes beyond."""
        ratio = rate / self.rate
        if abs(self.shape) < 1e-9:
            return self.begin - self.scale * math.log(ratio)
        return self.begin + self.scale / self.shape * (math.pow(ratio, -self.shape) - 1)

    def rate_at(self, score: float) -> float:
        """Return the share beyond a score that is not below `begin`."""
        excess = (score - self.begin) / self.scale
        if abs(self.shape) < 1e-9:
            return self.rate * math.exp(-excess)
        inside = max(0.0, 1 + self.shape * excess)
        return self.rate * math.pow(inside, -1 / self.shape) if inside > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """What non-mated searches of one gallery say about chance."""

    searches: int
    gallery_size: int
    """Templates in the gallery when the searches were made."""
    tail: Tail
    body: tuple[float, ...]
    """The scores at evenly spaced shares from 1 down to the tail's, rising."""
    resampled: tuple[Tail, ...]
    """Tails of bootstrap resamples, for intervals."""

    def score_at(self, fpir: float, gallery_size: int | None = None) -> float:
        """Return the threshold for a target FPIR, for this gallery or one of another size."""
        rate = self._rate_here(fpir, gallery_size)
        return self._score(self.tail, rate)

    def fpir_at(self, score: float, gallery_size: int | None = None) -> float:
        """Return the share of non-mated searches that reach a score by chance."""
        return self._fpir(self.tail, score, gallery_size)

    def _fpir(self, tail: Tail, score: float, gallery_size: int | None) -> float:
        if score >= tail.begin:
            rate = tail.rate_at(score)
        else:
            shares = np.linspace(1, self.tail.rate, len(self.body))
            rate = float(np.interp(score, self.body, shares))
        growth = 1.0 if gallery_size is None else gallery_size / self.gallery_size
        return -math.expm1(growth * math.log1p(-min(rate, 1 - 1e-12)))

    def interval(
        self, fpir: float, gallery_size: int | None = None, level: float = 0.95
    ) -> tuple[float, float]:
        """Return the scores between which the threshold for a target FPIR lies."""
        rate = self._rate_here(fpir, gallery_size)
        scores = [self._score(tail, rate) for tail in self.resampled]
        low, high = np.quantile(scores, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def least_fpir(self, gallery_size: int | None = None) -> float:
        """Return the least FPIR that the searches measure: two of them are to be beyond it."""
        growth = 1.0 if gallery_size is None else max(1, gallery_size) / self.gallery_size
        return -math.expm1(growth * math.log1p(-_LEAST_ALARMS / self.searches))

    def resampled_fpir(self, score: float, gallery_size: int | None = None) -> Scores:
        """Return what `fpir_at` would be by each of the resamples, shape (resamples,)."""
        return np.array([self._fpir(tail, score, gallery_size) for tail in self.resampled])

    def fpir_interval(
        self, score: float, gallery_size: int | None = None, level: float = 0.95
    ) -> tuple[float, float]:
        """Return the rates between which the share that reaches a score by chance lies."""
        rates = self.resampled_fpir(score, gallery_size)
        low, high = np.quantile(rates, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def _rate_here(self, fpir: float, gallery_size: int | None) -> float:
        """Return the share of searches of the calibrated gallery that stands for the target."""
        if not 0 < fpir < 1:
            raise ValueError(f"a target FPIR lies between 0 and 1, not {fpir}")
        growth = 1.0 if gallery_size is None else max(1, gallery_size) / self.gallery_size
        return -math.expm1(math.log1p(-fpir) / growth)

    def _score(self, tail: Tail, rate: float) -> float:
        if rate <= tail.rate:
            return min(_HIGHEST_SCORE, tail.score_at(rate))
        shares = np.linspace(1, self.tail.rate, len(self.body))
        return float(np.interp(-rate, -shares, self.body))


def calibrate(
    top_scores: npt.ArrayLike, gallery_size: int, *, share: float = TAIL_SHARE, seed: int = 0
) -> Calibration:
    """Fit the chance of high scores.

    Args:
        top_scores: the highest score of each non-mated search, shape (N,).
        gallery_size: templates that were searched.
        share: how much of the scores is the tail.
        seed: of the resamples behind the intervals.

    Raises:
        TooFewScores: fewer than `LEAST_SCORES`.
    """
    scores = np.sort(np.asarray(top_scores, np.float64))
    if len(scores) < LEAST_SCORES:
        raise TooFewScores(
            f"{len(scores)} non-mated searches are too few to calibrate: {LEAST_SCORES} at least"
        )
    tail = Tail.fit(scores, share)
    body = np.quantile(scores, np.linspace(0, 1 - tail.rate, 101))
    rng = np.random.default_rng(seed)
    # The usual shape is not known exactly either: each resample has one of its own.
    usual = rng.normal(_USUAL_SHAPE, _SHAPE_SPREAD, _RESAMPLES)
    resampled = tuple(
        Tail.fit(np.sort(rng.choice(scores, len(scores))), share, float(each)) for each in usual
    )
    return Calibration(len(scores), max(1, gallery_size), tail, tuple(body.tolist()), resampled)
