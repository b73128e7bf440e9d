"""From embeddings of different people to a false match curve."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from index.false_matches import (
    LEAST_ABOVE,
    MOST_PHOTOS,
    TooFewPhotos,
    least_photos,
    measure,
    non_mated_scores,
    score_at,
)
from index.threshold import HIGHEST_SCORE, FalseMatchCurve, envelope
from tests.packs import unit_rows


def test_no_more_than_the_rate_reaches_its_score():
    rising = np.linspace(0, 1, 10_000, dtype=np.float32)
    scores = np.random.default_rng(0).permutation(rising)
    for rate in (0.1, 0.01, 0.001):
        assert np.count_nonzero(scores >= np.float32(score_at(scores, rate))) == rate * 10_000


def test_every_pair_is_compared_once():
    vectors = np.eye(5, dtype=np.float32)
    vectors[4] = vectors[0]
    assert sorted(non_mated_scores(vectors).tolist()) == [0.0] * 9 + [1.0]


@given(st.integers(2, 40), st.integers(0, 9))
def test_comparisons_come_in_the_order_of_pairs(count, seed):
    rows = unit_rows(count, seed=seed)
    first, second = np.triu_indices(count, k=1)
    expected = np.einsum("ij,ij->i", rows[first], rows[second])
    assert np.allclose(non_mated_scores(rows), expected, atol=1e-6)


def test_a_measured_curve_keeps_its_rates():
    rows = unit_rows(500)
    curve = measure(rows)
    scores = non_mated_scores(rows)
    assert curve.fmr == (0.1, 0.01, 1e-3, 1e-4)
    for rate, score in zip(curve.fmr, curve.score, strict=True):
        assert np.mean(scores >= np.float32(score)) == pytest.approx(rate, abs=1 / len(scores))


def test_as_many_photos_as_are_asked_for_are_enough_and_one_less_is_not():
    rows = unit_rows(least_photos())
    assert len(measure(rows).fmr) == 3
    assert 1e-3 * len(non_mated_scores(rows)) >= LEAST_ABOVE
    with pytest.raises(TooFewPhotos):
        measure(rows[1:])


def test_copies_of_one_photo_are_no_curve():
    with pytest.raises(TooFewPhotos):
        measure(np.repeat(unit_rows(1), 300, axis=0))


def test_of_very_many_photos_some_are_drawn():
    rows = unit_rows(MOST_PHOTOS + 500, dim=4)
    assert measure(rows, seed=1) == measure(rows, seed=1) != measure(rows[:MOST_PHOTOS])


CURVES = st.lists(
    st.tuples(
        st.lists(st.floats(1e-7, 0.5), min_size=2, max_size=6, unique=True),
        st.lists(st.floats(-0.5, 0.95), min_size=6, max_size=6, unique=True),
    ),
    min_size=1,
    max_size=3,
)


@given(CURVES, st.floats(1e-8, 0.9))
def test_an_envelope_is_never_below_any_of_its_curves(drawn, rate):
    try:
        curves = [
            FalseMatchCurve(tuple(sorted(fmr, reverse=True)), tuple(sorted(scores)[: len(fmr)]))
            for fmr, scores in drawn
        ]
        cover = envelope(curves)
    except ValueError:
        return  # rates or scores too close to rise
    assume(cover.score[-1] < HIGHEST_SCORE)  # no curve bends there
    if cover.fmr[-1] <= rate <= cover.fmr[0]:
        assert cover.score_at(rate) >= max(each.score_at(rate) for each in curves) - 1e-9
