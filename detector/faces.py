"""What a face detector reports, and the contract every detector keeps."""

from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
"""Pixels of shape (height, width, 3), blue-green-red, upright."""

Landmarks = npt.NDArray[np.float32]
"""Shape (5, 2), x and y in pixels: the eyes, the nose tip and the mouth corners, in image order
(left to right as the viewer sees them): eye, eye, nose, corner, corner."""

LEFT_EYE, RIGHT_EYE, NOSE, LEFT_MOUTH, RIGHT_MOUTH = range(5)
"""Rows of `Landmarks`; left and right are the viewer's."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels; it may reach beyond the image."""

    left: float
    top: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Width times height, in square pixels."""
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, x and y."""
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One detected face, in the pixels of the image it was found in."""

    box: Box
    landmarks: Landmarks
    confidence: float
    """0 to 1, the detector's own score."""

    def scaled(self, factor: float) -> "Face":
        """Return the same face in an image `factor` times as large."""
        box = self.box
        return Face(
            Box(box.left * factor, box.top * factor, box.width * factor, box.height * factor),
            (self.landmarks * np.float32(factor)).astype(np.float32),
            self.confidence,
        )

    def turned(self, quarters: int, width: float, height: float) -> "Face":
        """Return the same face in its image, `width` x `height`, turned anticlockwise."""
        face = self
        for _ in range(quarters % 4):
            box, points = face.box, face.landmarks
            face = Face(
                Box(box.top, width - box.left - box.width, box.height, box.width),
                np.stack([points[:, 1], width - 1 - points[:, 0]], axis=1).astype(np.float32),
                face.confidence,
            )
            width, height = height, width
        return face

    @property
    def inter_eye_distance(self) -> float:
        """Distance between the eye landmarks, in pixels."""
        return float(np.linalg.norm(self.landmarks[RIGHT_EYE] - self.landmarks[LEFT_EYE]))


class FaceDetector(Protocol):
    """Finds faces in one image at one working size."""

    def detect(self, image: Image, long_side: int) -> tuple[Face, ...]:
        """Return the faces found with the image's long side resized to `long_side` pixels.

        Coordinates are those of `image`; the most confident face comes first.
        """
        ...


def plausible(face: Face) -> bool:
    """Whether the numbers describe a face at all: finite, with distinct eyes and a real box."""
    box = face.box
    values = np.array([box.left, box.top, box.width, box.height, face.confidence])
    return bool(
        np.isfinite(values).all()
        and np.isfinite(face.landmarks).all()
        and box.width >= 1
        and box.height >= 1
        and face.inter_eye_distance >= 1
    )


def non_maximum_suppression(
    boxes: npt.NDArray[np.float32], scores: npt.NDArray[np.float32], overlap: float
) -> list[int]:
    """Greedy suppression of boxes that cover the same face.

    Args:
        boxes: (N, 4) left, top, width, height.
        scores: (N,).
        overlap: intersection over union above which the lower-scored box goes.

    Returns:
        Indices of the boxes kept, best first.
    """
    left, top = boxes[:, 0], boxes[:, 1]
    right, bottom = left + boxes[:, 2], top + boxes[:, 3]
    areas = boxes[:, 2] * boxes[:, 3]
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        width = np.minimum(right[best], right[rest]) - np.maximum(left[best], left[rest])
        height = np.minimum(bottom[best], bottom[rest]) - np.maximum(top[best], top[rest])
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        union = areas[best] + areas[rest] - shared
        order = rest[shared <= overlap * union]
    return kept


_ROTATIONS: Final = {
    1: cv2.ROTATE_90_COUNTERCLOCKWISE,
    2: cv2.ROTATE_180,
    3: cv2.ROTATE_90_CLOCKWISE,
}


def rotated(image: Image, quarters: int) -> Image:
    """Turn anticlockwise; fifteen times as fast as a copy of what numpy turns."""
    code = _ROTATIONS.get(quarters % 4)
    return image if code is None else np.asarray(cv2.rotate(image, code), np.uint8)


def mirrored(image: Image) -> Image:
    """Return the mirror image; as much faster."""
    return np.asarray(cv2.flip(image, 1), np.uint8)


def halved(image: Image, times: int) -> Image:
    """Shrink both sides by half `times` over, averaging 2 x 2 pixels.

    A last odd row or column is left out, so that pixel (x, y) becomes exactly the average of its
    four: averaging over fractions of pixels is fifteen times slower.
    """
    for _ in range(times):
        height, width = image.shape[0] // 2, image.shape[1] // 2
        if not (height and width):
            break
        even = image[: 2 * height, : 2 * width]
        image = np.asarray(
            cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )
    return image


def halvings(factor: float) -> int:
    """How often to halve before scaling by `factor`: bilinear sampling skips pixels below half."""
    return max(0, int(np.floor(np.log2(1 / factor)))) if factor > 0 else 0


def resized(image: Image, factor: float) -> Image:
    """Resize both sides by `factor`: halve while that is not too small, then interpolate."""
    times = halvings(factor)
    height, width = image.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    image = halved(image, times)
    if size == (image.shape[1], image.shape[0]):
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)
