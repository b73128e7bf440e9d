"""What goes over the wire: requests as they are checked, answers as they are made."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from casework.enrolment import PhotoReport
from casework.quality import quality_record
from casework.tables import Encounter, EnrolledPhoto, Subject, Watchlist
from casework.vocabulary import AlertState, Category, Direction, Outcome, Stage

Port = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Z]{3}|[A-Z]{2}[A-Z2-9]{3})$"),
    Field(description="IATA airport code or UN/LOCODE.", examples=["CGK", "IDBTM"]),
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
Time = Annotated[
    AwareDatetime,
    AfterValidator(lambda value: value.astimezone(UTC)),
    Field(description="RFC 3339, with its zone.", examples=["2026-03-01T08:30:00Z"]),
]
Nationality = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{3}$"),
    Field(description="ISO 3166-1 alpha-3.", examples=["IDN"]),
]
Rate = Annotated[float, Field(gt=0, lt=1)]
Score = Annotated[float, Field(ge=-1, le=1)]


class Strict(BaseModel):
    """A request: unknown fields are refused, so that a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """An answer."""

    model_config = ConfigDict(from_attributes=True)


# Encounters


class EncounterFields(Strict):
    """What a port says about a photo."""

    port: Port
    direction: Literal[Direction.ENTRY, Direction.EXIT]
    stage: Stage = Stage.ARRIVAL
    captured_at: Time | None = Field(default=None, description="Unset means on receipt.")
    traveller_ref: Text | None = Field(
        default=None, description="The port's own opaque reference, never a name."
    )
    lane: Text | None = None


class QualityReason(Answer):
    """Why a photo is not simply usable."""

    code: str
    advice: str


class QualityMeasure(Answer):
    """One measure, named as in ISO/IEC 29794-5; see docs/quality.md."""

    name: str
    value: float
    unit: str
    score: int = Field(description="0 to 100; -1 where not assessable or without such a scale.")


class QualityOut(Answer):
    """How well the face can be searched."""

    verdict: Literal["usable", "marginal", "unsearchable"]
    reasons: list[QualityReason]
    measures: list[QualityMeasure]


class AlertWatchlist(Answer):
    """The list that an alert belongs to, as it was when the alert was raised."""

    id: str
    name: str
    category: Category


class AlertOut(Answer):
    """A subject that resembles the traveller enough for one watchlist."""

    id: str
    subject_id: str
    watchlist: AlertWatchlist
    instruction: str
    score: float = Field(description="Cosine similarity; it decides nothing, people do.")
    threshold: float
    threshold_basis: str
    rank: int
    state: AlertState


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
    alerts: list[AlertOut]
    gallery_version: int
    gallery_size: int
    stages_ms: dict[str, float]

    @classmethod
    def of(cls, row: Encounter) -> Self:
        """Make the answer from the record."""
        return cls(
            id=row.id,
            outcome=Outcome(row.outcome),
            port=row.port,
            lane=row.lane,
            direction=Direction(row.direction),
            stage=Stage(row.stage),
            captured_at=row.captured_at,
            received_at=row.received_at,
            traveller_ref=row.traveller_ref,
            faces=row.faces,
            quality=QualityOut.model_validate(row.quality),
            alerts=[
                AlertOut(
                    id=alert.id,
                    subject_id=alert.subject_id,
                    watchlist=AlertWatchlist(
                        id=alert.watchlist_id,
                        name=alert.watchlist_name,
                        category=Category(alert.category),
                    ),
                    instruction=alert.instruction,
                    score=round(alert.score, 4),
                    threshold=round(alert.threshold, 4),
                    threshold_basis=alert.threshold_basis,
                    rank=alert.rank,
                    state=AlertState(alert.state),
                )
                for alert in row.alerts
            ],
            gallery_version=row.gallery_version,
            gallery_size=row.gallery_size,
            stages_ms=row.stages,
        )


# Watchlists


class WatchlistIn(Strict):
    """A new watchlist."""

    name: Text
    category: Category = Category.OTHER
    direction: Direction = Direction.BOTH
    target_fpir: Rate = Field(
        default=1e-3, description="Accepted share of travellers alerted by chance."
    )
    threshold: Score | None = Field(
        default=None, description="A cosine set by hand instead; unset follows target_fpir."
    )
    ports: list[Port] | None = Field(default=None, min_length=1, description="Unset means all.")
    instruction: LongText = Field(default="", description="What the port does on an alert.")


