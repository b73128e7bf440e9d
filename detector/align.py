"""Alignment: a face turned and scaled onto the template that the recogniser was trained with."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from detector.faces import Image, Landmarks, halved, halvings

CHIP_SIZE: Final = 112
"""Width and height of an aligned face, in pixels."""

# Where eyes, nose and mouth corners stand in a 112 x 112 chip: the five-point template of ArcFace
# (Deng et al., CVPR 2019), which SFace and the InsightFace packs were trained with.
ARCFACE_TEMPLATE: Final[Landmarks] = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    np.float32,
)


def similarity(source: Landmarks, target: Landmarks) -> npt.NDArray[np.float64]:
    """Least-squares rotation, uniform scale and shift that take `source` onto `target`.

    Written in complex numbers a similarity without reflection is z -> a*z + b, and least squares
    has the closed form used here (the 2-D case of Umeyama, PAMI 1991).

    Args:
        source: (K, 2) points, not all equal.
        target: (K, 2) points.

    Returns:
        The 2 x 3 matrix of the map, for column vectors (x, y, 1).

    Raises:
        ValueError: all source points coincide, so that no scale exists.
    """
    z = source[:, 0].astype(np.float64) + 1j * source[:, 1].astype(np.float64)
    w = target[:, 0].astype(np.float64) + 1j * target[:, 1].astype(np.float64)
    centred = z - z.mean()
    spread = float(np.vdot(centred, centred).real)
    if not spread > 0:
        raise ValueError("the landmarks coincide: no similarity takes them to a face")
    a = np.vdot(centred, w - w.mean()) / spread
    b = w.mean() - a * z.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def align(image: Image, landmarks: Landmarks) -> Image:
    """Cut the face with these landmarks out of `image`, as a (112, 112, 3) chip.

    Parts of the chip outside the image are black, as they were when the networks were trained.
    """
    matrix = similarity(landmarks, ARCFACE_TEMPLATE)
    times = halvings(float(np.hypot(matrix[0, 0], matrix[1, 0])))
    if times:
        image, matrix = _shrunk(image, matrix, times)
    chip = cv2.warpAffine(image, matrix, (CHIP_SIZE, CHIP_SIZE), flags=cv2.INTER_LINEAR)
    return np.asarray(chip, np.uint8)


def _shrunk(
    image: Image, matrix: npt.NDArray[np.float64], times: int
) -> tuple[Image, npt.NDArray[np.float64]]:
    """Halve the part of the image under the chip, and adapt the matrix to it."""
    linear, shift = matrix[:, :2], matrix[:, 2]
    corners = np.array([[0, 0], [CHIP_SIZE, 0], [0, CHIP_SIZE], [CHIP_SIZE, CHIP_SIZE]], np.float64)
    reach = np.linalg.solve(linear, (corners - shift).T).T
    ratio = 2**times
    limits = np.array([image.shape[1], image.shape[0]])
    least = np.clip(np.floor(reach.min(axis=0)) - ratio, 0, limits - 1).astype(int)
    most = np.clip(np.ceil(reach.max(axis=0)) + ratio, least + 1, limits).astype(int)
    # Whole averages inside the part; at the image's own edge there may be an incomplete last one.
    most = np.minimum(least + -(-(most - least) // ratio) * ratio, limits)
    small = halved(image[least[1] : most[1], least[0] : most[0]], times)
    # Pixel centres: x_part = (x_small + 0.5) * ratio - 0.5, and x_image = x_part + left.
    origin = least + 0.5 * ratio - 0.5
    return small, np.column_stack([linear * ratio, linear @ origin + shift])
