"""The audit trail."""

from datetime import datetime, tzinfo
from typing import Annotated, Any, Final

from pydantic import Field

from api.queries import Limit, QueryModel
from api.v1.common import Answer, DayOrTime
from casework.kernel import period
from casework.kernel.audit.chain import Verdict
from casework.kernel.audit.reader import AuditFilter

MOST_SEQ: Final = 2**63 - 1


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
    reads: bool = Field(
        default=True, description="False leaves out acts that only read, such as `alert.list`."
    )
    until: DayOrTime | None = Field(
        default=None, description="Acts before this time, or to the end of this day."
    )
    before: int | None = Field(
        default=None, ge=1, le=MOST_SEQ, description="The `next` of the page before."
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
            self.reads,
        )


class LooksQuery(QueryModel):
    """Which page of the records about a person."""

    before: int | None = Field(
        default=None, ge=1, le=MOST_SEQ, description="The `next` of the page before."
    )
    limit: Limit = 50


class VerifyQuery(QueryModel):
    """How much of the trail is checked."""

    everything: bool = Field(
        default=False,
        alias="all",
        description="Check everything, however long that takes; otherwise what was recorded since "
        "the last check, with the rows that it changed, unless that check found a fault or nobody "
        "has checked everything for 7 days.",
    )


class ProofQuery(QueryModel):
    """How much of a record is shown."""

    show: list[Annotated[str, Field(max_length=40)]] | None = Field(
        default=None,
        max_length=40,
        description="Fields and texts to show; all, if none is named.",
    )


class AuditRecordOut(Answer):
    """One act."""

    seq: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str | None = Field(description="As of that day; null where it was erased.")
    service_number: str | None = Field(
        description="The actor's, such as an NIP, as of that day; null where there was none."
    )
    agency_id: str | None = Field(description="The actor's agency.")
    action: str
    object_id: str | None
    owner_id: str | None = Field(description="The agency that the object belongs to.")
    outcome: str
    texts: dict[str, str | None] = Field(
        validation_alias="typed",
        description="What people typed, such as a `purpose`; null for what was erased.",
    )
    detail: dict[str, Any] | None
    request_id: str | None
    hash: str = Field(
        description="SHA-256 over the hash before it and a digest of each of this record's fields."
    )


class ProvedOut(Answer):
    """How far the parts of the trail are proved."""

    taken_over: int = Field(description="Records that were taken over from the first format.")
    recomputed: int = Field(description="Of these, those whose first hash was computed again.")
    texts: int = Field(description="Names and texts that are those that were written.")
    texts_erased: int = Field(description="Names and texts that were erased.")
    rows: int = Field(description="Protected rows that are as the trail left them.")
    checkpoints: int = Field(description="Signed checkpoints that the trail fits.")
    signed_to: int = Field(description="The last record that a checkpoint covers.")
    signing_key: str | None = Field(
        description="SHA-256 of the public key; null where nobody signs: then nothing proves "
        "that somebody who has the data key did not rewrite the trail."
    )
    elsewhere: int = Field(description="Checkpoints from outside the database among these.")


class VerdictOut(Answer):
    """What checking the trail found."""

    whole: bool = Field(description="Whether no fault was found.")
    after: int = Field(
        description="The record behind which it looked: what was changed up to it since it was "
        "checked is not found. 0 where everything was checked."
    )
    all_at: datetime | None = Field(
        description="When everything was checked last; null where this check was of everything."
    )
    records: int = Field(
        description="Records, from the first on, that are as they were written; up to `after` "
        "they were so when they were checked."
    )
    last_hash: str = Field(description="Hash of the last of them: keep it elsewhere as an anchor.")
    fault: str | None = Field(description="The first fault; null where the trail is whole.")
    seq: int | None = Field(
        description="The first record that is not as it was written, or that the fault is about."
    )
    more: list[str] = Field(description="Further faults.")
    proved: ProvedOut

    @classmethod
    def of(cls, verdict: Verdict) -> "VerdictOut":
        """Return what was found."""
        return cls(
            whole=verdict.whole,
            after=verdict.after,
            all_at=verdict.all_at,
            records=verdict.records,
            last_hash=verdict.last_hash,
            fault=verdict.fault,
            seq=verdict.seq,
            more=[str(each) for each in verdict.more],
            proved=ProvedOut.model_validate(verdict.proved),
        )
