"""Shifts, and who is on duty."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import MISSING, AfterValidator, Field, StringConstraints

from api.queries import QueryModel
from api.v1.common import Answer, Patch, Port, Strict, Text
from casework.kernel.vocabulary import Role, Weekday
from casework.review.duty import MOST_OFFICERS, TIME, DutyOfficer, NewShift, OnDuty
from casework.tables import DutyShift

TimeOfDay = Annotated[
    str,
    StringConstraints(pattern=TIME),
    Field(description="Hours and minutes of the port's own clocks.", examples=["07:00"]),
]


def _in_order(days: list[Weekday]) -> list[Weekday]:
    return [day for day in Weekday if day in days]


def _once_each(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))


Weekdays = Annotated[
    list[Weekday],
    Field(min_length=1, max_length=2 * len(Weekday), description="On which the shift begins."),
    AfterValidator(_in_order),
]
OfficerIds = Annotated[
    list[Text],
    Field(
        min_length=1,
        max_length=MOST_OFFICERS,
        description="Officers and supervisors of the agency whose accounts are in force.",
    ),
    AfterValidator(_once_each),
]
_NEXT: str = "Whose people are called next, where nobody here takes an alert."


class ShiftIn(Strict):
    """A new shift."""

    port: Port
    weekdays: Weekdays
    begins: TimeOfDay
    ends: TimeOfDay = Field(description="On the following day unless it is later than `begins`.")
    first_day: date | None = Field(default=None, description="Before which it does not begin.")
    last_day: date | None = Field(
        default=None, description="After which it does not begin any more."
    )
    officer_ids: OfficerIds
    next_port: Port | None = Field(default=None, description=_NEXT)

    def new(self) -> NewShift:
        """Return the shift as the table takes it."""
        return NewShift(
            self.port,
            tuple(self.weekdays),
            self.begins,
            self.ends,
            tuple(self.officer_ids),
            self.first_day,
            self.last_day,
            self.next_port,
        )


class ShiftPatch(Patch):
    """Changes to a shift."""

    port: Port | MISSING = Field(default=MISSING)
    weekdays: Weekdays | MISSING = Field(default=MISSING)
    begins: TimeOfDay | MISSING = Field(default=MISSING)
    ends: TimeOfDay | MISSING = Field(default=MISSING)
    first_day: date | MISSING | None = Field(default=MISSING)
    last_day: date | MISSING | None = Field(default=MISSING)
    officer_ids: OfficerIds | MISSING = Field(default=MISSING)
    next_port: Port | MISSING | None = Field(default=MISSING, description=_NEXT)


class ShiftOut(Answer):
    """A shift of your agency."""

    id: str
    agency_id: str
    port: str
    zone: str = Field(description="Time zone of its times: the port's.", examples=["Asia/Makassar"])
    weekdays: list[Weekday]
    begins: str
    ends: str
    first_day: date | None
    last_day: date | None
    officer_ids: list[str]
    next_port: str | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: DutyShift) -> Self:
        """Make the answer from the record."""
        return cls.model_validate(row)


class OnDutyQuery(QueryModel):
    """Of which port."""

    port: Port | None = None


class DutyOfficerOut(Answer):
    """Somebody on duty."""

    id: str
    name: str
    service_number: str | None = Field(description="Such as an NIP.")
    roles: list[Role]

    @classmethod
    def of(cls, officer: DutyOfficer) -> Self:
        """Make the answer from who is on duty."""
        return cls(
            id=officer.id,
            name=officer.by.name,
            service_number=officer.by.service_number,
            roles=sorted(officer.roles),
        )


class OnDutyOut(Answer):
    """A shift that is under way."""

    shift_id: str
    port: str
    until: datetime
    officers: list[DutyOfficerOut] = Field(description="Those whose account is in force, by name.")
    next_port: str | None

    @classmethod
    def of(cls, shift: OnDuty) -> Self:
        """Make the answer from a shift that is under way."""
        return cls(
            shift_id=shift.shift_id,
            port=shift.port,
            until=shift.until,
            officers=[DutyOfficerOut.of(each) for each in shift.officers],
            next_port=shift.next_port,
        )


class OnDutyNow(Answer):
    """Who is on duty now."""

    shifts: list[OnDutyOut] = Field(description="By port.")
