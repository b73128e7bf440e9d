"""Encounters: a photo in, clear / alert / unsearchable out."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from api.v1.common import (
    Answer,
    CategoryCode,
    Day,
    Instruction,
    Port,
    PracticeMark,
    QualityOut,
    QualityReason,
    ShortText,
    Strict,
    Text,
    Time,
    canonical_text,
)
from casework.kernel.vocabulary import (
    Direction,
    Disposition,
    DocumentCheck,
    IdentityField,
    MatchedBy,
    MrzItem,
    Outcome,
    PadResult,
    PersonReason,
    Recapture,
    Stage,
)
from casework.review.disposition import INSTRUCTIONS
from casework.screening.recapture import mendable, person_reasons
from casework.screening.screening import Presentation
from casework.screening.travel_document import TravelDocument
from casework.tables import Encounter
from casework.watchlists.subjects import LONGEST_NAME

Said = Annotated[str, StringConstraints(max_length=LONGEST_NAME), BeforeValidator(canonical_text)]
"""What a document says, as it is."""


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
    permit_until: Day | None = Field(
        default=None,
        description="The last day that the traveller may stay. It changes nothing of the answer. "
        "It is kept with an alert, for the list's owner; of other travellers only where the "
        "installation holds permits, with `traveller_ref`, until they leave.",
        examples=["2026-03-31"],
    )
    recapture_of: Text | None = Field(
        default=None,
        description="With a second capture of the same traveller: the `id` of the answer to the "
        "first, of this key and port, at most 10 minutes ago. If it is not better, an officer is "
        "asked for, not another capture.",
        examples=["enc_01M7ZYY7HDJHTCS856SBCRH8M1"],
    )
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

    document_name: Said | None = Field(
        default=None,
        description="As the traveller's document has it, in any order: of its chip, or read by "
        "other means. Kept, sealed, only with an alert; so are the next. Nothing that a document "
        "says refuses its bearer's photo.",
        examples=["SUKARNO, AHMAD"],
    )
    document_birth: Said | None = Field(
        default=None,
        description="As much as is known: a day, a month, a year.",
        examples=["1980-02-28"],
    )
    document_sex: Said | None = Field(default=None, description="M, F or X.", examples=["M"])
    document_nationality: Said | None = Field(
        default=None, description="Code of ICAO Doc 9303-3, such as IDN.", examples=["IDN"]
    )
    document_number: Said | None = Field(default=None, examples=["X1234567"])
    document_country: Said | None = Field(
        default=None, description="Code of who issued it.", examples=["IDN"]
    )
    document_mrz: Said | None = Field(
        default=None,
        description="Its machine-readable zone (ICAO Doc 9303: TD1, TD2, TD3, MRV-A, MRV-B), the "
        "lines one below the other or all in one. The fields above count before it. One that "
        "cannot be read changes nothing of the screening: see `document` in the answer.",
        examples=[
            (
                "P<IDNSUKARNO<<AHMAD<<<<<<<<<<<<<<<<<<<<<<<<<\n"
                "X1234567<7IDN8002284M3001019<<<<<<<<<<<<<<<2"
            )
        ],
    )

    @field_validator(
        *(f"document_{name}" for name in TravelDocument.__dataclass_fields__),
        "permit_until",
        "recapture_of",
        mode="before",
    )
    @classmethod
    def _left_out(cls, value: object) -> object:
        """Take what a gate sends of a field that it leaves empty."""
        return None if isinstance(value, str) and not value.strip() else value

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

    @property
    def document(self) -> TravelDocument | None:
        """What the gate read of a document, as screening takes it; None where it sent nothing."""
        sent = TravelDocument(
            self.document_name,
            self.document_birth,
            self.document_sex,
            self.document_nationality,
            self.document_number,
            self.document_country,
            self.document_mrz,
        )
        return sent if any(sent.parts) else None


class DocumentCheckOut(Answer):
    """How far what was sent of a document can be believed: nothing of what it says."""

    result: DocumentCheck
    wrong: list[MrzItem] = Field(
        description="Items of the machine-readable zone whose check digits disagree: misread, or "
        "forged."
    )
    contradicts: list[IdentityField] = Field(
        description="What the fields say otherwise than the zone."
    )


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
    category: CategoryCode
    priority: int = Field(description="Of its list: 1 is first, 3 last.")
    matched_by: MatchedBy = Field(
        description="`document`: the number of the traveller's document is on a list, and the face "
        "was not found: stolen or lent?"
    )
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
    practice: PracticeMark = False
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
    document: DocumentCheckOut | None = Field(
        default=None, description="Null where nothing of a document was sent."
    )
    person_required: bool = Field(
        default=False,
        description="Whether an officer has to see the traveller whatever the outcome: "
        "`person_reasons` says why. Never together with `recapture_advised`.",
    )
    person_reasons: list[PersonReason] = Field(
        default=[],
        description="`failed_pad`: presentation attack detection failed, and a list asks for a "
        "person then. `second_capture`: this is a second capture (`recapture_of`), and no better "
        "than the first.",
    )
    recapture_advised: bool = Field(
        default=False,
        description="Whether to capture the traveller once more before anything opens: nothing "
        "was searched (`unsearchable`), or nobody was found in a photo too poor to say much. Send "
        "that capture with `recapture_of`. Never with an alert.",
    )
    recapture_reasons: list[QualityReason] = Field(
        default=[],
        description="Those of `quality.reasons` for which that is advised, or a person is asked "
        "for after a second capture.",
    )
    recapture_of: str | None = Field(
        default=None, description="The encounter whose capture this one repeats, as it was sent."
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
    def of(cls, row: Encounter, disposition: Disposition | None, *, practice: bool) -> Self:
        """Make the answer from the record."""
        alerts = [PortAlert.of_row(alert) for alert in row.alerts]
        persons = person_reasons(row)
        told = row.recapture in (Recapture.ADVISED, Recapture.PERSON)
        return cls.of_row(
            row,
            person_required=bool(persons),
            person_reasons=persons,
            recapture_advised=row.recapture == Recapture.ADVISED,
            recapture_reasons=mendable(row.quality) if told else [],
            practice=practice,
            alerts=alerts,
            document=row.document_check,
            disposition=DispositionOut.of(disposition),
            stages_ms=row.stages,
        )
