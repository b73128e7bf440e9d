"""Permits of travellers on no list, by the port's own reference."""

from datetime import date, datetime, tzinfo
from typing import Self

from pydantic import Field

from api.queries import AfterPage
from api.v1.common import Answer, AreaCode, Day, Port, Strict, Text
from casework.kernel.period import day_of
from casework.kernel.vocabulary import PermitState, PermitStep
from casework.overstay.permits import PermitFilter, last_day, state_of
from casework.tables import HeldPermit


class PermitEndIn(Strict):
    """Until when a traveller may stay from now on."""

    traveller_ref: Text = Field(description="The port's own opaque reference, never a name.")
    permit_until: Day = Field(description="The last day.")
    port: Port


class PermitDepartureIn(Strict):
    """That a traveller has left, without a photo."""

    traveller_ref: Text = Field(description="The port's own opaque reference, never a name.")
    port: Port


class PermitFindIn(Strict):
    """Which permit to read."""

    traveller_ref: Text


class PermitQuery(AfterPage):
    """Which overstays are listed."""

    port: Port | None = Field(default=None, description="Where the traveller came in, or was last.")
    area: AreaCode | None = Field(default=None, description="Of ports that lie there.")

    @property
    def chosen(self) -> PermitFilter:
        """The filter as the permits take it."""
        return PermitFilter(self.port, self.area)


class PermitSummary(Answer):
    """A permit that has ended without a departure: not whose it is."""

    id: str
    port: str
    permit_until: date = Field(description="The last day.")
    days: int = Field(description="Days since; 0 before the end.")
    state: PermitState

    @classmethod
    def at(cls, row: HeldPermit, now: datetime, zone: tzinfo, **more: object) -> Self:
        """Make the answer from the record, as of a time."""
        until = last_day(row, zone)
        days = max(0, (day_of(now, zone) - until).days)
        state = state_of(row, now)
        return cls.of_row(row, permit_until=until, days=days, state=state, **more)


class PermitStepOut(Answer):
    """What was sent for the reference."""

    kind: PermitStep
    port: str
    at: datetime
    until: date


class PermitOut(PermitSummary):
    """A permit with the reference, and the traveller's line as far as it is held."""

    traveller_ref: str
    steps: list[PermitStepOut] = Field(description="The earliest first.")
