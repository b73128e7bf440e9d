"""Events, as the stream and webhooks send them; webhooks and their deliveries."""

from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Self

from pydantic import MISSING, Field

from api.queries import BeforePage
from api.v1.alerts.schemas import AlertSummary
from api.v1.approvals.schemas import ExplainedPatch
from api.v1.common import Answer, DayOrTime, PracticeMark, Reason, Strict, Text
from api.v1.encounters.schemas import DispositionOut
from casework.kernel import period
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import AlertState, DeliveryState, EventKind, Outcome, Role
from casework.review.alerts import shown_state
from casework.review.disposition import of_encounter
from casework.tables import Delivery, Webhook
from casework.webhooks.delivery_log import ReplaySelection
from casework.webhooks.feed import FeedEvent
from casework.webhooks.webhooks import OVERLAP

# Of a set, the length is known last: without an end at the first fault all of them are listed.
Events = Annotated[
    frozenset[EventKind],
    Field(
        min_length=1,
        max_length=len(EventKind),
        fail_fast=True,
        description="Events it receives.",
    ),
]
Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        description="`https://`, and a host on the public internet unless the operator allows "
        "private ones.",
        examples=["https://example.org/siaga"],
    ),
]
Description = Annotated[str, Field(max_length=200)]


class EventOut(Answer):
    """Something that happened, as the reader may see it at the time of sending."""

    id: str = Field(description="The same in the stream and in every webhook: ignore repetitions.")
    practice: PracticeMark
    kind: EventKind
    at: datetime
    object_id: str
    alert: AlertSummary | None = Field(
        default=None, description="As it stands now, which may be further than the event."
    )


class PortAlertState(Answer):
    """What a port system is shown of an alert: its state. Never who it is about."""

    id: str
    encounter_id: str
    outcome: Outcome
    state: AlertState


class PortEventOut(Answer):
    """Something that happened to an alert of the port system's own encounter."""

    id: str
    practice: PracticeMark
    kind: EventKind
    at: datetime
    alert: PortAlertState


class DispositionEventOut(Answer):
    """What becomes of a traveller has changed, for the port system that sent the photo."""

    id: str
    practice: PracticeMark
    kind: EventKind
    at: datetime
    encounter_id: str
    disposition: DispositionOut | None = Field(
        description="As it stands now, which may be further than the event."
    )


def render(event: FeedEvent, reader: Actor, *, practice: bool) -> bytes:
    """Write an event as JSON for one reader."""
    alert, encounter = event.alert, event.encounter
    if encounter is not None:
        disposed = DispositionEventOut(
            id=event.id,
            practice=practice,
            kind=event.kind,
            at=event.at,
            encounter_id=encounter.id,
            disposition=DispositionOut.of(of_encounter(encounter)),
        )
        return disposed.model_dump_json().encode()
    if Role.PORT in reader.roles and alert is not None:
        seen = PortAlertState(
            id=alert.id,
            encounter_id=alert.encounter_id,
            outcome=Outcome(alert.encounter.outcome),
            state=shown_state(alert, reader),
        )
        port = PortEventOut(
            id=event.id, practice=practice, kind=event.kind, at=event.at, alert=seen
        )
        return port.model_dump_json().encode()
    whole = EventOut(
        id=event.id,
        practice=practice,
        kind=event.kind,
        at=event.at,
        object_id=event.object_id,
        alert=AlertSummary.of(alert, reader) if alert is not None else None,
    )
    return whole.model_dump_json().encode()


class WebhookIn(Strict):
    """A new webhook: an agency's, or a port system's where `key_id` is given."""

    url: Url
    events: Events = frozenset(EventKind)
    description: Description = ""
    agency_id: Text | None = Field(
        default=None, description="The receiving agency; unset means the caller's own."
    )
    key_id: Text | None = Field(
        default=None,
        description="The key of a port system: it receives events of its own encounters.",
    )


class WebhookPatch(ExplainedPatch):
    """Changes to a webhook; fields left out stay as they are."""

    url: Url | MISSING = MISSING
    events: Events | MISSING = MISSING
    description: Description | MISSING = MISSING
    active: bool | MISSING = Field(
        default=MISSING,
        description="False takes a reason. Switched on again, what waited is tried at once.",
    )


class WebhookOut(Answer):
    """A webhook; its secret is shown only when it is made."""

    id: str
    agency_id: str | None
    key_id: str | None
    url: str
    events: list[EventKind]
    description: str
    active: bool
    disabled_reason: str | None = Field(
        description="Why the service switched it off, where it did."
    )
    failures: int = Field(description="Failed attempts since the last that succeeded.")
    succeeded_at: datetime | None
    failed_at: datetime | None
    former_until: datetime | None = Field(
        description="Until when messages are signed with the former secret too."
    )
    version: int
    created_at: datetime
    updated_at: datetime


class WebhookMade(WebhookOut):
    """A webhook with its secret."""

    secret: str = Field(
        description="Shown this once, as `whsec_` and base64: messages are signed with it."
    )

    @classmethod
    def of(cls, row: Webhook, secret: str) -> Self:
        """Make the answer from the record."""
        return cls(**WebhookOut.model_validate(row).model_dump(), secret=secret)


class RotationIn(Strict):
    """How a secret is replaced."""

    overlap_s: Annotated[
        int,
        Field(
            ge=0,
            le=30 * 86_400,
            description="Seconds for which messages are signed with both secrets; 0 ends the "
            "former one at once.",
        ),
    ] = int(OVERLAP.total_seconds())
    reason: Reason | None = None

    @property
    def overlap(self) -> timedelta:
        """The same as a duration."""
        return timedelta(seconds=self.overlap_s)


class DeliveryQuery(BeforePage):
    """Which deliveries are listed."""

    state: DeliveryState | None = None


class DeliveryOut(Answer):
    """One event on its way to a webhook, and the result of the last attempt."""

    id: str
    event_id: str
    kind: str = Field(description="An event's kind, or `ping`.")
    object_id: str
    at: datetime = Field(description="When it happened.")
    state: DeliveryState
    attempts: int
    due_at: datetime | None = Field(description="When it is tried next; null once it has ended.")
    attempted_at: datetime | None
    status_code: int | None = Field(description="What the receiver answered, if it did.")
    latency_ms: float | None
    error: str | None
    replay_of: str | None
    created_at: datetime

    @classmethod
    def of(cls, row: Delivery) -> Self:
        """Make the answer from the record."""
        answer = cls.model_validate(row)
        ended = answer.state is not DeliveryState.PENDING
        return answer.model_copy(update={"due_at": None}) if ended else answer


class ReplayIn(Strict):
    """Which deliveries are made again: those named, or those of a period; without any, all."""

    delivery_ids: list[Text] = Field(default_factory=list, max_length=200)
    since: DayOrTime | None = Field(default=None, description="From when their events happened.")
    until: DayOrTime | None = None
    states: list[DeliveryState] = Field(
        default_factory=list, max_length=5, description="Only those that ended so."
    )

    def again(self, zone: tzinfo) -> ReplaySelection:
        """Return the choice as the log takes it; days are those of the zone."""
        since, until = period.beginning(self.since, zone), period.ending(self.until, zone)
        return ReplaySelection(tuple(self.delivery_ids), since, until, tuple(self.states))


class ReplayOut(Answer):
    """What was queued once more."""

    queued: int = Field(description="At most 1,000 at a time, the earliest.")
