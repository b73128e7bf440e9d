"""Objections of persons against their entries."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from api.queries import AfterPage
from api.v1.common import Answer, LongText, Strict, Text
from casework.kernel.vocabulary import ObjectionOutcome
from casework.watchlists.objections import NewObjection, ObjectionMark, ObjectionView

Written = Annotated[LongText, StringConstraints(min_length=1)]


class ObjectionQuery(AfterPage):
    """Which objections are listed."""

    unanswered: bool = Field(default=False, description="Only those that wait for an answer.")


class ObjectionIn(Strict):
    """An objection as the person makes it."""

    objector: Text = Field(description="Who objects: the person, or who speaks for them.")
    grounds: Written = Field(description="What the person says against the entry.")
    received_on: date | None = Field(default=None, description="Unset means today.")
    due_on: date | None = Field(
        default=None,
        description="The last day for the answer; unset means 14 days after receipt.",
    )

    def new(self) -> NewObjection:
        """Return the objection as it is recorded."""
        return NewObjection(self.objector, self.grounds, self.received_on, self.due_on)


class ObjectionAnswerIn(Strict):
    """What the person was answered."""

    outcome: ObjectionOutcome
    answer: Written


class ObjectionOut(Answer):
    """An objection against an entry of your agency."""

    id: str
    subject_id: str
    objector: str
    grounds: str
    received_on: date
    due_on: date
    recorded_by: str = Field(description="The officer's id.")
    recorded_by_name: str = Field(description="As of that day.")
    recorded_by_service_number: str | None = Field(description="Such as an NIP; as of that day.")
    recorded_at: datetime
    outcome: ObjectionOutcome | None = Field(description="Null while it is not answered.")
    answer: str | None
    answered_by: str | None
    answered_by_name: str | None
    answered_by_service_number: str | None
    answered_at: datetime | None
    version: int

    @classmethod
    def of(cls, view: ObjectionView) -> Self:
        """Make the answer from the record and the names."""
        recorded, answered = view.recorded_by, view.answered_by
        return cls.of_row(
            view.row,
            recorded_by_name=recorded.name,
            recorded_by_service_number=recorded.service_number,
            answered_by_name=answered.name if answered is not None else None,
            answered_by_service_number=answered.service_number if answered is not None else None,
        )


class AlertObjection(Answer):
    """That there is an objection against the entry of an alert, and how far it has come."""

    received_on: date
    due_on: date
    outcome: ObjectionOutcome | None = Field(description="Null while it is not answered.")
    answered_at: datetime | None

    @classmethod
    def of(cls, mark: ObjectionMark) -> Self:
        """Make the answer from what readers of the alert may know."""
        return cls.model_validate(mark)
