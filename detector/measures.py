"""What is measured of a face, from the pixels and the five landmarks.

Measures that ISO/IEC 29794-5 defines carry its names, its units and its reference implementation's
scores; where a value is an approximation docs/quality.md says so. Our own have names of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from detector.align import ARCFACE_TEMPLATE, CHIP_SIZE
from detector.faces import LEFT_EYE, LEFT_MOUTH, RIGHT_EYE, RIGHT_MOUTH, Face, Image, Landmarks
from detector.relief import Relief, edge_steepness, mouth_relief, noise, under_eye_tone
from detector.scalar_functions import SCALAR_FUNCTIONS

NOT_ASSESSABLE: Final = -1


@dataclass(frozen=True, slots=True)
class Measure:
    """One quality measure of one face."""

    name: str
    value: float
    unit: str
    score: int
    """0 (useless) to 100 (ideal); -1 where it cannot be assessed or has no such scale."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds a face: its photo and the other faces in it."""

    width: int
    """Of the upright photo, in pixels."""
    height: int
    second_face: float = 0.0
    """See `detector.subject.second_face`."""
    quantization: float = 0.0
    """Of its JPEG: see `detector.containers.base.Header`."""


# 8-bit tones that carry no detail, as ISO/IEC 29794-5 counts them in linear luminance, and we in
# brightness as photos store it.
_BLACK_UP_TO: Final = 25
_WHITE_FROM: Final = 247

# Eyes to chin over eyes to mouth, of adults: about 114 mm over 72 mm.
_CHIN: Final = 1.6

_LEAST_COSINE: Final = 0.2
"""Of yaw: beyond 78 degrees five landmarks say nothing of how far it is between the eyes."""


def _face_region() -> npt.NDArray[np.intp]:
    """Return which of a chip's pixels, in rows, lie between brows, jaws and chin."""
    mask = np.zeros((CHIP_SIZE, CHIP_SIZE), np.uint8)
    cv2.ellipse(mask, (56, 60), (37, 54), 0, 0, 360, (255,), -1)
    mask[:38] = 0
    return np.flatnonzero(mask)


_FACE_REGION: Final = _face_region()


def _oval() -> npt.NDArray[np.intp]:
    """Return which of a chip's pixels, in rows, show the face with its forehead."""
    mask = np.zeros((CHIP_SIZE, CHIP_SIZE), np.uint8)
    cv2.ellipse(mask, (56, 68), (36, 46), 0, 0, 360, (255,), -1)
    return np.flatnonzero(mask)


_FACE_OVAL: Final = _oval()

# The reference looks at cheeks in faces of 113 px between the eyes: squares of 0.3 eye distances,
# below the eyes by half the way to the mouth, inwards from each eye. A chip is enlarged to that.
_CHEEK_SIDE: Final = 33
_CHEEK_SCALE: Final = 113 / 35.24


