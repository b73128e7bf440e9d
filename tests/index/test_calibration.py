"""Thresholds from non-mated searches, on distributions whose truth is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from index.calibration import LEAST_SCORES, Tail, TooFewScores, calibrate


def top_scores(searches: int, gallery: int, seed: int) -> np.ndarray:
    """Highest of `gallery` normal scores (mean 0.05, s.d. 0.1), drawn by their own distribution."""
    uniform = np.random.default_rng(seed).random(searches)
    return np.asarray(stats.norm.ppf(uniform ** (1 / gallery), 0.05, 0.1))


def true_fpir(score: float, gallery: int) -> float:
    return float(-np.expm1(gallery * stats.norm.logcdf(score, 0.05, 0.1)))


@pytest.mark.parametrize("gallery", [100, 1000])
@pytest.mark.parametrize(("target", "factor"), [(0.03, 1.25), (0.01, 1.35), (0.003, 1.6)])
def test_the_realised_rate_is_near_the_target_on_average(gallery, target, factor):
    realised = [
        true_fpir(calibrate(top_scores(2000, gallery, seed), gallery).score_at(target), gallery)
        for seed in range(20)
    ]
    assert target / factor < np.mean(realised) < target * factor


def test_a_rate_rarer_than_the_searches_are_many_is_extrapolated_sensibly():
    scores = [calibrate(top_scores(2000, 500, seed), 500).score_at(1e-4) for seed in range(20)]
    assert true_fpir(float(np.median(scores)), 500) == pytest.approx(1e-4, rel=2)


@pytest.mark.parametrize("growth", [4, 0.25])
def test_a_gallery_of_another_size_is_reached_by_extremes(growth):
    other = int(1000 * growth)
    realised = [
        true_fpir(calibrate(top_scores(3000, 1000, seed), 1000).score_at(0.01, other), other)
        for seed in range(20)
    ]
    assert 0.01 / 1.5 < np.mean(realised) < 0.01 * 1.5


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    truth = float(stats.norm.ppf(math.exp(math.log1p(-0.01) / 300), 0.05, 0.1))
    covered = 0
    for seed in range(60):
        low, high = calibrate(top_scores(1500, 300, seed), 300).interval(0.01, level=0.9)
        covered += low <= truth <= high
    assert covered / 60 > 0.75


@given(seed=st.integers(0, 1000), exponent=st.floats(-4, -0.1), size=st.integers(10, 5000))
@settings(max_examples=60, deadline=None)
def test_scores_and_rates_are_inverses_and_monotone(seed, exponent, size):
    calibration = calibrate(top_scores(500, 100, seed), 100)
    fpir = 10**exponent
    score = calibration.score_at(fpir, size)
    assert calibration.score_at(fpir / 2, size) >= score
    assert calibration.score_at(fpir, 2 * size) >= score
    if -0.5 < score < 0.99:
        assert calibration.fpir_at(score, size) == pytest.approx(fpir, rel=0.05, abs=0.02)


def pareto_beyond(share, shape, scale):
    """The excess that a share of a generalised Pareto distribution goes beyond."""
    if abs(shape) < 1e-6:
        return -scale * np.log(share)
    return scale / shape * (share**-shape - 1)


@given(shape=st.floats(-0.45, 0.15), scale=st.floats(0.01, 0.2), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_the_fit_recovers_a_generalised_pareto_tail(shape, scale, seed):
    rng = np.random.default_rng(seed)
    tail = 0.3 + pareto_beyond(rng.random(4000), shape, scale)
    scores = np.sort(np.concatenate([rng.uniform(0, 0.3, 36_000), tail]))
    fitted = Tail.fit(scores, 0.1)
    # The rarer the rate, the fewer of the 4,000 drawn lie beyond it.
    for rate, tolerance in ((0.05, 0.25), (0.01, 0.5), (0.001, 1.2)):
        truth = 0.3 + pareto_beyond(rate / 0.1, shape, scale)
        assert fitted.score_at(rate) == pytest.approx(truth, abs=tolerance * scale)
        assert fitted.rate_at(fitted.score_at(rate)) == pytest.approx(rate)


def test_equal_scores_and_too_few_scores():
    assert calibrate(np.full(300, 0.2), 10).score_at(0.01) == pytest.approx(0.2, abs=1e-3)
    with pytest.raises(TooFewScores, match="too few"):
        calibrate(np.zeros(LEAST_SCORES - 1), 10)
    with pytest.raises(ValueError, match="between 0 and 1"):
        calibrate(np.linspace(0, 0.3, 300), 10).score_at(0)


def test_the_same_scores_give_the_same_calibration():
    scores = top_scores(400, 50, 1)
    assert calibrate(scores, 50) == calibrate(scores[::-1], 50)
