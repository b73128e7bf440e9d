"""Demographic differentials: who is falsely alarmed and who is missed, at one global threshold.

Per group, FPIR and FNIR at each trial's threshold for all people together, trials pooled. Two
summaries as in ISO/IEC 19795-10: the worst group over the best, and the worst over the geometric
mean of all. Both are at least 1 by construction and grow with the number of groups by chance alone:
the worst of several equal rates, measured, is not equal to the best. Two guards against that:

- the same ratio is formed with the labels dealt out to the identities at random, again and again;
  what 95 % of these stay below is what chance alone does. Where the measured ratio does, too, the
  groups may be alike, and the interval begins at 1;
- elsewhere its lower end is the bias-corrected one (basic bootstrap of the logarithm). The upper
  end is the percentile, which errs upwards.

A group too small to say anything takes no part in the ratios; `LEAST_IDENTITIES` and `LEAST_EVENTS`
are the rule.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.bootstrap import (
    LEVEL,
    Counts,
    Shares,
    Values,
    draw_identities,
    shares_of,
    tally,
)
from benchmarks.accuracy.by_quality import missed_searches
from benchmarks.accuracy.labels import Grouping
from benchmarks.accuracy.open_set import Trial, threshold_at

LEAST_IDENTITIES: Final = 30
LEAST_EVENTS: Final = 3
"""Events a trial would show in the group at everybody's rate. With fewer, seeing none at all is no
proof at the 95 % level that the group's rate is lower (rule of 3)."""

Ratio = Callable[[Values], Values]
"""From rates, shape (..., groups), to one figure, shape (...)."""


@dataclass(frozen=True, slots=True)
class Differential:
    """One summary over the groups that are large enough."""

    value: float
    low: float
    high: float
    by_chance: float
    """What 95 % of random labellings of the same identities stay below."""

    @property
    def beyond_chance(self) -> bool:
        """Whether random labels seldom give as much."""
        return self.value > self.by_chance


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """One error rate of all groups."""

    name: str
    shares: Shares
    """A column per group."""
    overall: float
    """Of everybody with a known group."""
    identities: npt.NDArray[np.int64]
    """Of each group, those that were searched for at least once, shape (groups,)."""
    per_trial: Values
    """Searches of each group in a trial, on average."""
    large_enough: npt.NDArray[np.bool_]
    """Shape (groups,)."""
    worst_over_best: Differential | None
    """None where fewer than two groups are large enough."""
    worst_over_mean: Differential | None
    """Over the geometric mean."""


def worst_over_best(rates: Values) -> Values:
    """Return the highest rate over the lowest; infinite if only the lowest is 0, NaN if both."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(rates.max(axis=-1) / rates.min(axis=-1), np.float64)


def worst_over_mean(rates: Values) -> Values:
    """Return the highest rate over the geometric mean of all."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.exp(np.log(rates).mean(axis=-1))
        return np.asarray(rates.max(axis=-1) / mean, np.float64)


def false_alarm_rates(
    trials: Sequence[Trial],
    owners: npt.NDArray[np.int64],
    grouping: Grouping,
    rate: float,
    seed: int = 0,
) -> Rates:
    """Return each group's FPIR, where everybody's together is at most `rate`."""
    people = np.concatenate([owners[trial.strangers] for trial in trials])
    alarms = np.concatenate(
        [trial.non_mated >= np.float32(threshold_at(trial.non_mated, rate)) for trial in trials]
    )
    return _rates("FPIR", people, alarms, grouping, len(trials), seed)


def miss_rates(
    trials: Sequence[Trial],
    owners: npt.NDArray[np.int64],
    grouping: Grouping,
    rate: float,
    seed: int = 0,
) -> Rates:
    """Return each group's FNIR at the same thresholds."""
    people = np.concatenate([owners[trial.probes] for trial in trials])
    missed = np.concatenate([missed_searches(trial, rate) for trial in trials])
    return _rates("FNIR", people, missed, grouping, len(trials), seed)


def _rates(
    name: str,
    people: npt.NDArray[np.int64],
    flags: npt.NDArray[np.bool_],
    grouping: Grouping,
    trials: int,
    seed: int,
) -> Rates:
    width, identities = len(grouping.groups), len(grouping.members)
    events = tally(people, identities, flags)[:, 0]
    searches = tally(people, identities, np.ones(len(people)))[:, 0]
    known = np.flatnonzero((grouping.members >= 0) & (searches > 0))
    members = grouping.members[known]
    in_group = np.eye(width)[members]
    counts = draw_identities(len(known), seed)
    shares = shares_of(events[known, None] * in_group, searches[known, None] * in_group, counts)
    overall = float(events[known].sum() / max(1.0, searches[known].sum()))
    present = np.bincount(members, minlength=width)
    per_trial = shares.searches / trials
    large = (present >= LEAST_IDENTITIES) & (per_trial * overall >= LEAST_EVENTS)
    differentials: list[Differential | None] = [None, None]
    if large.sum() > 1:
        dealt = _dealt(events[known], searches[known], members, width, len(counts), seed)
        differentials = [
            _differential(ratio, shares, dealt, large)
            for ratio in (worst_over_best, worst_over_mean)
        ]
    return Rates(name, shares, overall, present, per_trial, large, *differentials)


def _dealt(
    events: Values,
    searches: Values,
    members: npt.NDArray[np.int64],
    width: int,
    times: int,
    seed: int,
) -> Counts:
    """Return the groups' rates with labels dealt at random, shape (times, groups)."""
    random = np.random.default_rng([seed, 1])
    rates = np.empty((times, width))
    for at in range(times):
        labels = random.permutation(members)
        with np.errstate(invalid="ignore", divide="ignore"):
            rates[at] = np.bincount(labels, events, width) / np.bincount(labels, searches, width)
    return rates


def _differential(
    ratio: Ratio, shares: Shares, dealt: Values, large: npt.NDArray[np.bool_]
) -> Differential:
    value = float(ratio(shares.rate[large]))
    chance = ratio(dealt[:, large])
    resampled = ratio(shares.resampled[:, large])
    # A resample without any event in any group says nothing of their ratio.
    resampled = resampled[~np.isnan(resampled)]
    by_chance = float(np.quantile(chance[~np.isnan(chance)], LEVEL, method="higher"))
    if not np.isfinite(value):
        return Differential(value, 1.0, float("inf"), by_chance)
    high = float(np.quantile(resampled, (1 + LEVEL) / 2, method="higher"))
    low = max(1.0, value * value / high) if value > by_chance else 1.0
    return Differential(value, low, max(value, high), by_chance)
