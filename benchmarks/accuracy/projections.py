"""Whether the same embeddings, read another way, miss less: less a mean, or in fewer numbers.

What is read is fitted on one half of the identities, everybody counted once, and judged on the
other: galleries, mated searches and strangers are all of people that the fit never saw. Then the
halves change places. All readings are searched in the same galleries, so that differences are
paired: trial by trial, and resample by resample of the identities.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.bootstrap import Values, interval
from benchmarks.accuracy.det import OperatingPoints, operating_points, require
from benchmarks.accuracy.embeddings import Embedded, Embeddings
from benchmarks.accuracy.holdout_gap import SPLIT_SEED
from benchmarks.accuracy.identities import DataSet
from benchmarks.accuracy.open_set import GALLERY, TRIALS, run_trials
from benchmarks.accuracy.open_set_report import percent
from benchmarks.report import Grid, Report

RATES: Final = (0.01, 0.003)
NUMBERS: Final = (256, 128)
"""Numbers of a template after a projection."""
PLAIN: Final = "as they are"

Read = Callable[[Embeddings], Embeddings]
"""Unit vectors to unit vectors, shape (photos, dim) to (photos, numbers)."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One reading, judged on each half in turn."""

    name: str
    numbers: int
    halves: tuple[OperatingPoints, OperatingPoints]
    """At `RATES`."""

    def points(self, plain: "Judged", at: int) -> tuple[float, float, float]:
        """Return FNIR less that of plain embeddings, over both halves, with its interval."""
        pairs = list(zip(self.halves, plain.halves, strict=True))
        mean = np.mean([own.fnir[:, at].mean() - other.fnir[:, at].mean() for own, other in pairs])
        drawn = [own.resampled_fnir[:, at] - other.resampled_fnir[:, at] for own, other in pairs]
        # The halves share nobody: resample n of one stands beside any resample of the other.
        low, high = interval(np.mean(drawn, axis=0))
        return float(mean), float(low), float(high)


def readings(fitted_on: Embeddings) -> dict[str, Read]:
    """Return every reading, fitted.

    Args:
        fitted_on: shape (people, dim): one unit vector each.
    """
    mean = fitted_on.mean(axis=0)
    found: dict[str, Read] = {PLAIN: lambda vectors: vectors}
    found["less the mean"] = lambda vectors: unit(vectors - mean)
    for numbers in NUMBERS:
        if numbers < fitted_on.shape[1]:
            found[f"{numbers} numbers"] = _projection(fitted_on, 0 * mean, numbers)
            found[f"less the mean, {numbers} numbers"] = _projection(fitted_on, mean, numbers)
    return found


def _projection(fitted_on: Embeddings, centre: Values, numbers: int) -> Read:
    """Return the projection on the directions along which people differ most from a centre."""
    _, _, directions = np.linalg.svd(fitted_on - centre, full_matrices=False)
    kept = directions[:numbers].T
    return lambda vectors: unit((vectors - centre) @ kept)


def unit(vectors: npt.NDArray[np.floating]) -> Embeddings:
    """Scale rows to unit length; a row of NaN stays one."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def measure_projections(
    data: DataSet,
    embedded: Embedded,
    gallery: int = GALLERY // 2,
    trials: int = TRIALS,
    seed: int = 0,
) -> list[Judged]:
    """Fit every reading on each half of the identities and judge it on the other.

    Raises:
        TooFewIdentities: a half is too small for the gallery, or for the rates.
    """
    owners = np.array(data.owners)
    shuffled = np.random.default_rng(SPLIT_SEED).permutation(len(data.names))
    middle = len(shuffled) // 2
    judged: dict[str, list[OperatingPoints]] = {}
    widths: dict[str, int] = {}
    halves = (shuffled[:middle], shuffled[middle:])
    for number, (people, others) in enumerate((halves, halves[::-1])):
        fitted_on = mean_faces(embedded, owners, others)
        for name, read in readings(fitted_on).items():
            seen = replace(embedded, vectors=read(embedded.vectors))
            drawn = run_trials(data, seen, gallery, trials, seed, people)
            require(min(RATES), drawn)
            judged.setdefault(name, []).append(
                operating_points(drawn, owners, RATES, seed + number)
            )
            widths[name] = seen.vectors.shape[1]
    return [Judged(name, widths[name], (one, two)) for name, (one, two) in judged.items()]


def mean_faces(
    embedded: Embedded, owners: npt.NDArray[np.int64], people: npt.NDArray[np.int64]
) -> Embeddings:
    """Return each person's mean embedding, scaled to unit length, shape (people, dim).

    Who has no usable photo is left out.
    """
    usable = embedded.usable
    photos = [np.flatnonzero((owners == who) & usable) for who in people]
    means = [embedded.vectors[held].mean(axis=0) for held in photos if held.size]
    return unit(np.stack(means))


def add_to(report: Report, judged: list[Judged]) -> None:
    """Put every reading beside plain embeddings."""
    plain = next(each for each in judged if each.name == PLAIN)
    for at, rate in enumerate(RATES):
        rows = []
        for each in judged:
            mean, low, high = each.points(plain, at)
            first, second = each.halves
            rows.append(
                (
                    each.name,
                    each.numbers,
                    f"{first.fnir[:, at].mean():.2%}",
                    f"{second.fnir[:, at].mean():.2%}",
                    f"{first.person_fnir[:, at].mean():.2%}",
                    f"{second.person_fnir[:, at].mean():.2%}",
                    "" if each is plain else f"{100 * mean:+.2f}",
                    "" if each is plain else f"{100 * low:+.2f} to {100 * high:+.2f}",
                )
            )
            report.figures[f"{each.name} at fpir {rate:g}"] = {
                "fnir": [points.fnir[:, at].tolist() for points in each.halves],
                "fnir per person": [points.person_fnir[:, at].tolist() for points in each.halves],
                "points": [mean, low, high],
            }
        columns = (
            *("embeddings", "numbers", "first half", "second half"),
            *("per person, first", "second", "points per photo, paired", "95 % interval"),
        )
        title = f"FNIR at FPIR {percent(rate)}, fitted on one half and judged on the other"
        report.grids.append(Grid(title, columns, tuple(rows)))
