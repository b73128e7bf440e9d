"""Every probe under every condition, through the networks once; a second run reads what is kept.

What is kept of a probe is its embedding, its aligned face and where it was, not what was measured
of it: measures and bounds may change without running the networks again.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path

from benchmarks.accuracy.conditions.captures import CAPTURES
from benchmarks.accuracy.conditions.occlusions import OCCLUSIONS
from benchmarks.accuracy.conditions.presentations import PRESENTATIONS
from benchmarks.accuracy.conditions.scene import Condition, Scene
from benchmarks.accuracy.embeddings import detector_code, pipeline_key
from benchmarks.accuracy.identities import DataSet
from benchmarks.accuracy.open_set import Photos, TooFewIdentities
from benchmarks.weights import model_store
from detector.align import CHIP_SIZE
from detector.decode import open_photo, quiet_native_logging
from detector.faces import Box, Face
from detector.loading import load_pipeline
from detector.measures import Setting
from detector.pipeline import Analysis, Pipeline, with_embedding
from detector.quality import NO_FACE, Quality, Reason, Verdict, assess
from detector.subject import second_face
from detector.threads import use_threads
from detector.timing import Stopwatch
from models.atomic import replacing
from models.manifest import Pack

CONDITIONS: Final = (*CAPTURES, *OCCLUSIONS, *PRESENTATIONS)
GALLERY: Final = 500
GALLERIES: Final = 4
"""Of different people, so that a stranger is searched for in each of them."""
MATED: Final = 400
STRANGERS: Final = 200
"""With those searched for as strangers in others' galleries: 2,000 searches of strangers."""
_LEAST: Final = 2
"""People of either kind without whom nothing can be measured."""
_JUDGING: Final = {"measures", "quality", "relief", "scalar_functions"}
"""Code of the detector that looks at what is kept: it may change."""
_DRAWING: Final = ("captures", "occlusions", "presentations", "scene")
"""Modules that draw what is looked at."""
_MARKS: Final = (Reason.NEGATIVE, Reason.TURNED)
"""Reasons that come from looking at the photo, and from no measure."""
_REFUSED: Final = 2
_PLAIN_FACE: Final = np.array([[-1, 0], [1, 0], [0, 1], [-0.8, 2.2], [0.8, 2.2]], np.float32)
"""Eyes, nose and mouth corners of a face of which nothing is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Whose photos are enrolled and searched; one photo of everybody is searched."""

    galleries: tuple[Photos, ...]
    """Photos enrolled, one a person. Who is in the first is searched for, too."""
    mated: Photos
    """Another photo of the first people in the first gallery, in the same order."""
    strangers: Photos
    """One photo each of people who are in no gallery."""

    @property
    def probes(self) -> Photos:
        """The photos searched: the mated ones, then the strangers'."""
        return np.concatenate([self.mated, self.strangers])

    @property
    def enrolled(self) -> Photos:
        """The photos of all galleries, one gallery after another."""
        return np.concatenate(self.galleries)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A pack's own: see `models.manifest.Detector` and `Recogniser`."""

    confident_score: float
    recognisable_length: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Photos under one condition, row by row; NaN where no face was found."""

    embeddings: npt.NDArray[np.float32]
    """(photos, dim), also of those that would be refused."""
    chips: npt.NDArray[np.uint8]
    """(photos, 112, 112, 3) or, all grey, (photos, 112, 112, 1)."""
    faces: npt.NDArray[np.float32]
    """(photos, 15): the box, five landmarks and the detector's confidence."""
    settings: npt.NDArray[np.float64]
    """(photos, 4): width, height, second face and quantisation, as `detector.measures.Setting`."""
    marks: npt.NDArray[np.uint8]
    """(photos, 2): for each of `_MARKS`, 0 without it, 1 with it, 2 where it refuses the photo."""
    lengths: npt.NDArray[np.float64]
    """(photos,) of the embeddings before they were scaled."""

    @property
    def found(self) -> npt.NDArray[np.bool_]:
        """Which photos showed a face."""
        return np.isfinite(self.embeddings[:, 0])

    @property
    def landmarks(self) -> npt.NDArray[np.float32]:
        """(photos, 5, 2) in pixels of the photo."""
        return self.faces[:, 4:14].reshape(-1, 5, 2)

    def quality(self, row: int, bounds: Bounds) -> Quality:
        """Judge one photo by the measures and bounds of this moment."""
        if not self.found[row]:
            return NO_FACE
        numbers = self.faces[row]
        face = Face(Box(*map(float, numbers[:4])), self.landmarks[row], float(numbers[14]))
        chip = np.ascontiguousarray(np.broadcast_to(self.chips[row], (CHIP_SIZE, CHIP_SIZE, 3)))
        width, height, second, steps = self.settings[row]
        setting = Setting(int(width), int(height), float(second), float(steps))
        quality = assess(face, chip, setting, bounds.confident_score)
        for reason, mark in zip(_MARKS, self.marks[row], strict=True):
            if mark:
                quality = quality.with_reason(reason, refused=mark == _REFUSED)
        if quality.verdict is Verdict.UNSEARCHABLE:  # which the service does not embed
            return quality
        return quality.with_length(float(self.lengths[row]), bounds.recognisable_length)


