"""Known look-alikes of subjects."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.v1.common import Answer, Reason, Strict
from casework.review.known_lookalikes import MOST_DAYS, USUAL_DAYS


class KnownLookalikeIn(Strict):
    """That the traveller of an alert is somebody else, and for how long that counts."""

    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = USUAL_DAYS
    reason: Reason


class KnownLookalikeOut(Answer):
    """A traveller who is not stopped for a subject: see `docs/review.md`."""

    id: str
    subject_id: str
    alert_id: str = Field(description="That was found to be mistaken; it may be erased since.")
    case_number: str = Field(description="Of that alert.")
    score: float = Field(description="How alike the two are.")
    decided_at: datetime = Field(description="When the second supervisor accepted it.")
    valid_until: datetime
    revoked_by: str | None
    revoked_at: datetime | None
    spared: int = Field(description="How often the traveller was not stopped for the subject.")
    spared_at: datetime | None = Field(description="When that was last so.")
