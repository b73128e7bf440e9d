"""Searching: exact engines beside FAISS's own index and beside the memory's speed.

Random unit vectors are the usual stand-in for a large gallery; a share of the probes is made from
rows of it, so that there is something to find.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any, Final

import faiss
import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from index.engine import ENGINES, EngineName
from index.memory import MemoryGallery
from index.threads import use_threads

DIM: Final = 128
BATCH: Final = 64
THRESHOLD: Final = 0.45
_WARM_UP: Final = 1
_MATED_SHARE: Final = 4  # one probe in four has a mate in the gallery

STREAM: Final = "read every byte once"
PEER: Final = "FAISS IndexFlatIP"

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of the repeats of one thing."""

    name: str
    times: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.times)


@dataclass(frozen=True, slots=True)
class SearchReport:
    """The result of one gallery size."""

    rows: int
    timings: Mapping[str, Timing]
    identical: bool
    """Whether every engine gave the same alerts as FAISS's index, up to rounding."""
    add_visible_ms: float
    """Longest time from an add until the next search sees it, without the search itself."""
    remove_ms: float

    def ratio(self, slow: str, fast: str) -> float:
        """How many times faster `fast` is than `slow`, of this run's medians."""
        return self.timings[slow].middle / self.timings[fast].middle


def one(engine: str) -> str:
    """Name the scene of one probe."""
    return f"{engine}, 1 probe"


def many(engine: str) -> str:
    """Name the scene of a batch."""
    return f"{engine}, {BATCH} probes"


def measure(rows: int, repeats: int, seed: int = 0) -> SearchReport:
    """Measure one gallery size on one thread."""
    use_threads(1)
    with threadpool_limits(1):
        return _measure(rows, repeats, seed)


def _measure(rows: int, repeats: int, seed: int) -> SearchReport:
    vectors = _unit(rows, seed)
    probes = _probes(vectors, seed + 1)
    index = faiss.IndexFlatIP(DIM)
    index.add(vectors)
    galleries = {name: MemoryGallery(DIM, make(DIM)) for name, make in ENGINES.items()}
    for gallery in galleries.values():
        gallery.add(range(rows), vectors)
    plain = vectors.reshape(-1)
    scenes: dict[str, Callable[[], Any]] = {
        STREAM: plain.max,
        one(PEER): partial(index.range_search, probes[:1], THRESHOLD),
        many(PEER): partial(index.search, probes, 10),
    }
    for name, gallery in galleries.items():
        scenes[one(name)] = partial(gallery.search, probes[0], THRESHOLD)
        scenes[many(name)] = partial(gallery.search_many, probes, THRESHOLD)
    timings = _in_turns(scenes, repeats)
    identical = _identical(index, probes, galleries)
    add, remove = _writes(galleries["auto"], rows)
    return SearchReport(rows, timings, identical, add, remove)


def _in_turns(scenes: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, Timing]:
    """Run every scene in turn, so that a busy moment of the machine meets all of them."""
    times: dict[str, list[float]] = {name: [] for name in scenes}
    for turn in range(_WARM_UP + repeats):
        for name, scene in scenes.items():
            begun = time.perf_counter()
            scene()
            if turn >= _WARM_UP:
                times[name].append((time.perf_counter() - begun) * 1000)
    return {name: Timing(name, tuple(spent)) for name, spent in times.items()}


def _identical(
    index: Any,  # noqa: ANN401 - faiss has no types
    probes: Vectors,
    galleries: Mapping[EngineName, MemoryGallery],
) -> bool:
    """Compare alerts: exactly FAISS's, except for scores within rounding of the edge."""
    limits, scores, rows = index.range_search(probes, THRESHOLD - 1e-4)
    answers = [gallery.search_many(probes, THRESHOLD) for gallery in galleries.values()]
    if any(answer != answers[0] for answer in answers):
        return False
    for number, result in enumerate(answers[0]):
        part = slice(limits[number], limits[number + 1])
        found = {hit.template_id for hit in result.hits}
        sure = {
            int(r) for r, s in zip(rows[part], scores[part], strict=True) if s > THRESHOLD + 1e-4
        }
        if not sure <= found <= {int(r) for r in rows[part]}:
            return False
    return True


def _writes(gallery: MemoryGallery, rows: int, count: int = 50) -> tuple[float, float]:
    """Return the longest add and the longest removal in a full gallery, in milliseconds."""
    added, removed = [], []
    for number, vector in enumerate(_unit(count, 99)):
        begun = time.perf_counter()
        gallery.add([rows + number], vector[np.newaxis])
        added.append((time.perf_counter() - begun) * 1000)
    for number in range(count):
        begun = time.perf_counter()
        gallery.remove(number * (rows // count))
        removed.append((time.perf_counter() - begun) * 1000)
    return max(added), max(removed)


def _unit(rows: int, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((rows, DIM), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _probes(vectors: Vectors, seed: int) -> Vectors:
    probes = _unit(BATCH, seed)
    mated = np.arange(0, BATCH, _MATED_SHARE)
    probes[mated] = 0.7 * vectors[mated * (len(vectors) // BATCH)] + 0.5 * probes[mated]
    probes /= np.linalg.norm(probes, axis=1, keepdims=True)
    return probes


@dataclass(frozen=True, slots=True)
class Approximation:
    """What an approximate index would save, and what it would lose."""

    probed: int
    """Lists of the inverted file that are searched."""
    lists: int
    milliseconds: float
    missed: float
    """Share of mated probes past the threshold whose mate is not found: added to FNIR."""


def approximate(
    rows: int, lists: int = 1024, probed: tuple[int, ...] = (16, 64, 128)
) -> list[Approximation]:
    """Measure FAISS's inverted file on random vectors and mates of cosine 0.5 to 0.8."""
    vectors, rng = _unit(rows, 0), np.random.default_rng(1)
    mates = rng.choice(rows, 1000, replace=False)
    cosine = rng.uniform(0.5, 0.8, (len(mates), 1)).astype(np.float32)
    other = _unit(len(mates), 2)
    other -= (other * vectors[mates]).sum(axis=1, keepdims=True) * vectors[mates]
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    probes = cosine * vectors[mates] + np.sqrt(1 - cosine**2) * other
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(DIM), DIM, lists, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[: 64 * lists])
    index.add(vectors)
    results = []
    for count in probed:
        index.nprobe = count
        spent = []
        found = 0
        for probe, mate in zip(probes, mates, strict=True):
            begun = time.perf_counter()
            _, _, hits = index.range_search(probe[np.newaxis], THRESHOLD)
            spent.append((time.perf_counter() - begun) * 1000)
            found += int(mate) in hits
        results.append(Approximation(count, lists, median(spent), 1 - found / len(mates)))
    return results
