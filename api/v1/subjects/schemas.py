"""Subjects, their photos, and what became of each photo."""

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from typing import Annotated, Any, Self

from pydantic import MISSING, Field

from api.queries import AfterPage
from api.v1.approvals.schemas import WHY
from api.v1.common import (
    Answer,
    BirthDate,
    BirthYear,
    DayOrTime,
    LongText,
    Name,
    Nationality,
    Patch,
    QualityOut,
    Reason,
    ReasonIn,
    Strict,
    Text,
)
from casework.kernel import period
from casework.kernel.vocabulary import Requirement, Sex, SubjectStatus
from casework.tables import EnrolledPhoto, Subject
from casework.watchlists.enrolment import PhotoReport
from casework.watchlists.subjects import (
    MOST_ALIASES,
    MOST_DOCUMENTS,
    NewSubject,
    SubjectFilter,
)


class Document(Strict):
    """A travel document."""

    kind: Text = Field(examples=["passport"])
    number: Text
    country: Nationality | None = None


Lists = Annotated[list[Text], Field(min_length=1, max_length=50)]
Aliases = Annotated[list[Name], Field(max_length=MOST_ALIASES)]
Documents = Annotated[list[Document], Field(max_length=MOST_DOCUMENTS)]


class DocumentOut(Answer):
    """A travel document, as it is kept."""

    kind: str
    number: str
    # Some were stored without it.
    country: str | None = None


class SubjectQuery(AfterPage):
    """Which subjects are listed."""

    watchlist_id: Text | None = Field(default=None, description="Subjects on this watchlist.")
    q: Text | None = Field(
        default=None,
        description="Part of a name, an alias, the reference or a document's number.",
    )
    reference: Text | None = Field(
        default=None,
        description="The reference, whole; kinds of hyphens, apostrophes, spaces and widths make "
        "no difference.",
    )
    document: Text | None = Field(
        default=None,
        description="The number of a travel document, whole; capitals, spaces, hyphens and points "
        "make no difference.",
    )
    lapses_before: DayOrTime | None = Field(
        default=None, description="Whose entry ends, or ended, before this time or day."
    )
    lacking: bool = Field(
        default=False,
        description="Only entries that lack what the category of one of their lists requires.",
    )
    open_ended: bool = Field(default=False, description="Only entries without an end.")

    lapses_after: DayOrTime | None = Field(
        default=None,
        description="Whose entry ends at this time or day, or later; with `lapses_before`, between "
        "both.",
    )

    def chosen(self, zone: tzinfo) -> SubjectFilter:
        """Return the filter as the subjects take it."""
        return SubjectFilter(
            self.watchlist_id,
            self.q,
            period.beginning(self.lapses_before, zone),
            period.beginning(self.lapses_after, zone),
            self.reference,
            self.document,
            self.lacking,
            self.open_ended,
        )


class ExtensionIn(Strict):
    """How long an entry counts from now on, and by what decision."""

    valid_until: DayOrTime
    decision_number: Text | None = Field(
        default=None, description="Of the decision that says so; unset keeps the one stored."
    )

    def ends(self, zone: tzinfo) -> datetime:
        """Return the new end; a day counts to its end in the zone."""
        return period.ending(self.valid_until, zone)


class SubjectIn(Strict):
    """A new subject."""

    name: Name
    watchlist_ids: Lists
    reference: Text | None = Field(
        default=None,
        description="The owner's own reference: sent again, photos are added to the same subject.",
    )
    aliases: Aliases = Field(default_factory=list)
    sex: Sex | None = None
    birth_date: BirthDate | None = None
    birth_year: BirthYear | None = Field(
        default=None, description="Where no more than the year is known."
    )
    nationality: Nationality | None = None
    documents: Documents = Field(default_factory=list)
    reason: LongText = ""
    decision_number: Text | None = Field(
        default=None, description="Of the decision that put the person on the list."
    )
    status: SubjectStatus = SubjectStatus.ACTIVE
    valid_from: DayOrTime | None = None
    valid_until: DayOrTime | None = Field(
        default=None,
        description="The last instant, or the last whole day, on which the entry alerts.",
    )

    def new(self, zone: tzinfo) -> NewSubject:
        """Return the same as the casework takes it; days are those of the zone."""
        fields = _instants(self.model_dump(), zone)
        return NewSubject(**{**fields, "watchlist_ids": tuple(self.watchlist_ids)})


class SubjectForm(Strict):
    """The form of an enrolment: the subject as JSON beside the photos."""

    subject: str = Field(description="A `SubjectIn` object as JSON.")


class SubjectPatch(Patch):
    """Changes to a subject; fields left out stay as they are."""

    name: Name | MISSING = MISSING
    watchlist_ids: Lists | MISSING = MISSING
    reference: Text | MISSING | None = MISSING
    aliases: Aliases | MISSING = MISSING
    sex: Sex | MISSING | None = MISSING
    birth_date: BirthDate | MISSING | None = MISSING
    birth_year: BirthYear | MISSING | None = MISSING
    nationality: Nationality | MISSING | None = MISSING
    documents: Documents | MISSING = MISSING
    reason: LongText | MISSING = MISSING
    decision_number: Text | MISSING | None = MISSING
    status: SubjectStatus | MISSING = MISSING
    valid_from: DayOrTime | MISSING | None = MISSING
    valid_until: DayOrTime | MISSING | None = MISSING
    change_reason: Reason | MISSING = Field(default=MISSING, description=WHY)

    def changes(self) -> dict[str, Any]:
        """Return the fields that were sent, without why they are changed."""
        return {name: each for name, each in super().changes().items() if name != "change_reason"}

    @property
    def why(self) -> str | None:
        """Why they are changed; None where no reason was sent."""
        return None if self.change_reason is MISSING else self.change_reason

    def changes_in(self, zone: tzinfo) -> dict[str, Any]:
        """Return the fields that were sent, as the casework takes them; days are of the zone."""
        return _instants(self.changes(), zone)