def _cheeks() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Matrices from a cheek's pixels to the chip's, (2, 3) each."""
    eyes = ARCFACE_TEMPLATE[[LEFT_EYE, RIGHT_EYE]].astype(np.float64)
    mouth = ARCFACE_TEMPLATE[[LEFT_MOUTH, RIGHT_MOUTH]].mean(axis=0)
    top = eyes[:, 1] + (mouth[1] - eyes[:, 1].mean()) / 2
    step = 1 / _CHEEK_SCALE
    left = np.array([eyes[0, 0], eyes[1, 0] - _CHEEK_SIDE * step])
    one, other = (np.array([[step, 0, x], [0, step, y]]) for x, y in zip(left, top, strict=True))
    return one, other


_CHEEKS: Final = _cheeks()


def measure(face: Face, chip: Image, setting: Setting) -> tuple[Measure, ...]:
    """Measure one face.

    Args:
        face: the subject, in the pixels of the photo as it was submitted.
        chip: the face aligned to (112, 112, 3).
        setting: the photo it is in.
    """
    return (*_standard(face, chip, setting), *_own(face, chip), _compression(setting))


def _standard(face: Face, chip: Image, setting: Setting) -> tuple[Measure, ...]:
    counts = histogram(luminance(chip).ravel()[_FACE_REGION])
    mean, variance = tone_statistics(counts)
    cheeks = [_cheek(chip, matrix) for matrix in _CHEEKS]
    yaw, pitch, roll = head_pose(face.landmarks)
    # A turned head shows its eyes closer together than they are.
    between = face.inter_eye_distance
    eyes = between / max(_LEAST_COSINE, float(np.cos(np.radians(yaw))))
    left, right = face.landmarks[LEFT_EYE], face.landmarks[RIGHT_EYE]
    middle = (left + right) / 2
    mouth = face.landmarks[[LEFT_MOUTH, RIGHT_MOUTH]].mean(axis=0)
    chin = max(1.0, _CHIN * float(np.linalg.norm(mouth - middle)))
    below = setting.height - float(middle[1])
    return (
        _scored("InterEyeDistance", eyes, "px", 1),
        _scored("HeadSize", chin / setting.height, "of height", 3),
        _scored("LeftwardCropOfTheFaceImage", float(right[0]) / between, "eye distances", 2),
        _scored(
            "RightwardCropOfTheFaceImage",
            (setting.width - float(left[0])) / between,
            "eye distances",
            2,
        ),
        _scored("MarginAboveOfTheFaceImage", float(middle[1]) / chin, "eyes to chin", 2),
        _scored("MarginBelowOfTheFaceImage", below / chin, "eyes to chin", 2),
        _scored("LuminanceMean", mean, "0-1", 3),
        _scored("LuminanceVariance", variance, "0-1", 4),
        _scored("UnderExposurePrevention", share_black(counts), "share", 3),
        _scored("OverExposurePrevention", share_white(counts), "share", 3),
        _scored("DynamicRange", histogram_entropy(counts), "bit", 2),
        _scored("IlluminationUniformity", illumination_uniformity(cheeks), "share", 3),
        _scored("NaturalColour", natural_colour(cheeks), "CIELAB", 1),
        _scored("HeadPoseYaw", yaw, "deg", 1),
        _scored("HeadPosePitch", pitch, "deg", 1),
        _scored("HeadPoseRoll", roll, "deg", 1),
        _scored("SingleFacePresent", setting.second_face, "share", 2),
    )


def _own(face: Face, chip: Image) -> tuple[Measure, ...]:
    relief = Relief.of(chip)
    steepness = edge_steepness(relief)
    sure = face.confidence
    counts = histogram(relief.grey.ravel()[_FACE_OVAL])
    black, white = 100 * share_black(counts), 100 * share_white(counts)
    entropy = histogram_entropy(counts)
    return (
        Measure("BlackPixels", round(black, 1), "%", round(100 - black)),
        Measure("WhitePixels", round(white, 1), "%", round(100 - white)),
        Measure("ToneEntropy", round(entropy, 2), "bit", round(100 * entropy / 8)),
        Measure("UnderEyeTone", round(under_eye_tone(relief), 2), "of cheek", NOT_ASSESSABLE),
        Measure("MouthRelief", round(mouth_relief(relief), 2), "of face", NOT_ASSESSABLE),
        Measure("Noise", round(noise(relief), 2), "0-255", NOT_ASSESSABLE),
        Measure("EdgeSteepness", round(steepness, 1), "0-100", round(steepness)),
        Measure("DetectionConfidence", round(sure, 3), "0-1", round(100 * sure)),
    )


def _compression(setting: Setting) -> Measure:
    return Measure(
        "QuantizationStep", round(setting.quantization, 1), "grey levels", NOT_ASSESSABLE
    )


def _scored(name: str, value: float, unit: str, digits: int) -> Measure:
    return Measure(name, round(value, digits), unit, SCALAR_FUNCTIONS[name](value))


def _to_linear(encoded: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Undo the tone curve of sRGB (IEC 61966-2-1); values from 0 to 1."""
    return np.asarray(
        np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    )


# (1, 256, 3): blue's, green's and red's part of the luminance of ITU-R BT.709, for 8-bit sRGB.
_PARTS: Final = (
    255 * _to_linear(np.arange(256) / 255)[None, :, None] * np.array([0.0722, 0.7152, 0.2126])
).astype(np.float32)
_SUM_ROUNDED: Final = np.array([[1, 1, 1, 0.5]], np.float32)


def luminance(image: Image) -> npt.NDArray[np.uint8]:
    """Linear luminance as ISO/IEC 29794-5 has it, 0 to 255: mid-grey of a screen is 55.

    Args:
        image: (height, width, 3), blue, green, red.
    """
    return np.asarray(cv2.transform(cv2.LUT(image, _PARTS), _SUM_ROUNDED), np.uint8)


_TONES: Final = np.arange(256) / 255


