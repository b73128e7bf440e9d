"""Encounters: a photo in, clear / alert / unsearchable out."""

from datetime import datetime
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from api.v1.common import (
    Answer,
    Instruction,
    Port,
    QualityOut,
    QualityReason,
    ShortText,
    Strict,
    Text,
    Time,
)
from casework.kernel.vocabulary import (
    Category,
    Direction,
    Disposition,
    Outcome,
    PadResult,
    Stage,
)
from casework.review.disposition import INSTRUCTIONS
from casework.screening.screening import Presentation
from casework.tables import Encounter


class EncounterFields(Strict):
    """What a port says about a photo."""

    port: Port
    direction: Literal[Direction.ENTRY, Direction.EXIT]
    stage: Stage = Stage.ARRIVAL
    captured_at: Time | None = Field(
        default=None,
        description="When the photo was taken: within a day of its receipt. Unset means on "
        "receipt.",
    )
    traveller_ref: Text | None = Field(
        default=None, description="The port's own opaque reference, never a name."
    )
    lane: Text | None = None
    pad_result: PadResult | None = Field(
        default=None,
        description="What the gate's presentation attack detection found (ISO/IEC 30107).",
    )
    pad_score: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Its score, on the vendor's own scale; with `pad_result` only, as the next.",
    )
    pad_vendor: ShortText | None = Field(default=None, description="Whose it is, and which.")
    pad_level: ShortText | None = Field(
        default=None, description="To which it was tested, such as `iBeta level 2`."
    )

    @model_validator(mode="after")
    def _result_comes_first(self) -> Self:
        more = (self.pad_score, self.pad_vendor, self.pad_level)
        if self.pad_result is None and any(each is not None for each in more):
            raise ValueError("pad_score, pad_vendor and pad_level come with pad_result only")
        return self

    @property
    def presentation(self) -> Presentation | None:
        """What the gate found, as screening takes it."""
        if self.pad_result is None:
            return None
        return Presentation(self.pad_result, self.pad_score, self.pad_vendor, self.pad_level)


class VerificationOut(Answer):
    """How alike the traveller and the reference are, such as a chip's photo."""

    score: float | None = Field(
        description="Cosine similarity; null where either photo could not be used."
    )
    one_in: float | None = Field(
        description="About one in so many pairs of different people is that alike, by the pack's "
        "prior; never more than 1,000,000."
    )
    passes: bool | None = Field(
        description="Whether that is rarer than the setting `verification_fmr` asks for; null "
        "where there is no score."
    )
    reason: QualityReason | None = Field(description="Why there is no score.")


class PresentationOut(Answer):
    """What the gate's presentation attack detection found, as it was sent."""

    result: PadResult
    score: float | None
    vendor: str | None
    level: str | None


class PortAlert(Answer):
    """What a port is shown of an alert: what to do, and its id. Never who it is about."""

    id: str
    category: Category
    instruction: Instruction
    requires_acknowledgement: bool = Field(
        description="Whether an officer has to take it before the traveller goes on."
    )


class DispositionOut(Answer):
    """What becomes of a traveller with an alert. Never who it is about, or why."""

    state: Disposition
    instruction: Instruction

    @classmethod
    def of(cls, state: Disposition | None) -> Self | None:
        """Make the answer; None where there is no alert."""
        if state is None:
            return None
        return cls(state=state, instruction=Instruction(**INSTRUCTIONS[state]))


class EncounterOut(Answer):
    """The answer to a photo."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "enc_01M7ZYY7HDJHTCS856SBCRH8M1",
                    "outcome": "clear",
                    "port": "CGK",
                    "direction": "entry",
                    "stage": "arrival",
                    "captured_at": "2026-03-01T08:30:00Z",
                    "received_at": "2026-03-01T08:30:01Z",
                    "faces": 1,
                    "quality": {"verdict": "usable", "reasons": [], "measures": []},
                    "alerts": [],
                    "gallery_version": 812,
                    "gallery_size": 790,
                    "stages_ms": {"decode": 4.1, "detect": 2.9, "embed": 7.4, "search": 0.6},
                }
            ]
        }
    )

    id: str
    outcome: Outcome
    port: str
    lane: str | None = None
    direction: Direction
    stage: Stage
    captured_at: datetime
    received_at: datetime
    traveller_ref: str | None = None
    faces: int
    quality: QualityOut
    alerts: list[PortAlert] = Field(description="Best candidate first.")
    verification: VerificationOut | None = Field(
        default=None, description="Null where no reference was sent."
    )
    presentation: PresentationOut | None = None
    person_required: bool = Field(
        default=False,
        description="Whether an officer has to see the traveller whatever the outcome, because a "
        "list asks that where presentation attack detection failed.",
    )
    disposition: DispositionOut | None = Field(
        default=None,
        description="What becomes of the traveller: `pending` until the officers have decided, in "
        "the first answer and whenever that is given again. `GET` says how it stands now. Null "
        "without an alert.",
    )
    gallery_version: int
    gallery_size: int
    stages_ms: dict[str, float]

    @classmethod
    def of(cls, row: Encounter, disposition: Disposition | None) -> Self:
        """Make the answer from the record."""
        alerts = [PortAlert.of_row(alert) for alert in row.alerts]
        shown = DispositionOut.of(disposition)
        return cls.of_row(row, alerts=alerts, disposition=shown, stages_ms=row.stages)
