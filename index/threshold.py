"""From "at most one false alarm in N travellers" to a cosine.

A gallery of n templates gives a traveller who is not in it n chances of a false match, so its false
positive identification rate is 1 - (1 - FMR)^n for the false match rate FMR of one comparison
(ISO/IEC 19795-1). Turned round, a target FPIR and a gallery's size ask for an FMR, and a table
measured with the model tells the score at which it is reached.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

HIGHEST_SCORE = 1.0

MATCH_FMR: Final = 1e-3
"""False match rate at which two photos are called one person's, unless a caller names another."""


@dataclass(frozen=True, slots=True)
class FalseMatchCurve:
    """Score against false match rate, as measured for one model."""

    fmr: tuple[float, ...]
    """False match rates, falling."""
    score: tuple[float, ...]
    """The cosine at which each rate is reached, rising."""

    def __post_init__(self) -> None:
        if len(self.fmr) != len(self.score) or len(self.fmr) < 2:
            raise ValueError("a false match curve needs at least two rates, each with its score")
        if any(not 0 < rate < 1 for rate in self.fmr):
            raise ValueError("false match rates lie between 0 and 1")
        if np.any(np.diff(self.fmr) >= 0) or np.any(np.diff(self.score) <= 0):
            raise ValueError("false match rates must fall while scores rise")

    def score_at(self, fmr: float) -> float:
        """Return the score for a rate: linear in log(rate), and on beyond the measured ends."""
        logs = -np.log(self.fmr)
        x = -math.log(fmr)
        if x > logs[-1]:
            slope = (self.score[-1] - self.score[-2]) / (logs[-1] - logs[-2])
            return min(HIGHEST_SCORE, float(self.score[-1] + slope * (x - logs[-1])))
        return float(np.interp(x, logs, self.score))

    def fmr_at(self, score: float) -> float:
        """Return the rate at a score: the inverse of `score_at`."""
        logs = -np.log(self.fmr)
        if score > self.score[-1]:
            slope = (logs[-1] - logs[-2]) / (self.score[-1] - self.score[-2])
            return float(np.exp(-(logs[-1] + slope * (score - self.score[-1]))))
        return float(np.exp(-np.interp(score, self.score, logs)))


def envelope(curves: Sequence[FalseMatchCurve]) -> FalseMatchCurve:
    """Return the highest of several curves at each rate that any of them states.

    Between two of those rates it may lie above all of them, never below: each is a straight line
    there, in log(rate), and so is this one, whose ends are as high as theirs (up to the highest
    score, where curves end).
    """
    rates = tuple(sorted({rate for each in curves for rate in each.fmr}, reverse=True))
    return FalseMatchCurve(
        rates, tuple(max(each.score_at(rate) for each in curves) for rate in rates)
    )


def threshold_for(target_fpir: float, gallery_size: int, curve: FalseMatchCurve) -> float:
    """Return the score at which a gallery of this size keeps a target FPIR.

    Args:
        target_fpir: highest accepted share of non-mated searches with any candidate, 0 < x < 1.
        gallery_size: templates searched; 0 counts as 1.
        curve: the model's false match curve.

    Raises:
        ValueError: the target is not a rate.
    """
    if not 0 < target_fpir < 1:
        raise ValueError(f"a target FPIR lies between 0 and 1, not {target_fpir}")
    fmr = -math.expm1(math.log1p(-target_fpir) / max(1, gallery_size))
    return curve.score_at(fmr)


def expected_fpir(score: float, gallery_size: int, curve: FalseMatchCurve) -> float:
    """Return the share of non-mated searches expected to reach `score` by chance."""
    return -math.expm1(max(1, gallery_size) * math.log1p(-curve.fmr_at(score)))
