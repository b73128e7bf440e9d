"""Tips as officers see them, and what they send."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints

from api.queries import BeforePage
from api.v1.alerts.schemas import AlertSummary
from api.v1.common import Answer, AreaCode, DayOrTime, LongText, QualityOut, Strict, Text
from api.v1.referrals.schemas import Note
from api.v1.subjects.schemas import SimilarOut
from casework.kernel import period
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import ReceiptState, TipOrigin, TipPriority, TipState
from casework.screening.duplicates import Lookalike
from casework.screening.searches import LEAST_PURPOSE
from casework.tables import Tip
from casework.tips.nearby import NearbyAlert, NearbyReason, NearbyTip
from casework.tips.reports import NewTip
from casework.tips.tips import TipFilter, TipView
from casework.tips.triage import Duplicate, DuplicateReason

Purpose = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=LEAST_PURPOSE, max_length=4000)
]


class TipForm(Strict):
    """What was reported; a photo may come beside it."""

    text: Note = Field(description="What was reported. Say in `source` who did.")
    origin: TipOrigin = TipOrigin.PUBLIC
    place: Text | None = None
    area: AreaCode | None = Field(default=None, description="The smallest area that is known.")
    happened_at: DayOrTime | None = None
    source: LongText | None = Field(
        default=None,
        description="Who reported it: kept apart, for the agency's supervisors alone.",
    )

    def new(self, zone: tzinfo) -> NewTip:
        """Return the same as the casework takes it; a day is that of the zone, from its begin."""
        happened_at = period.beginning(self.happened_at, zone)
        return NewTip(self.text, self.origin, self.place, happened_at, self.source, self.area)


class TipQuery(BeforePage):
    """Which tips are listed."""

    state: list[TipState] | None = Field(
        default=None, max_length=len(TipState), description="Repeat for several."
    )
    reference: str | None = Field(default=None, max_length=20)
    since: DayOrTime | None = None
    area: AreaCode | None = Field(default=None, description="Of this area, and of areas in it.")
    priority: list[TipPriority] | None = Field(default=None, max_length=len(TipPriority))
    assigned_to: str | None = Field(
        default=None, max_length=100, description="Id of an officer, or `nobody`."
    )
    subject_id: str | None = Field(default=None, max_length=100, description="About this subject.")
    team_id: str | None = Field(
        default=None, max_length=100, description="Id of a team, or `any`: of some team."
    )

    def chosen(self, zone: tzinfo) -> TipFilter:
        """Return the filter as the tips take it."""
        since = period.beginning(self.since, zone)
        return TipFilter(
            tuple(self.state) if self.state else None,
            self.reference,
            since,
            self.area,
            tuple(self.priority) if self.priority else None,
            self.assigned_to,
            self.subject_id,
            self.team_id,
        )


class TriageIn(Strict):
    """How soon somebody should work on a tip, who does, and where it is."""

    priority: TipPriority
    assigned_to: Text | None = Field(
        description="Id of an officer of your agency who may work on tips; null for nobody."
    )
    team_id: Text | None = Field(
        default=None,
        description="Id of a team that your agency is in; null for none. Absent: as it is. Its "
        "other agencies do not see the tip: that takes a joint case or a referral.",
    )
    area: AreaCode | None = Field(
        default=None, description="Where, as it is known now; null for nowhere. Absent: as it is."
    )

    @property
    def changes(self) -> dict[str, Any]:
        """What was sent."""
        return self.model_dump(exclude_unset=True)


class TipSummary(Answer):
    """A tip in a list: nothing of what it says."""

    id: str
    reference: str = Field(description="To give to the person who reported it.")
    state: TipState
    origin: TipOrigin
    area: AreaCode | None = Field(description="The smallest area that is known.")
    priority: TipPriority
    assigned_to: str | None = Field(description="Id of the officer who works on it.")
    team_id: str | None = Field(description="Id of the team that works on it.")
    happened_at: datetime | None
    has_photo: bool
    has_source: bool
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, row: Tip) -> Self:
        """Make the answer from the record."""
        return cls.of_row(row, has_photo=row.photo_format is not None)


class TipOut(TipSummary):
    """A tip; its photo is at `photo`, and its source at `source` for those who may read it."""

    text: str
    place: str | None
    area_name: str | None = Field(
        description="The area in words, with what it lies in.",
        examples=["Kota Contoh, DKI Jakarta"],
    )
    team_name: str | None
    photo_quality: QualityOut | None
    recorded_by: str
    recorded_by_name: str = Field(description="As of that day.")
    recorded_by_service_number: str | None = Field(description="Such as an NIP; as of that day.")
    search_id: str | None = Field(description="The last search with its photo.")
    searched_at: datetime | None
    subject_id: str | None = Field(description="Who was enrolled from it.")
    dismissal: str | None = Field(description="Why it was dismissed.")

    @classmethod
    def seen(cls, view: TipView) -> Self:
        """Make the answer from the opened tip."""
        row, quality = view.tip, view.tip.photo_quality
        return cls(
            **TipSummary.of(row).model_dump(),
            text=view.report.text,
            place=view.report.place,
            area_name=view.area_name,
            team_name=view.team_name,
            photo_quality=QualityOut.model_validate(quality) if quality is not None else None,
            recorded_by=row.recorded_by,
            recorded_by_name=view.recorded_by.name,
            recorded_by_service_number=view.recorded_by.service_number,
            search_id=row.search_id,
            searched_at=row.searched_at,
            subject_id=row.subject_id,
            dismissal=view.dismissal,
        )


class TipEnrolmentOut(TipOut):
    """A tip after its enrolment, and whom its face resembles."""

    similar: list[SimilarOut] = Field(
        description="A warning, never a reason to refuse: the face is on these lists already."
    )

    @classmethod
    def enrolled(cls, view: TipView, similar: Iterable[Lookalike]) -> Self:
        """Make the answer from the opened tip."""
        warnings = [SimilarOut.model_validate(each) for each in similar]
        return cls(**TipOut.seen(view).model_dump(), similar=warnings)


class ReceiptOut(Answer):
    """How far the work on a tip is, for who recorded it; never what was found."""

    id: str
    reference: str
    state: ReceiptState
    received_at: datetime


class DuplicateOut(Answer):
    """A tip that may be about the same, and why."""

    tip: TipSummary
    reasons: list[DuplicateReason]

    @classmethod
    def of(cls, found: Duplicate) -> Self:
        """Make the answer."""
        return cls(tip=TipSummary.of(found.tip), reasons=list(found.reasons))


class DuplicatesOut(Answer):
    """Tips that may be about the same, the most reasons first."""

    items: list[DuplicateOut]


class NearbyAlertOut(Answer):
    """An alert of a listed guest near a tip, and why."""

    alert: AlertSummary
    reasons: list[NearbyReason]

    @classmethod
    def of(cls, found: NearbyAlert, reader: Actor) -> Self:
        """Make the answer, as the reader may see it."""
        return cls(alert=AlertSummary.of(found.alert, reader), reasons=list(found.reasons))


class NearbyAlertsOut(Answer):
    """Alerts of listed guests near a tip, the most reasons first."""

    items: list[NearbyAlertOut]


class NearbyTipOut(Answer):
    """A tip near a listed guest, and why."""

    tip: TipSummary
    reasons: list[NearbyReason]

    @classmethod
    def of(cls, found: NearbyTip) -> Self:
        """Make the answer."""
        return cls(tip=TipSummary.of(found.tip), reasons=list(found.reasons))


class NearbyTipsOut(Answer):
    """Your agency's tips near the listed guest of an alert, the most reasons first."""

    items: list[NearbyTipOut]


class TipSubjectsOut(Answer):
    """Ids of the subjects that a tip is about."""

    items: list[str]


class SourceOut(Answer):
    """Who reported a tip."""

    source: str


class DismissalIn(Strict):
    """Why a tip is dismissed."""

    reason: Note


class TipSearchIn(Strict):
    """Why a tip's photo is searched."""

    purpose: Purpose