def _instants(fields: dict[str, Any], zone: tzinfo) -> dict[str, Any]:
    """Return a subject's fields with instants where there were days."""
    for name, instant in (("valid_from", period.beginning), ("valid_until", period.ending)):
        if name in fields:
            fields[name] = instant(fields[name], zone)
    return fields


class PhotoOut(Answer):
    """An enrolled photo."""

    id: str
    sha256: str
    format: str
    width: int
    height: int
    quality: QualityOut
    created_at: datetime
    erase_at: datetime | None = Field(
        description="Being erased: it finds nobody any more, and is gone then unless restored."
    )

    @classmethod
    def of(cls, row: EnrolledPhoto) -> Self:
        """Make the answer from the record."""
        return cls.model_validate(row)


class SubjectOut(Answer):
    """A subject."""

    id: str
    agency_id: str
    name: str
    reference: str | None
    aliases: list[str]
    sex: Sex | None
    birth_date: date | None
    birth_year: int | None
    nationality: str | None
    documents: list[DocumentOut]
    reason: str
    decision_number: str | None
    status: SubjectStatus
    valid_from: datetime | None
    valid_until: datetime | None = Field(
        description="Null has no end: the entry alerts until somebody ends it."
    )
    lacks: list[Requirement] = Field(
        description="What the categories of its lists require of entries, and this one has not."
    )
    erase_at: datetime | None = Field(
        description="Being erased: it alerts nobody any more, and is gone then unless restored."
    )
    merged_into: str | None = Field(
        description="The subject that this one was merged into: it is being erased, and "
        "`/unmerge` takes that back until then."
    )
    watchlist_ids: list[str]
    photos: list[PhotoOut]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Subject, lacks: Sequence[Requirement]) -> Self:
        """Make the answer from the record."""
        own = cls.model_fields.keys() - {"watchlist_ids", "photos", "lacks", "merged_into"}
        return cls(
            **{name: getattr(row, name) for name in own},
            watchlist_ids=sorted(membership.watchlist_id for membership in row.memberships),
            photos=[PhotoOut.of(photo) for photo in row.photos],
            lacks=list(lacks),
            merged_into=row.merged["into"] if row.merged is not None else None,
        )


class ErasureIn(ReasonIn):
    """Why a subject is erased, and how soon."""

    immediately: bool = Field(
        default=False,
        description="Erase it at once, without the time in which it can be restored, as the law "
        "may require; a second person has to accept it.",
    )


class MergeIn(ReasonIn):
    """Into whom a subject is merged, and why they are one person."""

    into: Text = Field(description="The subject who stays, of the same agency.")


class MergeOut(Answer):
    """Who stays after a merge, and until when it can be taken back."""

    subject: SubjectOut
    erase_at: datetime | None = Field(
        description="The other is gone then; until then `/unmerge` takes it back. Null where "
        "it is gone already."
    )


class UnmergeOut(Answer):
    """The subject that is there again, and what of the merge stays with the other."""

    subject: SubjectOut
    merged_into: str = Field(description="The subject that it was merged into.")
    stays: list[str] = Field(
        description="Fields of that one which somebody has changed since: they are left as they "
        "are. Empty where all was taken back."
    )


class ErasureOut(Answer):
    """A subject or a photo that is being erased."""

    erase_at: datetime | None = Field(
        description="Until then it can be restored; null where it is gone already."
    )


class PhotoReportOut(Answer):
    """What became of one submitted photo."""

    name: str
    accepted: bool
    code: str
    detail: str
    photo_id: str | None
    quality: QualityOut | None

    @classmethod
    def of(cls, report: PhotoReport) -> Self:
        """Make the answer from the report."""
        quality: dict[str, Any] | None = None
        if report.quality is not None:
            quality = report.quality.as_record()
            if report.capture is not None:
                quality["capture"] = report.capture.as_record()
        return cls(
            name=report.name,
            accepted=report.accepted,
            code=report.code,
            detail=report.detail,
            photo_id=report.photo_id,
            quality=QualityOut.model_validate(quality) if quality is not None else None,
        )


class SimilarOut(Answer):
    """Somebody on a list that you may see whose face resembles the one enrolled."""

    watchlist: str
    owner_code: str
    subject_id: str | None = Field(description="Null where the list is another agency's.")
    name: str | None


class EnrolmentOut(Answer):
    """The subject as it now stands, and a report on each photo."""

    subject: SubjectOut
    created: bool
    photos: list[PhotoReportOut]
    similar: list[SimilarOut] = Field(
        description="A warning, never a reason to refuse: the face is on these lists already."
    )
