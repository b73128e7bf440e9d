"""What is measured of a face, from the pixels and the five landmarks.

Measures that ISO/IEC 29794-5 defines carry its names, its units and its reference implementation's
scores; where a value is an approximation docs/quality.md says so. Our own have names of their own.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from detector.align import ARCFACE_TEMPLATE, CHIP_SIZE
from detector.faces import LEFT_EYE, LEFT_MOUTH, RIGHT_EYE, RIGHT_MOUTH, Face, Image, Landmarks
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


# 8-bit tones that carry no detail, as ISO/IEC 29794-5 counts them in linear luminance, and we in
# brightness as photos store it.
_BLACK_UP_TO: Final = 25
_WHITE_FROM: Final = 247

# Eyes to chin over eyes to mouth, of adults: about 114 mm over 72 mm.
_CHIN: Final = 1.6

_LEAST_COSINE: Final = 0.2
"""Of yaw: beyond 78 degrees five landmarks say nothing of how far it is between the eyes."""


def _face_region() -> npt.NDArray[np.bool_]:
    """Mark the pixels of a chip between brows, jaws and chin, (112, 112)."""
    mask = np.zeros((CHIP_SIZE, CHIP_SIZE), np.uint8)
    cv2.ellipse(mask, (56, 60), (37, 54), 0, 0, 360, (255,), -1)
    mask[:38] = 0
    return mask > 0


_FACE_REGION: Final = _face_region()


def _oval() -> npt.NDArray[np.bool_]:
    """Mark the pixels of a chip that show the face with its forehead, (112, 112)."""
    mask = np.zeros((CHIP_SIZE, CHIP_SIZE), np.uint8)
    cv2.ellipse(mask, (56, 68), (36, 46), 0, 0, 360, (255,), -1)
    return mask > 0


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
    return (*_standard(face, chip, setting), *_own(face, chip))


def _standard(face: Face, chip: Image, setting: Setting) -> tuple[Measure, ...]:
    tones = luminance(chip)
    inside = tones[_FACE_REGION]
    mean, variance = tone_statistics(inside)
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
        _scored("UnderExposurePrevention", float(np.mean(inside <= _BLACK_UP_TO)), "share", 3),
        _scored("OverExposurePrevention", float(np.mean(inside >= _WHITE_FROM)), "share", 3),
        _scored("DynamicRange", histogram_entropy(inside), "bit", 2),
        _scored("IlluminationUniformity", illumination_uniformity(chip), "share", 3),
        _scored("NaturalColour", natural_colour(chip), "CIELAB", 1),
        _scored("HeadPoseYaw", yaw, "deg", 1),
        _scored("HeadPosePitch", pitch, "deg", 1),
        _scored("HeadPoseRoll", roll, "deg", 1),
        _scored("SingleFacePresent", setting.second_face, "share", 2),
    )


def _own(face: Face, chip: Image) -> tuple[Measure, ...]:
    steepness = edge_steepness(chip)
    sure = face.confidence
    tones = np.asarray(cv2.cvtColor(chip, cv2.COLOR_BGR2GRAY), np.uint8)[_FACE_OVAL]
    black = 100 * float(np.mean(tones <= _BLACK_UP_TO))
    white = 100 * float(np.mean(tones >= _WHITE_FROM))
    entropy = histogram_entropy(tones)
    return (
        Measure("BlackPixels", round(black, 1), "%", round(100 - black)),
        Measure("WhitePixels", round(white, 1), "%", round(100 - white)),
        Measure("ToneEntropy", round(entropy, 2), "bit", round(100 * entropy / 8)),
        Measure("UnderEyeTone", round(under_eye_tone(chip), 2), "of cheek", NOT_ASSESSABLE),
        Measure("MouthRelief", round(mouth_relief(chip), 2), "of face", NOT_ASSESSABLE),
        Measure("Noise", round(noise(chip), 2), "0-255", NOT_ASSESSABLE),
        Measure("EdgeSteepness", round(steepness, 1), "0-100", round(steepness)),
        Measure("DetectionConfidence", round(sure, 3), "0-1", round(100 * sure)),
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


def tone_statistics(tones: npt.NDArray[np.uint8]) -> tuple[float, float]:
    """Mean and variance of 8-bit luminance values on a scale from 0 to 1."""
    values = tones.astype(np.float64) / 255
    return float(values.mean()), float(values.var())


def histogram_entropy(tones: npt.NDArray[np.uint8]) -> float:
    """Entropy of 8-bit luminance values, in bits: 0 for one flat tone, 8 at most."""
    counts = np.bincount(tones.ravel(), minlength=256)
    shares = counts[counts > 0] / tones.size
    return float(-np.sum(shares * np.log2(shares)))


def _cheek(chip: Image, matrix: npt.NDArray[np.float64]) -> Image:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(chip, matrix, (_CHEEK_SIDE, _CHEEK_SIDE), flags=flags))


def illumination_uniformity(chip: Image) -> float:
    """How far the luminances of both cheeks agree: what their histograms share, 0 to 1."""
    one, other = (
        np.bincount(luminance(_cheek(chip, matrix)).ravel(), minlength=256) for matrix in _CHEEKS
    )
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


def natural_colour(chip: Image) -> float:
    """How far the cheeks' mean colour is from the range of skin, in CIELAB; 0 within it."""
    cheeks = np.concatenate([_cheek(chip, matrix).reshape(-1, 3) for matrix in _CHEEKS])
    return distance_from_skin(cheeks.mean(axis=0))


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