class WatchlistPatch(Strict):
    """Changes to a watchlist; fields left out stay as they are."""

    name: Text = Field(default="")
    category: Category = Category.OTHER
    direction: Direction = Direction.BOTH
    target_fpir: Rate = 1e-3
    threshold: Score | None = None
    ports: list[Port] | None = Field(default=None, min_length=1)
    instruction: LongText = ""


class WatchlistOut(Answer):
    """A watchlist."""

    id: str
    name: str
    category: Category
    direction: Direction
    target_fpir: float
    threshold: float | None
    ports: list[str] | None
    instruction: str
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Watchlist) -> Self:
        """Make the answer from the record."""
        return cls.model_validate(row)


class WatchlistPage(Answer):
    """Some watchlists, and where to go on."""

    items: list[WatchlistOut]
    next: str | None = Field(description="Send as `after` for the next page; null on the last.")


# Subjects


class SubjectIn(Strict):
    """A new subject."""

    name: Text
    watchlist_ids: list[Text] = Field(min_length=1, max_length=50)
    reference: Text | None = Field(
        default=None,
        description="The owner's own reference: sent again, photos are added to the same subject.",
    )
    nationality: Nationality | None = None
    birth_date: date | None = None
    reason: LongText = ""
    valid_from: Time | None = None
    valid_until: Time | None = Field(
        default=None, description="From then on the entry never alerts."
    )


class SubjectForm(Strict):
    """The form of an enrolment: the subject as JSON beside the photos."""

    subject: str = Field(description="A `SubjectIn` object as JSON.")


class SubjectPatch(Strict):
    """Changes to a subject; fields left out stay as they are."""

    name: Text = ""
    watchlist_ids: list[Text] = Field(default_factory=list, min_length=1, max_length=50)
    reference: Text | None = None
    nationality: Nationality | None = None
    birth_date: date | None = None
    reason: LongText = ""
    valid_from: Time | None = None
    valid_until: Time | None = None


class PhotoOut(Answer):
    """An enrolled photo."""

    id: str
    sha256: str
    format: str
    width: int
    height: int
    quality: QualityOut
    created_at: datetime

    @classmethod
    def of(cls, row: EnrolledPhoto) -> Self:
        """Make the answer from the record."""
        return cls.model_validate(row)


class SubjectOut(Answer):
    """A subject."""

    id: str
    name: str
    reference: str | None
    nationality: str | None
    birth_date: date | None
    reason: str
    valid_from: datetime | None
    valid_until: datetime | None
    watchlist_ids: list[str]
    photos: list[PhotoOut]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Subject) -> Self:
        """Make the answer from the record."""
        return cls(
            id=row.id,
            name=row.name,
            reference=row.reference,
            nationality=row.nationality,
            birth_date=row.birth_date,
            reason=row.reason,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            watchlist_ids=sorted(membership.watchlist_id for membership in row.memberships),
            photos=[PhotoOut.of(photo) for photo in row.photos],
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class SubjectPage(Answer):
    """Some subjects, and where to go on."""

    items: list[SubjectOut]
    next: str | None = Field(description="Send as `after` for the next page; null on the last.")


class PhotoReportOut(Answer):
    """What became of one submitted photo."""

    name: str
    accepted: bool
    code: str
    detail: str
    photo_id: str | None
    quality: QualityOut | None

    @classmethod
    def of(cls, report: PhotoReport) -> Self:
        """Make the answer from the report."""
        quality: dict[str, Any] | None = None
        if report.quality is not None:
            quality = quality_record(report.quality)
        return cls(
            name=report.name,
            accepted=report.accepted,
            code=report.code,
            detail=report.detail,
            photo_id=report.photo_id,
            quality=QualityOut.model_validate(quality) if quality is not None else None,
        )


class EnrolmentOut(Answer):
    """The subject as it now stands, and a report on each photo."""

    subject: SubjectOut
    created: bool
    photos: list[PhotoReportOut]


# Compare and health


class FaceOut(Answer):
    """The face that was used of one photo."""

    faces: int
    quality: QualityOut
    box: list[float] | None = Field(description="Left, top, width, height in pixels.")


class CompareOut(Answer):
    """How alike two faces are."""

    score: float | None = Field(
        description="Cosine similarity; null where either photo cannot be searched."
    )
    false_match_rate: float | None = Field(
        description="Share of pairs of different people that score at least this high, "
        "by the pack's prior."
    )
    first: FaceOut
    second: FaceOut


class Health(Answer):
    """Whether the service runs, or why it is not ready."""

    status: Literal["ok", "starting", "failed"]
    detail: str | None = None
    templates: int | None = None
    gallery_version: int | None = None
    pack: str | None = None
