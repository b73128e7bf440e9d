"""Encounters: a photo in, clear / alert / unsearchable out."""

from datetime import datetime
from typing import Literal, Self

from pydantic import ConfigDict, Field

from api.schemas.common import Answer, Port, QualityOut, Strict, Text, Time
from casework.tables import Encounter
from casework.vocabulary import AlertState, Category, Direction, Outcome, Stage


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
    calibration_id: str | None = Field(
        description="The calibration that `one_in` comes from, and the threshold unless it was set "
        "by hand; null means the pack's prior."
    )
    one_in: float | None = Field(
        description="About one in so many travellers would score this high against this list by "
        "chance; never more than 1,000,000."
    )
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
                    calibration_id=alert.calibration_id,
                    one_in=alert.one_in,
                    rank=alert.rank,
                    state=AlertState(alert.state),
                )
                for alert in row.alerts
            ],
            gallery_version=row.gallery_version,
            gallery_size=row.gallery_size,
            stages_ms=row.stages,
        )
