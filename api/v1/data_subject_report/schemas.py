"""What is held about a subject."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from api.queries import QueryModel
from api.v1.common import Answer
from casework.oversight.data_subject_report import HeldAlert


class HeldWatchlist(Answer):
    """A watchlist that the subject is on."""

    id: str
    name: str
    category: str
    basis: str


class HeldPhoto(Answer):
    """An enrolled photo, without its content."""

    id: str
    sha256: str
    format: str
    width: int
    height: int
    quality: dict[str, Any]
    created_at: datetime
    sealed_bytes: int


class HeldTemplates(Answer):
    """How many templates one model made."""

    model: str
    templates: int


class HeldObjection(Answer):
    """An objection of the person against the entry."""

    id: str
    objector: str
    grounds: str
    received_on: date
    due_on: date
    recorded_at: datetime
    outcome: str | None
    answer: str | None
    answered_at: datetime | None


class HeldResidence(Answer):
    """A permit by which the person stays, as it was recorded."""

    id: str
    kind: str
    permit_number: str | None
    valid_from: date
    valid_until: date | None
    departed_on: date | None
    sponsor: str | None
    employer: str | None
    address: str | None
    area: str | None
    recorded_at: datetime
    changed_at: datetime


class HeldStay(Answer):
    """A stay in a lodging at which an alert about the subject was raised."""

    receipt: str
    lodging: str
    lodging_name: str
    checked_in_at: datetime
    checked_out_at: datetime | None
    reported_at: datetime


class HeldCaseItem(Answer):
    """What a joint case holds about the subject."""

    case: str | None = Field(description="Its number; null where your agency takes no part in it.")
    made_at: datetime
    by: str = Field(description="The agency's code.")
    to: list[str] = Field(description="Codes of the agencies that can read it.")
    kind: str
    fields: list[str] = Field(description="Names of the fields that were given.")


class HeldSearch(Answer):
    """An officer's search that named the subject."""

    id: str
    made_at: datetime
    purpose: str


class HeldReferral(Answer):
    """What another agency was sent about the subject."""

    id: str
    made_at: datetime
    to: str = Field(description="The other agency's code.")
    fields: list[str] = Field(description="Names of the fields that were sent.")
    state: str


class HeldTip(Answer):
    """A tip that the subject was enrolled from."""

    id: str
    reference: str
    made_at: datetime


class HeldQuery(QueryModel):
    """The purpose of the request."""

    purpose: str = Field(
        min_length=3, max_length=500, description="Why; it goes into the audit trail."
    )


class HeldOut(Answer):
    """Everything by kind of record."""

    subject: dict[str, Any] = Field(description="Every field of the entry.")
    watchlists: list[HeldWatchlist]
    photos: list[HeldPhoto]
    templates: list[HeldTemplates]
    objections: list[HeldObjection]
    residences: list[HeldResidence]
    alerts: list[HeldAlert]
    stays: list[HeldStay]
    searches: list[HeldSearch]
    referrals: list[HeldReferral]
    tips: list[HeldTip]
    cases: list[HeldCaseItem]
    audit_records: int = Field(description="Acts in the audit trail on the subject.")
