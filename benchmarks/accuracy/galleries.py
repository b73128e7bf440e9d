"""Threshold and misses by the size of the gallery, and how well two methods predict them.

Galleries grow by adding identities; mated searches and strangers stay the same, so that nothing but
the size changes. A mated search's own score does not depend on who else is enrolled: the identities
enrolled in the largest gallery are searched for at every size's threshold.

A threshold is predicted in two ways. A calibration (`index/calibration.py`) on these strangers at
one size is taken to the others; the pack's false match curve (`index/threshold.py`) knows only the
size.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.det import OperatingPoints, operating_points, require
from benchmarks.accuracy.embeddings import Embedded, Embeddings
from benchmarks.accuracy.identities import DataSet
from benchmarks.accuracy.open_set import (
    STATED_RATE,
    TRIALS,
    Scores,
    TooFewIdentities,
    Trial,
    miss_rate,
)
from benchmarks.accuracy.open_set_report import percent
from benchmarks.report import Grid, Report
from index.calibration import LEAST_SCORES, calibrate
from index.threshold import FalseMatchCurve, threshold_for
from models.manifest import Prior

SIZES: Final = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
_BATCH: Final = 2048
"""Searches scored at once, to bound memory."""
CALIBRATED_AT: Final = 200
_LARGEST_SHARE: Final = 0.5
"""Of the identities; the others have to be strangers."""


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """A predicted threshold, and the rates that it gives; each of shape (trials,)."""

    thresholds: npt.NDArray[np.float64]
    fpir: npt.NDArray[np.float64]
    fnir: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """The result of one gallery size."""

    size: int
    points: OperatingPoints
    """At `STATED_RATE`."""
    calibrated: Predicted
    """By a calibration at `CALIBRATED_AT` templates."""
    curve: Predicted | None
    """By the pack's false match curve, if it has one."""


@dataclass(frozen=True, slots=True, eq=False)
class _Draw:
    """One order of enrolment; every gallery is a beginning of it."""

    templates: npt.NDArray[np.int64]
    probes: npt.NDArray[np.int64]
    references: npt.NDArray[np.int64]
    strangers: npt.NDArray[np.int64]


def measure_galleries(
    data: DataSet,
    embedded: Embedded,
    prior: Prior | None,
    trials: int = TRIALS,
    seed: int = 0,
) -> list[Gallery]:
    """Let galleries grow.

    Raises:
        TooFewIdentities: half of the identities do not fill the gallery that is calibrated, or
            the other half are too few strangers for it.
    """
    owners, usable = np.array(data.owners), embedded.usable
    photos = [np.flatnonzero(owners == who) for who in range(len(data.names))]
    people = [held for held in photos if usable[held].any()]
    sizes = [size for size in SIZES if size <= _LARGEST_SHARE * len(people)]
    if not sizes or sizes[-1] < CALIBRATED_AT or len(people) - sizes[-1] < LEAST_SCORES:
        raise TooFewIdentities(
            f"{len(people)} identities are too few to compare gallery sizes: "
            f"{2 * max(CALIBRATED_AT, LEAST_SCORES)} at least"
        )
    draws = [
        _draw(people, usable, sizes[-1], np.random.default_rng([seed, number]))
        for number in range(trials)
    ]
    vectors = embedded.vectors
    grown = [_top_scores(vectors[d.strangers], vectors[d.templates], sizes) for d in draws]
    mated = [(vectors[d.probes] * vectors[d.references]).sum(axis=1) for d in draws]
    base = sizes.index(CALIBRATED_AT)
    calibrations = [calibrate(tops[base], CALIBRATED_AT) for tops in grown]
    curve = FalseMatchCurve(prior.fmr, prior.score) if prior else None
    measured = []
    for at, size in enumerate(sizes):
        held = [
            # Who else scores high in a gallery decides ranks, and no rank is asked for here.
            Trial(own, np.full_like(own, np.nan), tops[at], d.probes, d.references, d.strangers)
            for d, own, tops in zip(draws, mated, grown, strict=True)
        ]
        require(STATED_RATE, held)
        bars = np.array([each.score_at(STATED_RATE, size) for each in calibrations])
        of_curve = None
        if curve:
            one = threshold_for(STATED_RATE, size, curve)
            of_curve = _foretold(held, np.full(len(held), one))
        points = operating_points(held, owners, (STATED_RATE,), seed)
        measured.append(Gallery(size, points, _foretold(held, bars), of_curve))
    return measured


