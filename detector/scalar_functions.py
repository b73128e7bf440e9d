"""Scores of ISO/IEC 29794-5: what takes a measured value to a quality from 0 to 100.

They are the reference implementation's (OFIQ 1.1), so that a score says the same here as anywhere.
`tests/detector/reference_scores.json` holds what the reference gives and the command that asks it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from math import cos, exp, floor, pi, radians, sin
from types import MappingProxyType
from typing import Final

# The reference's sigmoid of a value is 1 / (1 + exp((middle - value) / width)).
_EXPONENT_LIMIT: Final = 700.0
"""Beyond it `exp` overflows; the sigmoid is 0 or 1 long before."""

IDEAL_HEAD_SIZE: Final = 0.45
"""Share of the photo's height between the eyes and the chin."""


def _sigmoid(value: float, middle: float, width: float) -> float:
    exponent = (middle - value) / width
    return 1 / (1 + exp(min(_EXPONENT_LIMIT, max(-_EXPONENT_LIMIT, exponent))))


def _score(quality: float) -> int:
    """Round half up and cut to the scale."""
    return min(100, max(0, floor(quality + 0.5)))


def _rising(value: float, middle: float, width: float) -> int:
    return _score(100 * _sigmoid(value, middle, width))


def _falling(value: float, width: float) -> int:
    """100 at zero, the less the further from it."""
    return _score(200 * (1 - _sigmoid(value, 0.0, width)))


def _luminance_mean(mean: float) -> int:
    return _score(100 * _sigmoid(mean, 0.2, 0.05) * (1 - _sigmoid(mean, 0.8, 0.05)))


def _luminance_variance(variance: float) -> int:
    return _score(100 * sin(60 * variance / (60 * variance + 1) * pi))


def _under_exposure(share: float) -> int:
    return _score(120 * (0.832 - _sigmoid(share, 0.92, 0.05)))


def _over_exposure(share: float) -> int:
    return _score(1 / (share + 0.01))


def _head_size(share: float) -> int:
    return _falling(abs(share - IDEAL_HEAD_SIZE), 0.05)


def _angle(degrees: float) -> int:
    return _score(100 * max(0.0, cos(radians(degrees))) ** 2)


SCALAR_FUNCTIONS: Final[Mapping[str, Callable[[float], int]]] = MappingProxyType(
    {
        "IlluminationUniformity": lambda shared: _score(100 * shared**0.3),
        "LuminanceMean": _luminance_mean,
        "LuminanceVariance": _luminance_variance,
        "UnderExposurePrevention": _under_exposure,
        "OverExposurePrevention": _over_exposure,
        "DynamicRange": lambda entropy: _score(12.5 * entropy),
        "NaturalColour": partial(_falling, width=10.0),
        "SingleFacePresent": lambda ratio: _score(100 * (1 - ratio)),
        "InterEyeDistance": partial(_rising, middle=70.0, width=20.0),
        "HeadSize": _head_size,
        "LeftwardCropOfTheFaceImage": partial(_rising, middle=0.9, width=0.1),
        "RightwardCropOfTheFaceImage": partial(_rising, middle=0.9, width=0.1),
        "MarginAboveOfTheFaceImage": partial(_rising, middle=1.4, width=0.1),
        "MarginBelowOfTheFaceImage": partial(_rising, middle=1.8, width=0.1),
        "HeadPoseYaw": _angle,
        "HeadPosePitch": _angle,
        "HeadPoseRoll": _angle,
    }
)
"""By the standard's name of a measure: from a value of `detector.measures` to a score."""
