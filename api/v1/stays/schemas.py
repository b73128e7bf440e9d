"""Stays as lodgings report them, and as the agency that receives them sees them."""

from datetime import datetime, tzinfo
from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator

from api.queries import BeforePage
from api.v1.common import Answer, DayOrTime, PracticeMark, Strict, Text
from api.v1.encounters.schemas import Said
from casework.areas import tree
from casework.kernel import period
from casework.kernel.lodgings import PATTERN
from casework.kernel.vocabulary import StaySource, StayState
from casework.screening.travel_document import TravelDocument
from casework.stays.reports import NewStay
from casework.stays.stays import StayFilter, state_of
from casework.tables import Stay

Lodging = Annotated[
    str,
    StringConstraints(pattern=PATTERN),
    Field(description="Code of a lodging, always with a hyphen.", examples=["HTL-0042"]),
]
Area = Annotated[
    str,
    StringConstraints(pattern=tree.PATTERN),
    Field(
        description="Code of a province, a regency or city in it, or a district of that.",
        examples=["31.71.01"],
    ),
]


class StayFields(Strict):
    """A foreign guest of a lodging."""

    lodging: Lodging
    lodging_name: Text = Field(description="As people call it.", examples=["Hotel Melati"])
    area: Area | None = None
    address: Text | None = None
    document_name: Said | None = Field(
        default=None,
        description="As the guest's document has it. Name, nationality and number are needed: "
        "here, or in the zone.",
        examples=["DOE, JOHN"],
    )
    document_birth: Said | None = Field(default=None, examples=["1980-02-28"])
    document_sex: Said | None = Field(default=None, description="M, F or X.", examples=["M"])
    document_nationality: Said | None = Field(
        default=None,
        description="Code of ICAO Doc 9303-3. Guests of IDN are refused: only foreigners are "
        "reported.",
        examples=["AUS"],
    )
    document_number: Said | None = Field(default=None, examples=["N1234567"])
    document_country: Said | None = Field(
        default=None, description="Code of who issued it.", examples=["AUS"]
    )
    document_mrz: Said | None = Field(
        default=None,
        description="The document's machine-readable zone (ICAO Doc 9303), the lines one below "
        "the other or all in one. The fields above count before it.",
    )
    checked_in: DayOrTime
    expected_out: DayOrTime | None = Field(
        default=None, description="When the guest means to leave; a day means to its end."
    )
    checked_out: DayOrTime | None = Field(
        default=None, description="When the guest left; later by `check-out`."
    )

    @field_validator(
        *(f"document_{name}" for name in TravelDocument.__dataclass_fields__),
        "area",
        "address",
        "expected_out",
        "checked_out",
        mode="before",
    )
    @classmethod
    def _left_out(cls, value: object) -> object:
        """Take what is sent of a field that is left empty."""
        return None if isinstance(value, str) and not value.strip() else value

    def new(
        self, zone: tzinfo, photo: bytes | None = None, idempotency_key: str | None = None
    ) -> NewStay:
        """Return the same as the casework takes it; a day is that of the zone."""
        document = TravelDocument(
            self.document_name,
            self.document_birth,
            self.document_sex,
            self.document_nationality,
            self.document_number,
            self.document_country,
            self.document_mrz,
        )
        return NewStay(
            self.lodging,
            self.lodging_name,
            document,
            period.beginning(self.checked_in, zone),
            self.area,
            self.address,
            period.ending(self.expected_out, zone),
            period.ending(self.checked_out, zone),
            photo,
            idempotency_key,
        )


class StayReceiptOut(Answer):
    """The receipt (tanda terima), and nothing else, for every guest."""

    receipt: str = Field(description="Its number.", examples=["7HDJH-TCS85"])
    reported_at: datetime
    practice: PracticeMark = False


class StayRowOut(Answer):
    """A guest of a file who was taken in."""

    row: int = Field(description="As a spreadsheet counts: the heading is row 1.")
    receipt: str


class StayRowRefusedOut(Answer):
    """A guest of a file who was not."""

    row: int
    field: str | None
    message: str


class StayFileOut(Answer):
    """What became of a file's guests."""

    receipts: list[StayRowOut]
    refused: list[StayRowRefusedOut] = Field(
        description="Put these right, and send the file again with the same Idempotency-Key: who "
        "has a receipt keeps it."
    )
    practice: PracticeMark = False


class CheckOutIn(Strict):
    """When a guest left."""

    checked_out: DayOrTime


class StayStateOut(Answer):
    """What a receipt is for, as it was reported."""

    receipt: str
    lodging: str
    checked_in_at: datetime
    expected_out_at: datetime | None
    checked_out_at: datetime | None
    reported_at: datetime
    state: StayState = Field(
        description="`overdue`: should have left by now, and no check-out was reported."
    )

    @classmethod
    def of(cls, row: Stay, now: datetime) -> Self:
        """Make the answer from the record, as of a time."""
        return cls.of_row(row, state=state_of(row, now))


class StaySummary(StayStateOut):
    """A stay in a list: not who the guest is."""

    lodging_name: str
    area: str | None
    source: StaySource


class StayGuestOut(StaySummary):
    """A stay with who the guest is."""

    address: str | None
    document_name: str | None
    document_birth: str | None
    document_sex: str | None
    document_nationality: str | None
    document_number: str | None
    document_country: str | None
    document_kind: str | None = Field(description="Code of the zone, such as `P`.")

    @classmethod
    def opened(cls, row: Stay, now: datetime) -> Self:
        """Make the answer from the opened record, as of a time."""
        names = ("name", "birth", "sex", "nationality", "number", "country", "kind")
        says = {f"document_{name}": row.guest.get(name) for name in names}
        return cls.of_row(row, state=state_of(row, now), **says)


class StayQuery(BeforePage):
    """Which stays are listed."""

    state: StayState | None = None
    lodging: Lodging | None = None
    area: Area | None = Field(default=None, description="With all that lies in it.")
    receipt: str | None = Field(default=None, max_length=20)

    @property
    def chosen(self) -> StayFilter:
        """The filter as the stays take it."""
        return StayFilter(self.state, self.lodging, self.area, self.receipt)