def edge_steepness(chip: Image) -> float:
    """0 (as blurred as can be) to 100: how steep the face's edges are where they are least steep.

    The energy of the brightness gradient at a fine scale, over that at a coarse one, in the worst
    of four directions: motion blurs in one direction only. Clean edges give the ratio of the two
    scales, which is called 50; a face without any detail finer than the coarse scale gives 1,
    which is called 0. Contrast cancels out. It is measured on the aligned face, so that it measures
    the resolution at which faces are compared, whatever the photo's size.
    """
    luma = cv2.cvtColor(chip, cv2.COLOR_BGR2GRAY).astype(np.float32)
    fine, coarse = (_gradient_energies(luma, scale) for scale in (_FINE_SCALE, _COARSE_SCALE))
    if coarse.min() < _NO_GRADIENT:
        return 0.0
    steepness = np.log((fine / coarse).min()) / np.log(_COARSE_SCALE / _FINE_SCALE)
    return float(np.clip(50 * steepness, 0, 100))


# Standard deviations of Gaussians in chip pixels. Below 1.5, noise speaks rather than the face;
# beyond 4, eyes and mouth themselves disappear.
_FINE_SCALE: Final = 1.5
_COARSE_SCALE: Final = 4.0
_DIRECTIONS: Final = np.radians([0, 45, 90, 135])
_NO_GRADIENT: Final = 1e-3  # a hundredth of what one grey level across the face would give
_FACE_ROWS: Final = slice(28, 108)
_FACE_COLUMNS: Final = slice(16, 96)


def _gradient_energies(luma: npt.NDArray[np.float32], scale: float) -> npt.NDArray[np.float64]:
    """Mean squared derivative of the blurred face along each of four directions, shape (4,)."""
    smooth = cv2.GaussianBlur(luma, (0, 0), scale)
    x, y = (
        np.asarray(cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3), np.float32)[
            _FACE_ROWS, _FACE_COLUMNS
        ].ravel()
        for order in ((1, 0), (0, 1))
    )
    xx, xy, yy = float(x @ x) / x.size, float(x @ y) / x.size, float(y @ y) / y.size
    cosine, sine = np.cos(_DIRECTIONS), np.sin(_DIRECTIONS)
    return np.asarray(cosine**2 * xx + 2 * cosine * sine * xy + sine**2 * yy)


def _brightness(chip: Image) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(chip, cv2.COLOR_BGR2GRAY), np.float32)


def _smooth(chip: Image) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(_brightness(chip), (0, 0), _FINE_SCALE), np.float32)


# Where alignment puts, in chip pixels: the skin under the eyes, which dark glasses cover as well,
# the cheeks below it, which they do not, and the mouth.
_UNDER_EYES: Final = tuple((slice(56, 63), slice(x - 6, x + 7)) for x in (38, 74))
_LOWER_CHEEKS: Final = tuple((slice(72, 82), slice(x - 5, x + 6)) for x in (40, 72))
_MOUTH: Final = (slice(82, 104), slice(40, 73))
_DARK_OFFSET: Final = 8.0
"""Grey levels added to either side of a ratio, so that noise in the dark decides nothing."""


def under_eye_tone(chip: Image) -> float:
    """Brightness under the eyes over that of the cheeks, mean of both sides: about 1 on bare skin.

    The upper quartile stands for the skin under an eye, so that lashes and the frames of clear
    glasses do not count, and the median for a cheek.
    """
    tones = _smooth(chip)
    ratios = [
        (np.quantile(tones[eye], 0.75) + _DARK_OFFSET) / (np.median(tones[cheek]) + _DARK_OFFSET)
        for eye, cheek in zip(_UNDER_EYES, _LOWER_CHEEKS, strict=True)
    ]
    return float(np.mean(ratios))


def mouth_relief(chip: Image) -> float:
    """How steep the edges across the mouth are, over all edges of the face; 0 where there are none.

    Lips make edges from top to bottom. What covers them is smooth there, or runs another way.
    """
    tones = _smooth(chip)
    down, across = (
        np.asarray(cv2.Sobel(tones, cv2.CV_32F, *order, ksize=3), np.float32) / 8
        for order in ((0, 1), (1, 0))
    )
    face = (down**2 + across**2)[_FACE_ROWS, _FACE_COLUMNS]
    lips = down[_MOUTH] ** 2
    return float(np.sqrt(lips.mean()) / (np.sqrt(face.mean()) + 0.5))


# The mixed second difference of both directions: edges and slopes cancel out, and independent noise
# of standard deviation s gives one of 6 s (Immerkaer, CVIU 1996).
_NOISE_FILTER: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_NOISE_GAIN: Final = 6 * 0.6745  # the median of a normal distribution's absolute value


def noise(chip: Image) -> float:
    """Estimate the standard deviation of the aligned face's noise, in grey levels.

    Taken from the median, so that the face's own detail counts little. Alignment averages pixels
    of a large photo, and spreads those of a small one: both take noise away.
    """
    rough = np.asarray(cv2.filter2D(_brightness(chip), cv2.CV_32F, _NOISE_FILTER))
    return float(np.median(np.abs(rough[_FACE_ROWS, _FACE_COLUMNS]))) / _NOISE_GAIN
