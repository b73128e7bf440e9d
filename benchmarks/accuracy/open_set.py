"""Open-set search, as ISO/IEC 19795-1 calls for: a gallery, mated searches and non-mated ones.

A trial enrols one photo of each of G identities. The other photos of those identities are mated
searches; one photo of every other identity is a non-mated search. A threshold is taken from the
non-mated searches' top scores so that no more than the stated share of them (FPIR) reach it; the
miss rate (FNIR) is the share of mated searches whose own identity does not. It is stated twice: per
photo, where every search counts alike, and per person, where everybody's own share of misses does.
People of whom the press has many photos are the easier ones, and per photo they outvote all others.

A refused photo is no free pass. As a mated search it counts as a miss; as a non-mated search it can
alarm nobody and is left out, which makes the threshold stricter rather than laxer. The enrolled
photo is one that was not refused: an analyst sees the refusal at once and takes another.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.identities import DataSet

RATES: Final = (0.1, 0.03, 0.01, 0.003, 0.001)
STATED_RATE: Final = 0.01
"""The FPIR at which strata, galleries, halves and groups of people are held side by side."""
GALLERY: Final = 500
TRIALS: Final = 100
"""Galleries drawn: the mean of ten still moves by half a point from one seed to the next."""

Scores = npt.NDArray[np.float32]
Photos = npt.NDArray[np.int64]
"""Positions of photos in their data set."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """The scores of one draw of a gallery."""

    mated: Scores
    """Shape (mated searches,): score against the own identity, NaN where the photo was refused."""
    impostor: Scores
    """Shape (mated searches,): the best score against anybody else in the gallery, NaN likewise."""
    non_mated: Scores
    """Shape (non-mated searches,): top score against the gallery."""
    probes: Photos
    """Shape (mated searches,)."""
    references: Photos
    """Shape (mated searches,): the enrolled photo of the same identity."""
    strangers: Photos
    """Shape (non-mated searches,)."""


class TooFewIdentities(Exception):
    """The data set does not have the identities that the protocol wants."""


def threshold_at(non_mated: Scores, fpir: float) -> float:
    """Return the lowest threshold that at most `fpir` of the non-mated searches reach."""
    falling = np.sort(non_mated)[::-1]
    allowed = int(fpir * len(falling) + 1e-9)
    if allowed >= len(falling):
        return float(falling[-1])
    return float(np.nextafter(np.float32(falling[allowed]), np.float32(np.inf)))


def miss_rate(mated: Scores, threshold: float, weights: npt.ArrayLike | None = None) -> float:
    """Return the share of mated searches below the threshold; a refused photo (NaN) is a miss.

    Args:
        mated: shape (searches,).
        threshold: what a hit reaches.
        weights: shape (searches,), how much each counts, as `person_weights` gives it; alike if
            None.
    """
    missed = ~(mated >= np.float32(threshold))
    return float(np.average(missed, weights=None if weights is None else np.asarray(weights)))


def person_weights(trial: Trial, owners: Photos) -> npt.NDArray[np.float64]:
    """Return how much each mated search counts where every person counts once, shape (searches,).

    Args:
        trial: its searches.
        owners: shape (photos,), the identity of each photo of the data set.
    """
    who = owners[trial.probes]
    return np.asarray(1.0 / np.bincount(who)[who], np.float64)


def run_trials(
    data: DataSet,
    embedded: Embedded,
    gallery: int = GALLERY,
    trials: int = TRIALS,
    seed: int = 0,
    people: npt.NDArray[np.int64] | None = None,
) -> list[Trial]:
    """Draw galleries and search them.

    Args:
        data: the photos.
        embedded: their embeddings.
        gallery: identities enrolled.
        trials: galleries drawn.
        seed: the same seed draws the same.
        people: the identities that take part; all if None.

    Raises:
        TooFewIdentities: fewer than `gallery` identities can be enrolled and searched for, or
            nobody would be left over as non-mated.
    """
    owners, usable = np.array(data.owners), embedded.usable
    everybody = np.arange(len(data.names)) if people is None else np.sort(people)
    photos = [np.flatnonzero(owners == who) for who in everybody]
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
    probes: list[int] = []
    own: list[int] = []
    for position, (who, template) in enumerate(held.items()):
        for photo in photos[who]:
            if photo != template:
                probes.append(int(photo))
                own.append(position)
    strangers = [
        int(random.choice(theirs[usable[theirs]]))
        for who, theirs in enumerate(photos)
        if who not in held and usable[theirs].any()
    ]
    enrolment = np.array(list(held.values()))
    templates = vectors[enrolment]
    scores = vectors[probes] @ templates.T
    rows = np.arange(len(probes))
    mated = scores[rows, own].copy()
    scores[rows, own] = -np.inf
    refused = np.isnan(vectors[probes, 0])
    impostor = np.where(refused, np.float32(np.nan), scores.max(axis=1))
    non_mated = (vectors[strangers] @ templates.T).max(axis=1)
    return Trial(
        mated,
        impostor.astype(np.float32),
        non_mated,
        np.array(probes),
        enrolment[own],
        np.array(strangers),
    )
