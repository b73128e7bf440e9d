"""Which scores chance explains: true matches are told from a tail, and a tail is left whole."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.calibration import calibrate
from index.outliers import plausible_non_mated_limit

SCALE = 0.03


def strangers(count: int, seed: int) -> np.ndarray:
    """Top scores with an exponential tail of scale 0.03, as faces have them."""
    return np.asarray(np.random.default_rng(seed).gumbel(0.3, SCALE, count))


def matches(count: int, seed: int) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).normal(0.75, 0.06, count))


def test_strangers_are_explained_nearly_always():
    beyond = [
        (strangers(2000, n) > plausible_non_mated_limit(strangers(2000, n))).sum()
        for n in range(50)
    ]
    assert sum(beyond) <= 25  # of 100,000


def test_one_stranger_in_a_thousand_is_beyond_in_one_draw_of_a_hundred_at_most():
    draws = [strangers(4000, seed) for seed in range(300)]
    kept = [(each <= plausible_non_mated_limit(each)).mean() for each in draws]
    assert sum(share < 0.999 for share in kept) <= 3


@given(seed=st.integers(0, 500), undecided=st.integers(0, 200), cut=st.floats(0.8, 0.9995))
@settings(max_examples=100, deadline=None)
def test_matches_nobody_decided_on_hardly_move_the_threshold(seed, undecided, cut):
    """Even where they outnumber by far what chance brings beyond the threshold."""
    everyone = strangers(4000, seed)
    edge = np.quantile(everyone, cut)
    clear = everyone[everyone < edge]
    alerts = np.concatenate([everyone[everyone >= edge], matches(undecided, seed)])
    limit = plausible_non_mated_limit(clear, alerts)
    kept = np.concatenate([clear, alerts[alerts <= limit]])
    assert (everyone <= limit).mean() >= 0.998  # one draw in 500 comes near it
    if undecided <= 40 and cut > 0.97:  # ten times the target
        truth = calibrate(everyone, 100).score_at(1e-3)
        assert calibrate(kept, 100).score_at(1e-3) == pytest.approx(truth, abs=2.5 * SCALE)


def test_a_few_clear_matches_are_set_aside_too():
    mixed = np.concatenate([strangers(3000, 1), matches(10, 1)])
    limit = plausible_non_mated_limit(mixed)
    assert (mixed[:3000] <= limit).all()
    assert (mixed[3000:] > limit).sum() >= 9


def test_where_nothing_can_be_told_nothing_is_set_aside():
    assert plausible_non_mated_limit([]) == math.inf
    assert plausible_non_mated_limit(strangers(50, 1)) == math.inf
    assert plausible_non_mated_limit(np.full(300, 0.2)) == math.inf


def test_a_flat_distribution_is_no_tail_and_loses_nothing():
    flat = np.linspace(0, 0.5, 1000)
    assert plausible_non_mated_limit(flat) > 0.5


def test_a_tail_that_falls_off_at_once_is_read_without_an_overflow():
    """Hardly any spread, and then a gap: the truncated scale is far below the width."""
    scores = np.concatenate([np.linspace(0, 0.2, 800), np.linspace(0.2, 0.20001, 180), [0.9] * 20])
    assert 0.2 < plausible_non_mated_limit(scores) < 0.21
