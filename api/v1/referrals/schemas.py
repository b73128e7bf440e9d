"""Referrals as the two agencies see them, and what they send."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import Field, StringConstraints, create_model

from api.queries import BeforePage
from api.v1.common import Answer, CategoryCode, DayOrTime, LongText, OutcomeCode, Strict, Text
from api.v1.subjects.schemas import DocumentOut
from casework.kernel import period
from casework.kernel.vocabulary import ReferralKind, ReferralState, ReferralWarning
from casework.referrals.fields import AlertField, FieldKind, ReferralField, identifies
from casework.referrals.fields import Field as ReferredField
from casework.referrals.referrals import Box, OpenedMessage, ReferralFilter, ReferralView
from casework.referrals.steps import Handover
from casework.tables import Referral
from casework.tips.payload import TipField

Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class _Referring(Strict):
    """To whom something is handed over, why, and when an answer is due."""

    receiver_id: Text = Field(description="The agency that receives it.")
    note: Note
    due_at: DayOrTime = Field(description="A day means to its end.")

    def handover(self, zone: tzinfo) -> Handover:
        """Return the same as the casework takes it; a day is that of the zone."""
        return Handover(self.receiver_id, self.note, period.ending(self.due_at, zone))


class AlertReferralIn(_Referring):
    """An alert to hand over, with the fields that the receiver is to see and no others."""

    fields: list[AlertField] = Field(
        max_length=len(AlertField),
        description="What the receiver is shown, copied now; it sees nothing else of the alert, "
        "the subject or the list.",
    )


class TipReferralIn(_Referring):
    """A tip to hand over, with the fields that the receiver is to see; never its source."""

    fields: list[TipField] = Field(max_length=len(TipField))


class MayNote(Strict):
    """A step that may be explained."""

    note: LongText | None = None


class MustNote(Strict):
    """A step that has to be explained."""

    note: Note


class AnsweringIn(Strict):
    """An answer: the sender's to a question, or the receiver's with the outcome."""

    note: Note
    outcome: OutcomeCode | None = Field(
        default=None, description="From the receiver, who must name one; never from the sender."
    )


class Party(Answer):
    """One of a referral's two agencies."""

    id: str
    code: str
    name: str


class ReferralQuery(BeforePage):
    """Which referrals are listed."""

    box: Box = Field(default=Box.IN, description="Received, or sent.")
    state: list[ReferralState] | None = Field(
        default=None, max_length=len(ReferralState), description="Repeat for several."
    )
    overdue: bool | None = Field(
        default=None, description="Only those past their due time, or only the others."
    )
    about: str | None = Field(
        default=None, max_length=100, description="The alert or tip they were sent about."
    )

    @property
    def chosen(self) -> ReferralFilter:
        """The filter as the referrals take it."""
        states = tuple(self.state) if self.state else None
        return ReferralFilter(self.box, states, self.overdue, self.about)


class ReferralSummary(Answer):
    """A referral in a list: nothing of what it carries."""

    id: str
    kind: ReferralKind
    state: ReferralState
    sender: Party
    receiver: Party
    due_at: datetime
    overdue: bool = Field(description="Past its due time, and the receiver has not answered.")
    outcome: OutcomeCode | None = Field(description="The outcome, as the receiver states it.")
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    version: int

    @classmethod
    def of(cls, row: Referral, *, overdue: bool) -> Self:
        """Make the answer from the record."""
        return cls.of_row(row, overdue=overdue)


_TYPES: Final[Mapping[FieldKind, Any]] = {
    FieldKind.TEXT: str,
    FieldKind.TEXTS: list[str],
    FieldKind.DOCUMENTS: list[DocumentOut],
    FieldKind.COUNTRY: str,
    FieldKind.BIRTH: str,
    FieldKind.DAY: datetime,
    FieldKind.TIME: datetime,
    FieldKind.SCORE: float,
    FieldKind.ODDS: float,
    FieldKind.CATEGORY: CategoryCode,
}


def type_of(kind: FieldKind | type[StrEnum]) -> Any:  # noqa: ANN401 - a type
    """Return the type that a field of a kind is answered as."""
    return _TYPES[kind] if isinstance(kind, FieldKind) else kind


_CARRIED: Final[Mapping[str, Any]] = {
    each.value: (type_of(each.field.kind) | None, None)
    for each in (*AlertField, *TipField)
    if isinstance(each.field, ReferredField)
}

CarriedOut: Final = create_model(
    "CarriedOut",
    __base__=Answer,
    __doc__="What a referral carries, as it was when it was sent; "
    "what it does not carry is absent.",
    **_CARRIED,
)


class MessageOut(Answer):
    """One step: who did what, and what they wrote."""

    at: datetime
    officer_id: str
    officer_name: str = Field(description="As of that day.")
    officer_service_number: str | None = Field(description="Such as an NIP; as of that day.")
    officer_agency: str | None = Field(description="The code of the officer's agency.")
    agency_id: str
    action: str
    state: ReferralState = Field(description="After the step.")
    text: str | None

    @classmethod
    def of(cls, message: OpenedMessage) -> Self:
        """Make the answer from the opened message."""
        return cls(
            at=message.at,
            officer_id=message.officer_id,
            officer_name=message.by.name,
            officer_service_number=message.by.service_number,
            officer_agency=message.by.agency_code,
            agency_id=message.agency_id,
            action=message.action,
            state=message.state_after,
            text=message.text,
        )


class ReferralOut(ReferralSummary):
    """A referral with what it carries and its messages."""

    about: str | None = Field(
        description="The alert or tip that it was made from; null for the receiver."
    )
    carried: CarriedOut
    photos: list[str] = Field(description="Photos it carries: each is at `photos/{name}`.")
    messages: list[MessageOut]
    warnings: list[ReferralWarning] = Field(
        description="`nobody_named`: it carries neither a photo nor a name, so that the receiver "
        "cannot know who it is about."
    )

    @classmethod
    def seen(cls, view: ReferralView) -> Self:
        """Make the answer from what the reader may see."""
        return cls(
            **ReferralSummary.of(view.referral, overdue=view.overdue).model_dump(),
            about=view.object_id,
            carried=CarriedOut.model_validate(view.values),
            photos=list(view.photos),
            messages=[MessageOut.of(message) for message in view.messages],
            warnings=_warnings(view),
        )


_FIELDS: Final[Mapping[ReferralKind, type[ReferralField]]] = {
    ReferralKind.ALERT: AlertField,
    ReferralKind.TIP: TipField,
}


def _warnings(view: ReferralView) -> list[ReferralWarning]:
    carried = [
        each for each in _FIELDS[ReferralKind(view.referral.kind)] if each in view.referral.fields
    ]
    return [] if identifies(carried, view.values) else [ReferralWarning.NOBODY_NAMED]
