"""Permits by which subjects stay in the country."""

from datetime import date, datetime

from pydantic import Field, field_validator

from api.v1.common import Answer, AreaCode, Day, Strict, Text
from casework.kernel.vocabulary import PermitKind
from casework.watchlists.residences import NewResidence


class ResidenceIn(Strict):
    """A permit as it is recorded; sent to one that there is, it replaces all of it."""

    kind: PermitKind = Field(
        description="`visit` (izin tinggal kunjungan), `limited` (terbatas), `permanent` (tetap)."
    )
    valid_from: Day
    valid_until: Day | None = Field(default=None, description="The last day; unset of no end.")
    permit_number: Text | None = None
    sponsor: Text | None = Field(default=None, description="Who vouches for the person (penjamin).")
    employer: Text | None = None
    address: Text | None = None
    area: AreaCode | None = Field(default=None, description="Where the address lies.")
    departed_on: Day | None = Field(
        default=None,
        description="When the person left the country, where that is known otherwise than by an "
        "alert at a port.",
    )

    @field_validator("valid_until", "area", "departed_on", mode="before")
    @classmethod
    def _left_out(cls, value: object) -> object:
        """Take what is sent of a field that is left empty."""
        return None if isinstance(value, str) and not value.strip() else value

    def new(self) -> NewResidence:
        """Return the permit as it is recorded."""
        return NewResidence(**self.model_dump())


class ResidenceOut(Answer):
    """A permit of a subject."""

    id: str
    subject_id: str
    kind: PermitKind
    permit_number: str | None
    valid_from: date
    valid_until: date | None
    departed_on: date | None
    sponsor: str | None
    employer: str | None
    address: str | None
    area: str | None
    recorded_by: str = Field(description="The officer's id, or the key's.")
    recorded_at: datetime
    changed_at: datetime
    version: int
