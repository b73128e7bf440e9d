"""Alerts as officers see them, and what they send back."""

from datetime import datetime, tzinfo
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from api.queries import BeforePage, QueryModel
from api.v1.common import (
    Answer,
    AreaCode,
    CategoryCode,
    DayOrTime,
    Instruction,
    LongText,
    OutcomeCode,
    Place,
    QualityOut,
    Reason,
    Strict,
    Text,
)
from api.v1.encounters.schemas import PresentationOut, VerificationOut
from api.v1.known_lookalikes.schemas import KnownLookalikeOut
from api.v1.objections.schemas import AlertObjection
from api.v1.subjects.schemas import DocumentOut
from casework.kernel import period
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import (
    Agreement,
    AlertState,
    Direction,
    Disposal,
    DocumentCheck,
    Escalation,
    IdentityField,
    MatchedBy,
    MrzItem,
    Opinion,
    OpinionReason,
    Sex,
    Stage,
)
from casework.review.alerts import AlertFilter, AlertView, Step, shown_state
from casework.review.case_number import read as read_case_number
from casework.review.decisions import Finding
from casework.screening.searches import LEAST_PURPOSE
from casework.tables import Alert, Encounter

_CaseNumber = Annotated[str, StringConstraints(max_length=60), AfterValidator(read_case_number)]


def rounded(score: float | None) -> float | None:
    """Return a score as it is shown."""
    return round(score, 4) if score is not None else None


class AlertQuery(BeforePage):
    """Which alerts are listed."""

    state: list[AlertState] | None = Field(
        default=None, max_length=len(AlertState), description="Repeat for several."
    )
    watchlist_id: Text | None = None
    port: Place | None = Field(default=None, description="Where: a port, or a lodging by its code.")
    category: CategoryCode | None = None
    since: DayOrTime | None = None
    mine: bool = Field(default=False, description="Only those you have taken.")
    matched_by: list[MatchedBy] | None = Field(
        default=None, max_length=len(MatchedBy), description="Repeat for several."
    )
    case_number: _CaseNumber | None = Field(
        default=None,
        description="The one with this number; small letters and spaces do.",
        examples=["IMI-00042-X"],
    )
    area: AreaCode | None = Field(
        default=None, description="Raised at a port, or in a lodging, that lies in this area."
    )

    def chosen(self, reader: Actor, zone: tzinfo) -> AlertFilter:
        """Return the filter as the alerts take it."""
        return AlertFilter(
            tuple(self.state) if self.state else None,
            self.watchlist_id,
            self.port,
            self.category,
            period.beginning(self.since, zone),
            reader.id if self.mine else None,
            matched_by=tuple(self.matched_by) if self.matched_by else None,
            case_number=self.case_number,
            area=self.area,
        )


class AlertWatchlist(Answer):
    """The list that an alert belongs to, as it was when the alert was raised."""

    id: str
    name: str
    category: CategoryCode
    owner_id: str = Field(description="The agency that owns it.")

    @classmethod
    def of(cls, row: Alert) -> Self:
        """Make the answer from the record of the alert."""
        return cls.of_row(row, id=row.watchlist_id, name=row.watchlist_name)


class AlertVerification(VerificationOut):
    """How alike the traveller and the reference are, such as a chip's photo."""

    kept: bool = Field(description="Whether the reference is kept: it is at `/reference`.")


class AlertEncounter(Answer):
    """Where and when the traveller was met."""

    id: str
    port: str
    lane: str | None
    direction: Direction
    stage: Stage
    captured_at: datetime
    received_at: datetime
    runtime: str = Field(
        description="What ran the network on the photo: `onnxruntime` or `openvino-bf16`."
    )
    traveller_ref: str | None
    verification: AlertVerification | None
    presentation: PresentationOut | None
    person_required: bool = Field(
        description="Whether an officer has to see the traveller because the attack detection "
        "failed."
    )
    recapture_of: str | None = Field(
        description="The encounter whose capture this one repeats, because it showed too little."
    )


