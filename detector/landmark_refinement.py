"""The second look: a face that was found once is found again in a close-up.

Its landmarks are finer there, and the detector's confidence is that of the face alone: small or
tilted in the whole photo, a good face scores low.
"""

from collections.abc import Sequence
from math import inf
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from detector.faces import (
    LEFT_EYE,
    LEFT_MOUTH,
    NOSE,
    RIGHT_EYE,
    RIGHT_MOUTH,
    Box,
    Face,
    FaceDetector,
    Image,
    Landmarks,
    mirrored,
    plausible,
    resized,
)

# The face alone, about 220 px wide, in a frame a little larger: the best of the frames and sizes
# tried. Landmarks found there are finer than those of a whole photo (docs/decisions/0004).
FRAME: Final = 1.3
SIDE: Final = 288

# Degrees. Faces tilted by up to UPRIGHT are found as well as upright ones. Of LFW faces turned by
# 45 degrees, 84 % instead of 25 % reach the score of a false match in 10,000 (docs/quality.md).
UPRIGHT: Final = 6.0
TILT_KNOWN: Final = 12.0
MOST_LOOKS: Final = 3

# How far a face's middle may lie from where it was first found, in widths of the face.
SAME_FACE: Final = 0.25

# Which landmark of a mirrored face is which of the face.
_MIRRORED: Final = [RIGHT_EYE, LEFT_EYE, NOSE, RIGHT_MOUTH, LEFT_MOUTH]


class Refined(NamedTuple):
    """A face as its last close-up shows it."""

    face: Face
    spread: float
    """Mean distance between landmarks seen in the close-up and in its mirror image, in distances
    between the eyes; infinite unless both show the face."""


def refine(detector: FaceDetector, image: Image, face: Face) -> Refined:
    """Return the face with finer landmarks and the confidence of the last look.

    It is the same face if it is not found again.

    A detector draws the landmarks of a tilted head towards those of an upright one, so the close-up
    is turned upright, and again if it shows more tilt than was known. The box stays as it was:
    subject choice and head size go by the whole photo.
    """
    straightened, refined = 0.0, Refined(face, inf)
    for look in range(MOST_LOOKS):
        found = tilt(refined.face.landmarks)
        if look and abs(found - straightened) < TILT_KNOWN:
            break
        straightened = found if abs(found) > UPRIGHT else 0.0
        again = _closer(detector, image, refined.face, straightened)
        if again is None:
            break
        refined = again
    return refined


def tilt(landmarks: Landmarks) -> float:
    """Degrees by which the eyes' line and the line from eyes to mouth are turned clockwise."""
    eyes = landmarks[RIGHT_EYE] - landmarks[LEFT_EYE]
    mouth = landmarks[[LEFT_MOUTH, RIGHT_MOUTH]].mean(axis=0)
    down = mouth - landmarks[[LEFT_EYE, RIGHT_EYE]].mean(axis=0)
    return float(np.degrees(np.arctan2(eyes[1] - down[0], eyes[0] + down[1])))


def _closer(detector: FaceDetector, image: Image, face: Face, degrees: float) -> Refined | None:
    """Find the face in a close-up turned back by `degrees`, and in the close-up's mirror image.

    A detector's errors are not symmetric: the mean of the two is better than either.
    """
    framed = _close_up(image, face.box, degrees)
    if framed is None:
        return None
    close_up, matrix = framed
    back = cv2.invertAffineTransform(matrix)
    found, scores = [], []
    for reflected in (False, True):
        seen = mirrored(close_up) if reflected else close_up
        for again in detector.detect(seen, SIDE):  # best first
            points = again.landmarks
            if reflected:
                points = (points * (-1, 1) + (close_up.shape[1] - 1, 0))[_MIRRORED]
            points = points @ back[:, :2].T + back[:, 2]
            if plausible(again) and _same_face(points, face):
                found.append(points)
                scores.append(again.confidence)
                break
    if not found:
        return None
    landmarks = np.mean(found, axis=0).astype(np.float32)
    closer = Face(face.box, landmarks, float(np.mean(scores)))
    return Refined(closer, _spread(found) / max(1.0, closer.inter_eye_distance))


def _spread(found: Sequence[npt.NDArray[np.floating]]) -> float:
    """Mean distance between the landmarks of two looks, in pixels."""
    if len(found) < 2:
        return inf
    return float(np.linalg.norm(found[0] - found[1], axis=1).mean())


def _same_face(points: npt.NDArray[np.floating], face: Face) -> bool:
    offset = points.mean(axis=0) - face.landmarks.mean(axis=0)
    return bool(np.abs(offset).max() < SAME_FACE * max(face.box.width, face.box.height))


def _close_up(
    image: Image, box: Box, degrees: float
) -> tuple[Image, npt.NDArray[np.float64]] | None:
    """Cut out the face and turn it back by `degrees`; None where the image holds none of it.

    Returns:
        the close-up, its long side `SIDE`, and the 2 x 3 matrix from the image's pixels to its own.
    """
    height, width = image.shape[:2]
    x, y = box.centre
    reach = max(box.width, box.height) * FRAME / 2
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    frame = image[top : min(height, int(y + reach)), left : min(width, int(x + reach))]
    if min(frame.shape[:2]) < 2:
        return None
    scale = SIDE / max(frame.shape[:2])
    close_up = resized(frame, scale)
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    if degrees:
        rows, columns = close_up.shape[:2]
        turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 1)
        close_up = np.asarray(cv2.warpAffine(close_up, turn, (columns, rows)), np.uint8)
        matrix = turn @ np.vstack([matrix, [0, 0, 1]])
    return close_up, matrix
