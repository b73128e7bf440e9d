"""A clean photo with what is known of its face, and what a condition makes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from detector.faces import LEFT_EYE, LEFT_MOUTH, RIGHT_EYE, RIGHT_MOUTH, Image, Landmarks

Random = np.random.Generator
Point = npt.NDArray[np.float64]

_WHOLE_FACE: Final = (-1.3, 1.3, -1.15, 2.1)
"""Left, right, top and bottom of a head in eye distances from the middle of the eyes."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One photo before anything happened to it."""

    image: Image
    landmarks: Landmarks
    """Of the subject, in pixels of `image`."""
    stranger: "Scene | None" = None
    """Somebody else who may come into the picture."""

    @property
    def eyes(self) -> float:
        """Pixels between the eyes."""
        return float(np.linalg.norm(self.landmarks[RIGHT_EYE] - self.landmarks[LEFT_EYE]))

    @property
    def middle(self) -> Point:
        """The point between the eyes."""
        return np.asarray(self.landmarks[[LEFT_EYE, RIGHT_EYE]].mean(axis=0), np.float64)

    def at(self, *points: tuple[float, float]) -> Point:
        """Take points of the face's own frame to pixels, shape (points, 2).

        The origin is the middle of the eyes, x runs to the viewer's right eye and y to the mouth,
        both in eye distances: mouths stand about 1.15 down, chins about 1.85.
        """
        across = (self.landmarks[RIGHT_EYE] - self.landmarks[LEFT_EYE]).astype(np.float64)
        down = np.array([-across[1], across[0]])
        return np.asarray(self.middle + np.array(points, np.float64) @ np.stack([across, down]))

    @property
    def mouth(self) -> float:
        """How far below the eyes the mouth stands, in eye distances."""
        mouth = self.landmarks[[LEFT_MOUTH, RIGHT_MOUTH]].mean(axis=0)
        return float(np.linalg.norm(mouth - self.middle)) / self.eyes

    def scaled(self, factor: float) -> "Scene":
        """Return the same photo at `factor` times its size."""
        method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        image = cv2.resize(self.image, None, fx=factor, fy=factor, interpolation=method)
        landmarks = (self.landmarks * np.float32(factor)).astype(np.float32)
        return Scene(np.asarray(image, np.uint8), landmarks, self.stranger)

    def head(self) -> Image:
        """Cut out the whole head, as far as the photo holds it."""
        left, right, top, bottom = (side * self.eyes for side in _WHOLE_FACE)
        x, y = self.middle
        height, width = self.image.shape[:2]
        rows = slice(max(0, round(y + top)), min(height, round(y + bottom)))
        columns = slice(max(0, round(x + left)), min(width, round(x + right)))
        return np.ascontiguousarray(self.image[rows, columns])


Draw = Callable[[Scene, Random], bytes]
"""What a camera, a file format or a hand makes of a scene: a photo's bytes."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that happens to photos at ports."""

    name: str
    group: str
    draw: Draw


def as_png(image: npt.NDArray[np.generic]) -> bytes:
    """Encode pixels without loss, cut to 8 bits."""
    pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    return cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
