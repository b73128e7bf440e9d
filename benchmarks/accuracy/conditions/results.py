"""What a condition does to searches: misses, false alarms, and whether the verdict says so."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.bootstrap import draw_identities, shares_of
from benchmarks.accuracy.conditions.campaign import Bounds, Observed, Plan
from benchmarks.accuracy.open_set import STATED_RATE, threshold_at
from casework.screening.recapture import mendable
from detector.quality import Quality, Verdict

Rows = npt.NDArray[np.bool_]
COLUMNS: Final = (
    "refused",
    "marked",
    "recaptured",
    "missed",
    "silent",
    "opened",
    "alarmed",
    "unheeded",
)


@dataclass(frozen=True, slots=True)
class Share:
    """Events as a share of searches, with its 95 % interval over people."""

    rate: float
    low: float
    high: float
    searches: int

    def __str__(self) -> str:
        return f"{100 * self.rate:.1f} ({100 * self.low:.1f} - {100 * self.high:.1f})"


@dataclass(frozen=True, slots=True)
class Result:
    """One condition, over the people of a half or of both."""

    condition: str
    group: str
    refused: Share
    """Of all photos: `unsearchable`."""
    marked: Share
    """Of all photos: `marginal`."""
    recaptured: Share
    """Of all photos: searched, and to be captured again unless somebody is found."""
    missed: Share
    """Of mated searches: the own identity stays below the threshold, or the photo is refused."""
    silent: Share
    """Of mated searches: missed though the photo is `usable`."""
    opened: Share
    """Of mated searches: missed by a photo that a gate opens for."""
    alarmed: Share
    """Of strangers' searches: anybody reaches the threshold."""
    unheeded: Share
    """The same if no photo with a face were refused."""
    reasons: tuple[tuple[str, int], ...]
    """Reasons given, most often first."""


@dataclass(frozen=True, eq=False)
class Searched:
    """The probes of a plan under one condition, judged and searched for in every gallery."""

    plan: Plan
    enrolled: Observed
    observed: Observed
    bounds: Bounds

    @cached_property
    def qualities(self) -> list[Quality]:
        """Of each probe."""
        rows = range(len(self.plan.probes))
        return [self.observed.quality(row, self.bounds) for row in rows]

    def are(self, verdict: Verdict) -> Rows:
        """Say which probes have this verdict."""
        return np.array([quality.verdict is verdict for quality in self.qualities])

    @cached_property
    def recaptured(self) -> Rows:
        """Say which probes are searched, and are to be captured again unless somebody is found."""
        mended = [bool(mendable(quality.as_record())) for quality in self.qualities]
        return np.array(mended, np.bool_) & ~self.are(Verdict.UNSEARCHABLE)

    @cached_property
    def tops(self) -> npt.NDArray[np.float32]:
        """Highest score of each probe in each gallery; NaN without a face or in one's own.

        Shape (probes, galleries).
        """
        sizes = np.cumsum([len(gallery) for gallery in self.plan.galleries])[:-1]
        templates = np.split(self.enrolled.embeddings, sizes)
        found = [each[np.isfinite(each[:, 0])] for each in templates]
        tops = [(self.observed.embeddings @ each.T).max(axis=1) for each in found]
        scores = np.stack(tops, axis=1).astype(np.float32)
        scores[: len(self.plan.mated), 0] = np.nan
        return scores

    @cached_property
    def own(self) -> npt.NDArray[np.float32]:
        """Score of each mated probe with its own template, shape (mated,)."""
        known = len(self.plan.mated)
        pairs = self.observed.embeddings[:known] * self.enrolled.embeddings[:known]
        return np.asarray(pairs.sum(axis=1), np.float32)


def clean_threshold(clean: Searched) -> float:
    """Return the score that no more than `STATED_RATE` of clean strangers' searches reach."""
    tops = clean.tops[~clean.are(Verdict.UNSEARCHABLE)]
    return threshold_at(tops[np.isfinite(tops)], STATED_RATE)


def result_of(
    name: str, group: str, searched: Searched, threshold: float, rows: Rows, seed: int
) -> Result:
    """Hold the verdicts of some probes against what their searches found.

    Args:
        name: of the condition.
        group: of conditions it belongs to.
        searched: the probes under it.
        threshold: the score that raises a candidate.
        rows: which probes count, shape (probes,).
        seed: of the resamples behind the intervals.
    """
    refused, usable = searched.are(Verdict.UNSEARCHABLE), searched.are(Verdict.USABLE)
    known = len(searched.plan.mated)
    mated = np.arange(len(refused)) < known
    missed = np.zeros(len(refused), np.bool_)
    missed[:known] = ~(searched.own >= threshold) | refused[:known]
    strange = np.isfinite(searched.tops).sum(axis=1)
    alarms = (searched.tops >= threshold).sum(axis=1)
    events = (
        refused,
        searched.are(Verdict.MARGINAL),
        searched.recaptured,
        missed,
        missed & usable,
        missed & ~refused & ~searched.recaptured,
        np.where(refused, 0, alarms),
        alarms,
    )
    each = np.ones(len(refused))
    searches = (each, each, each, mated, mated, mated, np.where(refused, 0, strange), strange)
    counted = shares_of(
        np.stack(events, axis=1)[rows].astype(np.float64),
        np.stack(searches, axis=1)[rows].astype(np.float64),
        draw_identities(int(np.count_nonzero(rows)), seed),
    )
    figures = zip(counted.rate, counted.low, counted.high, counted.searches, strict=True)
    shares = {
        column: Share(float(rate), float(low), float(high), int(number))
        for column, (rate, low, high, number) in zip(COLUMNS, figures, strict=True)
    }
    reasons = Counter(
        reason.value
        for quality, counts in zip(searched.qualities, rows, strict=True)
        if counts
        for reason in quality.reasons
    )
    return Result(name, group, reasons=tuple(reasons.most_common()), **shares)
