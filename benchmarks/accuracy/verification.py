"""One-to-one verification on a list of pairs: the protocol that published LFW figures follow.

Accuracy is the mean over ten folds, each judged at the threshold that is best on the other nine.
The true accept rate is of the list's mated pairs, at thresholds that the false match curve of all
identities gives; its interval comes from drawing the identities, not the pairs, again.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.identities import DataSet, DataSetInvalid
from benchmarks.accuracy.prior import Curve
from benchmarks.report import Grid, Report

FOLDS: Final = 10
FALSE_ACCEPT_RATES: Final = (1e-3, 1e-4, 1e-5)
_RESAMPLES: Final = 1000

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos of a data set, by their position, and whether they show one person."""

    first: int
    second: int
    mated: bool


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """The result of the pairs."""

    mated: int
    non_mated: int
    refused: int
    """Pairs with a photo that was refused: they count as wrong."""
    accuracies: Scores
    """Shape (folds,)."""
    accept: tuple[tuple[float, float, float, float, float], ...]
    """False accept rate, threshold, true accept rate, and its 95 % interval."""


def read_pairs(path: Path, data: DataSet) -> list[Pair]:
    """Read `name i j` and `name i name j` lines, as the LFW list has them.

    Raises:
        DataSetInvalid: a line is not of that form, or names a photo that the data set lacks.
    """
    places = {data.label(photo): photo for photo in range(len(data.photos))}
    by_stem = {Path(label).with_suffix("").as_posix(): photo for label, photo in places.items()}
    pairs = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        if len(words) == 3:
            words = [words[0], words[1], words[0], words[2]]
        if len(words) != 4 or not (words[1].isdecimal() and words[3].isdecimal()):
            raise DataSetInvalid(f"{path.name}, line {number}: `name i j` or `name i name j`")
        names = [f"{name}/{name}_{int(i):04}" for name, i in (words[:2], words[2:])]
        missing = [name for name in names if name not in by_stem]
        if missing:
            raise DataSetInvalid(f"{path.name}, line {number}: the data set lacks {missing[0]}")
        first, second = (by_stem[name] for name in names)
        pairs.append(Pair(first, second, data.owners[first] == data.owners[second]))
    return pairs


def verify(
    data: DataSet, embedded: Embedded, pairs: list[Pair], curve: Curve, seed: int = 0
) -> Verification:
    """Score the pairs.

    Raises:
        DataSetInvalid: the list has no mated or no non-mated pairs.
    """
    firsts, seconds = (np.array([getattr(p, end) for p in pairs]) for end in ("first", "second"))
    mated = np.array([pair.mated for pair in pairs])
    if mated.all() or not mated.any():
        raise DataSetInvalid("the list needs mated and non-mated pairs")
    scores = (embedded.vectors[firsts] * embedded.vectors[seconds]).sum(axis=1).astype(np.float64)
    refused = np.isnan(scores)
    random = np.random.default_rng(seed)
    owners = np.array(data.owners)[firsts[mated]]
    accept = []
    for rate, threshold in zip(curve.rates, curve.mean, strict=True):
        if rate in FALSE_ACCEPT_RATES:
            accepted = np.nan_to_num(scores[mated], nan=-2) >= threshold
            low, high = _interval(accepted, owners, random)
            accept.append((rate, float(threshold), float(accepted.mean()), low, high))
    return Verification(
        int(mated.sum()),
        int((~mated).sum()),
        int(refused.sum()),
        fold_accuracies(scores, mated, random),
        tuple(accept),
    )


def fold_accuracies(
    scores: Scores, mated: npt.NDArray[np.bool_], random: np.random.Generator
) -> Scores:
    """Return each fold's accuracy at the best threshold of the others; NaN scores are wrong."""
    fold = np.empty(len(scores), np.int64)
    for kind in (mated, ~mated):  # every fold has its share of both
        fold[kind] = random.permutation(np.arange(kind.sum()) % FOLDS)
    accuracies = []
    for number in range(FOLDS):
        others, here = fold != number, fold == number
        threshold = best_threshold(scores[others], mated[others])
        right = np.where(mated[here], scores[here] >= threshold, scores[here] < threshold)
        accuracies.append(right.mean())  # a comparison with NaN is false: wrong either way
    return np.array(accuracies)


def best_threshold(scores: Scores, mated: npt.NDArray[np.bool_]) -> float:
    """Return the threshold at which most pairs are judged rightly, midway between two scores."""
    known = ~np.isnan(scores)
    order = np.argsort(scores[known])
    rising, is_mated = scores[known][order], mated[known][order]
    # Cutting before position k: mated pairs from k on and non-mated ones before k are right.
    right = np.concatenate([[0], np.cumsum(~is_mated)]) + is_mated.sum()
    right = right - np.concatenate([[0], np.cumsum(is_mated)])
    right[1:-1][rising[1:] == rising[:-1]] = -1  # no threshold lies between equal scores
    cut = int(np.argmax(right))
    if cut == 0:
        return float(rising[0]) - 1e-9
    if cut == len(rising):
        return float(rising[-1]) + 1e-9
    return float((rising[cut - 1] + rising[cut]) / 2)


def _interval(
    accepted: npt.NDArray[np.bool_], owners: npt.NDArray[np.int64], random: np.random.Generator
) -> tuple[float, float]:
    """Return a 95 % bootstrap interval of the share accepted, over identities."""
    people, where = np.unique(owners, return_inverse=True)
    right = np.bincount(where, weights=accepted)
    count = np.bincount(where)
    drawn = random.integers(0, len(people), (_RESAMPLES, len(people)))
    shares = right[drawn].sum(axis=1) / count[drawn].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)


def add_to(report: Report, result: Verification) -> None:
    """Put accuracy and accept rates into a report."""
    error = result.accuracies.std(ddof=1) / np.sqrt(FOLDS)
    report.grids.append(
        Grid(
            f"Verification: {result.mated:,} mated and {result.non_mated:,} non-mated pairs, "
            f"{result.refused} with a refused photo",
            ("measure", "value", "interval", "threshold"),
            (
                (
                    f"accuracy, {FOLDS} folds",
                    f"{result.accuracies.mean():.4f}",
                    f"s.e. {error:.4f}",
                    "best of the other folds",
                ),
                *(
                    (
                        f"TAR at FAR {rate:g}",
                        f"{share:.4f}",
                        f"{low:.4f} - {high:.4f}",
                        f"{bar:.4f}",
                    )
                    for rate, bar, share, low, high in result.accept
                ),
            ),
        )
    )
    report.figures["verification"] = {
        "accuracies": result.accuracies.tolist(),
        "true accept rates": {f"{rate:g}": share for rate, _, share, _, _ in result.accept},
    }
