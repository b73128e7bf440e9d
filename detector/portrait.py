"""The traveller's face as a person sees it: an upright crop with some surroundings."""

from typing import Final

import cv2
import numpy as np

from detector.pipeline import Analysis

_SURROUNDINGS: Final = 1.8  # times the face's box: hair, chin and shoulders' beginning
_LONGEST_SIDE: Final = 480
_JPEG_QUALITY: Final = 90


def portrait(analysis: Analysis) -> bytes:
    """Return the subject's face as JPEG, at most 480 pixels high.

    Raises:
        ValueError: the analysis has no subject.
    """
    if analysis.subject is None:
        raise ValueError("a photo without a face has no portrait")
    image = analysis.pixels.image
    face = analysis.subject.scaled(analysis.pixels.scale)
    x, y = face.box.centre
    reach = max(face.box.width, face.box.height) * _SURROUNDINGS / 2
    height, width = image.shape[:2]
    # A box may lie beyond the image; at least its nearest pixel is shown.
    left, top = np.clip([int(x - reach), int(y - reach)], 0, [width - 1, height - 1])
    right, bottom = np.clip([int(x + reach), int(y + reach)], [left + 1, top + 1], [width, height])
    crop = image[top:bottom, left:right]
    factor = _LONGEST_SIDE / max(crop.shape[:2])
    if factor < 1:
        size = (max(1, round(crop.shape[1] * factor)), max(1, round(crop.shape[0] * factor)))
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    encoded, content = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not encoded:
        raise ValueError("the portrait could not be encoded")
    return content.tobytes()