def _draw(
    people: list[npt.NDArray[np.int64]],
    usable: npt.NDArray[np.bool_],
    largest: int,
    random: np.random.Generator,
) -> _Draw:
    order = random.permutation(len(people))
    chosen = np.array([random.choice(people[who][usable[people[who]]]) for who in order])
    probes, references = [], []
    for who, template in zip(order[:largest], chosen[:largest], strict=True):
        others = people[who][people[who] != template]
        probes.append(others)
        references.append(np.full(len(others), template))
    return _Draw(
        chosen[:largest], np.concatenate(probes), np.concatenate(references), chosen[largest:]
    )


def _top_scores(searched: Embeddings, templates: Embeddings, sizes: list[int]) -> Scores:
    """Return each search's highest score against the first templates, shape (sizes, searches)."""
    tops = np.empty((len(sizes), len(searched)), np.float32)
    for begin in range(0, len(searched), _BATCH):
        part = searched[begin : begin + _BATCH]
        highest, before = np.full(len(part), -np.inf, np.float32), 0
        for at, size in enumerate(sizes):
            highest = np.maximum(highest, (part @ templates[before:size].T).max(axis=1))
            tops[at, begin : begin + _BATCH] = highest
            before = size
    return tops


def _foretold(trials: list[Trial], bars: npt.NDArray[np.float64]) -> Predicted:
    pairs = list(zip(trials, bars, strict=True))
    return Predicted(
        bars,
        np.array([np.mean(trial.non_mated >= np.float32(bar)) for trial, bar in pairs]),
        np.array([miss_rate(trial.mated, float(bar)) for trial, bar in pairs]),
    )


def add_to(report: Report, galleries: list[Gallery]) -> None:
    """Put every size into a report, beside the predictions."""
    rows = []
    for each in galleries:
        fnir, thresholds = each.points.fnir[:, 0], each.points.thresholds[:, 0]
        low, high = (float(end[0]) for end in each.points.fnir_interval())
        rows.append(
            (
                f"{each.size:,}",
                f"{thresholds.mean():.4f}",
                f"{fnir.mean():.2%}",
                f"{low:.2%} - {high:.2%}",
                *_cells(each.calibrated),
                *_cells(each.curve),
            )
        )
        report.figures[f"gallery of {each.size}"] = {
            "fnir": fnir.tolist(),
            "threshold": thresholds.tolist(),
            "calibrated": each.calibrated.thresholds.tolist(),
            "curve": each.curve.thresholds.tolist() if each.curve else None,
        }
    report.grids.append(
        Grid(
            f"FPIR {percent(STATED_RATE)} by gallery size: same searches, thresholds measured, "
            f"extrapolated from {CALIBRATED_AT} enrolled, and of the pack's false match curve",
            (
                "enrolled",
                "threshold",
                "FNIR",
                "95 % interval",
                "extrapolated",
                "its FPIR",
                "its FNIR",
                "curve's",
                "its FPIR",
                "its FNIR",
            ),
            tuple(rows),
        )
    )


def _cells(predicted: Predicted | None) -> tuple[str, str, str]:
    if predicted is None:
        return "-", "-", "-"
    return (
        f"{predicted.thresholds.mean():.4f}",
        f"{predicted.fpir.mean():.2%}",
        f"{predicted.fnir.mean():.2%}",
    )
