"""Two runtimes side by side: on an embedder, itself, and one that errs."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy import runtimes
from benchmarks.accuracy.identities import DataSet
from benchmarks.report import Report
from tests.data import encoded, image_of
from tests.fakes import FakeEmbedder

PEOPLE, PHOTOS, DIM, GALLERY = 900, 3, 32, 300
RNG = np.random.default_rng(4)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def drawn(noise):
    """A data set of unit vectors, and the same as seen by a runtime that errs by `noise`."""
    owners = np.repeat(np.arange(PEOPLE), PHOTOS)
    people = RNG.normal(size=(PEOPLE, DIM))
    vectors = unit(people[owners] + 0.9 * RNG.normal(size=(len(owners), DIM)))
    other = unit(vectors + noise * RNG.normal(size=vectors.shape) / np.sqrt(DIM))
    refusals = ["", "no face"] + [""] * (len(owners) - 2)
    vectors[1] = other[1] = np.nan
    nowhere = Path("nowhere")
    data = DataSet(nowhere, (nowhere,) * len(owners), tuple(owners.tolist()), ("",) * PEOPLE)
    times = [np.full(len(owners) - 1, each) for each in (5.0, 14.0, 7.0)]
    return data, runtimes.Both(vectors, other, tuple(refusals), *times)


def reported(noise):
    data, both = drawn(noise)
    report = Report("runtimes", "", {})
    searches = runtimes.search_all(data, both, GALLERY, 2, 0)
    runtimes.add_times(report, both)
    runtimes.add_misses(report, searches)
    return report, searches


def test_equal_runtimes_have_equal_results():
    report, (first, second, mixed) = reported(0)
    for other in (second, mixed):
        assert np.array_equal(first.points.fnir, other.points.fnir)
    ratio, cosine, points = (each.measured for each in report.targets)
    assert (ratio, points) == (2, 0)
    assert cosine == pytest.approx(1, abs=1e-6)
    assert all(each.passed for each in report.targets)
    assert [row[3] for row in report.grids[0].rows] == ["19.00", "12.00"]


def test_one_that_errs_misses_more_and_is_refused():
    report, (first, second, mixed) = reported(0.9)
    assert first.points.fnir.mean() < mixed.points.fnir.mean() < second.points.fnir.mean()
    _, cosine, points = report.targets
    assert not cosine.passed
    assert not points.passed


def test_photos_are_embedded_by_both_or_refused(pipeline, tmp_path):
    (tmp_path / "face.jpg").write_bytes(encoded(image_of("astronaut")))
    photos = (tmp_path / "face.jpg", encoded(image_of("coffee")), b"no photo")

    class Same(FakeEmbedder):
        dim = pipeline.embedder.dim

        def embed(self, chips):
            return pipeline.embedder.embed(chips)

    both = runtimes.embed_both(photos, pipeline, Same())
    assert [bool(reason) for reason in both.refusals] == [False, True, True]
    assert both.cosines == pytest.approx([1])
    assert np.isnan(both.other[1:]).all()
    assert len(both.before_ms) == len(both.reference_ms) == len(both.other_ms) == 1
