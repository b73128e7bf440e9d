"""Thresholds from target rates."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.threshold import FalseMatchCurve, expected_fpir, threshold_for

CURVE = FalseMatchCurve(fmr=(1e-1, 1e-3, 1e-5), score=(0.1, 0.3, 0.5))


def test_measured_points_are_returned_as_they_are():
    for fmr, score in zip(CURVE.fmr, CURVE.score, strict=True):
        assert CURVE.score_at(fmr) == pytest.approx(score)
        assert CURVE.fmr_at(score) == pytest.approx(fmr)


def test_one_template_needs_the_fmr_itself_and_a_thousand_a_thousandth():
    assert threshold_for(1e-3, 1, CURVE) == pytest.approx(0.3)
    # 1 - (1 - 1e-5)^1000 is about 1 % of travellers.
    assert threshold_for(-math.expm1(1000 * math.log1p(-1e-5)), 1000, CURVE) == pytest.approx(0.5)


def test_beyond_the_measured_tail_the_threshold_goes_on_rising():
    assert threshold_for(1e-4, 1000, CURVE) == pytest.approx(0.7, abs=0.01)
    assert threshold_for(1e-12, 10**9, CURVE) == 1.0


@given(
    target=st.floats(1e-6, 0.5),
    size=st.integers(1, 10**7),
    factor=st.integers(2, 50),
)
def test_a_larger_gallery_or_a_stricter_target_never_lowers_the_threshold(target, size, factor):
    here = threshold_for(target, size, CURVE)
    assert threshold_for(target, size * factor, CURVE) >= here
    assert threshold_for(target / factor, size, CURVE) >= here


@given(target=st.floats(1e-4, 0.1), size=st.integers(1, 1000))
def test_the_expected_rate_at_the_threshold_is_the_target(target, size):
    threshold = threshold_for(target, size, CURVE)
    if CURVE.score[0] < threshold < 1:
        assert expected_fpir(threshold, size, CURVE) == pytest.approx(target, rel=1e-6)


def test_the_rate_agrees_with_a_simulation():
    """Count searches in which any of the comparisons passes by chance."""
    rng = np.random.default_rng(4)
    size, searches, target = 50, 20_000, 0.05
    threshold = threshold_for(target, size, CURVE)
    hits = rng.random((searches, size)) < CURVE.fmr_at(threshold)
    assert hits.any(axis=1).mean() == pytest.approx(target, rel=0.1)


@pytest.mark.parametrize(
    ("fmr", "score"),
    [((0.1,), (0.1,)), ((0.1, 0.2), (0.1, 0.2)), ((0.1, 0.01), (0.2, 0.2)), ((1.0, 0.1), (0, 1))],
)
def test_a_curve_that_is_none_is_refused(fmr, score):
    with pytest.raises(ValueError, match="false match"):
        FalseMatchCurve(fmr=fmr, score=score)


@pytest.mark.parametrize("target", [0, 1, -0.1, 2])
def test_a_target_that_is_no_rate_is_refused(target):
    with pytest.raises(ValueError, match="FPIR"):
        threshold_for(target, 10, CURVE)
