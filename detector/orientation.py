"""Which way is up: faces in photos that lie on their side or are upside down.

A detector draws upright landmarks into a face that is not, and mostly doubts it. A face in doubt is
looked at again with its aligned chip turned, a few thousand pixels that cost next to nothing
(`tilt_in_chip`); a photo that shows no face as it is, from other directions (`detect_tilted`).
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from detector.faces import Box, Face, FaceDetector, Image, plausible, resized, rotated

QUARTER: Final = 90
HALF: Final = 180
FULL: Final = 360

QUARTERS: Final = (90, 270, 180)
DIAGONALS: Final = (45, 315, 135, 225)
"""Degrees clockwise by which a face may be tilted; the usual ways to hold a camera come first."""

# So small a chip shows the way up as well as a larger one. Of a face that is upright or on its head
# a smaller one does, in which a face that is turned is mostly not seen at all
# (docs/decisions/0023). Detectors take multiples of 32.
CHIP_SIDE: Final = 96
HALF_TURN_SIDE: Final = 64
_STEP: Final = 32


def quarters(degrees: float) -> int:
    """Return the whole quarter turns, 0 to 3, that are nearest to a tilt."""
    return round(degrees / QUARTER) % 4


def clockwise(turn: int) -> int:
    """Return the degrees clockwise of quarters anticlockwise: 0, 90, 180 or 270."""
    return -turn % 4 * QUARTER


def tilt_in_chip(detector: FaceDetector, chip: Image, tilts: Sequence[int]) -> int | None:
    """Return by how much the face in an aligned chip is tilted.

    Args:
        detector: finds the face.
        chip: (112, 112, 3), aligned by landmarks that may be wrong.
        tilts: degrees clockwise, multiples of 90, to try.

    Returns:
        That of `tilts` at which the detector is more confident than at any other and than with the
        chip as it is; 0 where there is none; None where it sees no face at all.
    """
    side = HALF_TURN_SIDE if tuple(tilts) == (HALF,) else CHIP_SIDE
    scores = {each: chip_confidence(detector, chip, each, side) for each in tilts}
    best = max(tilts, key=lambda each: scores[each])
    as_it_is = chip_confidence(detector, chip, 0, side) if scores[best] or len(tilts) > 1 else 1.0
    if not max(scores[best], as_it_is):
        return None
    return best if scores[best] > as_it_is else 0


def chip_confidence(
    detector: FaceDetector, chip: Image, tilt: int = 0, side: int = CHIP_SIDE
) -> float:
    """Return the detector's confidence in an aligned chip, turned back by a multiple of 90."""
    small = cv2.resize(chip, (side, side), interpolation=cv2.INTER_AREA)
    turned = rotated(np.asarray(small, np.uint8), quarters(tilt))
    found = detect_tilted(detector, turned, side, 0)
    return found[0].confidence if found else 0.0


def detect_tilted(
    detector: FaceDetector, image: Image, long_side: int, degrees: float
) -> tuple[Face, ...]:
    """Detect with the image turned back by `degrees`, so that a face so tilted is upright.

    Returns:
        the plausible faces in pixels of `image` as it is; see `FaceDetector.detect`. Boxes are
        upright rectangles: those of the turned image, turned on by the nearest quarter.
    """
    if not degrees % FULL:
        return tuple(face for face in detector.detect(image, long_side) if plausible(face))
    # First made small: the canvas that holds a turned ribbon is as wide as it is high.
    factor = min(1.0, long_side / max(image.shape[:2]))
    small = resized(image, factor) if factor < 1 else image
    turned, matrix = _turned_back(small, degrees)
    # The same scale as in the image as it is; its diagonal may be longer.
    side = long_side * max(turned.shape[:2]) / max(small.shape[:2])
    found = detector.detect(turned, _STEP * round(side / _STEP))
    back = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
    lying = quarters(degrees) % 2 == 1
    return tuple(
        _mapped(face, back, lying=lying).scaled(1 / factor) for face in found if plausible(face)
    )


def _turned_back(image: Image, degrees: float) -> tuple[Image, npt.NDArray[np.float64]]:
    """Turn anticlockwise, on a canvas that holds all; also the 2 x 3 matrix to its pixels."""
    height, width = image.shape[:2]
    middle = (width - 1) / 2, (height - 1) / 2
    matrix = cv2.getRotationMatrix2D(middle, degrees, 1)
    cosine, sine = np.abs(matrix[0, :2])
    columns, rows = round(width * cosine + height * sine), round(width * sine + height * cosine)
    matrix[:, 2] += (columns - 1) / 2 - middle[0], (rows - 1) / 2 - middle[1]
    if degrees % QUARTER:
        turned = cv2.warpAffine(image, matrix, (columns, rows))
    else:
        turned = rotated(image, quarters(degrees))
    return np.asarray(turned, np.uint8), np.asarray(matrix, np.float64)


def _mapped(face: Face, matrix: npt.NDArray[np.float64], *, lying: bool) -> Face:
    x, y = matrix[:, :2] @ face.box.centre + matrix[:, 2]
    width, height = face.box.width, face.box.height
    if lying:
        width, height = height, width
    points = face.landmarks @ matrix[:, :2].T + matrix[:, 2]
    box = Box(float(x) - width / 2, float(y) - height / 2, width, height)
    return Face(box, points.astype(np.float32), face.confidence)
