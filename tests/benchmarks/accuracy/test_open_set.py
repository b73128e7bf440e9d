"""The arithmetic of FPIR and FNIR, on scores whose answer is known."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.identities import DataSet
from benchmarks.accuracy.open_set import TooFewIdentities, miss_rate, run_trials, threshold_at

HUNDRED = np.linspace(0, 0.99, 100, dtype=np.float32)


@pytest.mark.parametrize(("fpir", "alarms"), [(0.01, 1), (0.03, 3), (0.005, 0), (0.1, 10)])
def test_the_threshold_lets_no_more_non_mated_searches_through_than_stated(fpir, alarms):
    threshold = threshold_at(HUNDRED, fpir)
    assert np.count_nonzero(np.float32(threshold) <= HUNDRED) == alarms


def test_equal_top_scores_never_exceed_the_stated_rate():
    scores = np.array([0.9, 0.9, 0.9] + [0.1] * 97, np.float32)
    assert np.count_nonzero(scores >= np.float32(threshold_at(scores, 0.02))) == 0


def test_a_mate_at_the_threshold_is_found_and_a_refused_probe_is_missed():
    mated = np.array([0.5, 0.7, 0.4999, np.nan], np.float32)
    assert miss_rate(mated, 0.5) == 0.5


def people(count: int, photos: int, dim: int = 64) -> tuple[DataSet, Embedded]:
    """Identities that are all orthogonal; one's photos are equal."""
    vectors = np.repeat(np.eye(dim, dtype=np.float32)[:count], photos, axis=0)
    root = Path("set")
    paths = tuple(root / f"{who}" / f"{n}.jpg" for who in range(count) for n in range(photos))
    owners = tuple(who for who in range(count) for _ in range(photos))
    data = DataSet(root, paths, owners, tuple(str(who) for who in range(count)))
    refusals = ("",) * len(paths)
    return data, Embedded(vectors, refusals, np.zeros(len(paths)), 0)


def test_a_trial_counts_every_other_photo_as_mated_and_one_photo_of_each_stranger():
    data, embedded = people(40, 3)
    trials = run_trials(data, embedded, gallery=10, trials=2)
    assert len(trials) == 2
    for trial in trials:
        assert trial.mated.shape == (20,)
        assert trial.non_mated.shape == (30,)
        assert np.all(trial.mated == 1)
        assert np.all(trial.non_mated == 0)
        assert np.all(trial.impostor == 0)


def test_a_refused_photo_is_not_enrolled_and_is_missed_as_a_probe():
    data, embedded = people(12, 2)
    vectors = embedded.vectors.copy()
    vectors[::2] = np.nan
    refusals = tuple("blurred" if n % 2 == 0 else "" for n in range(len(vectors)))
    half = Embedded(vectors, refusals, embedded.milliseconds, 0)
    (trial,) = run_trials(data, half, gallery=10, trials=1)
    assert miss_rate(trial.mated, 0.5) == 1
    assert not np.isnan(trial.non_mated).any()


def test_trials_follow_from_the_seed():
    data, embedded = people(40, 2)
    noisy = embedded.vectors + np.random.default_rng(1).normal(0, 0.1, embedded.vectors.shape)
    seen = Embedded(noisy.astype(np.float32), embedded.refusals, embedded.milliseconds, 0)
    first, again = (run_trials(data, seen, 10, 1, seed=3)[0].mated for _ in range(2))
    (other,) = run_trials(data, seen, 10, 1, seed=4)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other.mated)


def test_too_few_identities_are_refused_with_their_numbers():
    data, embedded = people(10, 2)
    with pytest.raises(TooFewIdentities, match="gallery of 10"):
        run_trials(data, embedded, gallery=10, trials=1)