def histogram(tones: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """Count how often each 8-bit tone occurs, (256,)."""
    return np.bincount(tones.ravel(), minlength=256)


def tone_statistics(counts: npt.NDArray[np.intp]) -> tuple[float, float]:
    """Mean and variance of a `histogram` of luminance, on a scale from 0 to 1."""
    shares = counts / counts.sum()
    mean = float(shares @ _TONES)
    return mean, float(shares @ (_TONES - mean) ** 2)


def share_black(counts: npt.NDArray[np.intp]) -> float:
    """Share of a `histogram` that is too dark to carry detail, 0 to 1."""
    return float(counts[: _BLACK_UP_TO + 1].sum() / counts.sum())


def share_white(counts: npt.NDArray[np.intp]) -> float:
    """Share of a `histogram` that is too bright to carry detail, 0 to 1."""
    return float(counts[_WHITE_FROM:].sum() / counts.sum())


def histogram_entropy(counts: npt.NDArray[np.intp]) -> float:
    """Entropy of a `histogram`, in bits: 0 for one flat tone, 8 at most."""
    shares = counts[counts > 0] / counts.sum()
    return float(-np.sum(shares * np.log2(shares)))


def _cheek(chip: Image, matrix: npt.NDArray[np.float64]) -> Image:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(chip, matrix, (_CHEEK_SIDE, _CHEEK_SIDE), flags=flags))


def illumination_uniformity(cheeks: Sequence[Image]) -> float:
    """How far the luminances of both cheeks agree: what their histograms share, 0 to 1."""
    one, other = (histogram(luminance(cheek)) for cheek in cheeks)
    return float(np.minimum(one, other).sum()) / _CHEEK_SIDE**2


# Linear sRGB to XYZ for the white of CIE illuminant D50, rows X, Y, Z over red, green, blue, and
# that white.
_TO_XYZ: Final = np.array(
    [[0.43605, 0.38508, 0.14309], [0.22249, 0.71689, 0.06062], [0.01393, 0.09710, 0.71419]]
)
_WHITE: Final = np.array([0.964221, 1.0, 0.825211])
# Ranges of a* and b* that skin has in natural light.
_SKIN_FROM: Final = np.array([5.0, 5.0])
_SKIN_TO: Final = np.array([25.0, 35.0])
_NOT_SKIN: Final = 100.0
"""Distance stated where a* or b* is negative: green or blue."""


def natural_colour(cheeks: Sequence[Image]) -> float:
    """How far the cheeks' mean colour is from the range of skin, in CIELAB; 0 within it."""
    return distance_from_skin(np.mean([cv2.mean(cheek)[:3] for cheek in cheeks], axis=0))


def distance_from_skin(colour: npt.NDArray[np.floating]) -> float:
    """Return the CIELAB distance of a colour from the range of skin.

    Args:
        colour: (3,), blue, green and red of 8-bit sRGB.
    """
    xyz = _TO_XYZ @ _to_linear(np.asarray(colour[::-1], np.float64) / 255) / _WHITE
    dark = xyz <= 216 / 24389
    x, y, z = np.where(dark, (24389 / 27 * xyz + 16) / 116, np.cbrt(xyz))
    chroma = np.array([500 * (x - y), 200 * (y - z)])
    if (chroma < 0).any():
        return _NOT_SKIN
    away = np.maximum(0, np.maximum(_SKIN_FROM - chroma, chroma - _SKIN_TO))
    return float(np.linalg.norm(away))


# A frontal face in chip pixels: the default detector's landmarks after alignment, averaged over the
# 6,768 mostly frontal news photos of half of LFW and made symmetrical. The third coordinate is
# towards the viewer: at 63 mm between adult eyes the nose tip stands about 30 mm before them, the
# mouth corners about 8 mm.
_FRONTAL_HEAD: Final = np.array(
    [
        [37.7, 52.3, 0.0],
        [74.3, 52.3, 0.0],
        [56.0, 73.7, 17.4],
        [40.4, 90.6, 4.6],
        [71.6, 90.6, 4.6],
    ]
)
# (3, 5): takes five points to the least-squares projection of the head onto them; their mean
# cancels out, as the head is centred.
_FIT_HEAD: Final = np.linalg.pinv(_FRONTAL_HEAD - _FRONTAL_HEAD.mean(axis=0))


def head_pose(landmarks: Landmarks) -> tuple[float, float, float]:
    """Yaw, pitch and roll of the head in degrees, estimated from five landmarks.

    A frontal head of typical depth is fitted under scaled orthographic projection: linear
    least squares, then the nearest rotation. Yaw is positive when the subject turns to the
    viewer's right, pitch when the subject looks down, roll when the head tilts clockwise. Roll is
    what alignment undoes; yaw and pitch are what is left then, so that turning the photo changes
    neither.
    """
    projection = _FIT_HEAD @ landmarks.astype(np.float64)
    u, _, vt = np.linalg.svd(projection.T, full_matrices=False)
    right, down = u @ vt  # rows: the image's axes in the head's own coordinates
    towards = np.cross(right, down)
    yaw = np.degrees(np.arcsin(np.clip(-towards[0], -1, 1)))
    pitch = np.degrees(np.arctan2(-towards[1], towards[2]))
    roll = np.degrees(np.arctan2(down[0], right[0]))
    return float(yaw), float(pitch), float(roll)
