"""Measures of our own, from the light and dark of an aligned face: edges, covers, noise.

docs/quality.md says what each is good for.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from detector.faces import Image

Tones = npt.NDArray[np.float32]

# Standard deviations of Gaussians in chip pixels. Below 1.5, noise speaks rather than the face;
# beyond 4, eyes and mouth themselves disappear.
_FINE_SCALE: Final = 1.5
_COARSE_SCALE: Final = 4.0
_FACE: Final = (slice(28, 108), slice(16, 96))


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """What several measures look at, made once of an aligned face; (112, 112) each."""

    grey: npt.NDArray[np.uint8]
    smooth: Tones
    """Blurred as far as noise asks for."""
    across: Tones
    """Derivatives of `smooth` to the right and downwards, eight times as large."""
    down: Tones

    @classmethod
    def of(cls, chip: Image) -> Self:
        """Take them from a chip, (112, 112, 3)."""
        grey = np.asarray(cv2.cvtColor(chip, cv2.COLOR_BGR2GRAY), np.uint8)
        smooth = _blurred(grey, _FINE_SCALE)
        return cls(grey, smooth, *_slopes(smooth))


def _blurred(grey: npt.NDArray[np.uint8], scale: float) -> Tones:
    return np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), scale), np.float32)


def _slopes(tones: Tones) -> tuple[Tones, Tones]:
    across, down = (
        np.asarray(cv2.Sobel(tones, cv2.CV_32F, *order, ksize=3), np.float32)
        for order in ((1, 0), (0, 1))
    )
    return across, down


def edge_steepness(relief: Relief) -> float:
    """0 (as blurred as can be) to 100: how steep the face's edges are where they are least steep.

    The energy of the brightness gradient at a fine scale, over that at a coarse one, in the worst
    of four directions: motion blurs in one direction only. Clean edges give the ratio of the two
    scales, which is called 50; a face without any detail finer than the coarse scale gives 1,
    which is called 0. Contrast cancels out. It is measured on the aligned face, so that it measures
    the resolution at which faces are compared, whatever the photo's size.
    """
    fine = _gradient_energies(relief.across, relief.down)
    coarse = _gradient_energies(*_slopes(_blurred(relief.grey, _COARSE_SCALE)))
    if coarse.min() < _NO_GRADIENT:
        return 0.0
    steepness = np.log((fine / coarse).min()) / np.log(_COARSE_SCALE / _FINE_SCALE)
    return float(min(100.0, max(0.0, 50 * steepness)))


_DIRECTIONS: Final = np.radians([0, 45, 90, 135])
# (4, 3): what the squares of both derivatives, and twice their product, count in each direction.
_PARTS: Final = np.stack(
    [
        np.cos(_DIRECTIONS) ** 2,
        2 * np.cos(_DIRECTIONS) * np.sin(_DIRECTIONS),
        np.sin(_DIRECTIONS) ** 2,
    ],
    axis=1,
)
_NO_GRADIENT: Final = 1e-3  # a hundredth of what one grey level across the face would give


def _gradient_energies(across: Tones, down: Tones) -> npt.NDArray[np.float64]:
    """Mean squared derivative of the face along each of four directions, shape (4,)."""
    x, y = across[_FACE].ravel(), down[_FACE].ravel()
    return np.asarray(_PARTS @ (np.array([x @ x, x @ y, y @ y], np.float64) / x.size))


# Where alignment puts, in chip pixels: the skin under the eyes, which dark glasses cover as well,
# the cheeks below it, which they do not, and the mouth.
_UNDER_EYES: Final = tuple((slice(56, 63), slice(x - 6, x + 7)) for x in (38, 74))
_LOWER_CHEEKS: Final = tuple((slice(72, 82), slice(x - 5, x + 6)) for x in (40, 72))
_MOUTH: Final = (slice(82, 104), slice(40, 73))
_DARK_OFFSET: Final = 8.0
"""Grey levels added to either side of a ratio, so that noise in the dark decides nothing."""


def under_eye_tone(relief: Relief) -> float:
    """Brightness under the eyes over that of the cheeks, mean of both sides: about 1 on bare skin.

    The upper quartile stands for the skin under an eye, so that lashes and the frames of clear
    glasses do not count, and the median for a cheek.
    """
    ratios = [
        (_quantile(relief.smooth[eye], 0.75) + _DARK_OFFSET)
        / (_quantile(relief.smooth[cheek], 0.5) + _DARK_OFFSET)
        for eye, cheek in zip(_UNDER_EYES, _LOWER_CHEEKS, strict=True)
    ]
    return sum(ratios) / len(ratios)


def _quantile(values: npt.NDArray[np.int16 | np.float32], share: float) -> float:
    """As `np.quantile` has it, which takes longer to read its arguments than to order so few."""
    place = share * (values.size - 1)
    below = int(place)
    ordered = np.partition(values, (below, below + 1), axis=None)
    return float(ordered[below] + (place - below) * (ordered[below + 1] - ordered[below]))


def mouth_relief(relief: Relief) -> float:
    """How steep the edges across the mouth are, over all edges of the face; 0 where there are none.

    Lips make edges from top to bottom. What covers them is smooth there, or runs another way.
    """
    across, down, lips = (
        each.ravel() / 8 for each in (relief.across[_FACE], relief.down[_FACE], relief.down[_MOUTH])
    )
    face = float(across @ across + down @ down) / across.size
    return sqrt(float(lips @ lips) / lips.size) / (sqrt(face) + 0.5)


# The mixed second difference of both directions: edges and slopes cancel out, and independent noise
# of standard deviation s gives one of 6 s (Immerkaer, CVIU 1996).
_NOISE_FILTER: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_NOISE_GAIN: Final = 6 * 0.6745  # the median of a normal distribution's absolute value


def noise(relief: Relief) -> float:
    """Estimate the standard deviation of the aligned face's noise, in grey levels.

    Taken from the median, so that the face's own detail counts little. Alignment averages pixels
    of a large photo, and spreads those of a small one: both take noise away.
    """
    rough = np.asarray(cv2.filter2D(relief.grey, cv2.CV_16S, _NOISE_FILTER), np.int16)
    return _quantile(np.abs(rough[_FACE]), 0.5) / _NOISE_GAIN
