"""A face as a person sees it: a crop with surroundings, framed for comparing, or small."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from detector.align import similarity
from detector.decode import open_photo
from detector.faces import LEFT_EYE, RIGHT_EYE, Face, Image, halved, halvings
from detector.limits import Limits
from detector.orientation import quarters
from detector.pipeline import Analysis

_SURROUNDINGS: Final = 1.8  # times the face's box: hair, chin and shoulders' beginning
_LONGEST_SIDE: Final = 480
_JPEG_QUALITY: Final = 90
_SMALL_QUALITY: Final = 85

LONGEST_SHOWN: Final = 2_048  # pixels of a photo that is shown in another format than its own

# Where eyes stand when two photos are compared by eye: a quarter of the side apart, so that the
# whole head is in the frame.
FRAME_SIDE: Final = 720
FRAMED_EYES: Final = np.array([[270, 300], [450, 300]], np.float32)
# Faces in a row of a list, 64 pixels wide there, and sharp on screens of half as many again: from
# the hairline to the chin, which is some 1.75 eye distances below the eyes.
SMALL_SIDE: Final = 96
_SMALL_EYES: Final = np.array([[0.35, 0.42], [0.65, 0.42]], np.float32) * SMALL_SIDE
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
    return _encoded(_warped(image, decoded_scale, analysis.subject, FRAMED_EYES, FRAME_SIDE))


def small(analysis: Analysis) -> bytes:
    """Return the face as JPEG of a few kB, `SMALL_SIDE` pixels square, upright.

    Made of the pixels that the face was found in: nothing is decoded again. A photo without a face
    is shown whole.
    """
    image, scale = analysis.pixels.image, analysis.pixels.scale
    face = _warped(image, scale, analysis.subject, _SMALL_EYES, SMALL_SIDE)
    return _encoded(face, _SMALL_QUALITY)


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


def _warped(
    image: Image, scale: float, subject: Face | None, eyes: npt.NDArray[np.float32], side: int
) -> Image:
    """Return a square of `side` pixels with the subject's eyes at `eyes`, or the image whole.

    Args:
        image: (H, W, 3), upright.
        scale: of the image; the subject's places are those of the photo.
        subject: whose eyes.
        eyes: (2, 2), where they go.
        side: in pixels.
    """
    if subject is not None:
        matrix = similarity(subject.scaled(scale).landmarks[[LEFT_EYE, RIGHT_EYE]], eyes)
    else:
        height, width = image.shape[:2]
        factor = side / max(height, width)
        left, top = (side - width * factor) / 2, (side - height * factor) / 2
        matrix = np.array([[factor, 0, left], [0, factor, top]])
    times = halvings(float(np.hypot(matrix[0, 0], matrix[1, 0])))
    matrix[:, :2] *= 2**times
    content = cv2.warpAffine(
        halved(image, times),
        matrix,
        (side, side),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_EMPTY,
    )
    return np.asarray(content, np.uint8)


def _encoded(image: Image, quality: int = _JPEG_QUALITY) -> bytes:
    encoded, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not encoded:
        raise ValueError("the portrait could not be encoded")
    return content.tobytes()
