"""The `insightface` library's own classes as a peer: its SCRFD at 640, its ArcFaceONNX with SFace.

They run in this process, from bytes to embedding, on ONNX Runtime sessions with our options. The
recogniser is the published one with its weights dequantised, since the library cannot feed it as
shipped; that also makes it faster. SCRFD comes from the files given: nothing is downloaded.
"""

import os
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from benchmarks.speed import LIBRARY
from benchmarks.speed.speed import Side
from detector.faces import Box
from detector.session import open_session
from detector.timing import Stopwatch

DETECTION_SIZE: Final = (640, 640)  # the library's usual size; it would also look at 128 x 128
_FILES: Final = ("det_500m.onnx", "det_2.5g.onnx")


def given_files() -> list[Path]:
    """Return the SCRFD networks in the optional folder of test data."""
    default = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("SIAGA_TEST_DATA") or default) / "scrfd"
    return [folder / name for name in _FILES if (folder / name).is_file()]


class Library:
    """One SCRFD and the recogniser, called as the library's users call them."""

    def __init__(self, detector: Path, recogniser: Path) -> None:
        # A second of start-up, and only here.
        from insightface.model_zoo.arcface_onnx import ArcFaceONNX  # noqa: PLC0415
        from insightface.model_zoo.scrfd import SCRFD  # noqa: PLC0415

        self.name = f"{LIBRARY} with {detector.stem}"
        self._detector: Any = SCRFD(str(detector), session=open_session(detector, 1))
        self._detector.prepare(0, input_size=DETECTION_SIZE)
        self._recogniser: Any = ArcFaceONNX(str(recogniser), session=open_session(recogniser, 1))

    def answer(self, data: bytes, side: Side, *, counted: bool) -> None:
        """Find the largest face of a photo and embed it."""
        from insightface.app.common import Face  # noqa: PLC0415

        watch, whole, cpu = Stopwatch(), Stopwatch(), time.process_time()
        with whole.stage("total"), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # the library's own, once a face
            with watch.stage("decode"):
                image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            with watch.stage("detect"):
                boxes, points = self._detector.detect(image, max_num=1)
            if len(boxes):
                # Its `get` aligns and embeds in one.
                with watch.stage("embed"):
                    face = Face(bbox=boxes[0, :4], kps=points[0], det_score=boxes[0, 4])
                    feature = self._recogniser.get(image, face)
        spent = (time.process_time() - cpu) * 1000
        if len(boxes):
            left, top, right, bottom = (float(value) for value in boxes[0, :4])
            side.box = Box(left, top, right - left, bottom - top)
            side.embedding = feature / np.linalg.norm(feature)
        if counted:
            side.totals.append(whole.stages["total"])
            side.cpu.append(spent)
            side.stages.append(watch.stages)


def load(detectors: Sequence[Path], recogniser: Path) -> list[Library]:
    """Load the library once for each detector.

    Raises:
        FileNotFoundError: a detector is not there.
    """
    for file in detectors:
        if not file.is_file():
            raise FileNotFoundError(f"{file} does not exist: give an SCRFD network of insightface")
    return [Library(file, recogniser) for file in detectors]
