"""Answers of the service, as far as this client uses them.

Fields that a later service adds are ignored, so a client keeps working; a test of the service
checks that every field here exists in its OpenAPI description, with a type that fits.
"""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Outcome = Literal["clear", "alert", "unsearchable"]
Direction = Literal["entry", "exit"]
Stage = Literal["visa", "arrival", "stay", "departure"]
ApprovalState = Literal["waiting", "accepted", "in_effect", "refused", "withdrawn", "lapsed"]
PadResult = Literal["pass", "fail", "undetermined"]
MatchedBy = Literal["face", "document", "both"]
DispositionState = Literal["pending", "released", "held", "referred"]
Opinion = Literal["potential_candidate", "not_candidate", "inconclusive"]


class Answer(BaseModel):
    """An answer; it is not changed after it was received."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class QualityReason(Answer):
    """Why a photo is not simply usable, and what to change at recapture."""

    code: str
    advice: str


class Quality(Answer):
    """How well the face can be searched."""

    verdict: Literal["usable", "marginal", "unsearchable"]
    reasons: list[QualityReason]


class Instruction(Answer):
    """What the port does on an alert."""

    id: str
    """In Indonesian."""
    en: str


class PortAlert(Answer):
    """What a port is shown of an alert."""

    id: str
    category: str
    """A code; an installation has codes of its own, which begin with `x-`."""
    priority: int
    """Of its list: 1 is first, 3 last."""
    matched_by: MatchedBy = "face"
    """`document`: it was found by its number, not by the face: stolen or lent?"""
    instruction: Instruction
    requires_acknowledgement: bool

    def gravity(self) -> tuple[bool, int]:
        """Return a key by which the gravest alert comes first, whatever its category."""
        return not self.requires_acknowledgement, self.priority


class Verification(Answer):
    """How alike a traveller and the reference are, such as a chip's photo."""

    score: float | None
    one_in: float | None
    """About one in so many pairs of different people is that alike."""
    passes: bool | None
    """None where either photo could not be used."""
    reason: QualityReason | None
    """Why there is no score."""


class Presentation(Answer):
    """What the gate's presentation attack detection found, as it was sent."""

    result: PadResult
    score: float | None
    vendor: str | None
    level: str | None


class DocumentCheck(Answer):
    """How far what was sent of a document can be believed."""

    result: Literal["agrees", "disagrees", "unreadable", "absent"]
    """How the check digits came out; `absent` without a machine-readable zone."""
    wrong: list[str]
    """Items whose check digits disagree."""
    contradicts: list[str]
    """What the fields say otherwise than the zone."""


class Disposition(Answer):
    """What becomes of a traveller with an alert."""

    state: DispositionState
    """`pending` until the officers have decided."""
    instruction: Instruction


class Encounter(Answer):
    """The answer to a traveller's photo."""

    id: str
    practice: bool = False
    """Whether it is a practice installation's answer: nobody is held for it."""
    outcome: Outcome
    port: str
    received_at: datetime
    quality: Quality
    alerts: list[PortAlert]
    verification: Verification | None = None
    """None where no reference was sent."""
    presentation: Presentation | None = None
    """None where nothing of a presentation attack detection was sent."""
    document: DocumentCheck | None = None
    """None where nothing of a document was sent."""
    person_required: bool = False
    """Whether an officer has to see the traveller, whatever the outcome."""
    person_reasons: list[str] = []
    """Why: `failed_pad`, `second_capture`."""
    recapture_advised: bool = False
    """Whether to capture once more before anything opens, and send that with `recapture_of`."""
    recapture_reasons: list[QualityReason] = []
    """Why that is advised, or why a second capture goes to an officer."""
    recapture_of: str | None = None
    """The encounter whose capture this one repeats."""
    disposition: Disposition | None = None
    """None without an alert. The first answer is `pending`: see `wait_for_disposition`."""
    stages_ms: dict[str, float]

    @property
    def instructions(self) -> list[Instruction]:
        """What the port does now: as the officers decided, else by every alert, gravest first."""
        if self.disposition is not None and self.decided:
            return [self.disposition.instruction]
        told: list[Instruction] = []
        for alert in sorted(self.alerts, key=PortAlert.gravity):
            if alert.instruction not in told:
                told.append(alert.instruction)
        return told

    @property
    def decided(self) -> bool:
        """Whether the officers have decided, or have nothing to decide."""
        return self.disposition is None or self.disposition.state != "pending"

    @property
    def opens(self) -> bool:
        """Whether a gate may open by this answer: nobody found, in a photo that tells, no officer.

        A `verification` that does not pass is the gate's own to judge.
        """
        held = self.person_required or self.recapture_advised
        return self.outcome == "clear" and not held

    @property
    def advice(self) -> str:
        """What to change at recapture, in one sentence or several."""
        return " ".join(each.advice for each in self.recapture_reasons or self.quality.reasons)


class Comparison(Answer):
    """How alike two faces are; all None where a photo cannot be searched."""

    score: float | None
    false_match_rate: float | None
    match: bool | None = None
    """Whether that is at most the `max_fmr` asked for; None of a service that does not say."""


class Watchlist(Answer):
    """A watchlist with its policy."""

    id: str
    agency_id: str
    name: str
    category: str
    direction: str
    target_fpir: float
    instruction: Instruction
    version: int


