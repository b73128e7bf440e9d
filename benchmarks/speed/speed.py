"""Photo bytes to answer, beside its peers on the same photos and recogniser, in one run.

The peers are stock OpenCV 4 in its own process and environment, and the `insightface` library's
classes in this one (`benchmarks.speed.library`). All stay on one CPU with one thread. Photo by
photo they take turns, and the one that starts changes from turn to turn, so that a busy moment of
the machine meets all. Ours goes all the way to the hits in a gallery; peers, which have none, stop
at the embedding.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.speed.peer import Peer, PeerUnavailable, cache_folder, running
from benchmarks.speed.photos import TestPhoto
from detector.faces import Box
from detector.pipeline import Pipeline
from detector.timing import Stopwatch
from index.memory import MemoryGallery
from index.threshold import FalseMatchCurve, threshold_for
from models.manifest import Pack
from models.store import ModelStore

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
    cpu: list[float] = field(default_factory=list)
    """Milliseconds of processor time from bytes to the end."""
    stages: list[dict[str, float]] = field(default_factory=list)
    box: Box | None = None
    embedding: npt.NDArray[np.float32] | None = None

    @property
    def median(self) -> float:
        """Milliseconds from bytes to the end, over the repeats."""
        return float(np.median(self.totals))


@dataclass(slots=True)
class Comparison:
    """All sides on one photo; the peer may be absent."""

    photo: TestPhoto
    ours: Side
    peer: Side | None
    others: dict[str, Side] = field(default_factory=dict)
    """Further peers by name."""


@dataclass(slots=True)
class Run:
    """Every photo, and who the peer was."""

    comparisons: list[Comparison]
    peer_name: str = ""
    skipped: str = ""
    """Why there is no peer; empty where there is one."""


class Other(Protocol):
    """A further peer: one that runs in this process, or is asked from it."""

    name: str

    def answer(self, data: bytes, side: Side, *, counted: bool) -> None:
        """Take one photo to its embedding, and note what it took if it counts."""
        ...


class Contestant:
    """Our side: the pipeline and a gallery of random templates."""

    def __init__(self, pipeline: Pipeline, pack: Pack, seed: int = 0) -> None:
        self._pipeline = pipeline
        random = np.random.default_rng(seed)
        vectors = random.standard_normal((GALLERY, pipeline.embedder.dim)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        self._gallery = MemoryGallery(pipeline.embedder.dim)
        self._gallery.add(range(GALLERY), vectors)
        self._threshold = _SEARCH_THRESHOLD
        if pack.prior is not None:
            curve = FalseMatchCurve(pack.prior.fmr, pack.prior.score)
            self._threshold = threshold_for(_TARGET_FPIR, GALLERY, curve)

    def answer(self, data: bytes, side: Side, *, counted: bool) -> None:
        """Analyse one photo and search for its face."""
        watch = Stopwatch()
        whole = Stopwatch()
        cpu = time.process_time()
        with whole.stage("total"):
            analysis = self._pipeline.analyse(data, watch)
            if analysis.embedding is not None:
                with watch.stage("search"):
                    self._gallery.search(analysis.embedding, self._threshold)
        spent = (time.process_time() - cpu) * 1000
        side.embedding = analysis.embedding
        side.box = analysis.subject.box if analysis.subject else None
        if counted:
            side.totals.append(whole.stages["total"])
            side.cpu.append(spent)
            side.stages.append(watch.stages)


class Elsewhere:
    """A peer in a process of its own that is given photos as files."""

    def __init__(self, name: str, peer: Peer, scratch: Path) -> None:
        self.name = f"{name} {peer.greeting['version']}"
        self._peer = peer
        self._file = scratch / f"{name}.photo"
        self._written = b""

    def answer(self, data: bytes, side: Side, *, counted: bool) -> None:
        """See `Other.answer`."""
        if data is not self._written:
            self._file.write_bytes(data)
            self._written = data
        _ask(self._peer, str(self._file), side, counted=counted)


def compare(
    photos: Sequence[TestPhoto],
    ours: Contestant,
    pack: Pack,
    store: ModelStore,
    repeats: int = REPEATS,
    cache: Path | None = None,
    others: Sequence[Other] = (),
) -> Run:
    """Run all sides over all photos; OpenCV is left out where it is not available."""
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
            return Run([_turns(photo, ours, peer, others, repeats) for photo in photos], name)
    except PeerUnavailable as reason:
        alone = [_turns(photo, ours, None, others, repeats) for photo in photos]
        return Run(alone, skipped=str(reason))


def _turns(
    photo: TestPhoto,
    ours: Contestant,
    peer: Peer | None,
    others: Sequence[Other],
    repeats: int,
) -> Comparison:
    result = Comparison(
        photo, Side(), Side() if peer else None, {other.name: Side() for other in others}
    )
    with tempfile.NamedTemporaryFile() as file:
        file.write(photo.data)
        file.flush()
        sides: list[Callable[[bool], None]] = [
            lambda counted: ours.answer(photo.data, result.ours, counted=counted),
            lambda counted: _ask(peer, file.name, result.peer, counted=counted),
            *(_asking(other, photo.data, result.others[other.name]) for other in others),
        ]
        for turn in range(-WARM_UP, repeats):
            first = turn % len(sides)
            for side in sides[first:] + sides[:first]:
                side(turn >= 0)
    return result


def _asking(other: Other, data: bytes, side: Side) -> Callable[[bool], None]:
    return lambda counted: other.answer(data, side, counted=counted)


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
        side.cpu.append(float(answer["cpu"]))
        stages = ("decode", "detect", "align", "embed")
        side.stages.append({name: float(answer[name]) for name in stages if name in answer})


def ratio(
    comparisons: Sequence[Comparison], turn: int | None = None, other: str | None = None
) -> float:
    """Return how many times as long a peer takes: median photo over median photo.

    Args:
        comparisons: of photos that both sides measured.
        turn: of one repeat only; of each photo's median if None.
        other: which of the further peers; OpenCV if None.
    """

    def of(side: Side) -> float:
        return side.median if turn is None else side.totals[turn]

    sides = [each.others[other] if other else each.peer for each in comparisons]
    peer = np.median([of(side) for side in sides if side])
    return float(peer / np.median([of(each.ours) for each in comparisons]))


def overlap(first: Box, second: Box) -> float:
    """Return intersection over union."""
    width = min(first.left + first.width, second.left + second.width) - max(first.left, second.left)
    height = min(first.top + first.height, second.top + second.height) - max(first.top, second.top)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (first.area + second.area - shared)
