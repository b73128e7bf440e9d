"""Coordination teams of several agencies."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import MISSING, Field

from api.v1.common import Answer, AreaCode, Patch, Strict, Text
from casework.areas.teams import NewTeam, members_of
from casework.tables import Team

Members = Annotated[
    list[Text],
    Field(max_length=100, description="Agencies that take part, beside the one that leads."),
]


class TeamIn(Strict):
    """A new team, which your agency leads."""

    name: Text = Field(examples=["Tim PORA Kota Contoh"])
    area: AreaCode
    agency_ids: Members = Field(default_factory=list)

    def new(self) -> NewTeam:
        """Return the team as the casework takes it."""
        return NewTeam(self.name, self.area, tuple(self.agency_ids))


class TeamPatch(Patch):
    """Changes to a team; fields left out stay as they are."""

    name: Text | MISSING = MISSING
    area: AreaCode | MISSING = MISSING
    agency_ids: Members | MISSING = MISSING


class TeamOut(Answer):
    """A team of several agencies, for one area."""

    id: str
    agency_id: str = Field(description="The agency that leads it.")
    name: str
    area: AreaCode
    agency_ids: list[str] = Field(description="Those that take part, beside the one that leads.")
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Team) -> Self:
        """Make the answer from the record."""
        return cls.of_row(row, agency_ids=list(members_of(row)))
