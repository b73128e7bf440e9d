"""Which of several faces is the traveller's.

Policy: the most prominent face, where prominence is the box's area, discounted as its centre moves
away from the image's: a face at the very corner counts a quarter of the same face in the middle.
A queue behind the traveller shows smaller and off-centre faces; a poster may show a large one, and
is reported: a second face of at least a quarter of the largest one's area may be meant.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from detector.faces import Face

_CORNER_DISCOUNT: Final = 0.75
RIVAL_AREA: Final = 0.25
"""Above this share of the largest face's area a second one might be the traveller's."""


def prominence(face: Face, width: int, height: int) -> float:
    """Area in square pixels, discounted by the distance from the image's centre."""
    x, y = face.box.centre
    offset = np.hypot((x - width / 2) / (width / 2), (y - height / 2) / (height / 2)) / np.sqrt(2)
    return face.box.area * (1 - _CORNER_DISCOUNT * min(1.0, float(offset)))


def choose_subject(faces: Sequence[Face], width: int, height: int) -> Face | None:
    """Return the most prominent face of an image `width` x `height`, or None without faces."""
    return max(faces, key=lambda face: prominence(face, width, height), default=None)


def second_face(faces: Sequence[Face]) -> float:
    """Area of the second largest face over that of the largest; 0 for a single face."""
    areas = sorted((face.box.area for face in faces), reverse=True)
    return areas[1] / areas[0] if len(areas) > 1 else 0.0
