"""A face as a person sees it: an upright crop with some surroundings, or framed for comparing."""

from typing import Final

import cv2
import numpy as np

from detector.align import similarity
from detector.decode import open_photo
from detector.faces import LEFT_EYE, RIGHT_EYE, Image, halved, halvings
from detector.limits import Limits
from detector.orientation import quarters
from detector.pipeline import Analysis

_SURROUNDINGS: Final = 1.8  # times the face's box: hair, chin and shoulders' beginning
_LONGEST_SIDE: Final = 480
_JPEG_QUALITY: Final = 90

LONGEST_SHOWN: Final = 2_048  # pixels of a photo that is shown in another format than its own

# Where eyes stand when two photos are compared by eye: a quarter of the side apart, so that the
# whole head is in the frame.
FRAME_SIDE: Final = 720
FRAMED_EYES: Final = np.array([[270, 300], [450, 300]], np.float32)
_EMPTY: Final = (96, 96, 96)  # where the photo ends; grey hides no dark hair


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
    return _encoded(crop)


def framed(analysis: Analysis) -> bytes:
    """Return the face as JPEG, `FRAME_SIDE` pixels square, with the eyes at `FRAMED_EYES`.

    Two photos framed so have the same scale and lie over each other. A photo without a face is
    shown whole.
    """
    image, decoded_scale = analysis.photo.pixels()
    if analysis.subject is not None:
        eyes = analysis.subject.scaled(decoded_scale).landmarks[[LEFT_EYE, RIGHT_EYE]]
        matrix = similarity(eyes, FRAMED_EYES)
    else:
        height, width = image.shape[:2]
        scale = FRAME_SIDE / max(height, width)
        left, top = (FRAME_SIDE - width * scale) / 2, (FRAME_SIDE - height * scale) / 2
        matrix = np.array([[scale, 0, left], [0, scale, top]])
    times = halvings(float(np.hypot(matrix[0, 0], matrix[1, 0])))
    matrix[:, :2] *= 2**times
    content = cv2.warpAffine(
        halved(image, times),
        matrix,
        (FRAME_SIDE, FRAME_SIDE),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_EMPTY,
    )
    return _encoded(np.asarray(content, np.uint8))


def as_jpeg(data: bytes, limits: Limits, turn: int = 0) -> bytes:
    """Return a photo whole, upright, as JPEG, at most `LONGEST_SHOWN` pixels high or wide.

    Args:
        data: the photo as it was submitted.
        limits: caps on what is decoded.
        turn: degrees clockwise, by quarters, that its own orientation is off by.

    Raises:
        PhotoError: the bytes are not a photo within the limits.
    """
    photo = open_photo(data, limits).turned(quarters(-turn))
    image = photo.pixels(LONGEST_SHOWN).image
    factor = LONGEST_SHOWN / max(image.shape[:2])
    if factor < 1:
        size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _encoded(image)


def _encoded(image: Image) -> bytes:
    encoded, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not encoded:
        raise ValueError("the portrait could not be encoded")
    return content.tobytes()
