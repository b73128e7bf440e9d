"""Which quality still searches: the evidence for the bounds in `detector/quality.py`.

    python -m benchmarks.accuracy.quality FOLDER [--people 200] [--threshold 0.4229]

FOLDER holds one sub-folder per person (LFW layout). Of each person drawn, one photo is the
reference and another, degraded step by step, the probe. For every step: how often a face is found,
the medians of the quality measures, how often the probe's mated score reaches the threshold, and
the area under the ROC curve of mated against non-mated scores (0.5: the search says nothing).
The second table pools all steps by the value of one measure.
"""

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.weights import model_store
from detector.decode import open_photo
from detector.faces import Image
from detector.limits import Limits
from detector.loading import load_pipeline
from detector.pipeline import Analysis, Pipeline, with_embedding
from detector.quality import NO_FACE, Bound, Verdict, bounds
from detector.timing import Stopwatch
from models.fetch import fetch
from models.manifest import load_pack

Pixels = npt.NDArray[np.float32]
"""(height, width, 3), 0-255; degradations may leave that range, which is then clipped."""
Degrade = Callable[[Pixels, float, np.random.Generator], Pixels]
Scores = npt.NDArray[np.float32]

MEASURES: Final = (
    "InterEyeDistance",
    "EdgeSteepness",
    "BlackPixels",
    "WhitePixels",
    "ToneEntropy",
    "DetectionConfidence",
)
BINS: Final = {
    "InterEyeDistance": (0, 5, 6, 8, 10, 12, 14, 16, 20, 24, 30, 36, 60),
    "EdgeSteepness": (0, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 50, 60, 100),
    "BlackPixels": (0, 10, 20, 40, 60, 80, 90, 95, 98, 99.5, 100.1),
    "WhitePixels": (0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100.1),
    "ToneEntropy": (0, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 8),
    "DetectionConfidence": (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 1),
}
ORDINARY: Final = 1000  # people whose undegraded photos are judged
POSES: Final = ("HeadPoseYaw", "HeadPosePitch", "HeadPoseRoll")
# Which degradations test which measure; the others would only blur the picture.
RELEVANT: Final = {
    "InterEyeDistance": ("none", "small"),
    "EdgeSteepness": ("none", "blur", "motion"),
    "BlackPixels": ("none", "dark", "gamma"),
    "WhitePixels": ("none", "bright"),
    "ToneEntropy": ("none", "haze", "dark", "gamma", "bright"),
    "DetectionConfidence": (),
}


@dataclass(frozen=True)
class Step:
    """One degradation at one strength."""

    kind: str
    strength: float
    degrade: Degrade

    def applied(self, image: Image, rng: np.random.Generator) -> Image:
        """Return the degraded picture."""
        changed = self.degrade(image.astype(np.float32), self.strength, rng)
        return np.clip(np.rint(changed), 0, 255).astype(np.uint8)


def steps() -> tuple[Step, ...]:
    """All degradations, from none to hopeless."""
    return tuple(
        Step(kind, strength, degrade)
        for kind, strengths, degrade in LADDERS
        for strength in strengths
    )


@dataclass
class Result:
    """All probes at one step; rows of the arrays are people, NaN where no face was found."""

    step: Step
    values: dict[str, npt.NDArray[np.float64]]
    embeddings: Scores
    refused: int

    @property
    def found(self) -> npt.NDArray[np.bool_]:
        """Which probes showed a face."""
        return np.isfinite(self.embeddings[:, 0])


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--threshold", type=float, default=0.4229, help="FMR 1e-4 on LFW")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    pack, store = load_pack("open"), model_store()
    fetch(pack, store)
    pipeline = load_pipeline(pack, store)

    pairs = draw_people(options.folder, options.people, options.seed)
    references, probes = [], []
    for reference, probe in pairs:
        analysis = analyse(pipeline, read(reference))
        if analysis is not None and analysis.embedding is not None:
            references.append(analysis.embedding)
            probes.append(read(probe))
    gallery = np.stack(references)
    print(f"{len(probes)} people, one photo each as reference, another as probe\n")

    print_ordinary(pipeline, draw_people(options.folder, ORDINARY, options.seed), options.threshold)
    results = [measure(pipeline, step, probes, options.seed) for step in steps()]
    print_steps(results, gallery, options.threshold)
    for name in MEASURES:
        bound = next(b for b in bounds(pipeline.confident_score) if b.measure == name)
        print_bins(bound, results, gallery, options.threshold)


def draw_people(folder: Path, count: int, seed: int) -> list[tuple[Path, Path]]:
    """Two photos each of `count` people who have them, or of all such people."""
    people = [sorted(each.glob("*.jpg")) for each in sorted(folder.iterdir()) if each.is_dir()]
    several = [photos for photos in people if len(photos) > 1]
    rng = random.Random(seed)
    drawn = rng.sample(several, min(count, len(several)))
    return [(a, b) for a, b in (rng.sample(photos, 2) for photos in drawn)]


