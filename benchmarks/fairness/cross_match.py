"""False matches within and between groups: how often two different people's photos match.

Each trial's global threshold is held against the comparisons of one photo of each identity with one
of every other, each pair once. Intervals come from drawing the identities again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.bootstrap import Values, draw_identities, interval
from benchmarks.accuracy.embeddings import Embedded, Embeddings
from benchmarks.accuracy.labels import Grouping
from benchmarks.accuracy.open_set import Trial, threshold_at
from benchmarks.fairness.demographics import LEAST_EVENTS

_BATCH = 1024
"""Photos compared at once with all others, to bound memory."""

Pairs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CrossMatch:
    """False match rates of group against group; all of shape (groups, groups), symmetric."""

    rate: Values
    low: Values
    high: Values
    matches: Values
    """Per trial, on average."""
    enough: npt.NDArray[np.bool_]
    """Whether everybody's rate would give `LEAST_EVENTS` matches a trial among so many pairs."""
    overall: float
    """Of all pairs of people whose groups are known."""


def measure_cross_match(
    trials: Sequence[Trial],
    owners: npt.NDArray[np.int64],
    embedded: Embedded,
    grouping: Grouping,
    rate: float,
    seed: int = 0,
) -> CrossMatch:
    """Compare everybody with everybody, at each trial's threshold for an FPIR of `rate`."""
    width, usable = len(grouping.groups), embedded.usable
    photos = [
        np.flatnonzero((owners == who) & usable) if group >= 0 else np.empty(0, np.int64)
        for who, group in enumerate(grouping.members)
    ]
    people = np.array([who for who, held in enumerate(photos) if len(held)], np.int64)
    members = grouping.members[people]
    found = []
    for number, trial in enumerate(trials):
        random = np.random.default_rng([seed, number])
        chosen = np.array([random.choice(photos[who]) for who in people])
        found.append(matches(embedded.vectors[chosen], threshold_at(trial.non_mated, rate)))
    pairs = np.concatenate(found)
    cells = _cell(members[pairs[:, 0]], members[pairs[:, 1]], width)
    counts = draw_identities(len(people), seed)
    totals = np.bincount(cells, minlength=width * width).astype(np.float64)
    weights = counts[:, pairs[:, 0]] * counts[:, pairs[:, 1]]
    resampled_totals = weights @ np.eye(width * width)[cells]
    in_group = np.eye(width)[members]
    compared = _compared(np.ones((1, len(people))), in_group)[0] * len(trials)
    with np.errstate(invalid="ignore", divide="ignore"):
        measured = totals / compared
        resampled = resampled_totals / (_compared(counts, in_group) * len(trials))
    low, high = interval(resampled)
    upper = np.triu(np.ones((width, width), np.bool_)).ravel()
    overall = float(totals[upper].sum() / max(1.0, compared[upper].sum()))
    enough = compared / len(trials) * overall >= LEAST_EVENTS
    return CrossMatch(
        _mirrored(measured, width),
        _mirrored(low, width),
        _mirrored(high, width),
        _mirrored(totals / len(trials), width),
        _mirrored(enough, width) > 0,
        overall,
    )


def matches(vectors: Embeddings, threshold: float) -> Pairs:
    """Return the pairs of rows that reach a threshold, each pair once, shape (pairs, 2)."""
    found = []
    for begin in range(0, len(vectors), _BATCH):
        scores = vectors[begin : begin + _BATCH] @ vectors.T
        first, second = np.nonzero(scores >= np.float32(threshold))
        first = first + begin
        found.append(np.stack([first, second], axis=1)[first < second])
    return np.concatenate(found)


def _cell(one: Pairs, other: Pairs, width: int) -> Pairs:
    """Return each pair's cell in the upper triangle: a pair has no direction."""
    return np.minimum(one, other) * width + np.maximum(one, other)


def _compared(counts: Values, in_group: Values) -> Values:
    """Return how many pairs each cell compares, shape (resamples, groups * groups).

    An identity drawn twice is not compared with itself.
    """
    sizes, squares = counts @ in_group, counts**2 @ in_group
    pairs = sizes[:, :, None] * sizes[:, None, :]
    own = np.arange(in_group.shape[1])
    pairs[:, own, own] = (sizes**2 - squares) / 2
    return pairs.reshape(len(counts), -1)


def _mirrored(cells: npt.ArrayLike, width: int) -> Values:
    square = np.triu(np.asarray(cells, np.float64).reshape(width, width))
    return np.asarray(square + np.triu(square, 1).T, np.float64)
