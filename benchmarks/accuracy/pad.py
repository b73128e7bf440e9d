"""`siaga bench pad FOLDER`: presentation attack detection on the operator's own photos.

Terms as in ISO/IEC 30107-3: APCER is the share of one kind of attacks that pass as bona fide, BPCER
the share of bona fide presentations that are taken for attacks. Photos without a face to judge are
non-responses, counted apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
import typer
from scipy import special

from benchmarks.accuracy.identities import DataSetInvalid
from benchmarks.command import Json, PackName, explained, new_report, publish
from benchmarks.report import Grid, Report
from benchmarks.weights import model_store
from casework.imports.litter import is_litter
from detector.errors import PhotoError
from detector.loading import load_pipeline, load_presentation
from detector.pipeline import Pipeline
from detector.presentation import PresentationScorer
from models.manifest import load_pack

BONA_FIDE: Final = "bona_fide"
ATTACK: Final = "attack"
LEVEL: Final = 0.95
"""Of the intervals: exact binomial (Clopper and Pearson)."""
_TARGET_BPCER: Final = (0.01, 0.05)
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Scored:
    """The photos of one kind of presentation."""

    kind: str
    scores: npt.NDArray[np.float64]
    """Of those with a face, rising."""
    unanswered: int
    """Photos that cannot be read, or show no face."""

    @property
    def photos(self) -> int:
        """All of them."""
        return len(self.scores) + self.unanswered


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """A share of wrong answers, with its interval."""

    wrong: int
    of: int

    @property
    def rate(self) -> float:
        """The share."""
        return self.wrong / self.of if self.of else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Low and high end at `LEVEL`."""
        outside = (1 - LEVEL) / 2
        low = special.betaincinv(self.wrong, self.of - self.wrong + 1, outside) if self.wrong else 0
        high = (
            special.betaincinv(self.wrong + 1, self.of - self.wrong, 1 - outside)
            if self.wrong < self.of
            else 1
        )
        return float(low), float(high)


def apcer(attacks: Scored, threshold: float) -> ErrorRate:
    """Return the attacks of one kind that score at least `threshold`, and so pass."""
    return ErrorRate(int((attacks.scores >= threshold).sum()), len(attacks.scores))


def bpcer(bona_fide: Scored, threshold: float) -> ErrorRate:
    """Return the bona fide presentations that score below `threshold`."""
    return ErrorRate(int((bona_fide.scores < threshold).sum()), len(bona_fide.scores))


def threshold_at(bona_fide: Scored, rate: float) -> float:
    """Return the highest threshold at which BPCER is at most `rate`."""
    allowed = int(rate * len(bona_fide.scores))
    return float(bona_fide.scores[allowed])


def measure_pad(
    folder: Annotated[
        Path, typer.Argument(help="With bona_fide/ and a folder of each kind in attack/.")
    ],
    pack_name: PackName = "open",
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Score from which a face counts as bona fide.")
    ] = 0.5,
    json: Json = None,
) -> Report:
    """Measure APCER of each kind of attack, and BPCER, on photos of your own cameras."""
    report = new_report("pad")
    with explained():
        pack, store = load_pack(pack_name), model_store()
        pipeline = load_pipeline(pack, store)
        scorer = load_presentation(pack, store)
        if scorer is None:
            raise DataSetInvalid(
                f"pack {pack_name!r} has no part [presentation]: name a network in the manifest of "
                "a pack of your own; none is shipped"
            )
        bona_fide, attacks = read_presentations(folder, pipeline, scorer)
        add_to(report, bona_fide, attacks, threshold)
    return publish(report, json)


def read_presentations(
    folder: Path, pipeline: Pipeline, scorer: PresentationScorer
) -> tuple[Scored, tuple[Scored, ...]]:
    """Score every photo of a folder.

    Raises:
        DataSetInvalid: it has not both kinds of presentation, or one without any face.
    """
    kinds = sorted(each for each in (folder / ATTACK).glob("*") if not is_litter(each.name))
    if loose := [each.name for each in kinds if not each.is_dir()]:
        raise DataSetInvalid(
            f"{folder / ATTACK}: {loose[0]} is in no folder: put each kind of attack into one"
        )
    if not (folder / BONA_FIDE).is_dir() or not kinds:
        raise DataSetInvalid(
            f"{folder}: put photos of people into {BONA_FIDE}/, and those of each kind of attack "
            f"into a folder of its own, such as {ATTACK}/print/ and {ATTACK}/screen/"
        )
    bona_fide, *attacks = (_scored(each, pipeline, scorer) for each in (folder / BONA_FIDE, *kinds))
    for each in (bona_fide, *attacks):
        if not len(each.scores):
            raise DataSetInvalid(f"{folder}: {each.kind} has no photo that shows a face")
    return bona_fide, tuple(attacks)


def _scored(folder: Path, pipeline: Pipeline, scorer: PresentationScorer) -> Scored:
    found = [_score(each.read_bytes(), pipeline, scorer) for each in _files(folder)]
    scores = sorted(score for score in found if score is not None)
    return Scored(folder.name, np.array(scores, np.float64), len(found) - len(scores))


def _files(folder: Path) -> Iterable[Path]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return sorted(each for each in files if not is_litter(each.relative_to(folder).as_posix()))


def _score(content: bytes, pipeline: Pipeline, scorer: PresentationScorer) -> float | None:
    try:
        return scorer.score(pipeline.analyse(content))
    except PhotoError:
        return None


def add_to(
    report: Report, bona_fide: Scored, attacks: tuple[Scored, ...], threshold: float
) -> None:
    """Put both error rates into a report: at a threshold, and where BPCER is 1 and 5 %."""
    rows, figures = [], []
    points = [("as given", threshold)]
    points += [(f"BPCER {rate:.0%}", threshold_at(bona_fide, rate)) for rate in _TARGET_BPCER]
    for name, at in points:
        lines = [("BPCER", bona_fide, bpcer(bona_fide, at))]
        lines += [("APCER", each, apcer(each, at)) for each in attacks]
        for measure, kind, error in lines:
            low, high = error.interval
            rows.append(
                (
                    name,
                    round(at, 4),
                    f"{measure} {kind.kind}",
                    error.of,
                    kind.unanswered,
                    round(_PERCENT * error.rate, 2),
                    f"{_PERCENT * low:.2f} - {_PERCENT * high:.2f}",
                )
            )
            figures.append(
                {
                    "point": name,
                    "threshold": at,
                    "measure": measure,
                    "kind": kind.kind,
                    "wrong": error.wrong,
                    "judged": error.of,
                    "unanswered": kind.unanswered,
                    "interval": [low, high],
                }
            )
    columns = ("point", "threshold", "rate", "judged", "no answer", "%", "95 % interval")
    report.grids.append(Grid("Presentation attack detection", columns, tuple(rows)))
    report.figures["errors"] = figures
    report.note("The worst kind of attack is what counts: an attacker chooses the kind.")
    report.note("Intervals take each photo for independent: use many people, not many photos.")
