"""Calibration on one half, the rate on the other, on drawn embeddings."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy import realised_fpir
from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.identities import DataSet
from benchmarks.accuracy.open_set import TooFewIdentities
from benchmarks.machine import facts
from benchmarks.report import Report
from models.manifest import Prior

# Of random unit vectors in 64 dimensions: cosines of about a normal distribution, s.d. 1/8.
PRIOR = Prior(fmr=(0.1, 1e-3, 1e-5, 1e-7), score=(0.16, 0.37, 0.5, 0.58), source="arithmetic")


def drawn(people: int) -> tuple[DataSet, Embedded]:
    """One random unit vector each: nobody resembles anybody."""
    vectors = np.random.default_rng(1).standard_normal((people, 64), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    paths = tuple(Path(f"{n}/1.jpg") for n in range(people))
    data = DataSet(Path(), paths, tuple(range(people)), tuple(map(str, range(people))))
    return data, Embedded(vectors, ("",) * people, np.ones(people), people)


def test_strangers_who_were_never_seen_realise_the_stated_rate():
    results = realised_fpir.run(*drawn(3000), PRIOR, trials=6)
    pairs = len(realised_fpir.SIZES) + len(realised_fpir.GROWTHS)
    assert len(results) == pairs * len(realised_fpir.TARGETS)
    for each in results:
        if each.target >= 0.01:
            assert each.target / 1.6 < each.mean < each.target * 1.6
        assert np.all(each.stated[:, 0] < each.target)
        assert np.all(each.target < each.stated[:, 1])
    assert np.mean([each.covered.mean() for each in results]) > 0.8
    report = Report("calibration", "test", facts())
    realised_fpir.add_to(report, results)
    assert len(report.grids[0].rows) == len(results)
    assert len(report.targets) == 2 * len(results)


def test_a_gallery_that_grew_holds_whom_it_held():
    """What is searched after growth is searched by the same strangers, with more enrolled."""
    results = realised_fpir.run(*drawn(1500), PRIOR, trials=2)
    grown = [each for each in results if each.grown]
    assert {(each.calibrated_at, each.gallery) for each in grown} == set(realised_fpir.GROWTHS)
    for each in grown:
        (before,) = [
            e
            for e in results
            if not e.grown and (e.gallery, e.target) == (each.calibrated_at, each.target)
        ]
        assert np.all(each.thresholds > before.thresholds)


def test_small_sets_have_small_galleries_only_and_too_few_people_are_refused():
    results = realised_fpir.run(*drawn(700), PRIOR, trials=1)
    assert {each.gallery for each in results} == {100, 250}
    with pytest.raises(TooFewIdentities, match="too few"):
        realised_fpir.run(*drawn(499), PRIOR)
