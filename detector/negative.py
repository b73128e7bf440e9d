"""Negatives: pictures whose dark and light are exchanged."""

from typing import Final

import cv2
import numpy as np

from detector.faces import FaceDetector, Image
from detector.orientation import chip_confidence

# Windows of an aligned chip, rows and columns: both eyes with brows and lashes, both cheeks. Eyes
# are darker than cheeks in all but one photo in a hundred, and lighter in a negative.
_EYES: Final = ((slice(47, 58), slice(30, 47)), (slice(47, 58), slice(66, 83)))
_CHEEKS: Final = ((slice(68, 81), slice(27, 42)), (slice(68, 81), slice(71, 86)))


def looks_negative(detector: FaceDetector, chip: Image, *, doubted: bool) -> bool:
    """Whether an aligned chip, (112, 112, 3), shows the negative of a face.

    That is where its eyes are lighter than its cheeks, or its face is doubted, and the detector is
    more confident in the inverted chip. In a negative the detector's landmarks may lie so far off
    that the eyes are not where they should be.
    """
    luma = cv2.cvtColor(chip, cv2.COLOR_BGR2GRAY)
    eyes, cheeks = (np.mean([luma[each].mean() for each in two]) for two in (_EYES, _CHEEKS))
    if eyes <= cheeks and not doubted:
        return False
    positive = np.asarray(cv2.bitwise_not(chip), np.uint8)
    inverted = chip_confidence(detector, positive)
    return inverted > 0 and inverted > chip_confidence(detector, chip)
