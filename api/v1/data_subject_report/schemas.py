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
    alerts: list[HeldAlert]
    searches: list[HeldSearch]
    referrals: list[HeldReferral]
    tips: list[HeldTip]
    audit_records: int = Field(description="Acts in the audit trail on the subject.")
