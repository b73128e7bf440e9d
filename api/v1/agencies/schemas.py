"""Agencies."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import MISSING, BeforeValidator, Field, StringConstraints

from api.v1.approvals.schemas import ExplainedPatch
from api.v1.common import Answer, Strict, Text
from casework.kernel.vocabulary import AgencyKind
from casework.tables import Agency

CODE_PATTERN: Final = r"^[A-Z0-9][A-Z0-9_-]{1,19}$"

Code = Annotated[
    str,
    BeforeValidator(lambda text: text.strip().upper() if isinstance(text, str) else text),
    StringConstraints(pattern=CODE_PATTERN),
    Field(description="Short and spoken; it stays.", examples=["IMIGRASI"]),
]


class AgencyIn(Strict):
    """A new agency."""

    code: Code
    name: Text
    kind: AgencyKind = AgencyKind.MEMBER


class AgencyPatch(ExplainedPatch):
    """Changes to an agency; fields left out stay as they are."""

    name: Text | MISSING = MISSING
    active: bool | MISSING = Field(
        default=MISSING,
        description="False puts its keys and its officers' sessions out of force; takes a reason.",
    )


class AgencyOut(Answer):
    """An agency."""

    id: str
    code: str
    name: str
    kind: AgencyKind
    active: bool
    founding_until: datetime | None = Field(
        description="Until then its one administrator acts alone; null once it is founded."
    )
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Agency) -> Self:
        """Make the answer from the record."""
        return cls.model_validate(row)
