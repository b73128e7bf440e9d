"""What requests and answers of every resource are made of."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)


def _not_in_future(value: date) -> date:
    if value > datetime.now(UTC).date():
        raise ValueError("nobody is born in the future")
    return value


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
BirthDate = Annotated[date, AfterValidator(_not_in_future)]
BirthYear = Annotated[int, Field(ge=1880, le=2100)]
Rate = Annotated[float, Field(gt=0, lt=1)]
Seconds = Annotated[int, Field(ge=1, le=86_400)]
Score = Annotated[float, Field(ge=-1, le=1)]


class Strict(BaseModel):
    """A request: unknown fields are refused, so that a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """An answer."""

    model_config = ConfigDict(from_attributes=True)


class Instruction(Strict):
    """What the port does on an alert, in the languages of its officers."""

    id: LongText = Field(default="", description="In Indonesian.")
    en: LongText = Field(default="", description="In English.")


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