class AlertSummary(Answer):
    """An alert in the queue: nothing of the subject.

    Nor its rank in the encounter, which would reveal alerts on lists that the reader cannot see.
    """

    id: str
    case_number: str = Field(
        description="What people call it, also on the telephone.", examples=["IMI-00042-X"]
    )
    state: AlertState = Field(
        description="`under_review`: there is a first opinion, which you must not see before the "
        "second is given."
    )
    watchlist: AlertWatchlist
    encounter: AlertEncounter
    matched_by: MatchedBy
    score: float | None = Field(
        description="Cosine similarity; it decides nothing, people do. Null of an alert by "
        "document, as are the next four."
    )
    threshold: float | None
    threshold_basis: str | None
    calibration_id: str | None = Field(
        description="The calibration that `one_in` comes from, and the threshold unless it was set "
        "by hand; null means the pack's prior."
    )
    one_in: float | None = Field(
        description="About one in so many travellers would score this high against this list by "
        "chance; never more than 1,000,000."
    )
    requires_acknowledgement: bool
    requires_second_officer: bool = Field(
        description="As the list asked when the alert was raised, or the list of a sibling."
    )
    acknowledge_within_s: int
    priority: int = Field(description="Of its list: 1 is first, 3 last.")
    due_at: datetime = Field(description="When it should be taken.")
    escalation: Escalation | None = Field(
        description="Who else was called because nobody took it in time."
    )
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    disposal: OutcomeCode | None
    closed_at: datetime | None
    version: int
    created_at: datetime

    @classmethod
    def of(cls, row: Alert, reader: Actor) -> Self:
        """Make the answer from the record, as the reader may see it."""
        return cls.of_row(
            row,
            state=shown_state(row, reader),
            watchlist=AlertWatchlist.of(row),
            score=rounded(row.score),
            threshold=rounded(row.threshold),
        )


class AlertSubject(Answer):
    """Whom the alert is about."""

    name: str
    aliases: list[str]
    sex: Sex | None
    birth: str | None = Field(description="Date, or the year where no more is known.")
    nationality: str | None
    documents: list[DocumentOut]
    reason: str
    decision_number: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    suspended: bool


class AlertDocument(Answer):
    """What the traveller's document says, as the gate read it."""

    name: str | None
    birth: str | None = Field(description="A day, a month or a year.")
    sex: str | None
    nationality: str | None
    number: str | None
    country: str | None = Field(description="Who issued it.")
    kind: str | None = Field(description="Document code of the zone, such as `P`.")
    mrz: str | None = Field(description="The machine-readable zone, a line on each.")
    result: DocumentCheck
    wrong: list[MrzItem] = Field(description="Items whose check digits disagree.")
    contradicts: list[IdentityField] = Field(
        description="What the fields say otherwise than the zone."
    )

    @classmethod
    def of(cls, row: Encounter) -> Self | None:
        """Make the answer from an encounter; None where nothing of a document is kept."""
        if row.document is None or row.document_check is None:
            return None
        nothing = dict.fromkeys(cls.model_fields)
        return cls.model_validate(nothing | row.document | row.document_check)


class AlertIdentity(Answer):
    """What the document and the list say of one thing."""

    field: IdentityField
    document: str | None
    listed: list[str] = Field(description="A name with the aliases, every document.")
    agreement: Agreement


class ReviewStep(Answer):
    """One step of the review."""

    at: datetime
    officer_id: str
    officer_name: str = Field(description="As of that day.")
    officer_service_number: str | None = Field(description="Such as an NIP; as of that day.")
    officer_agency: str | None = Field(description="The code of the officer's agency.")
    agency_id: str | None
    action: str
    state: AlertState = Field(description="After the step.")
    opinion: Opinion | None
    reasons: list[OpinionReason]
    note: str | None
    disposal: OutcomeCode | None = Field(
        description="The outcome, of a step that closes the alert or corrects that; null where "
        "the correction has it reviewed again."
    )

    @classmethod
    def of(cls, step: Step) -> Self:
        """Make the answer from what the reader may see."""
        return cls(
            at=step.at,
            officer_id=step.officer_id,
            officer_name=step.by.name,
            officer_service_number=step.by.service_number,
            officer_agency=step.by.agency_code,
            agency_id=step.agency_id,
            action=step.action,
            state=step.state_after,
            opinion=Opinion(step.opinion) if step.opinion is not None else None,
            reasons=[OpinionReason(reason) for reason in step.reasons],
            note=step.note,
            disposal=step.disposal,
        )


