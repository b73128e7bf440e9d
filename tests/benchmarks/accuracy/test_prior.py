"""The false match curve, on scores whose answer is known."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.identities import DataSet
from benchmarks.accuracy.prior import (
    Curve,
    measure_curve,
    to_prior,
    toml_table,
)
from index.false_matches import non_mated_scores
from models.manifest import Prior


def strangers(count: int, dim: int = 8) -> tuple[DataSet, Embedded]:
    vectors = np.random.default_rng(2).standard_normal((count, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    root = Path("set")
    paths = tuple(root / str(n) / "1.jpg" for n in range(count))
    data = DataSet(root, paths, tuple(range(count)), tuple(str(n) for n in range(count)))
    return data, Embedded(vectors, ("",) * count, np.zeros(count), 0)


def test_a_curve_states_only_rates_that_enough_comparisons_support():
    data, embedded = strangers(200)
    curve, highest = measure_curve(data, embedded, draws=2)
    assert curve.comparisons == 19_900
    assert curve.rates == (1e-1, 1e-2, 1e-3)
    assert np.all(np.diff(curve.mean) > 0)
    scores = non_mated_scores(embedded.vectors)
    assert highest[0][0] == pytest.approx(scores.max())


def test_refused_photos_take_no_part():
    data, embedded = strangers(60)
    vectors = embedded.vectors.copy()
    vectors[:10] = np.nan
    refusals = tuple("no_face" if n < 10 else "" for n in range(60))
    curve, _ = measure_curve(data, Embedded(vectors, refusals, embedded.milliseconds, 0), draws=1)
    assert curve.comparisons == 50 * 49 // 2
    assert np.isfinite(curve.scores).all()


def test_the_table_reads_back_as_the_prior_it_states():
    curve = Curve((0.1, 0.01, 1e-5), np.array([[0.2, 0.3, 0.5], [0.21, 0.31, 0.49]]), 1000)
    prior = to_prior(curve, 'a command, and "a set" in words')
    table = tomllib.loads(toml_table(prior))["prior"]
    assert Prior.model_validate(table) == prior
    assert prior.score == (0.205, 0.305, 0.495)


def test_scores_that_do_not_rise_are_no_curve():
    with pytest.raises(ValueError, match="too few"):
        to_prior(Curve((0.1, 0.01), np.array([[0.3, 0.3]]), 100), "nothing")
