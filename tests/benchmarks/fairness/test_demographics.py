"""Differentials: random groups show none, and a real one is found and measured."""

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from benchmarks.accuracy.labels import UNKNOWN, Grouping
from benchmarks.accuracy.open_set import run_trials
from benchmarks.fairness import demographics_report
from benchmarks.fairness.cross_match import matches, measure_cross_match
from benchmarks.fairness.demographics import (
    false_alarm_rates,
    miss_rates,
    worst_over_best,
    worst_over_mean,
)
from benchmarks.report import Report
from tests.benchmarks.synthetic import population, trial

PEOPLE = 1500


def dealt(groups: int, people: int, seed: int) -> Grouping:
    members = np.random.default_rng(seed).integers(0, groups, people)
    return Grouping("dealt", tuple(f"g{n}" for n in range(groups)), members)


@given(st.lists(st.floats(0.001, 0.5), min_size=2, max_size=8))
def test_ratios_are_at_least_one_and_the_mean_s_is_the_smaller(rates):
    over_best, over_mean = (f(np.array(rates)) for f in (worst_over_best, worst_over_mean))
    assert 1 - 1e-9 <= over_mean <= over_best + 1e-9
    expected = max(rates) / np.prod(rates) ** (1 / len(rates))
    assert over_mean == pytest.approx(expected)


@pytest.mark.parametrize("groups", [2, 5])
def test_random_groups_have_ratios_whose_intervals_reach_one(groups):
    """Also the worst of five equal rates is well above the best: by chance, and no more."""
    covered, beyond, rounds = 0, 0, 12
    for seed in range(rounds):
        scores = np.random.default_rng(100 + seed).uniform(size=PEOPLE)
        one, owners = trial([1.0], scores)
        rates = false_alarm_rates([one], owners, dealt(groups, PEOPLE + 1, seed), 0.1, seed)
        for each in (rates.worst_over_best, rates.worst_over_mean):
            assert each is not None
            covered += each.low == 1 <= each.high
            beyond += each.beyond_chance
    assert covered >= 2 * rounds - 4
    assert beyond <= 4


def test_a_real_differential_is_found_with_its_size():
    random = np.random.default_rng(1)
    members = np.arange(PEOPLE + 1) % 3
    # Above the threshold (everybody's 10 %) come 5 % of two groups and 20 % of the third.
    reach = np.where(members[1:] == 2, 0.20, 0.05)
    scores = np.where(random.uniform(size=PEOPLE) < reach, 2.0, 0) + random.uniform(size=PEOPLE)
    one, owners = trial([1.0], scores)
    rates = false_alarm_rates([one], owners, Grouping("x", ("a", "b", "c"), members), 0.1)
    assert rates.worst_over_best is not None
    assert rates.worst_over_mean is not None
    assert rates.worst_over_best.beyond_chance
    assert 1 < rates.worst_over_best.low < 4 < rates.worst_over_best.high
    assert 1 < rates.worst_over_mean.low < 4 ** (2 / 3) < rates.worst_over_mean.high
    assert np.argmax(rates.shares.rate) == 2


def test_small_groups_are_warned_of_and_take_no_part():
    members = np.where(np.arange(PEOPLE + 1) < 25, 2, np.arange(PEOPLE + 1) % 2)
    members[-5:] = UNKNOWN
    scores = np.random.default_rng(0).uniform(size=PEOPLE)
    scores[:10] = 2  # the small group has the highest rate by far
    one, owners = trial([1.0], scores)
    grouping = Grouping("sex", ("f", "m", "x"), members)
    alarms = false_alarm_rates([one], owners, grouping, 0.1)
    misses = miss_rates([one], owners, grouping, 0.1)
    assert alarms.large_enough.tolist() == [True, True, False]
    assert alarms.worst_over_best is not None
    assert alarms.worst_over_best.value < 2
    assert misses.worst_over_best is None
    data, embedded = population(PEOPLE + 1, 1)
    matrix = measure_cross_match([one], owners, embedded, grouping, 0.1)
    report = Report("accuracy", "a test", {})
    demographics_report.add_to(report, grouping, alarms, misses, matrix)
    printed = io.StringIO()
    report.print(Console(file=printed, width=200))
    said = " ".join(printed.getvalue().split())
    assert "too small to say anything of their FPIR (*): x." in said
    assert "No ratio of FNIR by sex" in said
    assert "sex is not known of 5 identities" in said
    json.dumps(report.figures, allow_nan=False)
    assert data.names[0] == "p0"


@pytest.mark.parametrize(("people", "enough"), [(29, False), (30, True)])
def test_a_group_wants_thirty_people_however_many_events_they_have(people, enough):
    members = np.where(np.arange(PEOPLE + 1) > PEOPLE - people, 1, 0)
    one, owners = trial([1.0], np.random.default_rng(0).uniform(size=PEOPLE))
    rates = false_alarm_rates([one], owners, Grouping("x", ("many", "few"), members), 0.3)
    assert rates.identities.tolist() == [PEOPLE - people, people]
    assert rates.large_enough.tolist() == [True, enough]


def test_people_who_look_alike_are_falsely_matched_more_often():
    """One group leans towards a common direction: more alarms, and more matches within it."""
    members = np.arange(900) % 2
    data, embedded = population(900, 2, noise=0.4, alike=np.where(members == 1, 0.9, 0.0))
    grouping = Grouping("cohort", ("plain", "alike"), members)
    trials = run_trials(data, embedded, gallery=200, trials=3)
    owners = np.array(data.owners)
    alarms = false_alarm_rates(trials, owners, grouping, 0.05)
    assert alarms.worst_over_best is None or alarms.worst_over_best.beyond_chance
    assert alarms.shares.rate[1] > 5 * alarms.shares.rate[0]
    assert alarms.shares.low[1] > alarms.shares.high[0]
    matrix = measure_cross_match(trials, owners, embedded, grouping, 0.05)
    assert np.array_equal(matrix.rate, matrix.rate.T)
    assert matrix.rate[1, 1] > 5 * matrix.rate[0, 1]
    assert matrix.low[1, 1] <= matrix.rate[1, 1] <= matrix.high[1, 1]


def test_the_matrix_counts_every_pair_of_people_once():
    vectors = np.eye(6, dtype=np.float32)
    vectors[3] = vectors[0]
    assert matches(vectors, 0.5).tolist() == [[0, 3]]
    data, embedded = population(6, 1)
    same = type(embedded)(vectors, embedded.refusals, embedded.milliseconds, 0)
    # The threshold lies just above 0, the strangers' only score.
    one, _ = trial([1.0], [0.0] * 5)
    grouping = Grouping("x", ("a", "b"), np.array([0, 0, 0, 1, 1, UNKNOWN]))
    matrix = measure_cross_match([one], np.array(data.owners), same, grouping, 0.1)
    assert matrix.rate.tolist() == [[0, 1 / 6], [1 / 6, 0]]
    assert matrix.overall == pytest.approx(1 / 10)
