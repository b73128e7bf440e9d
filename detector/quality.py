"""How well a face can be searched: measures named as in ISO/IEC 29794-5, and a verdict.

Only measures that follow honestly from the pixels and the five landmarks are computed here;
docs/quality.md defines each one, says where it departs from the standard's own algorithm, and
explains the bounds below.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from detector.align import CHIP_SIZE
from detector.faces import Face, Image, Landmarks

NOT_ASSESSABLE: Final = -1


class Verdict(StrEnum):
    """Whether a face is worth searching."""

    USABLE = "usable"
    MARGINAL = "marginal"
    UNSEARCHABLE = "unsearchable"


class Reason(StrEnum):
    """Why a photo is not simply usable; each has a sentence for the camera operator."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    FACE_TOO_SMALL = "face_too_small"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    LOW_CONTRAST = "low_contrast"
    TURNED_AWAY = "turned_away"
    UNCERTAIN_FACE = "uncertain_face"

    @property
    def advice(self) -> str:
        """What the camera operator can do about it."""
        return _ADVICE[self]


_ADVICE: Final[dict[Reason, str]] = {
    Reason.NO_FACE: "No face was found: have the traveller face the camera, uncovered.",
    Reason.SEVERAL_FACES: "Another face is as large: have one traveller at a time in view.",
    Reason.FACE_TOO_SMALL: "The face is too small: move closer or raise the resolution.",
    Reason.BLURRED: "The face is blurred: hold still and focus.",
    Reason.TOO_DARK: "The face is too dark: add light from the front.",
    Reason.TOO_BRIGHT: "The face is over-exposed: reduce light or exposure.",
    Reason.LOW_CONTRAST: "The face has hardly any contrast: check haze, glass and lighting.",
    Reason.TURNED_AWAY: "The head is turned away: have the traveller look into the camera.",
    Reason.UNCERTAIN_FACE: "The face is not clearly seen: is the photo upright? Capture again.",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One quality measure of one face."""

    name: str
    value: float
    unit: str
    score: int
    """0 (useless) to 100 (ideal); -1 where it cannot be assessed or has no such scale."""


@dataclass(frozen=True, slots=True)
class Quality:
    """A verdict, the reasons for it, and what they rest on."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    measures: tuple[Measure, ...]

    def measure(self, name: str) -> Measure:
        """Return the measure called `name`; raises KeyError if there is none."""
        for each in self.measures:
            if each.name == name:
                return each
        raise KeyError(name)

    def as_record(self) -> dict[str, Any]:
        """Return plain data, as it is recorded and answered."""
        return {
            "verdict": self.verdict.value,
            "reasons": [{"code": reason.value, "advice": reason.advice} for reason in self.reasons],
            "measures": [
                {"name": m.name, "value": m.value, "unit": m.unit, "score": m.score}
                for m in self.measures
            ],
        }


NO_FACE: Final = Quality(Verdict.UNSEARCHABLE, (Reason.NO_FACE,), ())


@dataclass(frozen=True, slots=True)
class Bound:
    """Limits of one measure: beyond `marginal` it is reported, beyond `unsearchable` it refuses."""

    measure: str
    reason: Reason
    marginal: float
    unsearchable: float
    too_high: bool = False

    def verdict(self, value: float) -> Verdict:
        """Judge one value."""
        sign = -1 if self.too_high else 1
        if sign * value < sign * self.unsearchable:
            return Verdict.UNSEARCHABLE
        return Verdict.MARGINAL if sign * value < sign * self.marginal else Verdict.USABLE


_NEVER: Final = float("nan")  # compares false with everything: such a bound never refuses

# Measured, see docs/quality.md: `marginal` is where mated scores begin to suffer, `unsearchable` is
# where next to no mated search succeeds.
_BOUNDS: Final = (
    Bound("InterEyeDistance", Reason.FACE_TOO_SMALL, marginal=24, unsearchable=5),
    Bound("Sharpness", Reason.BLURRED, marginal=40, unsearchable=12),
    Bound("UnderExposure", Reason.TOO_DARK, marginal=40, unsearchable=_NEVER, too_high=True),
    Bound("OverExposure", Reason.TOO_BRIGHT, marginal=40, unsearchable=95, too_high=True),
    Bound("DynamicRange", Reason.LOW_CONTRAST, marginal=5.0, unsearchable=1.0),
    Bound("HeadPoseYaw", Reason.TURNED_AWAY, marginal=45, unsearchable=_NEVER, too_high=True),
    Bound("HeadPosePitch", Reason.TURNED_AWAY, marginal=30, unsearchable=_NEVER, too_high=True),
    Bound("HeadPoseRoll", Reason.TURNED_AWAY, marginal=30, unsearchable=_NEVER, too_high=True),
    Bound("SingleFacePresent", Reason.SEVERAL_FACES, marginal=1, unsearchable=_NEVER),
)


def bounds(confident_score: float) -> tuple[Bound, ...]:
    """Return the limits that hold for a detector whose sure faces score at least this much.

    A face on its head gets landmarks as if it were upright, so nothing but the detector's doubt
    gives it away. Such a face is refused, at the price of some that would still be found.
    """
    doubt = Bound("DetectionConfidence", Reason.UNCERTAIN_FACE, confident_score, confident_score)
    return (*_BOUNDS, doubt)


# Luminance of 8-bit pixels that carry no detail, as ISO/IEC 29794-5 counts them.
_BLACK_UP_TO: Final = 25
_WHITE_FROM: Final = 247

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


def _oval() -> npt.NDArray[np.bool_]:
    """Mark the pixels of a chip that show the face, (112, 112)."""
    mask = np.zeros((CHIP_SIZE, CHIP_SIZE), np.uint8)
    cv2.ellipse(mask, (56, 68), (36, 46), 0, 0, 360, (255,), -1)
    return mask > 0


_FACE_OVAL: Final = _oval()


def assess(
    face: Face, chip: Image, photo_height: int, rival_faces: int, confident_score: float
) -> Quality:
    """Measure one face.

    Args:
        face: the subject, in the pixels of the photo as it was submitted.
        chip: the face aligned to (112, 112, 3).
        photo_height: of the upright photo, in pixels.
        rival_faces: other faces that could be mistaken for the subject.
        confident_score: the least confidence of a face that is searched, 0 to 1.
    """
    luma = np.asarray(cv2.cvtColor(chip, cv2.COLOR_BGR2GRAY), np.uint8)[_FACE_OVAL]
    yaw, pitch, roll = head_pose(face.landmarks)
    # A turned head shows its eyes closer together than they are.
    eyes = face.inter_eye_distance / max(0.2, float(np.cos(np.radians(yaw))))
    under = 100 * float(np.mean(luma <= _BLACK_UP_TO))
    over = 100 * float(np.mean(luma >= _WHITE_FROM))
    entropy = histogram_entropy(luma)
    sharp = sharpness(chip)
    single = 1.0 / (1 + rival_faces)
    measures = (
        Measure("InterEyeDistance", round(eyes, 1), "px", _sigmoid(eyes, 70, 20)),
        Measure("HeadSize", round(face.box.height / photo_height, 3), "of height", NOT_ASSESSABLE),
        Measure("Sharpness", round(sharp, 1), "0-100", round(sharp)),
        Measure("Luminance", round(float(luma.mean()), 1), "0-255", NOT_ASSESSABLE),
        Measure("UnderExposure", round(under, 1), "%", round(100 - under)),
        Measure("OverExposure", round(over, 1), "%", round(100 - over)),
        Measure("DynamicRange", round(entropy, 2), "bit", round(100 * entropy / 8)),
        Measure("HeadPoseYaw", round(yaw, 1), "deg", _pose_score(yaw)),
        Measure("HeadPosePitch", round(pitch, 1), "deg", _pose_score(pitch)),
        Measure("HeadPoseRoll", round(roll, 1), "deg", _pose_score(roll)),
        Measure("SingleFacePresent", round(single, 2), "share", round(100 * single)),
        Measure(
            "DetectionConfidence", round(face.confidence, 3), "0-1", round(100 * face.confidence)
        ),
    )
    return judge(measures, confident_score)


def judge(measures: tuple[Measure, ...], confident_score: float) -> Quality:
    """Hold measures against `bounds`; the worst verdict counts, every reason is named once."""
    values = {measure.name: measure.value for measure in measures}
    found: dict[Reason, Verdict] = {}
    for bound in bounds(confident_score):
        value = values[bound.measure]
        verdict = bound.verdict(abs(value) if bound.measure.startswith("HeadPose") else value)
        if verdict is not Verdict.USABLE and found.get(bound.reason) is not Verdict.UNSEARCHABLE:
            found[bound.reason] = verdict
    refused = tuple(r for r, verdict in found.items() if verdict is Verdict.UNSEARCHABLE)
    if refused:
        return Quality(Verdict.UNSEARCHABLE, refused, measures)
    return Quality(Verdict.MARGINAL if found else Verdict.USABLE, tuple(found), measures)


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


def histogram_entropy(luma: npt.NDArray[np.uint8]) -> float:
    """Entropy of 8-bit luminance values, in bits: 0 for one flat tone, 8 at most."""
    counts = np.bincount(luma.ravel(), minlength=256)
    shares = counts[counts > 0] / luma.size
    return float(-np.sum(shares * np.log2(shares)))


def sharpness(chip: Image) -> float:
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


def _sigmoid(value: float, middle: float, width: float) -> int:
    return round(100 / (1 + float(np.exp((middle - value) / width))))


def _pose_score(angle: float) -> int:
    return round(100 * max(0.0, float(np.cos(np.radians(angle)))) ** 2)
