"""Misses by the number of photos enrolled of each identity, for the same mated searches.

Identities with enough photos are enrolled with the first 1, 2, 3 and 5 of a random order; what is
left of their photos is searched, the same in every arrangement. Three ways to use several photos:
the highest of the templates' scores, as the service does; one template that is their mean, scaled
to unit length; and the mean beside the single ones. More templates give a stranger more chances, so
every arrangement has a threshold of its own for the stated FPIR; the effect of keeping the
threshold of one photo is shown beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.det import OperatingPoints, operating_points, require
from benchmarks.accuracy.embeddings import Embedded, Embeddings
from benchmarks.accuracy.identities import DataSet
from benchmarks.accuracy.open_set import STATED_RATE, TRIALS, Scores, TooFewIdentities, Trial
from benchmarks.accuracy.open_set_report import counted, percent, spread
from benchmarks.report import Grid, Report

NUMBERS: Final = (1, 2, 3, 5)
FUSIONS: Final = ("max", "mean", "both")
LEAST_IDENTITIES: Final = 30
"""Identities with enough photos below which there is no figure: an interval over fewer people than
that is itself uncertain."""

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """One number of photos, used in one way."""

    photos: int
    fusion: str
    points: OperatingPoints
    """At `STATED_RATE`, each trial with a threshold of its own."""
    fpir_unadjusted: tuple[float, ...]
    """FPIR of each trial at the threshold that one photo asks for."""


@dataclass(frozen=True, slots=True, eq=False)
class Enrolments:
    """All arrangements, over the same searches."""

    identities: int
    mated: tuple[int, ...]
    """Mated searches of each trial."""
    non_mated: int
    arrangements: tuple[Arrangement, ...]


def measure_enrolments(
    data: DataSet, embedded: Embedded, trials: int = TRIALS, seed: int = 0
) -> Enrolments:
    """Enrol more and more photos of the same identities; refused photos take no part.

    Raises:
        TooFewIdentities: fewer than `LEAST_IDENTITIES` have a usable photo for each place and one
            to search with, or too few strangers are left.
    """
    owners, usable = np.array(data.owners), embedded.usable
    photos = [np.flatnonzero((owners == who) & usable) for who in range(len(data.names))]
    deep = [who for who, held in enumerate(photos) if len(held) > max(NUMBERS)]
    # Where everybody has many photos, half of the people are left over as strangers.
    people = [who for who, held in enumerate(photos) if len(held)]
    chosen = np.random.default_rng(seed).permutation(deep)[: len(people) // 2]
    deep = sorted(int(who) for who in chosen)
    others = sorted(set(people) - set(deep))
    if len(deep) < LEAST_IDENTITIES:
        raise TooFewIdentities(
            f"{len(deep)} identities have more than {max(NUMBERS)} usable photos: "
            f"{LEAST_IDENTITIES} at least"
        )
    drawn: dict[tuple[int, str], list[Trial]] = {}
    for number in range(trials):
        random = np.random.default_rng([seed, number])
        orders = [random.permutation(photos[who]) for who in deep]
        strangers = np.array([random.choice(photos[who]) for who in others])
        for key in _arrangements():
            drawn.setdefault(key, []).append(_trial(embedded.vectors, orders, strangers, *key))
    require(STATED_RATE, drawn[1, FUSIONS[0]])
    measured = []
    bars: npt.NDArray[np.float64] | None = None
    for (count, fusion), held in drawn.items():
        points = operating_points(held, owners, (STATED_RATE,), seed)
        bars = points.thresholds[:, 0] if bars is None else bars
        rates = tuple(
            float(np.mean(trial.non_mated >= np.float32(bar)))
            for trial, bar in zip(held, bars, strict=True)
        )
        measured.append(Arrangement(count, fusion, points, rates))
    mated = tuple(len(trial.mated) for trial in drawn[1, FUSIONS[0]])
    return Enrolments(len(deep), mated, len(drawn[1, FUSIONS[0]][0].non_mated), tuple(measured))


def _arrangements() -> list[tuple[int, str]]:
    """Return every number with every fusion; of one photo both are the same."""
    return [(n, fusion) for fusion in FUSIONS for n in NUMBERS if n > 1 or fusion == FUSIONS[0]]


def _trial(
    vectors: Embeddings,
    orders: Sequence[Positions],
    strangers: Positions,
    count: int,
    fusion: str,
) -> Trial:
    """Search a gallery of `count` photos each with all that come after the fifth."""
    templates = np.stack([vectors[order[:count]] for order in orders])
    if fusion != FUSIONS[0]:
        mean = templates.mean(axis=1, keepdims=True)
        mean /= np.linalg.norm(mean, axis=2, keepdims=True)
        templates = mean if fusion == "mean" else np.concatenate([templates, mean], axis=1)
    searched = [order[max(NUMBERS) :] for order in orders]
    probes = np.concatenate(searched)
    own = np.repeat(np.arange(len(orders)), [len(each) for each in searched])
    scores = _subject_scores(vectors[probes], templates)
    rows = np.arange(len(probes))
    mated = scores[rows, own].copy()
    scores[rows, own] = -np.inf
    return Trial(
        mated,
        scores.max(axis=1),
        _subject_scores(vectors[strangers], templates).max(axis=1),
        probes,
        np.array([order[0] for order in orders])[own],
        strangers,
    )


def _subject_scores(searched: Embeddings, templates: Embeddings) -> Scores:
    """Score photos against identities by their best template, shape (photos, identities).

    Args:
        searched: shape (photos, dim).
        templates: shape (identities, templates of each, dim).
    """
    people, each, dim = templates.shape
    flat = searched @ templates.reshape(people * each, dim).T
    return np.asarray(flat.reshape(len(searched), people, each).max(axis=2), np.float32)


def add_to(report: Report, enrolments: Enrolments) -> None:
    """Put every arrangement into a report."""
    rows = []
    for each in enrolments.arrangements:
        fnir, thresholds = each.points.fnir[:, 0], each.points.thresholds[:, 0]
        low, high = (float(end[0]) for end in each.points.fnir_interval())
        fusion = "-" if each.photos == 1 else each.fusion
        rows.append(
            (
                each.photos,
                fusion,
                f"{fnir.mean():.2%}",
                f"{low:.2%} - {high:.2%}",
                f"{spread(fnir):.2%}",
                f"{thresholds.mean():.4f}",
                f"{np.mean(each.fpir_unadjusted):.2%}",
            )
        )
        report.figures[f"fnir with {each.photos} enrolled, {each.fusion}"] = fnir.tolist()
    report.grids.append(
        Grid(
            f"FNIR by photos enrolled, FPIR {percent(STATED_RATE)}: "
            f"{enrolments.identities} identities, {counted(enrolments.mated)} mated searches, "
            f"{enrolments.non_mated:,} non-mated",
            (
                "photos",
                "fusion",
                "FNIR, mean",
                "95 % interval",
                "s.d. over trials",
                "threshold, mean",
                "FPIR at one photo's threshold",
            ),
            tuple(rows),
        )
    )
