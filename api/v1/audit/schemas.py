"""The audit trail."""

from datetime import datetime, tzinfo
from typing import Any, Final

from pydantic import Field

from api.queries import Limit, QueryModel
from api.v1.common import Answer, DayOrTime
from casework.kernel import period
from casework.kernel.audit.reader import AuditFilter

_MOST_SEQ: Final = 2**63 - 1


class AuditQuery(QueryModel):
    """Which records are listed."""

    actor_id: str | None = Field(default=None, max_length=200)
    action: str | None = Field(
        default=None,
        max_length=60,
        description="An act, or its beginning up to a dot: `alert`.",
    )
    object_id: str | None = Field(default=None, max_length=200)
    outcome: str | None = Field(default=None, max_length=200)
    since: DayOrTime | None = None
    until: DayOrTime | None = Field(
        default=None, description="Acts before this time, or to the end of this day."
    )
    before: int | None = Field(
        default=None, ge=1, le=_MOST_SEQ, description="The `next` of the page before."
    )
    limit: Limit = 50

    def chosen(self, zone: tzinfo) -> AuditFilter:
        """Return the filter as the trail takes it; days are those of the zone."""
        return AuditFilter(
            self.actor_id,
            self.action,
            self.object_id,
            self.outcome,
            period.beginning(self.since, zone),
            period.limit(self.until, zone),
        )


class AuditRecordOut(Answer):
    """One act."""

    seq: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    agency_id: str | None = Field(description="The actor's agency.")
    action: str
    object_id: str | None
    owner_id: str | None = Field(description="The agency that the object belongs to.")
    outcome: str
    purpose: str | None
    detail: dict[str, Any] | None
    request_id: str | None
    hash: str = Field(description="SHA-256 over this record's text and the hash before it.")


class VerdictOut(Answer):
    """What checking the whole trail found."""

    whole: bool
    records: int = Field(description="Records, from the first on, that are as they were written.")
    last_hash: str = Field(description="Hash of the last of them: keep it elsewhere as an anchor.")
    fault: str | None = Field(description="The first fault; null where the trail is whole.")
    seq: int | None = Field(description="The first record that is not as it was written.")
