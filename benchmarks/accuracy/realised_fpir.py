"""Whether a calibrated threshold's stated FPIR is the one that other people then realise.

The identities are split in two halves. Strangers of the first half calibrate a gallery, strangers
of the second half, whom the calibration never saw, are searched against the same gallery, and the
share that reaches the threshold is held against the target.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.identities import DataSet
from benchmarks.accuracy.open_set import TooFewIdentities
from benchmarks.report import Grid, Report, Target
from index.calibration import Calibration, calibrate

GALLERIES: Final = (100, 200, 400)
TARGETS: Final[dict[float, float]] = {0.03: 1.5, 0.01: 1.5, 0.003: 2.0}
"""Target FPIR, and the factor within which the realised one must lie."""
TRIALS: Final = 10


@dataclass(frozen=True, slots=True)
class RealisedFpir:
    """The result of one target, over the trials of one gallery size."""

    gallery: int
    target: float
    rates: tuple[float, ...]
    """Realised FPIR of each trial."""
    thresholds: tuple[float, ...]
    intervals: tuple[tuple[float, float], ...]
    """95 % interval of each trial's threshold."""

    @property
    def mean(self) -> float:
        """Average of the realised rates."""
        return float(np.mean(self.rates))


def run(
    data: DataSet, embedded: Embedded, trials: int = TRIALS, seed: int = 0
) -> list[RealisedFpir]:
    """Calibrate on one half of the identities and search with the other.

    Raises:
        TooFewIdentities: the halves would be too small to calibrate the largest gallery.
    """
    owners, usable = np.array(data.owners), embedded.usable
    photos = [np.flatnonzero((owners == who) & usable) for who in range(len(data.names))]
    people = np.array([who for who, held in enumerate(photos) if len(held)])
    if len(people) < 2 * max(GALLERIES):
        raise TooFewIdentities(
            f"{len(people)} identities are too few: {2 * max(GALLERIES)} at least"
        )
    results = []
    for gallery in GALLERIES:
        calibrated = [
            _trial(photos, people, embedded.vectors, gallery, np.random.default_rng([seed, n]))
            for n in range(trials)
        ]
        for target in TARGETS:
            thresholds = [calibration.score_at(target) for calibration, _ in calibrated]
            results.append(
                RealisedFpir(
                    gallery,
                    target,
                    tuple(
                        float(np.mean(tops >= threshold))
                        for (_, tops), threshold in zip(calibrated, thresholds, strict=True)
                    ),
                    tuple(thresholds),
                    tuple(calibration.interval(target) for calibration, _ in calibrated),
                )
            )
    return results


def _trial(
    photos: list[npt.NDArray[np.int64]],
    people: npt.NDArray[np.int64],
    vectors: npt.NDArray[np.float32],
    gallery: int,
    random: np.random.Generator,
) -> tuple[Calibration, npt.NDArray[np.float32]]:
    """Return a calibration from one half, and the other half's highest scores."""
    shuffled = random.permutation(people)
    enrolled, rest = shuffled[:gallery], shuffled[gallery:]
    templates = vectors[[random.choice(photos[who]) for who in enrolled]]
    tops = (vectors[[random.choice(photos[who]) for who in rest]] @ templates.T).max(axis=1)
    half = len(rest) // 2
    return calibrate(tops[:half], gallery), tops[half:]


def add_to(report: Report, results: list[RealisedFpir]) -> None:
    """Put targets beside what was realised."""
    rows = []
    for each in results:
        low, high = np.mean(each.intervals, axis=0)
        spread = float(np.std(each.rates, ddof=1)) if len(each.rates) > 1 else 0.0
        rows.append(
            (
                each.gallery,
                f"{each.target:.1%}",
                f"{each.mean:.2%}",
                f"{spread:.2%}",
                f"{each.mean / each.target:.2f}",
                f"{np.mean(each.thresholds):.4f}",
                f"{low:.4f} - {high:.4f}",
            )
        )
        factor = max(each.mean / each.target, each.target / max(each.mean, 1e-12))
        report.targets.append(
            Target(
                f"{each.gallery} enrolled, FPIR {each.target:.1%}: off by a factor of",
                factor,
                "<=",
                TARGETS[each.target],
            )
        )
        report.figures[f"{each.gallery} at {each.target:g}"] = list(each.rates)
    report.grids.append(
        Grid(
            "Calibrated on one half of the identities, realised by the other",
            (
                "enrolled",
                "target FPIR",
                "realised, mean",
                "s.d. over trials",
                "of target",
                "threshold, mean",
                "its 95 % interval, mean",
            ),
            tuple(rows),
        )
    )