def read(path: Path) -> Image:
    """Return a photo's pixels."""
    return open_photo(path.read_bytes(), Limits()).pixels().image


def analyse(pipeline: Pipeline, image: Image) -> Analysis | None:
    """Run the pipeline and embed even what it would refuse; None without a face."""
    _, content = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    located = pipeline.locate(content.tobytes(), Stopwatch())
    if located.chip is None:
        return None
    (embedding,), (length,) = pipeline.embedder.measure([located.chip])
    return with_embedding(located, embedding, float(length), pipeline.recognisable_length)


def measure(pipeline: Pipeline, step: Step, probes: Iterable[Image], seed: int) -> Result:
    """Degrade, analyse and embed every probe."""
    rng = np.random.default_rng(seed)
    rows, values, refused = [], [], 0
    for probe in probes:
        analysis = analyse(pipeline, step.applied(probe, rng))
        if analysis is None or analysis.embedding is None:
            rows.append(np.full(pipeline.embedder.dim, np.nan, np.float32))
            values.append([np.nan] * len(MEASURES))
            continue
        rows.append(analysis.embedding)
        values.append([analysis.quality.measure(name).value for name in MEASURES])
        refused += analysis.quality.verdict is Verdict.UNSEARCHABLE
    columns = np.array(values, np.float64).T
    return Result(step, dict(zip(MEASURES, columns, strict=True)), np.stack(rows), refused)


def separation(mated: Scores, non_mated: Scores) -> float:
    """Area under the ROC curve: how often a mated score beats a non-mated one."""
    if not mated.size or not non_mated.size:
        return float("nan")
    ordered = np.sort(non_mated)
    below = np.searchsorted(ordered, mated, "left") + np.searchsorted(ordered, mated, "right")
    return float(below.mean() / (2 * ordered.size))


def scores(
    embeddings: Scores, gallery: Scores, rows: npt.NDArray[np.intp]
) -> tuple[Scores, Scores]:
    """Mated and non-mated scores of the probes in these rows."""
    table = embeddings[rows] @ gallery.T
    mated = table[np.arange(rows.size), rows]
    others = np.ones(table.shape, bool)
    others[np.arange(rows.size), rows] = False
    return mated, table[others]


def print_ordinary(pipeline: Pipeline, pairs: list[tuple[Path, Path]], threshold: float) -> None:
    """Print how ordinary photos are judged, and how pose moves their mated scores."""
    verdicts: Counter[str] = Counter()
    poses, mated = [], []
    for pair in pairs:
        both = [analyse(pipeline, read(path)) for path in pair]
        for each in both:
            quality = each.quality if each else NO_FACE
            verdicts.update([quality.verdict.value, *(r.value for r in quality.reasons)])
        one, other = both
        if one is None or other is None or one.embedding is None or other.embedding is None:
            continue
        mated.append(float(one.embedding @ other.embedding))
        # The photo that is turned further decides.
        poses.append(
            [max(abs(a.quality.measure(name).value) for a in (one, other)) for name in POSES]
        )
    print(f"{2 * len(pairs)} ordinary photos:")
    for name, count in verdicts.most_common():
        print(f"- {name}: {100 * count / (2 * len(pairs)):.1f} %")
    for name, angles in zip(POSES, np.array(poses).T, strict=True):
        print(
            f"\n{name}, the larger of the pair's\n| from | to | pairs | hit % |\n|--:|--:|--:|--:|"
        )
        for low, high in pairwise((0, 10, 20, 25, 30, 35, 40, 50, 90)):
            inside = np.array(mated)[(angles >= low) & (angles < high)]
            if inside.size:
                hits = 100 * float(np.mean(inside >= threshold))
                print(f"| {low} | {high} | {inside.size} | {hits:.1f} |")
    print()


def print_steps(results: list[Result], gallery: Scores, threshold: float) -> None:
    """Print one row a step."""
    print("| degradation | found % | hit % | AUC | refused % | " + " | ".join(MEASURES) + " |")
    print("|---|" + "--:|" * (4 + len(MEASURES)))
    for result in results:
        rows = np.flatnonzero(result.found)
        mated, non_mated = scores(result.embeddings, gallery, rows)
        hits = 100 * float(np.sum(mated >= threshold)) / len(gallery)
        medians = " | ".join(
            f"{np.median(v[rows]):.1f}" if rows.size else "-" for v in result.values.values()
        )
        print(
            f"| {result.step.kind} {result.step.strength:g} | {100 * rows.size / len(gallery):.0f} "
            f"| {hits:.1f} | {separation(mated, non_mated):.3f} "
            f"| {100 * result.refused / len(gallery):.0f} | {medians} |"
        )
    print()


