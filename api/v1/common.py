"""What requests and answers of every resource are made of."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    MISSING,
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from api.field_errors import MOST_ERRORS
from casework.areas import tree
from casework.codes import coded
from casework.kernel import lodgings
from casework.kernel.nations import nation
from casework.kernel.period import written_day
from casework.kernel.ports import PATTERN
from casework.kernel.text import canonical
from casework.watchlists.subjects import EARLIEST_BIRTH, LONGEST_NAME, LONGEST_REASON

# Numbers would be read as seconds since 1970: a year sent as a time must not become one.
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*")


def _written_as_date(value: object) -> object:
    if isinstance(value, int | float) or (isinstance(value, str) and not _DATE.fullmatch(value)):
        raise ValueError("write a date as 1980-02-28")
    return value


def _written_as_time(value: object) -> object:
    if isinstance(value, int | float) or (isinstance(value, str) and not _TIME.fullmatch(value)):
        raise ValueError("write a time as 2026-03-01T08:30:00Z, or with another zone")
    return value


def canonical_text(value: object) -> object:
    """Return a text as it is kept; anything else stays for the schema to refuse."""
    return canonical(value) if isinstance(value, str) else value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time lies outside the calendar") from None


Port = Annotated[
    str,
    StringConstraints(pattern=PATTERN),
    Field(description="IATA airport code or UN/LOCODE.", examples=["CGK", "IDBTM"]),
]
Place = Annotated[
    str, StringConstraints(pattern=f"({PATTERN})|({lodgings.PATTERN})"), Field(examples=["CGK"])
]
"""Of a port or of a lodging."""
AreaCode = Annotated[
    str,
    StringConstraints(pattern=tree.PATTERN),
    Field(
        description="`ID`, or two digits a level: province, regency or city, district.",
        examples=["31.71"],
    ),
]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    BeforeValidator(canonical_text),
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME),
    BeforeValidator(canonical_text),
]
"""Of a person."""
LongText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_REASON),
    BeforeValidator(canonical_text),
]
ShortText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    BeforeValidator(canonical_text),
]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1000),
    BeforeValidator(canonical_text),
    Field(
        description="Why; it stands in the audit trail.",
        examples=["entered by mistake: another person of the same name"],
    ),
]
Time = Annotated[
    AwareDatetime,
    BeforeValidator(_written_as_time),
    AfterValidator(_in_utc),
    Field(description="RFC 3339, with its zone.", examples=["2026-03-01T08:30:00Z"]),
]


class _DayOrTime:
    """A day stays a day: where it begins and ends is for the installation's time zone to say."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls,
        source: object,
        handler: GetCoreSchemaHandler,
    ) -> CoreSchema:
        def read(value: Any, time: ValidatorFunctionWrapHandler) -> date:  # noqa: ANN401
            day = written_day(value) if isinstance(value, str) else None
            return day if day is not None else time(value)

        return core_schema.no_info_wrap_validator_function(
            read,
            handler.generate_schema(Time),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda at: at),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            # `anyOf` would be merged into that of a field that may be null, without the rest.
            "oneOf": [{"type": "string", "format": form} for form in ("date-time", "date")],
            "description": "RFC 3339, with its zone; or a day, meant whole, as the place has it.",
            "examples": ["2026-03-01T08:30:00Z", "2026-03-01"],
        }


DayOrTime = Annotated[date, _DayOrTime]
"""A `datetime` in UTC, or the `date` of a whole day: see `casework.kernel.period`."""

Nationality = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Z]{3}|D)$"),
    AfterValidator(nation),
    Field(
        description="ISO 3166-1 alpha-3, or a code of travel documents (ICAO Doc 9303-3) such as "
        "XXA, XXB, XXX, UNO; D is kept as DEU.",
        examples=["IDN"],
    ),
]
Day = Annotated[date, BeforeValidator(_written_as_date)]
BirthDate = Day
BirthYear = Annotated[int, Field(ge=EARLIEST_BIRTH, le=2100)]
Seconds = Annotated[int, Field(ge=1, le=86_400)]
Score = Annotated[float, Field(ge=-1, le=1)]
_Code = Annotated[str, StringConstraints(pattern=coded.PATTERN, max_length=coded.LONGEST_CODE)]
CategoryCode = Annotated[
    _Code,
    Field(
        description="Why the list exists: a code of `/v1/categories`, built in such as `cegah`, "
        "`tangkal`, `wanted`, or the installation's own, which begins with `x-`. Expect others.",
        examples=["tangkal"],
    ),
]
OutcomeCode = Annotated[
    _Code,
    Field(
        description="How it ended: a code of `/v1/outcomes`, built in such as `entry_refused`, "
        "`observed`, `mistaken_identity`, or the installation's own, which begins with `x-`. "
        "Expect others.",
        examples=["observed"],
    ),
]


