"""What a port saves and loses whose client shrinks photos: bytes, time and misses, side by side.

Faces of a data set are composed into photos as gates take them (`benchmarks.speed.photos`), and
each is analysed as it is and as `siaga_client.shrink` sends it. Who is enrolled is enrolled by
another photo of the data set, as it is.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Final, TypeVar

import numpy as np
import numpy.typing as npt
import typer
from siaga_client.shrink import shrink

from benchmarks.accuracy.bootstrap import draw_identities, interval
from benchmarks.accuracy.identities import DataSet, read_clashes, read_data_set
from benchmarks.accuracy.open_set import miss_rate, threshold_at
from benchmarks.command import Json, PackName, Seed, explained, new_report, publish
from benchmarks.machine import one_cpu
from benchmarks.packaged import Person
from benchmarks.report import Grid, Report
from benchmarks.speed.photos import compose
from benchmarks.weights import model_store
from detector.decode import open_photo
from detector.limits import Limits
from detector.loading import load_pipeline
from detector.pipeline import Pipeline
from detector.quality import Reason
from detector.threads import use_threads
from detector.timing import Stopwatch
from models.manifest import load_pack

MEGAPIXELS: Final = (2.1, 3.1)
PEOPLE: Final = 300
STRANGERS: Final = 400
RATES: Final = (0.03, 0.01)
SIDES: Final = ("as it is", "shrunk")

Result = TypeVar("Result")


class ProcessorWatch(Stopwatch):
    """Adds up the processor time of the thread by stage."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the block's processor time as part of stage `name`."""
        start = time.thread_time()
        try:
            yield
        finally:
            self.stages[name] = self.stages.get(name, 0.0) + 1000 * (time.thread_time() - start)


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """One photo, analysed both ways; arrays have a place for each of `SIDES`."""

    person: int | None
    """Row in the gallery; None for a stranger."""
    megapixels: float
    vectors: npt.NDArray[np.float32]
    """Shape (sides, dim); a row of NaN where the photo was refused."""
    bytes_sent: npt.NDArray[np.int64]
    decode: npt.NDArray[np.float64]
    """Milliseconds of processor time, as the next two."""
    whole: npt.NDArray[np.float64]
    shrinking: float
    """That of the client."""
    small: npt.NDArray[np.bool_]
    """Whether the face was called too small."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Everything that was measured."""

    gallery: npt.NDArray[np.float32]
    probes: list[Probe]


def measure(data: DataSet, pipeline: Pipeline, people: int, strangers: int, seed: int) -> Run:
    """Enrol people, and analyse photos of them and of strangers, both ways in turns."""
    several, single = _drawn(data, people, strangers, seed)
    gallery: list[npt.NDArray[np.float32]] = []
    probes: list[Probe] = []
    for reference, path in [*several, *((None, each) for each in single)]:
        row = None
        if reference is not None:
            enrolled = pipeline.analyse(reference.read_bytes()).embedding
            if enrolled is None:
                continue
            row = len(gallery)
            gallery.append(enrolled)
        probe = _probe(pipeline, path, row, len(probes), seed)
        if probe is not None:
            probes.append(probe)
    return Run(np.stack(gallery), probes)


def _drawn(
    data: DataSet, people: int, strangers: int, seed: int
) -> tuple[list[tuple[Path, Path]], list[Path]]:
    """Draw two photos each of some people, and one each of others."""
    photos: dict[int, list[Path]] = {}
    for path, owner in zip(data.photos, data.owners, strict=True):
        photos.setdefault(owner, []).append(path)
    rng = random.Random(seed)
    drawn = rng.sample(sorted(photos), len(photos))
    enrolled = [who for who in drawn if len(photos[who]) > 1][:people]
    others = [who for who in drawn if who not in set(enrolled)][:strangers]
    pairs = [rng.sample(photos[who], 2) for who in enrolled]
    return [(one, two) for one, two in pairs], [rng.choice(photos[who]) for who in others]