def print_bins(bound: Bound, results: list[Result], gallery: Scores, threshold: float) -> None:
    """Print one row for each range of one measure, over the degradations that test it."""
    name = bound.measure
    kinds = RELEVANT[name]
    mine = [r for r in results if not kinds or r.step.kind in kinds]
    stated = f"marginal {bound.marginal:g}, unsearchable {bound.unsearchable:g}"
    print(f"{name} ({stated}); degradations: {', '.join(kinds) or 'all'}")
    print("| from | to | probes | hit % | AUC |\n|--:|--:|--:|--:|--:|")
    for low, high in pairwise(BINS[name]):
        mated, non_mated = [], []
        for result in mine:
            value = result.values[name]
            rows = np.flatnonzero(result.found & (value >= low) & (value < high))
            if rows.size:
                one, other = scores(result.embeddings, gallery, rows)
                mated.append(one)
                non_mated.append(other)
        if mated:
            both = np.concatenate(mated), np.concatenate(non_mated)
            hits = 100 * float(np.mean(both[0] >= threshold))
            print(f"| {low:g} | {high:g} | {both[0].size} | {hits:.1f} | {separation(*both):.3f} |")
    print()


def blurred(image: Pixels, sigma: float, _: np.random.Generator) -> Pixels:
    """Out of focus: a Gaussian of `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)


def moved(image: Pixels, length: float, rng: np.random.Generator) -> Pixels:
    """Motion along a straight line in a random direction, `length` pixels long."""
    size = round(length) | 1
    kernel = np.zeros((size, size), np.float32)
    angle, middle = rng.uniform(0, np.pi), size // 2
    for t in np.linspace(-length / 2, length / 2, 4 * size):
        x, y = round(middle + t * np.cos(angle)), round(middle + t * np.sin(angle))
        if 0 <= x < size and 0 <= y < size:
            kernel[y, x] += 1
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.float32)


def shrunk(image: Pixels, factor: float, _: np.random.Generator) -> Pixels:
    """Stand further from the camera."""
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def noisy(image: Pixels, sigma: float, rng: np.random.Generator) -> Pixels:
    """Sensor noise."""
    return image + rng.normal(0, sigma, image.shape).astype(np.float32)


def exposed(image: Pixels, gain: float, rng: np.random.Generator) -> Pixels:
    """More or less light; what a sensor reads from little light carries its own noise."""
    return noisy(image * np.float32(gain), 1.5, rng)


def darkened(image: Pixels, gamma: float, _: np.random.Generator) -> Pixels:
    """Apply a wrong tone curve."""
    return np.asarray(255 * (image / 255) ** gamma, np.float32)


def hazed(image: Pixels, left: float, rng: np.random.Generator) -> Pixels:
    """Haze or a dirty pane: only a share of the contrast is left."""
    return noisy(np.float32(left) * image + np.float32(180 * (1 - left)), 1, rng)


def blurred_and_noisy(image: Pixels, sigma: float, rng: np.random.Generator) -> Pixels:
    """Out of focus in bad light: noise looks sharp."""
    return noisy(blurred(image, sigma, rng), 20, rng)


def rotated(image: Pixels, angle: float, _: np.random.Generator) -> Pixels:
    """Turn the photo in its plane, on a canvas that holds all of it."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    side = round(float(np.hypot(width, height)))
    matrix[:, 2] += [(side - width) / 2, (side - height) / 2]
    return np.asarray(cv2.warpAffine(image, matrix, (side, side)), np.float32)


def compressed(image: Pixels, quality: float, _: np.random.Generator) -> Pixels:
    """JPEG of a low quality setting."""
    plain = np.clip(image, 0, 255).astype(np.uint8)
    content = cv2.imencode(".jpg", plain, [cv2.IMWRITE_JPEG_QUALITY, round(quality)])[1]
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.float32)


LADDERS: Final[tuple[tuple[str, tuple[float, ...], Degrade], ...]] = (
    ("none", (0,), lambda image, _strength, _rng: image),
    ("blur", (1, 2, 3, 4, 5, 6, 8), blurred),
    ("motion", (5, 10, 15, 20, 30), moved),
    ("small", (0.72, 0.5, 0.4, 0.33, 0.28, 0.24, 0.2, 0.16, 0.12), shrunk),
    ("dark", (0.25, 0.12, 0.06, 0.04, 0.025, 0.015), exposed),
    ("gamma", (2, 4, 8, 12), darkened),
    ("bright", (1.5, 2, 3, 4, 6, 9), exposed),
    ("haze", (0.5, 0.25, 0.12, 0.06, 0.04, 0.02), hazed),
    ("noise", (10, 20, 40, 60, 80, 120), noisy),
    ("blur+noise", (2, 4, 6), blurred_and_noisy),
    ("jpeg", (30, 15, 8, 5, 3, 1), compressed),
    ("turned", (15, 30, 45, 60, 90, 180), rotated),
)


if __name__ == "__main__":
    main()