class Strict(BaseModel):
    """A request: unknown fields are refused, so that a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _few_unknown(cls, value: Any) -> Any:  # noqa: ANN401 - before anything is known of it
        """Look at no more unknown fields than an answer names: listing each takes time."""
        if not isinstance(value, dict) or len(value) <= len(cls.model_fields) + MOST_ERRORS:
            return value
        unknown = [name for name in value if name not in cls.model_fields]
        over = set(unknown[MOST_ERRORS:])
        return {name: each for name, each in value.items() if name not in over}

    @field_validator("*", mode="before")
    @classmethod
    def _without_nul(cls, value: Any) -> Any:  # noqa: ANN401 - before anything is known of it
        """Refuse a character that no name has and that PostgreSQL cannot store."""
        texts = value if isinstance(value, list) else [value]
        if any("\0" in text for text in texts if isinstance(text, str)):
            raise ValueError("the text contains a NUL character")
        return value


class Patch(Strict):
    """Changes to something; fields left out stay as they are.

    The default of every field is `MISSING`: a value that was published as a default would be sent
    by programs that fill in what their caller left out, and so undo what others had set.
    """

    def changes(self) -> dict[str, Any]:
        """Return the fields that were sent, each with its whole value.

        What is left out of a value that is a `Patch` itself stays as well; any other value, of a
        list too, replaces the former one whole: what is stored is never half a value.
        """
        return self.model_dump()


class ReasonIn(Strict):
    """Why something is erased, revoked or removed."""

    reason: Reason


PracticeMark = Annotated[
    bool,
    Field(
        description="Whether this is a practice installation's: nothing of it is about a real "
        "traveller, and nobody is held for it."
    ),
]


class Answer(BaseModel):
    """An answer."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of_row(cls, row: object, **others: object) -> Self:
        """Make the answer from a record's values of the same names, except `others`."""
        same = {name: getattr(row, name) for name in cls.model_fields if name not in others}
        return cls.model_validate(same | others)


class Instruction(Strict):
    """What the port does on an alert, in the languages of its officers."""

    id: LongText = Field(
        default="", description="In Indonesian; empty stands for the category's usual one."
    )
    en: LongText = Field(
        default="", description="In English; empty stands for the category's usual one."
    )


class InstructionPatch(Patch):
    """Changes to an instruction; languages left out stay as they are."""

    id: LongText | MISSING = Field(default=MISSING, description="In Indonesian.")
    en: LongText | MISSING = Field(default=MISSING, description="In English.")


class QualityReason(Answer):
    """Why a photo is not simply usable."""

    code: str
    advice: str


class QualityMeasure(Answer):
    """One measure, by its name in ISO/IEC 29794-5 or one of our own; see docs/quality.md."""

    name: str
    value: float
    unit: str
    score: int = Field(description="0 to 100; -1 where not assessable or without such a scale.")


class PoseOut(Answer):
    """A head's pose in degrees, null where it is not stated."""

    yaw: int | None
    pitch: int | None
    roll: int | None


class CaptureOut(Answer):
    """What a record around the photo (a chip's, a camera's, an agency's) says; not checked."""

    standard: str
    captured_at: str | None = Field(description="ISO 8601 without a zone, as far as it is stated.")
    device_vendor: int | None
    device_type: int | None
    source: str | None
    image_type: str | None
    pose: PoseOut | None
    features: list[str]
    faces: int = Field(description="Pictures in the record, of which the first was read.")


class QualityOut(Answer):
    """How well the face can be searched."""

    verdict: Literal["usable", "marginal", "unsearchable"]
    reasons: list[QualityReason]
    measures: list[QualityMeasure]
    capture: CaptureOut | None = Field(
        default=None, description="Set where the photo came in a record of a face."
    )
