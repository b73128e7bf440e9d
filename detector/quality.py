"""How well a face can be searched: a verdict on its measures, and reasons to act on.

docs/quality.md defines the measures and explains the bounds below.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from detector.faces import Face, Image
from detector.measures import NOT_ASSESSABLE, Measure, Setting, measure
from detector.subject import RIVAL_AREA


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
    CUT_OFF = "cut_off"
    EYES_COVERED = "eyes_covered"
    MOUTH_COVERED = "mouth_covered"
    NOISY = "noisy"
    COMPRESSED = "compressed"
    UNCERTAIN_FACE = "uncertain_face"
    HARD_TO_RECOGNISE = "hard_to_recognise"
    TURNED = "turned"
    NEGATIVE = "negative"

    @property
    def advice(self) -> str:
        """What the camera operator can do about it."""
        return _ADVICE[self]


_ADVICE: Final[dict[Reason, str]] = {
    Reason.NO_FACE: "No face was found: have the traveller look into the camera.",
    Reason.SEVERAL_FACES: "Another face is as large: have one traveller at a time in view.",
    Reason.FACE_TOO_SMALL: "The face is too small: move closer or raise the resolution.",
    Reason.BLURRED: "The face is blurred: hold still and focus.",
    Reason.TOO_DARK: "The face is too dark: add light from the front.",
    Reason.TOO_BRIGHT: "The face is over-exposed: reduce light or exposure.",
    Reason.LOW_CONTRAST: "The face has hardly any contrast: check haze, glass and lighting.",
    Reason.TURNED_AWAY: "The head is turned away: have the traveller look into the camera.",
    Reason.CUT_OFF: "The frame cuts off part of the face: have the whole head in view.",
    Reason.EYES_COVERED: "The eyes hardly show: is it glare, hair or a hand? Capture again.",
    Reason.MOUTH_COVERED: "The mouth hardly shows: is it a hand, or out of focus? Capture again.",
    Reason.NOISY: "The photo is grainy: add light, or lower the camera's gain.",
    Reason.COMPRESSED: "The photo is compressed too much: send it as JPEG of quality 30 or more.",
    Reason.UNCERTAIN_FACE: "The face is not clearly seen: is the photo upright? Capture again.",
    Reason.HARD_TO_RECOGNISE: "The face shows little to recognise it by: capture it again.",
    Reason.TURNED: "The photo is not upright: turn the camera, or have it turn its photos.",
    Reason.NEGATIVE: "The photo is a negative: send the picture with its own light and dark.",
}


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

    def with_turn(self, degrees: int) -> "Quality":
        """Return it with the degrees clockwise by which the photo was turned beforehand."""
        turn = Measure("PhotoTurn", degrees, "deg", NOT_ASSESSABLE)
        return Quality(self.verdict, self.reasons, (*self.measures, turn))

    def with_length(self, length: float, least: float | None) -> "Quality":
        """Return it with the length of the embedding before it was scaled, short below `least`."""
        measure = Measure("EmbeddingLength", round(length, 2), "the network's own", NOT_ASSESSABLE)
        told = Quality(self.verdict, self.reasons, (*self.measures, measure))
        if least is None or length >= least:
            return told
        return told.with_reason(Reason.HARD_TO_RECOGNISE, refused=False)

    def with_reason(self, reason: Reason, *, refused: bool) -> "Quality":
        """Return it with one reason more, for which the photo is refused or else marginal."""
        if refused and self.verdict is not Verdict.UNSEARCHABLE:
            return Quality(Verdict.UNSEARCHABLE, (reason,), self.measures)
        verdict = Verdict.MARGINAL if self.verdict is Verdict.USABLE else self.verdict
        return Quality(verdict, (*self.reasons, reason), self.measures)

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
    Bound("EdgeSteepness", Reason.BLURRED, marginal=42, unsearchable=12),
    Bound("BlackPixels", Reason.TOO_DARK, marginal=40, unsearchable=_NEVER, too_high=True),
    Bound("WhitePixels", Reason.TOO_BRIGHT, marginal=40, unsearchable=95, too_high=True),
    Bound("ToneEntropy", Reason.LOW_CONTRAST, marginal=5.0, unsearchable=1.0),
    Bound("HeadPoseYaw", Reason.TURNED_AWAY, marginal=45, unsearchable=_NEVER, too_high=True),
    Bound("HeadPosePitch", Reason.TURNED_AWAY, marginal=30, unsearchable=_NEVER, too_high=True),
    Bound("HeadPoseRoll", Reason.TURNED_AWAY, marginal=30, unsearchable=_NEVER, too_high=True),
    # Less, and brows, chin or a cheek are outside. The reference lowers its scores much earlier,
    # as passport photos need more room than recognition does.
    Bound("MarginAboveOfTheFaceImage", Reason.CUT_OFF, marginal=0.3, unsearchable=_NEVER),
    Bound("MarginBelowOfTheFaceImage", Reason.CUT_OFF, marginal=0.85, unsearchable=_NEVER),
    Bound("LeftwardCropOfTheFaceImage", Reason.CUT_OFF, marginal=1.3, unsearchable=_NEVER),
    Bound("RightwardCropOfTheFaceImage", Reason.CUT_OFF, marginal=1.3, unsearchable=_NEVER),
    Bound("UnderEyeTone", Reason.EYES_COVERED, marginal=0.7, unsearchable=_NEVER),
    Bound("MouthRelief", Reason.MOUTH_COVERED, marginal=0.42, unsearchable=_NEVER),
    Bound("Noise", Reason.NOISY, marginal=4.0, unsearchable=_NEVER, too_high=True),
    # JPEG of quality 18 and less: see docs/quality.md.
    Bound("QuantizationStep", Reason.COMPRESSED, marginal=150, unsearchable=_NEVER, too_high=True),
    Bound("SingleFacePresent", Reason.SEVERAL_FACES, RIVAL_AREA, _NEVER, too_high=True),
)


def bounds(confident_score: float) -> tuple[Bound, ...]:
    """Return the limits that hold for a detector whose sure faces score at least this much.

    A face on its head gets landmarks as if it were upright, so nothing but the detector's doubt
    gives it away. Such a face is refused, at the price of some that would still be found.
    """
    doubt = Bound("DetectionConfidence", Reason.UNCERTAIN_FACE, confident_score, confident_score)
    return (*_BOUNDS, doubt)


def assess(face: Face, chip: Image, setting: Setting, confident_score: float) -> Quality:
    """Measure one face and judge it.

    Args:
        face: the subject, in the pixels of the photo as it was submitted.
        chip: the face aligned to (112, 112, 3).
        setting: the photo it is in.
        confident_score: the least confidence of a face that is searched, 0 to 1.
    """
    return judge(measure(face, chip, setting), confident_score)


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
