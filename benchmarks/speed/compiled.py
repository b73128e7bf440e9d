"""Compiled networks beside the same weights as shipped, in one run, on one thread.

Both run in ONNX Runtime with the service's own session options and take turns. The recogniser's
graph as shipped also lists weights as inputs that no node reads; the runtime insists on being given
them, so it gets zeros of their shapes, made once and before any timing.

The detector as shipped does not run there at all: ONNX Runtime refuses its block-quantised biases.
Its counterpart has its weights dequantised and nothing else changed. The recogniser is compared
with such a form of itself too: that shows which part of the gain is not owed to the weights alone.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from benchmarks.packaged import GROUP, people, read_picture
from detector.align import CHIP_SIZE, align
from detector.embed import unit_rows
from detector.faces import Image
from detector.loading import COMPILED
from detector.pipeline import Pipeline
from detector.session import open_session
from models.compiled import compiled_path
from models.graph import Graph
from models.manifest import Pack, WeightsFile
from models.passes import drop_dangling_inputs, fold_constants
from models.store import ModelStore

REPEATS: Final = 60
WARM_UP: Final = 8
DETECTOR_SIDE: Final = 640  # the size that the detector's graph is fixed to as shipped
_TILT: Final = 12.0  # degrees
_BLUR: Final = 1.5  # px of a 112 px chip
_DIM: Final = 0.45

Batch = npt.NDArray[np.float32]
Outputs = list[npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One network in both forms: times in turn, and outputs on the same inputs."""

    shipped_ms: list[float]
    compiled_ms: list[float]
    shipped: list[Outputs]
    compiled: list[Outputs]
    fed: int
    """How many inputs the shipped graph requires that no node reads."""

    @property
    def ratio(self) -> float:
        """How many times as long the network takes as shipped: median over the turns.

        The two times of a turn are a few milliseconds apart, so a busy moment is in both or is an
        outlier; each side's own median could fall into different moments.
        """
        return float(np.median(self._ratios))

    @property
    def spread(self) -> tuple[float, float]:
        """The ratio's quartiles over the turns."""
        return float(np.quantile(self._ratios, 0.25)), float(np.quantile(self._ratios, 0.75))

    @property
    def _ratios(self) -> npt.NDArray[np.float64]:
        return np.asarray(np.array(self.shipped_ms) / np.array(self.compiled_ms), np.float64)


def feed_shipped(session: onnxruntime.InferenceSession) -> tuple[Callable[[Batch], Outputs], int]:
    """Return a function that runs a graph as shipped, and how many idle inputs it feeds."""
    image, *idle = session.get_inputs()
    feed: dict[str, Batch] = {each.name: np.zeros(each.shape, np.float32) for each in idle}

    def run(batch: Batch) -> Outputs:
        outputs: Outputs = session.run(None, {image.name: batch, **feed})
        return outputs

    return run, len(idle)


def dequantised(weights: Path, folder: Path) -> Path:
    """Write a graph whose weights are plain floats and which is otherwise as shipped."""
    graph = Graph.from_model(onnx.load(str(weights)))
    drop_dangling_inputs(graph)
    fold_constants(graph)
    target = folder / weights.name
    onnx.save(graph.to_model(), str(target))
    return target


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Everything this benchmark compares."""

    recogniser: Pair
    recogniser_dequantised: Pair
    detector: Pair


def compare_all(pack: Pack, store: ModelStore, faces: list[Batch], repeats: int) -> Pairs:
    """Compare both networks of a pack with their compiled forms."""
    files = store.require(pack)
    with tempfile.TemporaryDirectory() as folder:
        recogniser = dequantised(files.recogniser, Path(folder))
        detector = dequantised(files.detector, Path(folder))
        return Pairs(
            compare(files.recogniser, pack.recogniser, store, faces, repeats),
            compare(recogniser, pack.recogniser, store, faces, repeats),
            compare(detector, pack.detector, store, detector_inputs(), repeats),
        )


def compare(
    weights: Path, file: WeightsFile, store: ModelStore, inputs: list[Batch], repeats: int
) -> Pair:
    """Time both forms of a network in turn, and run both over all inputs.

    Args:
        weights: the form to compare with.
        file: its entry in the manifest.
        store: where its compiled form is cached.
        inputs: batches of one; the first is the one that is timed.
        repeats: turns that are counted.
    """
    shipped, fed = feed_shipped(open_session(weights, 1))
    target = compiled_path(store.path(file), file.sha256, store.root / COMPILED)
    compiled, _ = feed_shipped(open_session(target, 1))
    times: tuple[list[float], list[float]] = [], []
    for turn in range(-WARM_UP, repeats):
        order = ((0, shipped), (1, compiled))
        for which, run in order if turn % 2 else reversed(order):
            start = time.perf_counter()
            run(inputs[0])
            spent = (time.perf_counter() - start) * 1000
            if turn >= 0:
                times[which].append(spent)
    return Pair(*times, [shipped(b) for b in inputs], [compiled(b) for b in inputs], fed)


def recogniser_inputs(pipeline: Pipeline, pack: Pack) -> list[Batch]:
    """Return real aligned faces and variants of them, each as the recogniser is fed."""
    preprocessing = pack.recogniser.preprocessing
    return [
        np.asarray(
            cv2.dnn.blobFromImage(
                chip,
                1 / preprocessing.std,
                (CHIP_SIZE, CHIP_SIZE),
                (preprocessing.mean,) * 3,
                swapRB=preprocessing.colour == "RGB",
            ),
            np.float32,
        )
        for person in people(pipeline)
        for chip in _variants(align(person.picture, person.face.landmarks))
    ]


def detector_inputs() -> list[Batch]:
    """Return the packaged group picture at the detector's shipped size, and its mirror image."""
    picture = read_picture(*GROUP)
    square = cv2.resize(picture, (DETECTOR_SIDE, DETECTOR_SIDE), interpolation=cv2.INTER_AREA)
    return [
        np.ascontiguousarray(each.transpose(2, 0, 1)[np.newaxis], np.float32)
        for each in (square, square[:, ::-1])
    ]


def least_cosine(pair: Pair) -> float:
    """Return the lowest cosine between the two forms' embeddings of one face."""
    shipped = unit_rows(np.concatenate([outputs[0] for outputs in pair.shipped]))
    compiled = unit_rows(np.concatenate([outputs[0] for outputs in pair.compiled]))
    return float((shipped.astype(np.float64) * compiled).sum(axis=1).min())


def largest_difference(pair: Pair) -> float:
    """Return the largest absolute difference between any two outputs, in the network's units."""
    return max(
        float(np.abs(a - b).max())
        for shipped, compiled in zip(pair.shipped, pair.compiled, strict=True)
        for a, b in zip(shipped, compiled, strict=True)
    )


def _variants(chip: Image) -> Iterator[Image]:
    """Yield the chip, and as a camera might also have seen it."""
    yield chip
    yield np.ascontiguousarray(chip[:, ::-1])
    for angle in (-_TILT, _TILT):
        turn = cv2.getRotationMatrix2D((CHIP_SIZE / 2, CHIP_SIZE / 2), angle, 1.0)
        yield np.asarray(cv2.warpAffine(chip, turn, (CHIP_SIZE, CHIP_SIZE)), np.uint8)
    yield np.asarray(cv2.GaussianBlur(chip, (0, 0), _BLUR), np.uint8)
    yield (chip * _DIM).astype(np.uint8)
