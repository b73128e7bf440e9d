"""Networks replaced by next to nothing, so that what remains is the service itself.

The photo is real (a tiny PNG, decoded, aligned, assessed like any other); only the two networks
are not: one always finds the same face, the other turns a chip's digest into a unit vector.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from detector.align import ARCFACE_TEMPLATE, CHIP_SIZE
from detector.embed import Measured
from detector.faces import Box, Face, Image
from detector.pipeline import Pipeline

SIDE: Final = 64
"""Pixels of a photo's side."""

_MARGIN: Final = 0.1
_CONFIDENCE: Final = 0.9


class MockDetector:
    """Finds one face in the middle of whatever it is shown."""

    def detect(self, image: Image, long_side: int) -> tuple[Face, ...]:
        """See `detector.faces.FaceDetector.detect`."""
        del long_side
        side = min(image.shape[:2]) * (1 - 2 * _MARGIN)
        left, top = (image.shape[1] - side) / 2, (image.shape[0] - side) / 2
        landmarks = ARCFACE_TEMPLATE * np.float32(side / CHIP_SIZE) + np.array([left, top])
        return (Face(Box(left, top, side, side), landmarks.astype(np.float32), _CONFIDENCE),)


class MockEmbedder:
    """A unit vector seeded by the chip: the same photo always gives the same."""

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def embed(self, chips: Sequence[Image]) -> npt.NDArray[np.float32]:
        """See `detector.embed.Embedder.embed`."""
        rows = np.stack([self._vector(chip) for chip in chips])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def measure(self, chips: Sequence[Image]) -> Measured:
        """See `detector.embed.Embedder.measure`."""
        rows = self.embed(chips)
        return Measured(rows, np.ones(len(rows)))

    def _vector(self, chip: Image) -> npt.NDArray[np.float32]:
        seed = hashlib.blake2b(chip.tobytes(), digest_size=8).digest()
        rng = np.random.Generator(np.random.SFC64(int.from_bytes(seed, "little")))
        return rng.standard_normal(self.dim, np.float32)


def mock_pipeline(dim: int) -> Pipeline:
    """Return the service's own pipeline over mocked networks."""
    return Pipeline(MockDetector(), MockEmbedder(dim), (SIDE,))


def mock_photo(number: int) -> bytes:
    """Return a tiny PNG that no other number gives."""
    small = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
    image = cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    written, content = cv2.imencode(".png", image)
    assert written  # noqa: S101 - a PNG of noise can always be written
    return content.tobytes()