def make_plan(data: DataSet, gallery: int, mated: int, strangers: int, seed: int) -> Plan:
    """Draw who is enrolled and searched for among those with two photos, then all others.

    Raises:
        TooFewIdentities: the data set holds too few people.
    """
    random = np.random.default_rng(seed)
    owners = np.array(data.owners)
    photos = [np.flatnonzero(owners == who) for who in range(len(data.names))]
    several = [who for who, held in enumerate(photos) if len(held) > 1]
    known = random.permutation(several)[: min(gallery, len(data.names) // 2)]
    others = np.setdiff1d(np.arange(len(data.names)), known)
    if len(known) < _LEAST or len(others) < _LEAST:
        raise TooFewIdentities("too few people with two photos, or too few others, to search")
    pairs = np.array([random.choice(photos[who], 2, replace=False) for who in known])
    unknown = np.array([random.choice(photos[who]) for who in random.permutation(others)])
    strange, rest = unknown[:strangers], unknown[strangers:]
    further = [rest[n * gallery :][:gallery] for n in range(GALLERIES - 1)]
    full = tuple(each for each in further if len(each) == len(known))
    return Plan((pairs[:, 0], *full), pairs[:mated, 1], strange)


class Campaign:
    """Looks at a plan's photos under conditions, and keeps what it saw."""

    def __init__(
        self, data: DataSet, plan: Plan, pack: Pack, seed: int, folder: Path | None = None
    ) -> None:
        """Open the pack.

        Args:
            data: the photos.
            plan: which of them are enrolled and searched.
            pack: the networks.
            seed: of everything that is drawn.
            folder: where observations are kept; in the user's cache folder if None.
        """
        use_threads(1)
        quiet_native_logging()
        self._data, self._plan, self._seed = data, plan, seed
        self._pipeline = load_pipeline(pack, model_store())
        self.bounds = Bounds(self._pipeline.confident_score, self._pipeline.recognisable_length)
        code = [path for path in detector_code() if path.stem not in _JUDGING]
        drawn = [Path(__file__).with_name(f"{name}.py") for name in _DRAWING]
        photos = "".join(data.label(photo) for photo in (*plan.enrolled, *plan.probes))
        held = hashlib.sha256(photos.encode()).hexdigest()
        what = [each.name for each in fields(Observed)]
        key = pipeline_key(pack, [*code, *drawn], {"photos": held, "seed": seed, "kept": what})
        root = folder or user_cache_path("siaga", appauthor=False) / "bench"
        self._folder = root / f"conditions-{key}"

    def enrol(self, step: Callable[[], None]) -> Observed:
        """Look at the photos enrolled; `step` is called after every one."""
        return self._keep("enrolled", self._as_they_are(self._plan.enrolled), step)

    def clean(self, step: Callable[[], None]) -> Observed:
        """Look at the photos searched, as they are."""
        return self._keep("clean", self._as_they_are(self._plan.probes), step)

    def under(self, condition: Condition, clean: Observed, step: Callable[[], None]) -> Observed:
        """Look at the photos searched under one condition.

        Args:
            condition: what is done to the photos.
            clean: the same photos as they are, for where their faces lie.
            step: called after every photo.
        """

        def drawn(row: int) -> bytes:
            photo = int(self._plan.probes[row])
            random = np.random.default_rng([self._seed, photo, *condition.name.encode()])
            scene = self._scene(row, clean)
            stranger = self._scene((row + 1) % len(self._plan.probes), clean)
            return condition.draw(Scene(scene.image, scene.landmarks, stranger), random)

        contents = [partial(drawn, row) for row in range(len(self._plan.probes))]
        return self._keep(condition.name, contents, step)

    def _as_they_are(self, photos: Photos) -> list[Callable[[], bytes]]:
        return [self._data.photos[photo].read_bytes for photo in photos]

    def _scene(self, row: int, clean: Observed) -> Scene:
        content = self._data.photos[self._plan.probes[row]].read_bytes()
        image = open_photo(content, self._pipeline.limits).pixels().image
        if clean.found[row]:
            return Scene(image, clean.landmarks[row])
        # Where no face was found there is none to draw on: the middle of the photo will do.
        height, width = image.shape[:2]
        middle = np.array([width / 2, 0.45 * height], np.float32)
        return Scene(image, (_PLAIN_FACE * np.float32(width / 12) + middle).astype(np.float32))

    def _keep(
        self, name: str, contents: Sequence[Callable[[], bytes]], step: Callable[[], None]
    ) -> Observed:
        """Read what was kept under this name, or look at all photos and keep it."""
        kept = self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.npz"
        if kept.is_file():
            with np.load(kept, allow_pickle=False) as held:
                return Observed(*(held[each.name] for each in fields(Observed)))

        def one(content: Callable[[], bytes]) -> Analysis | None:
            seen = look(self._pipeline, content())
            step()
            return seen

        # Networks and OpenCV release the GIL.
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            observed = stacked(list(pool.map(one, contents)), self._pipeline.embedder.dim)
        with replacing(kept) as file:
            np.savez_compressed(
                file, **{e.name: getattr(observed, e.name) for e in fields(Observed)}
            )
        return observed


def look(pipeline: Pipeline, content: bytes) -> Analysis | None:
    """Analyse a photo and embed even what would be refused; None without a face."""
    located = pipeline.locate(content, Stopwatch())
    if located.chip is None:
        return None
    (embedding,), (length,) = pipeline.embedder.measure([located.chip])
    return with_embedding(located, embedding, float(length), pipeline.recognisable_length)


def stacked(analyses: Sequence[Analysis | None], dim: int) -> Observed:
    """Keep what is needed of analyses, None where no face was found; `dim` of the embeddings."""
    count = len(analyses)
    embeddings = np.full((count, dim), np.nan, np.float32)
    chips = np.zeros((count, CHIP_SIZE, CHIP_SIZE, 3), np.uint8)
    faces, settings = np.full((count, 15), np.nan, np.float32), np.full((count, 4), np.nan)
    marks, lengths = np.zeros((count, len(_MARKS)), np.uint8), np.full(count, np.nan)
    for row, seen in enumerate(analyses):
        if seen is None or seen.embedding is None or seen.subject is None or seen.chip is None:
            continue
        face, box = seen.subject, seen.subject.box
        embeddings[row], chips[row] = seen.embedding, seen.chip
        sides = (box.left, box.top, box.width, box.height)
        faces[row] = [*sides, *face.landmarks.ravel(), face.confidence]
        header = seen.photo.header
        second = second_face(seen.faces)
        settings[row] = [seen.photo.width, seen.photo.height, second, header.quantization]
        marks[row] = [_mark(seen.quality, reason) for reason in _MARKS]
        lengths[row] = seen.quality.measure("EmbeddingLength").value
    grey = bool((chips == chips[..., :1]).all())
    return Observed(embeddings, chips[..., :1] if grey else chips, faces, settings, marks, lengths)


def _mark(quality: Quality, reason: Reason) -> int:
    if reason not in quality.reasons:
        return 0
    # A reason that refuses takes the place of those before it.
    refuses = quality.verdict is Verdict.UNSEARCHABLE and quality.reasons[0] is reason
    return _REFUSED if refuses else 1
