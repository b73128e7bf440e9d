"""Whether a gate captures again, goes on, or calls an officer: decided here and nowhere else.

A photo that shows too little of the face finds nobody, and then `clear` says less than it seems to.
So the gate captures once more; who is not seen better then goes to a person, not round again: see
docs/decisions/0048.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from casework.kernel.vocabulary import Outcome, PersonReason, Recapture
from casework.tables import Encounter
from detector.quality import Reason, Verdict

REPEATED_WITHIN: Final = timedelta(minutes=10)
"""So long after a capture another may say that it repeats it: the traveller still stands there."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """A measure's second limit: past it, a photo is bad enough to capture again."""

    measure: str
    limit: float
    too_high: bool = False
    """Of an angle, whichever way it is turned."""

    def passed_by(self, value: float) -> bool:
        """Whether a value is beyond the limit."""
        return abs(value) > self.limit if self.too_high else value < self.limit


_Mending: TypeAlias = bool | tuple[Beyond, ...]

# Whether another capture could mend it. Limits are measured, see docs/quality.md: where marginal
# photos begin to be missed, at the price of few that would have been found.
_MENDED: Final[dict[Reason, _Mending]] = {
    Reason.NO_FACE: True,
    # One face is searched, the most prominent: with another nearly as large it may be the wrong
    # one, and the advice is to have one traveller in view.
    Reason.SEVERAL_FACES: (Beyond("SingleFacePresent", 0.45, too_high=True),),
    Reason.FACE_TOO_SMALL: True,
    Reason.BLURRED: (Beyond("EdgeSteepness", 35),),
    Reason.TOO_DARK: True,
    Reason.TOO_BRIGHT: True,
    Reason.LOW_CONTRAST: True,
    # Real turns of up to 50 degrees lose next to nothing.
    Reason.TURNED_AWAY: (
        Beyond("HeadPoseYaw", 55, too_high=True),
        Beyond("HeadPosePitch", 30, too_high=True),
        Beyond("HeadPoseRoll", 30, too_high=True),
    ),
    Reason.CUT_OFF: True,
    Reason.EYES_COVERED: (Beyond("UnderEyeTone", 0.6),),
    Reason.MOUTH_COVERED: (Beyond("MouthRelief", 0.36),),
    Reason.NOISY: True,
    Reason.COMPRESSED: True,
    Reason.UNCERTAIN_FACE: True,
    Reason.HARD_TO_RECOGNISE: True,
    # Put right by the service, and searched as well as any: the camera has to be put right.
    Reason.TURNED: False,
    Reason.NEGATIVE: False,
}


def decide(
    outcome: Outcome, quality: Mapping[str, Any], *, repeats: bool, person: bool
) -> Recapture:
    """Say what a gate does about the capture itself.

    Args:
        outcome: of the screening.
        quality: of its photo, as it is recorded: see `detector.quality.Quality.as_record`.
        repeats: whether it is the traveller's second capture, or a later one.
        person: whether an officer has to see the traveller anyway.
    """
    if outcome is Outcome.ALERT or person:
        return Recapture.NOT_NEEDED
    if outcome is Outcome.CLEAR and not mendable(quality):
        return Recapture.NOT_NEEDED
    return Recapture.PERSON if repeats else Recapture.ADVISED


def mendable(quality: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """Return a photo's reasons, of those on record, that call for another capture.

    All of a photo that could not be searched: nothing was answered about the traveller.
    """
    reasons: Sequence[Mapping[str, str]] = quality["reasons"]
    if quality["verdict"] == Verdict.UNSEARCHABLE.value:
        return list(reasons)
    values = {each["name"]: each["value"] for each in quality["measures"]}
    return [each for each in reasons if _is_mended(Reason(each["code"]), values)]


def person_reasons(encounter: Encounter) -> list[PersonReason]:
    """Return why an officer has to see a traveller, whatever the outcome; empty if none has to."""
    found = []
    if encounter.person_required:
        found.append(PersonReason.FAILED_PAD)
    if encounter.recapture == Recapture.PERSON:
        found.append(PersonReason.SECOND_CAPTURE)
    return found


def is_fresh(received_at: datetime, now: datetime) -> bool:
    """Whether a capture may still be repeated."""
    return now - received_at <= REPEATED_WITHIN


def _is_mended(reason: Reason, values: Mapping[str, float]) -> bool:
    mending = _MENDED[reason]
    if isinstance(mending, bool):
        return mending
    return any(each.passed_by(values[each.measure]) for each in mending if each.measure in values)
