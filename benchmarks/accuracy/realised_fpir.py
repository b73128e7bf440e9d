"""Whether a calibrated threshold's stated FPIR is the one that other people then realise.

A draw enrols one photo of each of some identities and halves the others. Strangers of the first
half calibrate, strangers of the second, whom the calibration never saw, are searched against the
gallery, and the share that reaches the threshold is held against the target: at the size that was
calibrated, and after the gallery has grown since. Galleries of all sizes are beginnings of one.

A calibration states an interval for the rate that its threshold realises. So many searches as the
second half has can tell a rate only roughly, so what is asked is whether the number of alarms is
among those to be expected: the interval of a binomial count whose rate is drawn from the
calibration's resamples.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.bootstrap import LEVEL
from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.identities import DataSet
from benchmarks.accuracy.open_set import TRIALS, Scores, TooFewIdentities
from benchmarks.report import Grid, Report, Target
from casework.calibration.thresholds import FalseMatchModel
from index.calibration import LEAST_SCORES, Calibration, calibrate
from index.threshold import FalseMatchCurve
from models.manifest import Prior

SIZES: Final = (100, 250, 400, 1000)
GROWTHS: Final = ((100, 400), (250, 1000))
"""Sizes at the calibration, and now."""
TARGETS: Final[dict[float, float]] = {0.01: 1.25, 0.001: 1.5}
"""Target FPIR, and the factor within which the mean of the realised ones must lie."""
COVERED: Final = 0.9
"""Share of the draws whose interval must hold what was realised."""


@dataclass(frozen=True, slots=True, eq=False)
class RealisedFpir:
    """The result of one target at one gallery size, over the draws."""

    calibrated_at: int
    gallery: int
    target: float
    alarms: npt.NDArray[np.int64]
    """Of each draw, shape (draws,)."""
    searches: int
    """Of each draw."""
    thresholds: npt.NDArray[np.float64]
    stated: npt.NDArray[np.float64]
    """Ends of the stated interval of the rate, shape (draws, 2)."""
    covered: npt.NDArray[np.bool_]
    """Whether the alarms are among those that interval lets expect."""

    @property
    def rates(self) -> npt.NDArray[np.float64]:
        """Realised FPIR of each draw."""
        return self.alarms / self.searches

    @property
    def mean(self) -> float:
        """Average of the realised rates."""
        return float(self.rates.mean())

    @property
    def name(self) -> str:
        """Sizes and target in words."""
        grown = f", calibrated at {self.calibrated_at}" if self.grown else ""
        return f"{self.gallery} enrolled{grown}, FPIR {self.target:.1%}"

    @property
    def grown(self) -> bool:
        """Whether the gallery has grown since."""
        return self.gallery != self.calibrated_at


def run(
    data: DataSet, embedded: Embedded, prior: Prior, trials: int = TRIALS, seed: int = 0
) -> list[RealisedFpir]:
    """Calibrate on one half of the strangers and search with the other.

    Thresholds are those that the service would have, which for rates that the searches are too few
    to show are no laxer than the pack's prior. Sizes that would leave too few strangers are left
    out.

    Raises:
        TooFewIdentities: the halves would be too small to calibrate the smallest gallery.
    """
    owners, usable = np.array(data.owners), embedded.usable
    photos = [np.flatnonzero((owners == who) & usable) for who in range(len(data.names))]
    people = np.array([who for who, held in enumerate(photos) if len(held)])
    sizes = [size for size in SIZES if len(people) >= size + 2 * LEAST_SCORES]
    if not sizes:
        least = min(SIZES) + 2 * LEAST_SCORES
        raise TooFewIdentities(f"{len(people)} identities are too few: {least} at least")
    pairs = [(size, size) for size in sizes]
    pairs += [(before, now) for before, now in GROWTHS if now in sizes]
    draws = [
        _draw(photos, people, embedded.vectors, sizes, np.random.default_rng([seed, number]))
        for number in range(trials)
    ]
    curve = FalseMatchCurve(prior.fmr, prior.score)
    return [
        _realised(before, now, target, draws, curve, np.random.default_rng(seed))
        for before, now in pairs
        for target in TARGETS
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Draw:
    calibrations: Mapping[int, Calibration]
    """By gallery size."""
    tops: Mapping[int, Scores]
    """Highest scores of the strangers who were not calibrated on, by gallery size."""


def _draw(
    photos: list[npt.NDArray[np.int64]],
    people: npt.NDArray[np.int64],
    vectors: npt.NDArray[np.float32],
    sizes: list[int],
    random: np.random.Generator,
) -> _Draw:
    chosen = np.array([random.choice(photos[who]) for who in random.permutation(people)])
    enrolled, strangers = chosen[: max(sizes)], chosen[max(sizes) :]
    half = len(strangers) // 2
    tops: dict[int, Scores] = {}
    highest, before = np.full(len(strangers), -np.inf, np.float32), 0
    for size in sizes:
        scores = vectors[strangers] @ vectors[enrolled[before:size]].T
        highest, before = np.maximum(highest, scores.max(axis=1)), size
        tops[size] = highest
    fitted = {size: calibrate(tops[size][:half], size) for size in sizes}
    return _Draw(fitted, {size: tops[size][half:] for size in sizes})


def _realised(
    before: int,
    now: int,
    target: float,
    draws: list[_Draw],
    curve: FalseMatchCurve,
    random: np.random.Generator,
) -> RealisedFpir:
    thresholds, alarms, stated, covered = [], [], [], []
    for draw in draws:
        calibration, tops = draw.calibrations[before], draw.tops[now]
        threshold = FalseMatchModel("", curve, calibration).threshold(target, now)
        count = int(np.count_nonzero(tops >= threshold))
        rates = calibration.resampled_fpir(threshold, now)
        counts = random.binomial(len(tops), rates)
        low, high = np.quantile(counts, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        thresholds.append(threshold)
        alarms.append(count)
        stated.append(calibration.fpir_interval(threshold, now))
        covered.append(bool(low <= count <= high))
    return RealisedFpir(
        before,
        now,
        target,
        np.array(alarms),
        len(draws[0].tops[now]),
        np.array(thresholds),
        np.array(stated),
        np.array(covered),
    )


def add_to(report: Report, results: list[RealisedFpir]) -> None:
    """Put targets beside what was realised."""
    rows = []
    for each in results:
        factor = each.mean / each.target
        low, high = each.stated.mean(axis=0)
        rows.append(
            (
                f"{each.calibrated_at:,}",
                f"{each.gallery:,}",
                f"{each.target:.1%}",
                f"{each.mean:.3%}",
                f"{factor:.2f}",
                f"{each.rates.max() / each.target:.1f}",
                f"{each.thresholds.mean():.4f}",
                f"{low:.2%} - {high:.2%}",
                f"{each.covered.mean():.0%}",
            )
        )
        # No alarm at all counts as one in all draws: below that, nobody can say how far off.
        least = 1 / (each.searches * len(each.alarms) * each.target)
        off = max(factor, 1 / max(factor, least))
        report.targets += [
            Target(f"{each.name}: off by a factor of", off, "<=", TARGETS[each.target]),
            Target(
                f"{each.name}: draws within the interval",
                float(each.covered.mean()),
                ">=",
                COVERED,
            ),
        ]
        report.figures[f"{each.calibrated_at} to {each.gallery} at {each.target:g}"] = {
            "rates": each.rates.tolist(),
            "stated": each.stated.tolist(),
            "covered": each.covered.tolist(),
        }
    report.grids.append(
        Grid(
            f"Calibrated on half of the strangers, realised by the other {results[0].searches:,}: "
            f"{len(results[0].alarms)} draws",
            (
                "calibrated at",
                "enrolled",
                "target FPIR",
                "realised, mean",
                "of target",
                "highest",
                "threshold, mean",
                "stated interval, mean",
                "held by",
            ),
            tuple(rows),
        )
    )