class AlertOut(AlertSummary):
    """An alert with all that a comparison by eye needs; the photos are at `/probe`, `/enrolled`."""

    instruction: Instruction
    legal_basis: str
    owner_code: str
    subject: AlertSubject | None = Field(description="Null where it was erased since.")
    document: AlertDocument | None = Field(description="Null where the gate sent nothing of one.")
    identities: list[AlertIdentity] = Field(
        description="What the document says beside what the list says, field by field."
    )
    probe_quality: QualityOut
    enrolment_quality: QualityOut | None
    steps: list[ReviewStep]
    others: list[AlertSummary] = Field(description="Other candidates of the same encounter.")
    siblings: list[str] = Field(
        description="Of those, the alerts of the same subject on other lists of the agency: they "
        "are taken, decided and confirmed with this one."
    )
    objections: list[AlertObjection] = Field(
        description="Of the person against the entry, oldest first."
    )
    known_lookalikes: list[KnownLookalikeOut] = Field(
        description="Travellers who are not stopped for the subject; of other agencies' lists none."
    )

    @classmethod
    def seen(cls, view: AlertView, reader: Actor) -> Self:
        """Make the answer from what the reader may see."""
        row, quality = view.alert, view.enrolment_quality
        return cls(
            **AlertSummary.of(row, reader).model_dump(),
            instruction=Instruction(**row.instruction),
            legal_basis=view.legal_basis,
            owner_code=view.owner_code,
            subject=AlertSubject.model_validate(view.subject) if view.subject is not None else None,
            document=AlertDocument.of(row.encounter),
            identities=[AlertIdentity.model_validate(each) for each in view.identities],
            probe_quality=QualityOut.model_validate(row.encounter.quality),
            enrolment_quality=QualityOut.model_validate(quality) if quality is not None else None,
            steps=[ReviewStep.of(step) for step in view.steps],
            others=[AlertSummary.of(other, reader) for other in view.others],
            siblings=[each.id for each in view.siblings],
            objections=[AlertObjection.of(mark) for mark in view.objections],
            known_lookalikes=[KnownLookalikeOut.model_validate(row) for row in view.look_alikes],
        )


class FindingIn(Strict):
    """What an officer found by comparing the faces."""

    opinion: Opinion
    reasons: list[OpinionReason] = Field(min_length=1, max_length=10)
    note: LongText | None = Field(
        default=None, validate_default=True, description="Required where a reason is `other`."
    )

    @field_validator("reasons")
    @classmethod
    def _each_once(cls, reasons: list[OpinionReason]) -> list[OpinionReason]:
        if len(set(reasons)) < len(reasons):
            raise ValueError("a reason is given twice")
        return reasons

    @field_validator("note")
    @classmethod
    def _explained(cls, note: str | None, info: ValidationInfo) -> str | None:
        if not note and OpinionReason.OTHER in info.data.get("reasons", ()):
            raise ValueError("say in a note what the other reason is")
        return note or None

    @property
    def finding(self) -> Finding:
        """The finding as the review takes it."""
        return Finding(self.opinion, tuple(self.reasons), self.note)


class EvidenceQuery(QueryModel):
    """The purpose of an evidence bundle."""

    purpose: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=LEAST_PURPOSE, max_length=500)
    ] = Field(
        description="Why; it stands in the bundle and in the audit trail.",
        examples=["Hearing 114/2026, district court of Tangerang"],
    )


class CorrectionIn(Strict):
    """What was wrong with how an alert was closed."""

    reason: Reason
    disposal: OutcomeCode | None = Field(
        default=None,
        description="The right outcome, which has to fit what was found; null has the alert "
        "reviewed again.",
    )


class ClosingIn(Strict):
    """How an alert ends."""

    disposal: OutcomeCode
    note: LongText | None = Field(
        default=None, validate_default=True, description="Required where the end is `other`."
    )

    @field_validator("note")
    @classmethod
    def _explained(cls, note: str | None, info: ValidationInfo) -> str | None:
        if not note and info.data.get("disposal") == Disposal.OTHER:
            raise ValueError("say in a note how it ended")
        return note or None
