"""Photo bytes to answer, beside stock OpenCV 4 on the same photos and weights, in one run.

Both sides stay on one CPU with one thread. Photo by photo they take turns, and the one that starts
changes from turn to turn, so that a busy moment of the machine meets both. Ours goes all the way to
the hits in a gallery; the peer, which has none, stops at the embedding.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.peer import Peer, PeerUnavailable, cache_folder, running
from benchmarks.photos import TestPhoto
from detector.faces import Box
from detector.pipeline import Pipeline
from detector.timing import Stopwatch
from index import FalseMatchCurve, Gallery, threshold_for
from models import ModelStore, Pack

PEER: Final = "opencv4"
REPEATS: Final = 7
WARM_UP: Final = 2
"""Turns of each photo that are not counted: a new photo size makes both sides allocate."""
GALLERY: Final = 10_000
"""Templates searched: the size of a real national list."""
_TARGET_FPIR: Final = 1e-3
_SEARCH_THRESHOLD: Final = 0.5  # for a pack that has no measured curve yet

Milliseconds = npt.NDArray[np.float64]


@dataclass(slots=True)
class Side:
    """What one side did with one photo."""

    totals: list[float] = field(default_factory=list)
    stages: list[dict[str, float]] = field(default_factory=list)
    box: Box | None = None
    embedding: npt.NDArray[np.float32] | None = None

    @property
    def median(self) -> float:
        """Milliseconds from bytes to the end, over the repeats."""
        return float(np.median(self.totals))


@dataclass(slots=True)
class Comparison:
    """Both sides on one photo; the peer may be absent."""

    photo: TestPhoto
    ours: Side
    peer: Side | None


@dataclass(slots=True)
class Run:
    """Every photo, and who the peer was."""

    comparisons: list[Comparison]
    peer_name: str = ""
    skipped: str = ""
    """Why there is no peer; empty where there is one."""


class Contestant:
    """Our side: the pipeline and a gallery of random templates."""

    def __init__(self, pipeline: Pipeline, pack: Pack, seed: int = 0) -> None:
        self._pipeline = pipeline
        random = np.random.default_rng(seed)
        vectors = random.standard_normal((GALLERY, pipeline.embedder.dim)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        self._gallery = Gallery(pipeline.embedder.dim)
        self._gallery.add(range(GALLERY), vectors)
        self._threshold = _SEARCH_THRESHOLD
        if pack.prior is not None:
            curve = FalseMatchCurve(pack.prior.fmr, pack.prior.score)
            self._threshold = threshold_for(_TARGET_FPIR, GALLERY, curve)

    def answer(self, data: bytes, side: Side, *, counted: bool) -> None:
        """Analyse one photo and search for its face."""
        watch = Stopwatch()
        whole = Stopwatch()
        with whole.stage("total"):
            analysis = self._pipeline.analyse(data, watch)
            if analysis.embedding is not None:
                with watch.stage("search"):
                    self._gallery.search(analysis.embedding, self._threshold)
        side.embedding = analysis.embedding
        side.box = analysis.subject.box if analysis.subject else None
        if counted:
            side.totals.append(whole.stages["total"])
            side.stages.append(watch.stages)


def compare(
    photos: Sequence[TestPhoto],
    ours: Contestant,
    pack: Pack,
    store: ModelStore,
    repeats: int = REPEATS,
    cache: Path | None = None,
) -> Run:
    """Run both sides over all photos; without the peer, only ours."""
    weights = store.require(pack)
    arguments = [
        str(weights.detector),
        str(weights.recogniser),
        str(pack.detector.score_threshold),
        str(pack.detector.nms_threshold),
    ]
    try:
        with running(PEER, arguments, cache or cache_folder()) as peer:
            name = f"OpenCV {peer.greeting['version']}"
            return Run([_turns(photo, ours, peer, repeats) for photo in photos], name)
    except PeerUnavailable as reason:
        alone = [_turns(photo, ours, None, repeats) for photo in photos]
        return Run(alone, skipped=str(reason))


def _turns(photo: TestPhoto, ours: Contestant, peer: Peer | None, repeats: int) -> Comparison:
    result = Comparison(photo, Side(), Side() if peer else None)
    with tempfile.NamedTemporaryFile() as file:
        file.write(photo.data)
        file.flush()
        for turn in range(-WARM_UP, repeats):
            if turn % 2:
                _ask(peer, file.name, result.peer, counted=turn >= 0)
            ours.answer(photo.data, result.ours, counted=turn >= 0)
            if not turn % 2:
                _ask(peer, file.name, result.peer, counted=turn >= 0)
    return result


def _ask(peer: Peer | None, path: str, side: Side | None, *, counted: bool) -> None:
    if peer is None or side is None:
        return
    answer: dict[str, Any] = peer.ask(path)
    if "box" in answer:
        side.box = Box(*answer["box"])
        vector = np.array(answer["embedding"], np.float32)
        side.embedding = vector / np.linalg.norm(vector)
    if counted:
        side.totals.append(float(answer["total"]))
        stages = ("decode", "detect", "align", "embed")
        side.stages.append({name: float(answer[name]) for name in stages if name in answer})


def ratio(comparisons: Sequence[Comparison], turn: int | None = None) -> float:
    """Return how many times as long the peer takes: median photo over median photo.

    Args:
        comparisons: of photos that both sides measured.
        turn: of one repeat only; of each photo's median if None.
    """

    def of(side: Side) -> float:
        return side.median if turn is None else side.totals[turn]

    peer = np.median([of(each.peer) for each in comparisons if each.peer])
    return float(peer / np.median([of(each.ours) for each in comparisons]))


def overlap(first: Box, second: Box) -> float:
    """Return intersection over union."""
    width = min(first.left + first.width, second.left + second.width) - max(first.left, second.left)
    height = min(first.top + first.height, second.top + second.height) - max(first.top, second.top)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (first.area + second.area - shared)
