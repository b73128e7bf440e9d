"""Photos turned in their plane: how many are searched and hit, and what knowing the way up costs.

Of each person drawn, one photo as it is is enrolled, and another is searched, turned. Quarter turns
are exact; in between, the photo lies on a black canvas that holds all of it. Mirror images and
negatives are searched, too.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.identities import DataSet
from benchmarks.report import Grid, Report, Target
from benchmarks.weights import model_store
from detector.decode import open_photo
from detector.faces import FaceDetector, Image, resized
from detector.landmark_refinement import tilt
from detector.limits import Limits
from detector.loading import COMPILED, load_detector, load_pipeline
from detector.pipeline import Analysis, Pipeline
from detector.quality import Reason, Verdict
from detector.timing import Stopwatch
from models.compiled import compiled_path
from models.manifest import Detector, Pack, load_pack

STEP: Final = 15
"""Degrees between two of the angles measured."""
PEOPLE: Final = 300
PHOTOS: Final = 1000
"""Upright photos of which none may be turned, and whose time is compared."""

FAR_CANVASES: Final = ((4000, 3000), (8000, 1000))
FAR_EYES: Final = (60, 42, 30, 24, 18, 12)
FAR_PEOPLE: Final = 10
_WALL: Final = 110  # a plain grey behind the traveller

TARGET_FPIR: Final = 0.01
NEAR: Final = 30
"""Degrees from a quarter turn within which hits are to be as upright."""
_NEAR_LOSS, _BETWEEN_LOSS = 2.0, 5.0  # points of the hits upright
_MOST_MILLISECONDS: Final = 0.5
_SCRFD_PACK: Final = "buffalo_s"  # whose manifest says how an SCRFD is used
_SAME_WAY_UP: Final = 45.0  # degrees by which landmarks of the same face may differ


class Ways(NamedTuple):
    """One pipeline twice."""

    checking: Pipeline
    trusting: Pipeline
    """Takes a face that it finds for upright."""


@dataclass(frozen=True, slots=True)
class Angle:
    """What became of all probes at one angle, or of their mirror images or negatives."""

    name: str
    degrees: int | None
    """None where the probes were changed in another way."""
    probes: int
    searched: int
    hits: int
    refused_turned: int
    """Refused because which way is up was not sure."""
    wrong: int
    """Searched with landmarks that are not the way up of the face."""
    usable_misses: int
    """Called usable and missed, while the same photo upright is hit."""


@dataclass(frozen=True, slots=True)
class Far:
    """What became of faces far away in large pictures."""

    width: int
    height: int
    eyes: int
    """Pixels between the eyes, about."""
    probes: int
    searched: int
    hits: int


@dataclass(frozen=True, slots=True)
class Upright:
    """What knowing the way up costs photos that are upright."""

    photos: int
    turned: int
    undecided: int
    milliseconds: npt.NDArray[np.float64]
    """Mean time added to a photo: elapsed, and of the processor."""
    of_all: npt.NDArray[np.float64]
    """Mean time of a photo, likewise."""


def pipelines(pack: Pack, scrfd: Sequence[Path]) -> Iterator[tuple[str, Ways]]:
    """Load the pack's networks, then its recogniser behind each SCRFD, with SCRFD's bounds."""
    store = model_store()
    own = load_pipeline(pack, store)
    yield pack.detector.architecture, _ways(own, own.detector, pack.detector)
    manifest = load_pack(_SCRFD_PACK).detector
    for path in scrfd:
        digest = sha256(path.read_bytes()).hexdigest()
        compiled = compiled_path(path, digest, store.root / COMPILED)
        yield path.stem, _ways(own, load_detector(manifest, compiled), manifest)


def _ways(own: Pipeline, detector: FaceDetector, manifest: Detector) -> Ways:
    def pipeline(sure_score: float) -> Pipeline:
        return Pipeline(
            detector,
            own.embedder,
            manifest.input_sizes,
            confident_score=manifest.confident_score,
            sure_score=sure_score,
            sure_spread=manifest.sure_spread,
        )

    return Ways(pipeline(manifest.sure_score), pipeline(0))


def turned(image: Image, degrees: int) -> Image:
    """Turn a picture clockwise."""
    if degrees % 90 == 0:
        return np.ascontiguousarray(np.rot90(image, -degrees // 90))
    height, width = image.shape[:2]
    side = round(float(np.hypot(width, height)))
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1)
    matrix[:, 2] += [(side - width) / 2, (side - height) / 2]
    return np.asarray(cv2.warpAffine(image, matrix, (side, side)), np.uint8)


def measure_angles(
    data: DataSet, pipeline: Pipeline, people: int, threshold: float, seed: int
) -> list[Angle]:
    """Enrol and search at every angle; `threshold` is the score of a hit."""
    references, probes = [], []
    for first, second in _pairs(data, people, seed):
        enrolled = pipeline.analyse(first.read_bytes())
        if enrolled.embedding is not None:
            references.append(enrolled.embedding)
            probes.append(open_photo(second.read_bytes(), Limits()).pixels().image)
    gallery = np.stack(references)
    upright = [pipeline.analyse(_encoded(image)) for image in probes]
    hit_upright = [_hit(each, gallery, row, threshold) for row, each in enumerate(upright)]
    angles = []
    for name, degrees, change in _changes():
        found = [pipeline.analyse(_encoded(change(image))) for image in probes]
        searched = [each.embedding is not None for each in found]
        hits = [_hit(each, gallery, row, threshold) for row, each in enumerate(found)]
        wrong = [_wrong(one, other, degrees) for one, other in zip(upright, found, strict=True)]
        misses = [
            each.quality.verdict is Verdict.USABLE and before and not hit
            for each, before, hit in zip(found, hit_upright, hits, strict=True)
        ]
        refused = [
            each.embedding is None and Reason.TURNED in each.quality.reasons for each in found
        ]
        angles.append(
            Angle(
                name,
                degrees,
                len(probes),
                sum(searched),
                sum(hits),
                sum(refused),
                sum(wrong),
                sum(misses),
            )
        )
    return angles


def _changes() -> Iterator[tuple[str, int | None, Callable[[Image], Image]]]:
    for degrees in range(0, 360, STEP):
        yield f"{degrees}°", degrees, partial(turned, degrees=degrees)
    yield "mirrored", None, lambda image: np.ascontiguousarray(image[:, ::-1])
    yield "negative", None, lambda image: 255 - image
    yield "negative, 180°", None, lambda image: turned(255 - image, 180)


def measure_far(
    data: DataSet, pipeline: Pipeline, people: int, threshold: float, seed: int
) -> list[Far]:
    """Enrol as `measure_angles` does, and search photos shrunk and laid on a large grey canvas."""
    gallery, probes = [], []
    for first, second in _pairs(data, people, seed):
        enrolled = pipeline.analyse(first.read_bytes())
        image = open_photo(second.read_bytes(), Limits()).pixels().image
        subject = pipeline.locate(_encoded(image), Stopwatch()).subject
        if enrolled.embedding is not None and subject is not None:
            gallery.append(enrolled.embedding)
            probes.append((image, subject.inter_eye_distance))
    rows = np.stack(gallery)
    results = []
    for width, height in FAR_CANVASES:
        for eyes in FAR_EYES:
            found = []
            for image, distance in probes:
                canvas = np.full((height, width, 3), _WALL, np.uint8)
                small = resized(image, eyes / distance)
                top, left = height // 3, width // 5
                canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
                found.append(pipeline.analyse(cv2.imencode(".jpg", canvas)[1].tobytes()))
            searched = sum(each.embedding is not None for each in found)
            hits = sum(_hit(each, rows, row, threshold) for row, each in enumerate(found))
            results.append(Far(width, height, eyes, len(probes), searched, hits))
    return results


def measure_upright(data: DataSet, ways: Ways, photos: int, seed: int) -> Upright:
    """Count false turns, and time the pipeline beside one that takes every photo for upright."""
    rng = random.Random(seed)
    drawn = rng.sample(data.photos, min(photos, len(data.photos)))
    spent = np.zeros((2, 2, len(drawn)))
    wrong = undecided = 0
    for number, path in enumerate(drawn):
        content = path.read_bytes()
        both = ((0, ways.checking), (1, ways.trusting))
        for side, each in both if number % 2 else both[::-1]:
            before = time.perf_counter(), time.process_time()
            located = each.locate(content, Stopwatch())
            after = time.perf_counter(), time.process_time()
            spent[side, :, number] = 1000 * np.subtract(after, before)
            if side == 0 and located.subject is not None:
                wrong += located.quality.measure("PhotoTurn").value != 0
                undecided += Reason.TURNED in located.quality.reasons
    added = (spent[0] - spent[1]).mean(axis=1)
    return Upright(len(drawn), wrong, undecided - wrong, added, spent[0].mean(axis=1))


def add_to(
    report: Report, name: str, angles: Sequence[Angle], far: Sequence[Far], upright: Upright
) -> None:
    """Write the tables of one detector, and hold them against the targets."""
    first = angles[0]
    rows = [
        (
            each.name,
            _share(each.searched, each.probes),
            _share(each.hits, each.probes),
            each.refused_turned,
            "-" if each.degrees is None else each.wrong,
            each.usable_misses,
        )
        for each in angles
    ]
    columns = ("", "searched", "hit", "refused as turned", "wrong way up", "usable, missed")
    report.grids.append(Grid(f"{name}: {first.probes} probes an angle", columns, tuple(rows)))
    distant = [
        (
            f"{each.width} x {each.height}",
            f"{each.eyes} px",
            _share(each.searched, each.probes),
            _share(each.hits, each.probes),
        )
        for each in far
    ]
    title = f"{name}: {far[0].probes} far faces a row"
    report.grids.append(Grid(title, ("picture", "eyes", "searched", "hit"), tuple(distant)))
    elapsed, processor = upright.milliseconds
    report.grids.append(
        Grid(
            f"{name}: upright photos",
            ("photos", "turned", "undecided", "added, elapsed", "added, CPU", "of"),
            (
                (
                    f"{upright.photos:,}",
                    upright.turned,
                    upright.undecided,
                    f"{elapsed:.2f} ms",
                    f"{processor:.2f} ms",
                    f"{upright.of_all[1]:.2f} ms CPU",
                ),
            ),
        )
    )
    loss = {
        each.degrees: 100 * (first.hits - each.hits) / first.probes
        for each in angles
        if each.degrees is not None
    }
    near = [points for degrees, points in loss.items() if _off_quarter(degrees) <= NEAR]
    between = [points for degrees, points in loss.items() if _off_quarter(degrees) > NEAR]
    report.targets += [
        Target(f"{name}: points lost near quarter turns", max(near), "<=", _NEAR_LOSS),
        Target(f"{name}: points lost between", max(between), "<=", _BETWEEN_LOSS),
        Target(f"{name}: searched wrong way up", sum(a.wrong for a in angles), "<=", 0, 0),
        Target(f"{name}: upright photos turned", upright.turned, "<=", 0, 0),
        Target(f"{name}: ms of CPU added", float(processor), "<=", _MOST_MILLISECONDS),
    ]


def _pairs(data: DataSet, people: int, seed: int) -> list[tuple[Path, Path]]:
    photos: dict[int, list[Path]] = {}
    for path, owner in zip(data.photos, data.owners, strict=True):
        photos.setdefault(owner, []).append(path)
    several = [each for each in photos.values() if len(each) > 1]
    rng = random.Random(seed)
    drawn = [rng.sample(each, 2) for each in rng.sample(several, min(people, len(several)))]
    return [(first, second) for first, second in drawn]


def _encoded(image: Image) -> bytes:
    return cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def _hit(found: Analysis, gallery: npt.NDArray[np.float32], row: int, threshold: float) -> bool:
    return found.embedding is not None and bool(found.embedding @ gallery[row] >= threshold)


def _wrong(upright: Analysis, found: Analysis, degrees: int | None) -> bool:
    """Whether a photo is searched with landmarks that are not its face's way up."""
    if (
        degrees is None
        or found.embedding is None
        or found.subject is None
        or upright.subject is None
    ):
        return False
    seen = tilt(found.subject.landmarks) - found.quality.measure("PhotoTurn").value
    off = seen - degrees - tilt(upright.subject.landmarks)
    return abs((off + 180) % 360 - 180) > _SAME_WAY_UP


def _off_quarter(degrees: int) -> int:
    return min(degrees % 90, 90 - degrees % 90)


def _share(count: int, of: int) -> str:
    return f"{100 * count / of:.1f} %"
