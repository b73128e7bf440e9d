"""Two runtimes of one model: time, how far embeddings differ, and misses.

Every photo is decoded, searched for its face and aligned once; its chip is then embedded by both
runtimes, taking turns on one thread. Galleries are drawn as everywhere (`open_set`), the same for
both, and a third search is mixed: enrolled by ONNX Runtime, searched by OpenVINO, as in nodes of
two kinds on one database.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from rich.progress import Progress

from benchmarks.accuracy.bootstrap import interval
from benchmarks.accuracy.det import OperatingPoints, operating_points, require
from benchmarks.accuracy.embeddings import Embedded, Embeddings
from benchmarks.accuracy.identities import DataSet
from benchmarks.accuracy.open_set import STATED_RATE, Trial, run_trials
from benchmarks.report import Grid, Report, Target
from detector.embed import Embedder
from detector.errors import PhotoError
from detector.faces import Image
from detector.pipeline import Pipeline
from detector.quality import Verdict
from detector.timing import Stopwatch
from models.runtimes import LEAST_COSINE

TURNS: Final = 5
"""That composed photos take."""
WANTED_RATIO: Final = 1.4
WANTED_POINTS: Final = 0.3
"""Percentage points of FNIR that the upper end of the interval may add."""

Times = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Both:
    """A data set's embeddings by two runtimes, row by row with its photos."""

    reference: Embeddings
    other: Embeddings
    refusals: tuple[str, ...]
    """Why each photo was refused; empty where it was not."""
    before_ms: Times
    """Processor time of everything up to the chip, for each photo that was not refused."""
    reference_ms: Times
    """Processor time of embedding, likewise."""
    other_ms: Times

    @property
    def cosines(self) -> npt.NDArray[np.float64]:
        """Of each photo's two embeddings, for each photo that was not refused."""
        usable = np.array([not reason for reason in self.refusals])
        return np.asarray(
            np.sum(self.reference[usable] * self.other[usable], axis=1, dtype=np.float64)
        )


def embed_both(
    photos: Sequence[bytes | Path],
    pipeline: Pipeline,
    other: Embedder,
    progress: Progress | None = None,
) -> Both:
    """Embed photos, or files of photos, with a pipeline's own embedder and another, in turns."""
    task = progress.add_task("embedding", total=len(photos)) if progress else None
    nothing = np.full(pipeline.embedder.dim, np.nan, np.float32)
    rows: tuple[list[Embeddings], list[Embeddings]] = [], []
    refusals, times = [], []
    for number, photo in enumerate(photos):
        content = photo.read_bytes() if isinstance(photo, Path) else photo
        chip, before, refusal = _chip(pipeline, content)
        refusals.append(refusal)
        if chip is None:
            rows[0].append(nothing)
            rows[1].append(nothing)
        else:
            spent = [before, 0.0, 0.0]
            for which in (0, 1) if number % 2 else (1, 0):
                vector, spent[1 + which] = _timed((pipeline.embedder, other)[which], chip)
                rows[which].append(vector)
            times.append(spent)
        if progress and task is not None:
            progress.advance(task)
    milliseconds = np.array(times).T
    return Both(np.stack(rows[0]), np.stack(rows[1]), tuple(refusals), *milliseconds)


def _chip(pipeline: Pipeline, data: bytes) -> tuple[Image | None, float, str]:
    begin = time.thread_time()
    try:
        located = pipeline.locate(data, Stopwatch())
    except PhotoError as error:
        return None, 0.0, str(error)
    spent = (time.thread_time() - begin) * 1000
    if located.chip is None or located.quality.verdict is Verdict.UNSEARCHABLE:
        return None, 0.0, ", ".join(each.value for each in located.quality.reasons)
    return located.chip, spent, ""


def _timed(embedder: Embedder, chip: Image) -> tuple[npt.NDArray[np.float32], float]:
    begin = time.thread_time()
    (vector,) = embedder.embed([chip])
    return vector, (time.thread_time() - begin) * 1000


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """The result of the same searches with one pair of runtimes."""

    name: str
    trials: Sequence[Trial]
    points: OperatingPoints
    """At `STATED_RATE`."""


def search_all(
    data: DataSet, both: Both, gallery: int, trials: int, seed: int
) -> tuple[Search, Search, Search]:
    """Search the same galleries by the reference, by the other, and by both mixed.

    Raises:
        TooFewIdentities: the data set cannot fill the galleries.
    """
    nothing = np.zeros(len(data.photos))
    drawn = [
        run_trials(data, Embedded(vectors, both.refusals, nothing, 0), gallery, trials, seed)
        for vectors in (both.reference, both.other)
    ]
    mixed = [_mixed(trial, both) for trial in drawn[0]]
    owners, found = np.array(data.owners), []
    named = zip(("ONNX Runtime", "OpenVINO bf16", "mixed"), (*drawn, mixed), strict=True)
    for name, held in named:
        require(STATED_RATE, held)
        found.append(Search(name, held, operating_points(held, owners, (STATED_RATE,), seed)))
    return found[0], found[1], found[2]


