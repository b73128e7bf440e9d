"""Overstays of people on lists, and the timelines of persons."""

from datetime import date, datetime
from typing import Final, Self

from pydantic import Field

from api.queries import AfterPage
from api.v1.common import Answer, AreaCode, OutcomeCode, Text
from casework.kernel.vocabulary import AlertState, PermitKind, TimelineKind
from casework.overstay.listed import Overstay, OverstayFilter
from casework.overstay.timeline import Timeline

_UNDECIDED: Final = (
    "Whether it rests on an alert that nobody has decided yet, or may be over by one: a departure "
    "that waits to be looked at."
)


class OverstayQuery(AfterPage):
    """Which overstays are listed."""

    watchlist_id: Text | None = Field(default=None, description="Of people on this watchlist.")
    area: AreaCode | None = Field(
        default=None,
        description="Of people who live there, or came in there where no address is known; with "
        "all that lies in it.",
    )

    @property
    def chosen(self) -> OverstayFilter:
        """The filter as the overstays take it."""
        return OverstayFilter(self.watchlist_id, self.area)


class OverstayList(Answer):
    """A watchlist that the person is on."""

    id: str
    name: str


class OverstayOut(Answer):
    """A person on a list who is here after the end of a permit, as far as is known."""

    subject_id: str
    name: str
    nationality: str | None
    watchlists: list[OverstayList]
    permit_until: date = Field(description="The last day that was permitted.")
    days: int = Field(description="On how many days the person was here after it.")
    undecided: bool = Field(description=_UNDECIDED)
    permit_kind: PermitKind | None = Field(
        description="Of the permit that was recorded last; null where a port alone said the end."
    )
    area: str | None
    port: str | None = Field(description="Where the person came in last, as far as is known.")

    @classmethod
    def of(cls, found: Overstay) -> Self:
        """Make the answer from what was found."""
        subject = found.subject
        return cls(
            subject_id=subject.id,
            name=subject.name,
            nationality=subject.nationality,
            watchlists=[OverstayList(id=id_, name=name) for id_, name in found.watchlists.items()],
            permit_until=found.until,
            days=found.days,
            undecided=found.undecided,
            permit_kind=found.kind,
            area=found.area,
            port=found.port,
        )


class TimelineAlertOut(Answer):
    """An alert of a step."""

    id: str
    case_number: str
    state: AlertState
    disposal: OutcomeCode | None = Field(description="How it ended; null while it is open.")


class TimelineStepOut(Answer):
    """A step of a person's line."""

    kind: TimelineKind
    at: datetime
    day: date | None = Field(description="Where no more than the day is known.")
    port: str | None = Field(description="Or the code of a lodging.")
    lane: str | None = Field(description="Of a stay, what the lodging is called.")
    undecided: bool = Field(description="Whether nobody has decided yet that it is the person.")
    alerts: list[TimelineAlertOut]
    until: date | None = Field(description="The last day permitted, as the step has it.")
    permit: PermitKind | None
    residence_id: str | None


class TimelineOverstay(Answer):
    """That the person overstays, as far as is known."""

    permit_until: date
    days: int
    undecided: bool = Field(description=_UNDECIDED)


class TimelineOut(Answer):
    """A person's line: visa, arrival, stay, departure and permits, the earliest first."""

    overstay: TimelineOverstay | None
    steps: list[TimelineStepOut]

    @classmethod
    def of(cls, found: Timeline) -> Self:
        """Make the answer from the timeline."""
        over = found.overstay
        return cls(
            overstay=TimelineOverstay(
                permit_until=over.until, days=found.days, undecided=over.undecided
            )
            if over is not None
            else None,
            steps=[TimelineStepOut.model_validate(each) for each in found.steps],
        )
