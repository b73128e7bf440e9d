"""Offices of agencies."""

from datetime import datetime
from typing import Self

from pydantic import MISSING, Field

from api.queries import AfterPage
from api.v1.common import Answer, AreaCode, Patch, Strict, Text
from casework.areas.offices import NewOffice
from casework.tables import Office


class ByAreaQuery(AfterPage):
    """Which offices or teams are listed."""

    area: AreaCode | None = Field(default=None, description="For this area, or for one in it.")


class OfficeIn(Strict):
    """A new office of your agency."""

    name: Text = Field(examples=["Kantor Imigrasi Contoh"])
    area: AreaCode

    def new(self) -> NewOffice:
        """Return the office as the casework takes it."""
        return NewOffice(self.name, self.area)


class OfficePatch(Patch):
    """Changes to an office; fields left out stay as they are."""

    name: Text | MISSING = MISSING
    area: AreaCode | MISSING = MISSING


class OfficeOut(Answer):
    """An office of an agency."""

    id: str
    agency_id: str
    name: str
    area: AreaCode
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Office) -> Self:
        """Make the answer from the record."""
        return cls.model_validate(row)