def _mixed(trial: Trial, both: Both) -> Trial:
    """Search a trial's photos by the other runtime, in the gallery of the reference.

    Everybody who is enrolled has another photo, and so is among the references.
    """
    templates = both.reference[np.unique(trial.references)]
    mated = np.sum(both.other[trial.probes] * both.reference[trial.references], axis=1)
    non_mated = (both.other[trial.strangers] @ templates.T).max(axis=1)
    return replace(trial, mated=mated.astype(np.float32), non_mated=non_mated.astype(np.float32))


def add_times(report: Report, both: Both) -> None:
    """Put times, agreement and their targets into a report."""
    report.grids.append(_times(both))
    cosines = both.cosines
    report.note(
        f"Cosine between a photo's two embeddings, over {len(cosines):,} faces: least "
        f"{cosines.min():.5f}, median {np.median(cosines):.5f}."
    )
    ratio = float(np.median(both.reference_ms / both.other_ms))
    whole = float(
        np.median((both.before_ms + both.reference_ms) / (both.before_ms + both.other_ms))
    )
    report.targets += [
        Target("embedding: times faster on OpenVINO", ratio, ">=", WANTED_RATIO),
        Target("least cosine", float(cosines.min()), ">=", LEAST_COSINE, 4),
    ]
    report.figures |= {
        "ratio": ratio,
        "ratio of whole photos": whole,
        "least cosine": float(cosines.min()),
    }


def add_misses(report: Report, searches: tuple[Search, Search, Search]) -> None:
    """Put misses, false alarms and their target into a report."""
    report.grids.append(_misses(searches))
    points, low, high = _paired(searches[0], searches[1])
    report.targets.append(Target("points of FNIR added, upper end", high, "<=", WANTED_POINTS, 3))
    report.figures |= {
        "points": [points, low, high],
        "fnir": {each.name: each.points.fnir[:, 0].tolist() for each in searches},
    }


def _times(both: Both) -> Grid:
    rows = []
    for name, part in (("ONNX Runtime", both.reference_ms), ("OpenVINO bf16", both.other_ms)):
        photo = both.before_ms + part
        rows.append(
            (
                name,
                f"{np.median(part):.2f}",
                f"{np.quantile(part, 0.25):.2f} - {np.quantile(part, 0.75):.2f}",
                f"{np.median(photo):.2f}",
            )
        )
    columns = ("runtime", "face, ms", "quartiles", "photo to embedding, ms")
    return Grid("Processor time, one thread, in turns; medians", columns, tuple(rows))


def _misses(searches: tuple[Search, Search, Search]) -> Grid:
    rows = []
    own = [float(bar) for bar in searches[0].points.thresholds[:, 0]]
    for each in searches:
        points, low, high = _paired(searches[0], each)
        shares = [
            float(np.mean(trial.non_mated >= np.float32(bar)))
            for trial, bar in zip(each.trials, own, strict=True)
        ]
        changed = sum(
            int(np.count_nonzero((trial.mated >= bar) != (first.mated >= bar)))
            for trial, first, bar in zip(each.trials, searches[0].trials, own, strict=True)
        )
        rows.append(
            (
                each.name,
                f"{each.points.thresholds[:, 0].mean():.4f}",
                f"{each.points.fnir[:, 0].mean():.3%}",
                f"{points:+.3f} ({low:+.3f} to {high:+.3f})",
                f"{np.mean(shares):.3%}",
                f"{changed} of {sum(len(trial.mated) for trial in each.trials):,}",
            )
        )
    return Grid(
        f"Misses at FPIR {STATED_RATE:.0%}; the last two columns at ONNX Runtime's threshold",
        ("searched by", "threshold", "FNIR", "points, paired", "FPIR", "hits that differ"),
        tuple(rows),
    )


def _paired(first: Search, second: Search) -> tuple[float, float, float]:
    """Return the difference of FNIR in points, with its interval over the same resamples."""
    mean = second.points.fnir[:, 0].mean() - first.points.fnir[:, 0].mean()
    resampled = second.points.resampled_fnir[:, 0] - first.points.resampled_fnir[:, 0]
    low, high = interval(resampled)
    return 100 * float(mean), 100 * float(low), 100 * float(high)
