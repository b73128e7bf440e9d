"""A pack's false match curve: how often two different people's photos score how high.

Every draw takes one photo of each identity at random and compares all of them with each other: no
comparison is mated. The score of a rate is the draws' mean; a rate is stated only where each draw
has enough comparisons above it (`index.false_matches`).
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.identities import DataSet
from benchmarks.report import Grid, Report
from index.false_matches import non_mated_scores, score_at, stated_rates
from index.threshold import FalseMatchCurve
from models.manifest import Prior

DRAWS: Final = 10
_HIGHEST_SHOWN: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Scores at false match rates, over several draws."""

    rates: tuple[float, ...]
    scores: npt.NDArray[np.float64]
    """Shape (draws, rates)."""
    comparisons: int
    """Per draw."""

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """Score per rate, shape (rates,)."""
        return np.asarray(self.scores.mean(axis=0), np.float64)


def measure_curve(
    data: DataSet, embedded: Embedded, draws: int = DRAWS, seed: int = 0
) -> tuple[Curve, list[tuple[float, str, str]]]:
    """Measure the curve; returns also the highest-scoring pairs, which may be label clashes."""
    owners, usable = np.array(data.owners), embedded.usable
    photos = [np.flatnonzero((owners == who) & usable) for who in range(len(data.names))]
    photos = [held for held in photos if held.size]
    comparisons = len(photos) * (len(photos) - 1) // 2
    rates = stated_rates(comparisons)
    random = np.random.default_rng(seed)
    rows: list[list[float]] = []
    highest: dict[tuple[int, int], float] = {}
    for _ in range(draws):
        chosen = np.array([random.choice(held) for held in photos])
        scores = non_mated_scores(embedded.vectors[chosen])
        rows.append([score_at(scores, rate) for rate in rates])
        first, second = np.triu_indices(len(chosen), k=1)
        for pair in np.argpartition(scores, -_HIGHEST_SHOWN)[-_HIGHEST_SHOWN:]:
            ends = int(chosen[first[pair]]), int(chosen[second[pair]])
            highest[ends] = float(scores[pair])
    pairs = sorted(((s, data.label(a), data.label(b)) for (a, b), s in highest.items()))[::-1]
    return Curve(rates, np.array(rows), comparisons), pairs


def to_prior(curve: Curve, source: str) -> Prior:
    """Round the curve as a manifest states it, and check it as the manifest and the index do.

    Raises:
        ValueError: the scores do not rise strictly, as happens with too few comparisons.
    """
    scores = tuple(round(float(score), 4) for score in curve.mean)
    if len(scores) < 2 or any(later <= earlier for earlier, later in pairwise(scores)):
        raise ValueError("too few comparisons for a curve: the scores do not rise")
    FalseMatchCurve(curve.rates, scores)
    return Prior(fmr=curve.rates, score=scores, source=source)


def describe(curve: Curve, data: DataSet, data_name: str) -> str:
    """Say in words how a curve was measured: command and data, no place on any machine."""
    option = " --clashes LIST" if data.merged else ""
    return (
        f"python -m benchmarks prior FOLDER{option}: mean of {len(curve.scores)} draws of "
        f"{curve.comparisons:,} non-mated comparisons among {len(data.names):,} identities of "
        f"{data_name}, {datetime.now(UTC):%Y-%m-%d}"
    )


def toml_table(prior: Prior) -> str:
    """Write the table as it goes into a pack's manifest."""
    return "\n".join(
        [
            "[prior]",
            f"fmr = [{', '.join(f'{rate:g}' for rate in prior.fmr)}]",
            f"score = [{', '.join(f'{score:.4f}' for score in prior.score)}]",
            f"source = {json.dumps(prior.source, ensure_ascii=False)}",
        ]
    )


def add_to(report: Report, curve: Curve, pairs: list[tuple[float, str, str]], toml: str) -> None:
    """Put the curve, its highest pairs and the table to paste into a report."""
    rows: list[tuple[Any, ...]] = []
    for position, rate in enumerate(curve.rates):
        drawn = curve.scores[:, position]
        rows.append(
            (
                f"{rate:g}",
                f"{drawn.mean():.4f}",
                f"{drawn.std(ddof=1) if len(drawn) > 1 else 0:.4f}",
                f"{drawn.min():.4f} - {drawn.max():.4f}",
                int(rate * curve.comparisons),
            )
        )
    columns = ("FMR", "score, mean", "s.d. over draws", "range", "comparisons above, per draw")
    report.grids.append(
        Grid(
            f"False match curve: {len(curve.scores)} draws of {curve.comparisons:,} comparisons",
            columns,
            tuple(rows),
        )
    )
    report.grids.append(
        Grid(
            "Highest non-mated scores (look here for one person under two names)",
            ("photo", "photo", "score"),
            tuple((a, b, f"{score:.4f}") for score, a, b in pairs[:_HIGHEST_SHOWN]),
        )
    )
    report.figures |= {
        "rates": curve.rates,
        "scores": curve.scores.tolist(),
        "comparisons": curve.comparisons,
        "toml": toml,
    }
