"""Everything that `accuracy` measures on one data set, section by section.

A section that the data set is too small for is left out with the reason; the open-set trials are
what a data set must be large enough for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy import (
    by_quality,
    enrolments,
    galleries,
    holdout_gap,
    open_set_report,
    realised_fpir,
    refusals,
)
from benchmarks.accuracy.by_quality import MissesByQuality
from benchmarks.accuracy.det import OperatingPoints, curve_rates, operating_points, require
from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.enrolments import Enrolments
from benchmarks.accuracy.galleries import Gallery
from benchmarks.accuracy.holdout_gap import HoldoutGap
from benchmarks.accuracy.identities import DataSet
from benchmarks.accuracy.labels import Grouping
from benchmarks.accuracy.open_set import STATED_RATE, TooFewIdentities, Trial, run_trials
from benchmarks.accuracy.realised_fpir import RealisedFpir
from benchmarks.fairness import demographics_report
from benchmarks.fairness.cross_match import CrossMatch, measure_cross_match
from benchmarks.fairness.demographics import Rates, false_alarm_rates, miss_rates
from benchmarks.report import Report, json_numbers
from models.manifest import Prior

Measured = TypeVar("Measured")


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """One grouping of the identities, and its error rates."""

    grouping: Grouping
    alarms: Rates
    misses: Rates
    matrix: CrossMatch


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What was measured; None where the data set is too small."""

    trials: list[Trial]
    points: OperatingPoints
    """At the rates that can be stated."""
    curve: OperatingPoints
    strata: list[MissesByQuality] | None
    halves: HoldoutGap | None
    enrolments: Enrolments | None
    galleries: list[Gallery] | None
    realised: list[RealisedFpir] | None
    groups: list[Groups]


def evaluate(
    report: Report,
    data: DataSet,
    embedded: Embedded,
    prior: Prior | None,
    groupings: Sequence[Grouping],
    gallery: int,
    trials: int,
    seed: int,
) -> Evaluation:
    """Measure everything, and put it into a report.

    Args:
        report: what is added to.
        data: the photos.
        embedded: their embeddings.
        prior: the pack's false match curve, if it has one.
        groupings: what is known of the identities.
        gallery: identities enrolled in the open-set trials.
        trials: galleries drawn.
        seed: the same seed draws the same.

    Raises:
        TooFewIdentities: the open-set trials cannot be run.
    """
    owners = np.array(data.owners)
    drawn = run_trials(data, embedded, gallery, trials, seed)
    points = operating_points(drawn, owners, open_set_report.stated_rates(drawn), seed)
    strangers = min(len(trial.non_mated) for trial in drawn)
    curve = operating_points(drawn, owners, curve_rates(strangers), seed)
    open_set_report.add_to(report, drawn, owners, points, seed)
    _add_curve(report, curve)

    def section(measure: Callable[[], Measured]) -> Measured | None:
        try:
            return measure()
        except TooFewIdentities as error:
            report.note(f"Left out: {error}.")
            return None

    half = section(
        lambda: holdout_gap.measure_holdout_gap(data, embedded, max(1, gallery // 2), trials, seed)
    )
    if half:
        holdout_gap.add_to(report, half)
    several = section(lambda: enrolments.measure_enrolments(data, embedded, trials, seed))
    if several:
        enrolments.add_to(report, several)
    sizes = section(lambda: galleries.measure_galleries(data, embedded, prior, trials, seed))
    if sizes:
        galleries.add_to(report, sizes)
    kept = section(lambda: realised_fpir.run(data, embedded, prior, trials, seed)) if prior else []
    if kept:
        realised_fpir.add_to(report, kept)
    strata = section(lambda: by_quality.measure_by_quality(drawn, owners, embedded, seed))
    if strata:
        by_quality.add_to(report, strata)
    by_group = section(lambda: _groups(drawn, owners, embedded, groupings, seed)) or []
    for each in by_group:
        demographics_report.add_to(report, each.grouping, each.alarms, each.misses, each.matrix)
    refusals.add_to(report, data, embedded)
    return Evaluation(drawn, points, curve, strata, half, several, sizes, kept, by_group)


def _groups(
    trials: list[Trial],
    owners: npt.NDArray[np.int64],
    embedded: Embedded,
    groupings: Sequence[Grouping],
    seed: int,
) -> list[Groups]:
    if groupings:
        require(STATED_RATE, trials)
    return [
        Groups(
            grouping,
            false_alarm_rates(trials, owners, grouping, STATED_RATE, seed),
            miss_rates(trials, owners, grouping, STATED_RATE, seed),
            measure_cross_match(trials, owners, embedded, grouping, STATED_RATE, seed),
        )
        for grouping in groupings
    ]


def _add_curve(report: Report, curve: OperatingPoints) -> None:
    low, high = curve.fnir_interval()
    report.figures["det"] = {
        "fpir": list(curve.rates),
        "fnir": json_numbers(curve.fnir.mean(axis=0)),
        "fnir per person": json_numbers(curve.person_fnir.mean(axis=0)),
        "low": json_numbers(low),
        "high": json_numbers(high),
    }
