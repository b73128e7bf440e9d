"""Where a subject was met."""

from datetime import datetime
from typing import Self

from pydantic import Field

from api.v1.alerts.schemas import AlertEncounter, AlertWatchlist, rounded
from api.v1.common import Answer, OutcomeCode
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import AlertState, MatchedBy
from casework.review.alerts import shown_state
from casework.review.history import Meeting
from casework.tables import Alert


class MeetingAlert(Answer):
    """One alert that the encounter raised for the subject."""

    id: str
    case_number: str
    watchlist: AlertWatchlist
    state: AlertState = Field(description="As you may see it: see `AlertSummary`.")
    matched_by: MatchedBy
    score: float | None
    one_in: float | None
    disposal: OutcomeCode | None
    closed_at: datetime | None

    @classmethod
    def of(cls, row: Alert, reader: Actor) -> Self:
        """Make the answer from the record, as the reader may see it."""
        return cls.of_row(
            row,
            watchlist=AlertWatchlist.of(row),
            state=shown_state(row, reader),
            score=rounded(row.score),
        )


class MeetingOut(Answer):
    """One encounter with a traveller who resembled the subject."""

    encounter: AlertEncounter
    alerts: list[MeetingAlert] = Field(description="One for each list the subject was on.")

    @classmethod
    def of(cls, meeting: Meeting, reader: Actor) -> Self:
        """Make the answer from the records, as the reader may see them."""
        return cls(
            encounter=AlertEncounter.model_validate(meeting.encounter),
            alerts=[MeetingAlert.of(alert, reader) for alert in meeting.alerts],
        )