def _probe(pipeline: Pipeline, path: Path, row: int | None, number: int, seed: int) -> Probe | None:
    """Compose and analyse one photo; None where the data set's own shows no face."""
    content = path.read_bytes()
    located = pipeline.locate(content, Stopwatch())
    if located.subject is None:
        return None
    person = Person(path.stem, open_photo(content, Limits()).pixels().image, located.subject)
    megapixels = MEGAPIXELS[number % len(MEGAPIXELS)]
    generator = np.random.default_rng([seed, number])
    photo = compose(person, megapixels, generator, portrait=number // 2 % 2 == 0).data
    sent, shrinking = _timed(partial(shrink, photo))
    both = [photo, sent]
    order = (0, 1) if number % 4 < 2 else (1, 0)
    dim = pipeline.embedder.dim
    vectors = np.full((2, dim), np.nan, np.float32)
    decode, whole, small = np.zeros(2), np.zeros(2), np.zeros(2, np.bool_)
    for side in order:
        watch = ProcessorWatch()
        analysis, whole[side] = _timed(partial(pipeline.analyse, both[side], watch))
        decode[side] = watch.stages["decode"]
        small[side] = Reason.FACE_TOO_SMALL in analysis.quality.reasons
        if analysis.embedding is not None:
            vectors[side] = analysis.embedding
    sizes = np.array([len(each) for each in both])
    return Probe(row, megapixels, vectors, sizes, decode, whole, shrinking, small)


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    start = time.thread_time()
    result = work()
    return result, 1000 * (time.thread_time() - start)


def add_to(report: Report, run: Run, seed: int) -> None:
    """Write the tables."""
    rows = []
    for megapixels in MEGAPIXELS:
        held = [each for each in run.probes if each.megapixels == megapixels]
        for side, name in enumerate(SIDES):
            rows.append(
                (
                    f"{megapixels} MP, {name}",
                    len(held),
                    f"{np.median([each.bytes_sent[side] for each in held]) / 1000:,.0f} kB",
                    f"{np.median([each.decode[side] for each in held]):.1f}",
                    f"{np.median([each.whole[side] for each in held]):.1f}",
                    f"{np.median([each.shrinking for each in held]):.1f}" if side else "-",
                    sum(bool(each.small[side]) for each in held),
                    sum(bool(np.isnan(each.vectors[side, 0])) for each in held),
                )
            )
    columns = (
        "photo",
        "n",
        "sent",
        "decode, ms",
        "whole, ms",
        "client, ms",
        "small faces",
        "refused",
    )
    report.grids.append(Grid("Processor time and bytes, medians", columns, tuple(rows)))
    misses = []
    for rate in RATES:
        shares, difference, reach = compared(run, rate, seed)
        low, high = (100 * each for each in reach)
        misses.append(
            (
                f"{rate:.0%}",
                *(f"{100 * each:.2f} %" for each in shares),
                f"{100 * difference:+.2f} ({low:+.2f} to {high:+.2f})",
            )
        )
    mated = sum(each.person is not None for each in run.probes)
    title = f"Misses (FNIR): {mated} searches of {len(run.gallery)} people"
    grid = Grid(title, ("FPIR", *SIDES, "points, 95 % interval"), tuple(misses))
    report.grids.append(grid)
    mean, reach = score_change(run, seed)
    report.note(
        f"Scores with the own template change by {mean:+.4f} ({reach[0]:+.4f} to {reach[1]:+.4f})."
    )
    report.figures["cosine of both"] = np.nanmedian(
        [float(each.vectors[0] @ each.vectors[1]) for each in run.probes]
    )


def score_change(run: Run, seed: int) -> tuple[float, tuple[float, float]]:
    """Return by how much mated scores of shrunk photos are higher, on average, and its interval."""
    scores = [
        each.vectors @ run.gallery[each.person] for each in run.probes if each.person is not None
    ]
    changes = np.array([shrunk - plain for plain, shrunk in scores])
    known = changes[~np.isnan(changes)]
    drawn = draw_identities(len(known), seed) @ known / max(1, len(known))
    low, high = interval(drawn[:, None])
    return float(known.mean()), (float(low[0]), float(high[0]))


def compared(run: Run, rate: float, seed: int) -> tuple[list[float], float, tuple[float, float]]:
    """Return FNIR of both sides, the second's less the first's, and its interval.

    Each side has a threshold of its own. People and strangers are drawn again for the interval,
    with what each was given on both sides, and so are the thresholds.
    """
    mated = [each for each in run.probes if each.person is not None]
    others = [each for each in run.probes if each.person is None]
    own = np.stack([each.vectors @ run.gallery[each.person] for each in mated])
    top = np.stack([(each.vectors @ run.gallery.T).max(axis=1) for each in others])

    def misses(people: npt.NDArray[np.int_], strangers: npt.NDArray[np.int_]) -> list[float]:
        rates = []
        for side in range(len(SIDES)):
            reached = top[strangers, side]
            bound = threshold_at(reached[~np.isnan(reached)], rate)
            rates.append(miss_rate(own[people, side], bound))
        return rates

    shares = misses(np.arange(len(mated)), np.arange(len(others)))
    resampled = []
    pairs = zip(
        draw_identities(len(mated), seed), draw_identities(len(others), seed + 1), strict=True
    )
    for people, strangers in pairs:
        again = misses(*(np.repeat(np.arange(len(n)), n.astype(int)) for n in (people, strangers)))
        resampled.append(again[1] - again[0])
    low, high = interval(np.array(resampled)[:, None])
    return shares, shares[1] - shares[0], (float(low[0]), float(high[0]))


def measure_shrunk(
    folder: Annotated[Path, typer.Argument(help="One sub-folder per identity (LFW layout).")],
    clashes: Annotated[
        Path | None,
        typer.Option(help="Folders that hold one person under two names: a pair a line."),
    ] = None,
    people: Annotated[int, typer.Option(min=1, help="Enrolled and searched for.")] = PEOPLE,
    strangers: Annotated[int, typer.Option(min=1, help="Searched for in vain.")] = STRANGERS,
    seed: Seed = 0,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Compare photos as they are with what a client sends that shrinks them."""
    report = new_report("shrink")
    with explained(), one_cpu() as cpu:
        use_threads(1)
        pipeline = load_pipeline(load_pack(pack_name), model_store())
        data = read_data_set(folder, read_clashes(clashes) if clashes else ())
        run = measure(data, pipeline, people, strangers, seed)
    add_to(report, run, seed)
    report.facts["threads"] = f"1, on CPU {cpu}"
    report.note(
        "Faces of 20 to 60 % of the photo's height, composed; of each photo both in turns. "
        f"Enrolled by another photo as it is; seed {seed}."
    )
    return publish(report, json)
