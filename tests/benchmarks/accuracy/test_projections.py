"""Readings of the same embeddings, on drawn ones whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.accuracy import projections
from benchmarks.accuracy.open_set import TooFewIdentities
from benchmarks.report import Report
from tests.benchmarks.synthetic import population


def test_a_mean_that_all_faces_share_is_taken_away():
    """With a common direction added, less of it is better; without one it makes no difference."""
    data, embedded = population(2400, 2, noise=1.4, dim=96)
    common = np.zeros(96)
    common[0] = 1.2
    leaning = replace(embedded, vectors=projections.unit(embedded.vectors + common))
    plain, less, *_ = projections.measure_projections(data, leaning, 150, 3)
    for at in range(len(projections.RATES)):
        mean, _, high = less.points(plain, at)
        assert mean < 0
        assert high < 0.01
    plain, less, *_ = projections.measure_projections(data, embedded, 150, 3)
    assert abs(less.points(plain, 0)[0]) < 0.02


def test_what_is_fitted_keeps_unit_length_and_refusals():
    _, embedded = population(300, 1, dim=300)
    vectors = embedded.vectors.copy()
    found = projections.readings(vectors)
    vectors[3] = np.nan
    assert {name: read(vectors).shape[1] for name, read in found.items()} == {
        "as they are": 300,
        "less the mean": 300,
        "256 numbers": 256,
        "less the mean, 256 numbers": 256,
        "128 numbers": 128,
        "less the mean, 128 numbers": 128,
    }
    for read in found.values():
        lengths = np.linalg.norm(read(vectors), axis=1)
        assert np.isnan(lengths[3])
        assert np.delete(lengths, 3) == pytest.approx(1, abs=1e-5)


def test_a_projection_onto_where_the_people_lie_changes_no_score():
    random = np.random.default_rng(0)
    basis = np.linalg.qr(random.standard_normal((300, 100)))[0].T
    vectors = projections.unit(random.standard_normal((400, 100)) @ basis)
    read = projections.readings(vectors)["128 numbers"]
    assert read(vectors) @ read(vectors).T == pytest.approx(vectors @ vectors.T, abs=1e-4)


def test_every_reading_stands_in_the_report_beside_plain_embeddings():
    data, embedded = population(2400, 2, noise=1.2, dim=40)
    judged = projections.measure_projections(data, embedded, 100, 2)
    report = Report("projections", "a test", {})
    projections.add_to(report, judged)
    assert [grid.rows[0][0] for grid in report.grids] == ["as they are"] * len(projections.RATES)
    assert report.figures["as they are at fpir 0.01"]["points"] == [0, 0, 0]
    with pytest.raises(TooFewIdentities):
        projections.measure_projections(*population(150, 2), gallery=50, trials=1)
