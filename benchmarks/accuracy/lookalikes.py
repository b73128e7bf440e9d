"""Whom known look-alikes spare: by the face alone, and what that costs.

Of each drawn gallery one photo a person is enrolled. Who is not enrolled and reaches the threshold
with somebody who is becomes their known look-alike with that photo, unless the two cannot be told
apart (`casework.review.known_lookalikes`). Then every other photo of the look-alike, of the subject
and of everybody else arrives.
"""

from dataclasses import astuple, dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.identities import DataSet
from benchmarks.report import Grid, Report
from casework.review.known_lookalikes import MOST

TRIALS: Final = 10


@dataclass(slots=True)
class Spared:
    """What was counted, over all galleries."""

    kept: int = 0
    """Look-alikes kept."""
    refused: int = 0
    """Strangers who are too alike to the subject to be kept."""
    theirs: int = 0
    """Other photos of look-alikes that reach the threshold with the subject."""
    theirs_spared: int = 0
    mated: int = 0
    """Other photos of subjects with look-alikes that reach the threshold with their own."""
    mated_spared: int = 0
    """Of those, the ones that raise no alert any more."""
    others: int = 0
    """Photos of anybody else that reach the threshold with such a subject."""
    others_spared: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """From which scores a photo alerts, and is taken for a face."""

    threshold: float
    bar: float


@dataclass(frozen=True, slots=True, eq=False)
class Photos:
    """Those that can be searched, of everybody."""

    vectors: npt.NDArray[np.float32]
    """Shape (photos, dim)."""
    owners: npt.NDArray[np.int_]
    """Whose each is, shape (photos,)."""

    @classmethod
    def of(cls, data: DataSet, embedded: Embedded) -> "Photos":
        """Leave out the photos that were refused."""
        usable = embedded.usable
        return cls(embedded.vectors[usable], np.array(data.owners)[usable])


def measure(
    photos: Photos, rule: Rule, gallery: int, trials: int, random: np.random.Generator
) -> Spared:
    """Draw galleries and count whom their look-alikes spare.

    Raises:
        ValueError: there are no more people than a gallery holds.
    """
    people = np.unique(photos.owners)
    if len(people) <= gallery:
        raise ValueError(f"{len(people)} people are too few: {gallery} are enrolled, others arrive")
    counted = Spared()
    for _ in range(trials):
        enrolled = random.choice(people, gallery, replace=False)
        strangers = ~np.isin(photos.owners, enrolled)
        for subject in enrolled:
            own = random.permutation(np.flatnonzero(photos.owners == subject))
            scores = photos.vectors @ photos.vectors[own[0]]
            alerts = np.flatnonzero((scores >= rule.threshold) & strangers)
            kept = _keep(photos.owners, scores, alerts, rule, counted)
            if kept:
                again = own[1:][scores[own[1:]] >= rule.threshold]
                arrivals = np.setdiff1d(np.concatenate([again, alerts]), kept)
                _arrive(photos, scores, subject, kept, arrivals, rule, counted)
    return counted


def _keep(
    owners: npt.NDArray[np.int_],
    scores: npt.NDArray[np.float32],
    alerts: npt.NDArray[np.intp],
    rule: Rule,
    counted: Spared,
) -> list[int]:
    """Return the photos by which look-alikes are kept, one a person."""
    first: dict[int, int] = {}
    for photo in alerts.tolist():
        first.setdefault(int(owners[photo]), photo)
    told_apart = [photo for photo in first.values() if scores[photo] < rule.bar]
    counted.refused += len(first) - len(told_apart)
    counted.kept += len(told_apart[:MOST])
    return told_apart[:MOST]


def _arrive(
    photos: Photos,
    scores: npt.NDArray[np.float32],
    subject: int,
    kept: list[int],
    arrivals: npt.NDArray[np.intp],
    rule: Rule,
    counted: Spared,
) -> None:
    """Count the arrivals that reach the threshold, and whom of them a kept face spares."""
    alike = (photos.vectors[arrivals] @ photos.vectors[kept].T >= rule.bar).any(axis=1)
    spared = alike & (scores[arrivals] < rule.bar)
    mated = photos.owners[arrivals] == subject
    theirs = np.isin(photos.owners[arrivals], photos.owners[kept])
    counted.mated += int(mated.sum())
    counted.mated_spared += int((mated & spared).sum())
    counted.theirs += int(theirs.sum())
    counted.theirs_spared += int((theirs & spared).sum())
    counted.others += int((~mated & ~theirs).sum())
    counted.others_spared += int((~mated & ~theirs & spared).sum())


def add_to(report: Report, counted: Spared) -> None:
    """Put the counts into a report."""
    who = (
        ("look-alikes, arriving again", counted.theirs, counted.theirs_spared),
        ("the subject, arriving", counted.mated, counted.mated_spared),
        ("others who resemble the subject", counted.others, counted.others_spared),
    )
    rows = tuple(
        (name, met, f"{spared} ({spared / met:.1%})" if met else f"{spared}")
        for name, met, spared in who
    )
    report.grids.append(
        Grid(
            f"{counted.kept} look-alikes kept, {counted.refused} refused as too alike",
            ("who", "photos that reach the threshold", "of those spared"),
            rows,
        )
    )
    names = (field.name for field in fields(counted))
    report.figures |= dict(zip(names, astuple(counted), strict=True))
