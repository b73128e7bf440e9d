"""Encounters: a photo in, clear / alert / unsearchable out."""

from datetime import datetime
from typing import Literal, Self

from pydantic import ConfigDict, Field

from api.v1.common import Answer, Instruction, Port, QualityOut, Strict, Text, Time
from casework.kernel.vocabulary import Category, Direction, Outcome, Stage
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


class PortAlert(Answer):
    """What a port is shown of an alert: what to do, and its id. Never who it is about."""

    id: str
    category: Category
    instruction: Instruction
    requires_acknowledgement: bool = Field(
        description="Whether an officer has to take it before the traveller goes on."
    )


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
                PortAlert(
                    id=alert.id,
                    category=Category(alert.category),
                    instruction=Instruction(**alert.instruction),
                    requires_acknowledgement=alert.requires_acknowledgement,
                )
                for alert in row.alerts
            ],
            gallery_version=row.gallery_version,
            gallery_size=row.gallery_size,
            stages_ms=row.stages,
        )
