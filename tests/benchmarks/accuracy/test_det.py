"""Operating points and their intervals, on scores whose answer is known."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from benchmarks.accuracy import det, open_set_report
from benchmarks.accuracy.bootstrap import draw_identities
from benchmarks.accuracy.open_set import miss_rate, threshold_at
from benchmarks.report import Report
from tests.benchmarks.synthetic import trial


@settings(max_examples=25, deadline=None)
@given(
    mated=st.lists(st.integers(0, 9), min_size=1, max_size=15),
    non_mated=st.lists(st.integers(0, 9), min_size=2, max_size=15),
    seed=st.integers(0, 5),
)
def test_a_resample_is_what_repeating_its_searches_gives(mated, non_mated, seed):
    """Drawing an identity k times is the same as having its searches k times."""
    one, owners = trial(np.array(mated) / 10, np.array(non_mated) / 10)
    rates = (0.3, 0.1)
    points = det.operating_points([one], owners, rates, seed)
    counts = draw_identities(len(owners), seed).astype(int)
    for row in range(0, len(counts), 97):
        strangers = np.repeat(one.non_mated, counts[row, owners[one.strangers]])
        probes = np.repeat(one.mated, counts[row, owners[one.probes]])
        if not len(strangers) or not len(probes):
            assert np.isnan(points.resampled_fnir[row]).all()
            continue
        for at, rate in enumerate(rates):
            bar = threshold_at(strangers, rate)
            assert points.resampled_fnir[row, at] == pytest.approx(miss_rate(probes, bar))


@settings(max_examples=25, deadline=None)
@given(
    mated=st.lists(
        st.lists(st.one_of(st.integers(0, 9), st.none()), min_size=1, max_size=4),
        min_size=1,
        max_size=6,
    ),
    non_mated=st.lists(st.integers(0, 9), min_size=2, max_size=15),
    seed=st.integers(0, 5),
)
def test_per_person_everybody_drawn_counts_once_however_many_photos(mated, non_mated, seed):
    scores = [np.nan if s is None else s / 10 for person in mated for s in person]
    one, _ = trial(scores, np.array(non_mated) / 10)
    people = np.repeat(np.arange(len(mated)), [len(person) for person in mated])
    owners = np.concatenate([people, len(mated) + np.arange(len(non_mated))])
    points = det.operating_points([one], owners, (0.3, 0.1), seed)
    counts = draw_identities(int(owners.max()) + 1, seed).astype(int)

    def shares(bar: np.float32) -> list[float]:
        missed = ~(one.mated >= bar)
        return [float(missed[people == who].mean()) for who in range(len(mated))]

    for at in range(2):
        bar = np.float32(points.thresholds[0, at])
        assert points.person_fnir[0, at] == pytest.approx(np.mean(shares(bar)))
    for row in range(0, len(counts), 97):
        strangers = np.repeat(one.non_mated, counts[row, owners[one.strangers]])
        drawn = counts[row, : len(mated)]
        if not len(strangers) or not drawn.any():
            assert np.isnan(points.resampled_person_fnir[row]).all()
            continue
        for at, rate in enumerate((0.3, 0.1)):
            bar = np.float32(threshold_at(strangers, rate))
            wanted = np.average(shares(bar), weights=drawn)
            assert points.resampled_person_fnir[row, at] == pytest.approx(wanted)


def test_a_refused_photo_is_a_miss_in_every_resample():
    one, owners = trial([np.nan] * 20, np.linspace(0, 0.5, 50))
    points = det.operating_points([one], owners, (0.1,))
    assert points.fnir[0, 0] == 1
    assert np.all(points.resampled_fnir == 1)


def test_fnir_falls_as_fpir_rises_and_the_interval_holds_the_mean():
    random = np.random.default_rng(0)
    one, owners = trial(random.normal(0.6, 0.1, 400), random.normal(0.3, 0.08, 600))
    points = det.operating_points([one, one], owners, det.curve_rates(600))
    mean = points.fnir.mean(axis=0)
    assert np.all(np.diff(mean) >= 0)
    assert points.rates[0] == pytest.approx(0.5)
    assert points.rates[-1] == pytest.approx(3 / 600)
    low, high = points.fnir_interval()
    assert np.all((low <= mean) & (mean <= high))


@pytest.mark.parametrize(("rate", "searches"), [(0.001, 3000), (0.003, 1000), (0.1, 30)])
def test_a_rate_needs_three_expected_alarms(rate, searches):
    assert det.searches_wanted(rate) == searches
    assert det.supported(rate, searches)
    assert not det.supported(rate, searches - 1)


def test_a_rate_that_too_few_strangers_support_is_named_and_not_stated():
    random = np.random.default_rng(0)
    one, owners = trial(random.normal(0.6, 0.1, 300), random.normal(0.3, 0.08, 400))
    rates = open_set_report.stated_rates([one])
    assert rates == (0.1, 0.03, 0.01)
    report = Report("accuracy", "a test", {})
    open_set_report.add_to(report, [one], owners, det.operating_points([one], owners, rates))
    printed = io.StringIO()
    report.print(Console(file=printed, width=160))
    assert "too few: 1,000 needed" in printed.getvalue()
    assert "too few: 3,000 needed" in printed.getvalue()
    assert "fnir at fpir 0.003" not in report.figures