class Area(Answer):
    """The country, a province, a regency or city, or a district."""

    code: str
    name: str
    level: str
    parent: str | None
    """The area next above; None of the country."""


class TipSummary(Answer):
    """A report from the public or an agency, in a list: nothing of what it says."""

    id: str
    reference: str
    """For the person who reported it."""
    state: str
    origin: str
    area: str | None
    priority: str
    assigned_to: str | None
    team_id: str | None
    has_photo: bool
    created_at: datetime


class Tip(TipSummary):
    """A report from the public or an agency."""

    text: str
    place: str | None
    area_name: str | None
    team_name: str | None
    dismissal: str | None


class TipReceipt(Answer):
    """How far a report is, for who recorded it; never what was found."""

    id: str
    reference: str
    state: str
    received_at: datetime


class Party(Answer):
    """An agency that something is sent by or to."""

    id: str
    code: str


class CaseSummary(Answer):
    """What agencies work on together, in a list."""

    id: str
    number: str
    title: str
    state: str
    lead: Party
    area: str | None
    takes_part: str
    created_at: datetime


class Case(CaseSummary):
    """What agencies work on together."""

    purpose: str
    legal_basis: str
    team_id: str | None
    team_name: str | None
    summary: str | None


class CaseEntry(Answer):
    """What an agency put into a case: an item, a task, a comment or a file."""

    id: str
    kind: str
    agency: Party
    officer_name: str
    at: datetime
    text: str | None
    withdrawn_at: datetime | None


class Approval(Answer):
    """An act that takes a second person, and how far it has come."""

    id: str
    kind: str
    summary: str
    reason: str
    state: ApprovalState
    asked_by_name: str
    asked_at: datetime
    effective_from: datetime
    """Until then it does not take effect."""
    lapses_at: datetime
    decided_by_name: str | None
    lapsed_because: str | None
    you_may: list[str]
    """What the caller can do with it now: `accept`, `refuse`, `withdraw`."""


class Subject(Answer):
    """Somebody on a watchlist."""

    id: str
    name: str
    reference: str | None
    watchlist_ids: list[str]
    valid_until: datetime | None
    version: int


class PhotoReport(Answer):
    """What became of one photo."""

    name: str
    accepted: bool
    code: str
    detail: str


class Enrolled(Answer):
    """The subject as it now stands, and a report on each photo."""

    subject: Subject
    created: bool
    photos: list[PhotoReport]


class StayReceipt(Answer):
    """The answer to a report of a guest: its number, and nothing else."""

    receipt: str
    reported_at: datetime


class Stay(Answer):
    """What was reported under a receipt."""

    receipt: str
    lodging: str
    checked_in_at: datetime
    expected_out_at: datetime | None
    checked_out_at: datetime | None
    reported_at: datetime
    state: Literal["present", "overdue", "left"]


class Overstay(Answer):
    """A person on a list who is here after the end of a permit, as far as is known."""

    subject_id: str
    name: str
    nationality: str | None
    permit_until: date
    """The last day."""
    days: int
    undecided: bool
    """Whether an alert that nobody has decided can change it."""
    permit_kind: str | None
    area: str | None
    port: str | None


class TimelineStep(Answer):
    """A step of a person's line."""

    kind: str
    """Such as `arrival`, `permit_ends`, `overstay`."""
    at: datetime
    day: date | None
    """Where no more than the day is known."""
    port: str | None
    undecided: bool
    until: date | None
    permit: str | None
    residence_id: str | None


class TimelineOverstay(Answer):
    """That a person overstays."""

    permit_until: date
    days: int
    undecided: bool


class Timeline(Answer):
    """A person's line, the earliest step first."""

    overstay: TimelineOverstay | None
    steps: list[TimelineStep]


class AlertWatchlist(Answer):
    """The list that an alert belongs to."""

    id: str
    name: str
    category: str


class AlertEncounter(Answer):
    """Where and when the traveller was met."""

    id: str
    port: str
    direction: str
    stage: str
    captured_at: datetime
    traveller_ref: str | None


class AlertSummary(Answer):
    """An alert in the officers' queue."""

    id: str
    case_number: str
    """What people call it, also on the telephone."""
    state: str
    watchlist: AlertWatchlist
    encounter: AlertEncounter
    matched_by: MatchedBy = "face"
    """`document`: found by the number of the traveller's document, without a face."""
    score: float | None
    """None of an alert by document, as are the next two."""
    threshold: float | None
    one_in: float | None
    requires_second_officer: bool
    version: int
    created_at: datetime


class AlertSubject(Answer):
    """Whom an alert is about."""

    name: str
    nationality: str | None
    reason: str


class AlertIdentity(Answer):
    """What the traveller's document and the list say of one thing."""

    field: str
    document: str | None
    listed: list[str]
    agreement: Literal["agrees", "partly", "differs", "unknown"]


class Alert(AlertSummary):
    """An alert with all that a comparison by eye needs."""

    instruction: Instruction
    subject: AlertSubject | None
    document: dict[str, Any] | None = None
    """What the traveller's document says; None where nothing of one was sent."""
    identities: list[AlertIdentity] = []
    """That, field by field beside what the list says."""
    steps: list[dict[str, Any]]


class AlertEvent(Answer):
    """Something that happened, from the live stream."""

    id: str
    """Send it back to resume; the same id is the same event."""
    kind: str
    data: dict[str, Any]
