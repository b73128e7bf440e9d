"""Officers' accounts."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import MISSING, BeforeValidator, Field, StringConstraints

from api.v1.approvals.schemas import ExplainedPatch, ReasonIfItWaits
from api.v1.common import Answer, Strict, Text
from casework.kernel.vocabulary import Role
from casework.tables import Officer

LOGIN_PATTERN: Final = r"^[a-z0-9][a-z0-9._@-]{1,99}$"

SERVICE_NUMBER_PATTERN: Final = r"^[A-Za-z0-9./-]{1,30}$"

Login = Annotated[
    str,
    BeforeValidator(lambda text: text.strip().lower() if isinstance(text, str) else text),
    StringConstraints(pattern=LOGIN_PATTERN),
    Field(
        description="What is typed at sign-in; unique in the installation.",
        examples=["imigrasi.sari"],
    ),
]
ServiceNumber = Annotated[
    str,
    BeforeValidator(lambda text: "".join(text.split()) if isinstance(text, str) else text),
    StringConstraints(pattern=SERVICE_NUMBER_PATTERN),
    Field(
        description="What the officer's employer calls them by, such as an NIP or NRP; spaces are "
        "left out. It stands beside the name wherever the officer acts.",
        examples=["198704122010012003"],
    ),
]
Language = Literal["id", "en"]
PersonRole = Literal[
    Role.OFFICER, Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.COORDINATOR, Role.ADMIN
]
Roles = Annotated[list[PersonRole], Field(min_length=1, max_length=len(Role))]


class OfficerIn(Strict):
    """A new officer."""

    agency_id: Text | None = Field(default=None, description="Unset means the caller's own agency.")
    login: Login
    name: Text
    service_number: ServiceNumber | None = None
    roles: Roles
    language: Language = "id"
    reason: ReasonIfItWaits = None


class OfficerPatch(ExplainedPatch):
    """Changes to an officer's account; fields left out stay as they are."""

    name: Text | MISSING = Field(
        default=MISSING, description="What the officer did before goes on to show the former name."
    )
    service_number: ServiceNumber | MISSING | None = MISSING
    roles: Roles | MISSING = MISSING
    language: Language | MISSING = MISSING
    active: bool | MISSING = Field(default=MISSING, description="False ends every session at once.")


class ResetIn(Strict):
    """How an account is reset."""

    second_factor: bool = Field(
        default=False, description="Whether the second factor is taken away, for a lost telephone."
    )
    reason: ReasonIfItWaits = None


class OfficerOut(Answer):
    """An officer."""

    id: str
    agency_id: str
    login: str
    name: str
    service_number: str | None
    roles: list[Role]
    language: str
    active: bool
    must_change_password: bool = Field(description="Whether the password is still the first one.")
    second_factor: bool = Field(description="Whether a second factor is in use.")
    locked_until: datetime | None = Field(description="After too many failed sign-ins.")
    signed_in_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def fields_of(cls, row: Officer, locked_until: datetime | None = None) -> dict[str, object]:
        """Return the fields of every answer about an officer."""
        named = {name: getattr(row, name) for name in OfficerOut.model_fields if hasattr(row, name)}
        return {**named, "second_factor": row.totp_confirmed, "locked_until": locked_until}

    @classmethod
    def of(cls, row: Officer, locked_until: datetime | None) -> Self:
        """Make the answer from the record, and until when the account is locked."""
        return cls.model_validate(cls.fields_of(row, locked_until))


class FirstPassword(Answer):
    """A password that somebody hands to the officer, who has to change it first of all."""

    first_password: str = Field(description="It is shown once.")


class NewOfficerOut(OfficerOut, FirstPassword):
    """A new officer, with the first password."""
