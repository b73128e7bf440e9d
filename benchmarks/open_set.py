"""Open-set search, as ISO/IEC 19795-1 calls for: a gallery, mated searches and non-mated ones.

A trial enrols one photo of each of G identities. The other photos of those identities are mated
searches; one photo of every other identity is a non-mated search. A threshold is taken from the
non-mated searches' top scores so that no more than the stated share of them (FPIR) reach it; the
miss rate (FNIR) is the share of mated searches whose own identity does not.

A refused photo is no free pass. As a mated search it counts as a miss; as a non-mated search it can
alarm nobody and is left out, which makes the threshold stricter rather than laxer. The enrolled
photo is one that was not refused: an analyst is told at once and takes another.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.embeddings import Embedded
from benchmarks.identities import DataSet
from benchmarks.report import Grid, Report

RATES: Final = (1e-2, 3e-3)
GALLERY: Final = 500
TRIALS: Final = 10

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """The scores of one draw of a gallery."""

    mated: Scores
    """Shape (mated searches,): score against the own identity, NaN where the photo was refused."""
    impostor: Scores
    """Shape (mated searches,): the best score against anybody else in the gallery, NaN likewise."""
    non_mated: Scores
    """Shape (non-mated searches,): top score against the gallery."""


class TooFewIdentities(Exception):
    """The data set does not have the identities that the protocol wants."""


def threshold_at(non_mated: Scores, fpir: float) -> float:
    """Return the lowest threshold that at most `fpir` of the non-mated searches reach."""
    falling = np.sort(non_mated)[::-1]
    allowed = int(fpir * len(falling) + 1e-9)
    if allowed >= len(falling):
        return float(falling[-1])
    return float(np.nextafter(np.float32(falling[allowed]), np.float32(np.inf)))


def miss_rate(mated: Scores, threshold: float) -> float:
    """Return the share of mated searches below the threshold; a refused photo (NaN) is a miss."""
    return 1.0 - float(np.count_nonzero(mated >= np.float32(threshold))) / len(mated)


def run_trials(
    data: DataSet,
    embedded: Embedded,
    gallery: int = GALLERY,
    trials: int = TRIALS,
    seed: int = 0,
) -> list[Trial]:
    """Draw galleries and search them.

    Raises:
        TooFewIdentities: fewer than `gallery` identities can be enrolled and searched for, or
            nobody would be left over as non-mated.
    """
    owners, usable = np.array(data.owners), embedded.usable
    photos = [np.flatnonzero(owners == who) for who in range(len(data.names))]
    eligible = [w for w, held in enumerate(photos) if len(held) > 1 and usable[held].any()]
    searchable = [who for who, held in enumerate(photos) if usable[held].any()]
    if len(eligible) < gallery or len(searchable) <= gallery:
        raise TooFewIdentities(
            f"{len(eligible)} identities have an enrolable photo and another, and {len(searchable)}"
            f" a usable one: a gallery of {gallery} and strangers to it cannot be drawn"
        )
    drawn = []
    for number in range(trials):
        random = np.random.default_rng([seed, number])
        enrolled = np.sort(random.choice(eligible, gallery, replace=False))
        drawn.append(_trial(photos, usable, embedded.vectors, enrolled, random))
    return drawn


def _trial(
    photos: list[npt.NDArray[np.int64]],
    usable: npt.NDArray[np.bool_],
    vectors: npt.NDArray[np.float32],
    enrolled: npt.NDArray[np.int64],
    random: np.random.Generator,
) -> Trial:
    held = {int(who): int(random.choice(photos[who][usable[photos[who]]])) for who in enrolled}
    probes, own = [], []
    for position, (who, template) in enumerate(held.items()):
        for photo in photos[who]:
            if photo != template:
                probes.append(photo)
                own.append(position)
    strangers = [
        random.choice(theirs[usable[theirs]])
        for who, theirs in enumerate(photos)
        if who not in held and usable[theirs].any()
    ]
    templates = vectors[list(held.values())]
    scores = vectors[probes] @ templates.T
    rows = np.arange(len(probes))
    mated = scores[rows, own].copy()
    scores[rows, own] = -np.inf
    refused = np.isnan(vectors[probes, 0])
    impostor = np.where(refused, np.float32(np.nan), scores.max(axis=1))
    non_mated = (vectors[strangers] @ templates.T).max(axis=1)
    return Trial(mated, impostor.astype(np.float32), non_mated)


def add_to(report: Report, data: DataSet, embedded: Embedded, trials: list[Trial]) -> None:
    """Put miss rates, refusals and time per photo into a report."""
    rows: list[tuple[Any, ...]] = []
    for rate in RATES:
        thresholds = np.array([threshold_at(trial.non_mated, rate) for trial in trials])
        misses = np.array(
            [miss_rate(t.mated, bar) for t, bar in zip(trials, thresholds, strict=True)]
        )
        rows.append(
            (
                f"{rate:.1%}",
                f"{misses.mean():.2%}",
                f"{_spread(misses):.2%}",
                f"{misses.min():.2%} - {misses.max():.2%}",
                f"{thresholds.mean():.4f}",
                f"{_spread(thresholds):.4f}",
            )
        )
        report.figures[f"fnir at fpir {rate:g}"] = misses.tolist()
        report.figures[f"threshold at fpir {rate:g}"] = thresholds.tolist()
    ranked = np.array(
        [1 - np.mean(np.nan_to_num(t.mated, nan=-2) > np.nan_to_num(t.impostor)) for t in trials]
    )
    rows.append(("rank 1", f"{ranked.mean():.2%}", f"{_spread(ranked):.2%}", "", "", ""))
    report.figures["rank-1 miss rate"] = ranked.tolist()
    searches = f"{_range([len(t.mated) for t in trials])} mated searches"
    strangers = f"{_range([len(t.non_mated) for t in trials])} non-mated"
    report.grids.append(
        Grid(
            f"Open-set search: {len(trials)} trials, {searches}, {strangers}",
            ("FPIR", "FNIR, mean", "s.d. over trials", "range", "threshold, mean", "s.d."),
            tuple(rows),
        )
    )
    _add_refusals(report, data, embedded)


def _add_refusals(report: Report, data: DataSet, embedded: Embedded) -> None:
    refused = [
        (data.label(photo), reason) for photo, reason in enumerate(embedded.refusals) if reason
    ]
    photos = len(data.photos)
    spent = embedded.milliseconds / 1000
    report.grids.append(
        Grid(
            "Photos",
            ("photos", "identities", "refused", "FTE", "s per photo, median", "p95"),
            (
                (
                    f"{photos:,}",
                    f"{len(data.names):,}",
                    len(refused),
                    f"{len(refused) / photos:.3%}",
                    f"{np.median(spent):.4f}",
                    f"{np.quantile(spent, 0.95):.4f}",
                ),
            ),
        )
    )
    if refused:
        report.grids.append(Grid("Refused", ("photo", "why"), tuple(refused)))
    report.figures |= {
        "photos": photos,
        "identities": len(data.names),
        "refused": dict(refused),
        "seconds per photo": float(np.median(spent)),
    }


def _spread(values: npt.NDArray[np.float64]) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _range(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,}-{high:,}"
