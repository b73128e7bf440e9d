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


def drawn(people: int) -> tuple[DataSet, Embedded]:
    """One random unit vector each: nobody resembles anybody."""
    vectors = np.random.default_rng(1).standard_normal((people, 64), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    paths = tuple(Path(f"{n}/1.jpg") for n in range(people))
    data = DataSet(Path(), paths, tuple(range(people)), tuple(map(str, range(people))))
    return data, Embedded(vectors, ("",) * people, np.ones(people), people)


def test_strangers_who_were_never_seen_realise_the_stated_rate():
    results = realised_fpir.run(*drawn(3000), trials=4)
    assert len(results) == len(realised_fpir.GALLERIES) * len(realised_fpir.TARGETS)
    for each in results:
        if each.target >= 0.01:
            assert each.target / 1.6 < each.mean < each.target * 1.6
    report = Report("calibration", "test", facts())
    realised_fpir.add_to(report, results)
    assert len(report.grids[0].rows) == len(report.targets) == len(results)


def test_too_few_people_are_refused():
    with pytest.raises(TooFewIdentities, match="too few"):
        realised_fpir.run(*drawn(500))
