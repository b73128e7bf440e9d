"""YuNet: the face detector of the default pack.

Wu et al., "YuNet: A Tiny Millisecond-level Face Detector" (2023). The network answers on three
grids of cells 8, 16 and 32 pixels wide; every cell proposes one face relative to its corner.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from detector.errors import NetworkError
from detector.faces import Box, Face, Image, non_maximum_suppression, resized
from detector.session import Network

STRIDES: Final = (8, 16, 32)
_HEADS: Final = ("cls", "obj", "bbox", "kps")
# exp() of a box's log-size; 2**10 cells of 32 px is beyond any image this detector is given.
_MAX_LOG_SIZE: Final = float(np.log(1024.0))


class YuNet:
    """Detects faces with a YuNet network of any input size."""

    def __init__(self, network: Network, score_threshold: float, nms_threshold: float) -> None:
        outputs = [f"{head}_{stride}" for head in _HEADS for stride in STRIDES]
        missing = sorted(set(outputs) - set(network.output_names))
        if missing:
            raise NetworkError(f"{network.path.name} is not a YuNet: it lacks {missing[0]}")
        self._network = network
        self._order = [network.output_names.index(name) for name in outputs]
        self._score_threshold = score_threshold
        self._nms_threshold = nms_threshold

    def detect(self, image: Image, long_side: int) -> tuple[Face, ...]:
        """See `FaceDetector.detect`."""
        height, width = image.shape[:2]
        factor = long_side / max(height, width)
        batch = _batch(resized(image, factor))
        outputs = self._network(batch)
        scores, boxes, landmarks = decode_outputs(
            [outputs[i] for i in self._order],
            (batch.shape[2], batch.shape[3]),
            self._score_threshold,
        )
        kept = non_maximum_suppression(boxes, scores, self._nms_threshold)
        return tuple(
            Face(
                Box(*(float(v) for v in boxes[i])), landmarks[i].reshape(5, 2), float(scores[i])
            ).scaled(1 / factor)
            for i in kept
        )


def decode_outputs(
    outputs: Sequence[npt.NDArray[Any]], shape: tuple[int, int], score_threshold: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Turn YuNet's twelve outputs into candidate faces.

    Args:
        outputs: class score, objectness, box and landmarks, each for strides 8, 16 and 32, shaped
            (1, cells, 1 | 1 | 4 | 10).
        shape: height and width of the network's input, multiples of 32.
        score_threshold: least geometric mean of class score and objectness.

    Returns:
        scores (N,), boxes (N, 4) left, top, width, height, and landmarks (N, 10), in input pixels.
    """
    cls, obj, box, kps = (
        np.concatenate([each[0] for each in outputs[head : head + len(STRIDES)]])
        for head in range(0, len(outputs), len(STRIDES))
    )
    score = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
    hits = np.flatnonzero(score >= score_threshold)
    corner, stride = (each[hits] for each in _grid(shape))
    centre = (corner + box[hits, :2]) * stride
    size = np.exp(np.minimum(box[hits, 2:], _MAX_LOG_SIZE)) * stride
    landmarks = (kps[hits] + np.tile(corner, 5)) * stride
    return score[hits], np.concatenate([centre - size / 2, size], axis=1), landmarks


@lru_cache(maxsize=32)  # one for each shape of photo; a few hundred kilobytes in all
def _grid(shape: tuple[int, int]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return every cell's corner in cells, (cells, 2), and its width in pixels, (cells, 1)."""
    corners, strides = [], []
    for stride in STRIDES:
        rows, columns = np.mgrid[: shape[0] // stride, : shape[1] // stride].astype(np.float32)
        corners.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        strides.append(np.full((rows.size, 1), stride, np.float32))
    return np.concatenate(corners), np.concatenate(strides)


def _batch(image: Image) -> npt.NDArray[np.float32]:
    """Return (1, 3, H, W), black at the right and the bottom up to whole cells of every grid."""
    height, width = image.shape[:2]
    whole = STRIDES[-1]
    batch = np.empty((1, 3, height + -height % whole, width + -width % whole), np.float32)
    for channel, plane in enumerate(cv2.split(image)):
        batch[0, channel, :height, :width] = plane
    batch[..., height:, :] = 0
    batch[..., width:] = 0
    return batch
