"""Verification on constructed scores."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.identities import DataSet, DataSetInvalid
from benchmarks.accuracy.prior import Curve
from benchmarks.accuracy.verification import best_threshold, fold_accuracies, read_pairs, verify


@given(
    scores=st.lists(st.integers(-20, 20), min_size=2, max_size=40),
    data=st.data(),
)
def test_the_best_threshold_is_as_good_as_any(scores, data):
    mated = np.array(data.draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores))))
    values = np.array(scores, np.float64)

    def right(threshold):
        return int(np.where(mated, values >= threshold, values < threshold).sum())

    best = max(right(bar) for bar in np.arange(-21, 22) - 0.5)
    assert right(best_threshold(values, mated)) == best


def test_separable_scores_are_all_right_and_refused_pairs_all_wrong():
    mated = np.arange(100) < 50
    scores = np.where(mated, 0.7, 0.1) + np.linspace(0, 0.05, 100)
    random = np.random.default_rng(1)
    assert fold_accuracies(scores, mated, random).mean() == 1.0
    scores[::10] = np.nan
    assert fold_accuracies(scores, mated, random).mean() == pytest.approx(0.9)


def people(count: int, photos: int) -> DataSet:
    paths = tuple(Path(f"P{n}/P{n}_{i:04}.jpg") for n in range(count) for i in range(1, photos + 1))
    owners = tuple(n for n in range(count) for _ in range(photos))
    return DataSet(Path(), paths, owners, tuple(f"P{n}" for n in range(count)))


def test_pairs_are_read_and_what_is_wrong_is_named_by_line(tmp_path):
    data, path = people(3, 2), tmp_path / "pairs.txt"
    path.write_text("P0\t1\t2\n\nP1\t2\tP2\t1\n")
    mated, other = read_pairs(path, data)
    assert (mated.first, mated.second, mated.mated) == (0, 1, True)
    assert (other.first, other.second, other.mated) == (3, 4, False)
    for line, message in (("P0 1", "line 1: `name i j`"), ("P0 1 9", "lacks P0/P0_0009")):
        path.write_text(line)
        with pytest.raises(DataSetInvalid, match=message):
            read_pairs(path, data)


def test_true_accept_rates_are_those_of_the_mated_pairs(tmp_path):
    data = people(40, 2)
    random = np.random.default_rng(2)
    vectors = random.standard_normal((80, 32)).astype(np.float32)
    vectors[1::2] = vectors[::2] + 0.2 * vectors[1::2]  # two photos of one person are alike ...
    vectors[1:20:2] = -vectors[0:20:2]  # ... but for ten people, who are missed
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    embedded = Embedded(vectors, ("",) * 80, np.ones(80), 80)
    path = tmp_path / "pairs.txt"
    lines = [f"P{n} 1 2" for n in range(40)] + [f"P{n} 1 P{(n + 1) % 40} 1" for n in range(40)]
    path.write_text("\n".join(lines))
    curve = Curve((1e-1, 1e-3), np.array([[0.3, 0.8]]), 1000)
    result = verify(data, embedded, read_pairs(path, data), curve)
    ((rate, threshold, share, low, high),) = result.accept
    assert (rate, threshold, share) == (1e-3, 0.8, 0.75)
    assert low < 0.75 < high
    assert (result.mated, result.non_mated, result.refused) == (40, 40, 0)
    path.write_text("P0 1 2")
    only_mated = read_pairs(path, data)
    with pytest.raises(DataSetInvalid, match="mated and non-mated"):
        verify(data, embedded, only_mated, curve)
