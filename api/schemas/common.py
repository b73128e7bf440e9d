"""What requests and answers of every resource are made of."""

from datetime import UTC
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

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
