"""Verification: whether a traveller's live photo and a reference, such as a chip's, are one person.

One to one, beside the search and after it: whatever is wrong with the reference, the traveller was
screened all the same. See docs/decisions/0027.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from casework.calibration.thresholds import FalseMatchModel
from detector.embed import Embedding
from detector.errors import PhotoError, UnreadablePhoto
from detector.pipeline import Pipeline
from detector.portrait import portrait
from detector.quality import Reason

_LIVE_UNSEARCHABLE: Final = "photo_unsearchable"
_REFERENCE_UNSEARCHABLE: Final = "reference_unsearchable"
_SHOWN_DIGITS: Final = 4

_DAMAGED: Final = "The reference cannot be read: read the chip or scan the document again. {}"
_REFUSED: Final = "The reference cannot be read. {}"
_RATHER: Final = "send the chip's photo rather than a scan, or compare by eye."
_ADVICE: Final[Mapping[Reason, str]] = {
    Reason.NO_FACE: f"No face was found in the reference: {_RATHER}",
    Reason.SEVERAL_FACES: "The reference has several faces as large: send the document's photo "
    "alone, without its page.",
    Reason.FACE_TOO_SMALL: f"The face in the reference is too small: {_RATHER}",
    Reason.BLURRED: f"The face in the reference is blurred: {_RATHER}",
    Reason.TOO_DARK: f"The face in the reference is too dark: {_RATHER}",
    Reason.TOO_BRIGHT: f"The face in the reference is over-exposed: {_RATHER}",
    Reason.LOW_CONTRAST: f"The face in the reference has hardly any contrast: {_RATHER}",
    Reason.TURNED_AWAY: "The head in the reference is turned away: compare by eye.",
    Reason.CUT_OFF: f"Part of the face is not in the reference: {_RATHER}",
    Reason.EYES_COVERED: "The eyes hardly show in the reference: compare by eye.",
    Reason.MOUTH_COVERED: "The mouth hardly shows in the reference: compare by eye.",
    Reason.COMPRESSED: f"The reference is compressed too much: {_RATHER}",
    Reason.NOISY: f"The reference is grainy: {_RATHER}",
    Reason.UNCERTAIN_FACE: f"The face in the reference is not clearly seen: {_RATHER}",
    Reason.HARD_TO_RECOGNISE: f"The face in the reference shows little to recognise: {_RATHER}",
    Reason.TURNED: f"The reference is not upright: turn it, {_RATHER}",
    Reason.NEGATIVE: f"The reference is a negative: {_RATHER}",
}
"""What can be done about a document's photo: nobody can stand elsewhere or add light."""


@dataclass(frozen=True, slots=True)
class Verification:
    """How alike the live photo and the reference are."""

    score: float | None = None
    """Cosine similarity; None where either photo could not be used."""
    one_in: float | None = None
    """About one in so many pairs of different people is that alike."""
    passes: bool | None = None
    reason: tuple[str, str] | None = None
    """Why there is no score: a code, and advice in English."""
    portrait: bytes | None = field(default=None, repr=False)
    """The face of the reference as JPEG, where it has one and was to be kept."""

    @property
    def record(self) -> dict[str, Any]:
        """What an encounter keeps of it, without the photo."""
        code, advice = self.reason or (None, None)
        return {
            "score": round(self.score, _SHOWN_DIGITS) if self.score is not None else None,
            "one_in": self.one_in,
            "passes": self.passes,
            "reason": {"code": code, "advice": advice} if code is not None else None,
        }


class ReferenceComparer:
    """Compares a reference with the live photo. Safe to call from several threads at once."""

    def __init__(self, pipeline: Pipeline, chance: FalseMatchModel, fmr: float) -> None:
        """Take what decides.

        Args:
            pipeline: analyses the reference.
            chance: how alike different people are: the prior of the pack, as for a comparison.
            fmr: the false match rate at which a comparison passes.
        """
        self._pipeline = pipeline
        self._chance = chance
        self._threshold = chance.threshold(fmr, 1)

    def verify(self, live: Embedding | None, reference: bytes, *, keep: bool) -> Verification:
        """Compare; never raises for what the reference holds.

        Args:
            live: of the live photo; None where it cannot be searched.
            reference: the photo to compare it with.
            keep: whether to return the face of the reference as well.
        """
        if live is None:
            advice = "The live photo cannot be searched: see `quality`, and capture it again."
            return Verification(reason=(_LIVE_UNSEARCHABLE, advice))
        try:
            other = self._pipeline.analyse(reference)
        except PhotoError as error:
            sentence = _DAMAGED if isinstance(error, UnreadablePhoto) else _REFUSED
            return Verification(reason=(error.code, sentence.format(error)))
        face = portrait(other) if keep and other.subject is not None else None
        if other.embedding is None:
            advice = " ".join(_ADVICE[each] for each in other.quality.reasons)
            return Verification(reason=(_REFERENCE_UNSEARCHABLE, advice), portrait=face)
        score = float(live @ other.embedding)
        return Verification(
            score, self._chance.one_in(score, 1), score >= self._threshold, portrait=face
        )
