"""Presets of referrals."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import MISSING, Field

from api.v1.common import Answer, Patch, Strict, Text
from api.v1.referrals.schemas import Note
from casework.kernel.vocabulary import ReferralKind
from casework.referrals.fields import AlertField
from casework.referrals.presets import MOST_DAYS, NewPreset
from casework.tables import ReferralPreset
from casework.tips.payload import TipField

Carried = Annotated[
    list[AlertField | TipField],
    Field(
        max_length=len(AlertField) + len(TipField),
        description="What is usually handed over, of its kind.",
    ),
]
Days = Annotated[
    int, Field(ge=1, le=MOST_DAYS, description="Days within which an answer is usually due.")
]


class PresetIn(Strict):
    """A new preset."""

    kind: ReferralKind = Field(
        default=ReferralKind.ALERT, description="What it hands over; it stays."
    )
    name: Text = Field(description="The purpose.", examples=["Pro justitia"])
    receiver_id: Text = Field(description="The agency that it is sent to.")
    fields: Carried
    note: Note = Field(description="The usual note; it names no person.")
    days: Days = 3

    def new(self) -> NewPreset:
        """Return the preset as the casework takes it."""
        return NewPreset(
            self.kind, self.name, self.receiver_id, tuple(self.fields), self.note, self.days
        )


class PresetPatch(Patch):
    """Changes to a preset; fields left out stay as they are."""

    name: Text | MISSING = MISSING
    receiver_id: Text | MISSING = MISSING
    fields: Carried | MISSING = MISSING
    note: Note | MISSING = MISSING
    days: Days | MISSING = MISSING


class PresetOut(Answer):
    """What your agency usually hands over to another for one purpose."""

    id: str
    agency_id: str
    kind: ReferralKind
    name: str
    receiver_id: str
    fields: list[str]
    note: str
    days: int
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: ReferralPreset) -> Self:
        """Make the answer from the record."""
        return cls.model_validate(row)
