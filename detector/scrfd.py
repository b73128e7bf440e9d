"""SCRFD: the face detector of the InsightFace packs, through the `insightface` library."""

from math import ceil
from pathlib import Path
from typing import Any, Final

import numpy as np

from detector.errors import NetworkError
from detector.faces import Box, Face, Image
from detector.session import open_session

_STRIDE: Final = 32
"""Pixels of the coarsest grid's cells: a side is a multiple of it."""


class SCRFD:
    """Detects faces with a network of InsightFace's SCRFD family."""

    def __init__(
        self, path: Path, score_threshold: float, nms_threshold: float, threads: int = 1
    ) -> None:
        # The library brings scikit-image and scipy with it: a second of start-up that only
        # those who use an InsightFace pack should pay.
        from insightface.model_zoo.scrfd import SCRFD as Library  # noqa: PLC0415, N811

        session = open_session(path, threads)
        try:
            # One dynamic session serves all sizes; a session per size would multiply its memory.
            self._library: Any = Library(str(path), session=session, static_shape_sessions=False)
        except Exception as error:  # the library validates by assertion and index errors
            raise NetworkError(f"{path.name} is not an SCRFD network: {error}") from error
        if not self._library.use_kps:
            raise NetworkError(f"{path.name} gives no landmarks: take a *_kps (bnkps) SCRFD")
        self._library.nms_thresh = nms_threshold
        self._score_threshold = score_threshold

    def detect(self, image: Image, long_side: int) -> tuple[Face, ...]:
        """See `FaceDetector.detect`."""
        height, width = image.shape[:2]
        if min(height, width) * long_side < max(height, width):
            return ()  # less than a pixel wide at that size, which the library cannot resize to
        # Of a panorama, a square would be black for the most part, and cost as if it were not.
        size = tuple(
            _STRIDE * ceil(side * long_side / max(width, height) / _STRIDE)
            for side in (width, height)
        )
        boxes, landmarks = self._library.detect(
            image, input_size=size, det_thresh=self._score_threshold
        )
        return tuple(
            Face(
                Box(float(x1), float(y1), float(x2 - x1), float(y2 - y1)),
                np.asarray(points, np.float32),
                float(score),
            )
            for (x1, y1, x2, y2, score), points in zip(boxes, landmarks, strict=True)
        )
