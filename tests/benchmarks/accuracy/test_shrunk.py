"""Photos as they are beside what a client sends that shrinks them."""

import numpy as np
import pytest

from benchmarks.accuracy import shrunk
from benchmarks.accuracy.identities import DataSet
from benchmarks.report import Report
from tests.data import encoded, image_of


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> DataSet:
    """Two photos of one person, and one of a stranger who looks the same."""
    folder = tmp_path_factory.mktemp("astronaut")
    photos = []
    image = image_of("astronaut")
    for name, picture in (("a", image), ("b", image // 2), ("c", image[:, ::-1])):
        photos.append(folder / f"{name}.jpg")
        photos[-1].write_bytes(encoded(np.ascontiguousarray(picture)))
    return DataSet(folder, photos=tuple(photos), owners=(0, 0, 1), names=("one", "other"))


def test_each_photo_is_sent_both_ways_and_found(data, pipeline):
    run = shrunk.measure(data, pipeline, 1, 1, 0)
    mine, stranger = run.probes
    assert (mine.person, stranger.person) == (0, None)
    assert mine.bytes_sent[1] < mine.bytes_sent[0] / 1.5
    assert (mine.vectors @ run.gallery[0] > 0.5).all()
    assert mine.vectors[0] @ mine.vectors[1] > 0.9
    assert (mine.decode < mine.whole).all()
    report = Report("shrink", "", {})
    shrunk.add_to(report, run, 0)
    assert [len(grid.rows) for grid in report.grids] == [2 * len(shrunk.MEGAPIXELS), 2]


def probe(person, first, second):
    """Make a probe whose scores with the one who is enrolled are these."""
    vectors = np.array([[first], [second]], np.float32)
    nothing = np.zeros(2)
    return shrunk.Probe(
        person, 2.1, vectors, np.zeros(2, int), nothing, nothing, 0.0, np.zeros(2, bool)
    )


def test_a_refused_photo_is_a_miss_and_no_false_alarm():
    probes = [probe(0, 0.9, 0.9), probe(0, 0.9, np.nan), probe(0, 0.9, 0.2), probe(0, 0.1, 0.9)]
    probes += [probe(None, 0.3, 0.3)] * 9 + [probe(None, 0.2, np.nan)]
    run = shrunk.Run(np.ones((1, 1), np.float32), probes)
    shares, difference, (low, high) = shrunk.compared(run, 0.01, 0)
    assert shares == [0.25, 0.5]
    assert difference == 0.25
    assert low < difference < high
    change, (low, high) = shrunk.score_change(run, 0)
    assert change == pytest.approx((0.0 - 0.7 + 0.8) / 3)
    assert low < change < high
