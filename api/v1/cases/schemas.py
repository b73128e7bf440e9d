"""Joint cases as their agencies see them, and what they send."""

from collections.abc import Collection, Mapping
from datetime import datetime, tzinfo
from typing import Annotated, Any, Final, Self

from pydantic import Field, create_model

from api.queries import BeforePage
from api.v1.common import Answer, AreaCode, DayOrTime, LongText, Strict, Text
from api.v1.referrals.schemas import Note, Party, type_of
from casework.cases.cases import (
    CaseFilter,
    CaseView,
    EntryFilter,
    EntryView,
    MemberView,
    StepView,
)
from casework.cases.entries import NewItem, NewTask
from casework.cases.files import FileFormat
from casework.cases.payload import BY_NAME
from casework.cases.states import CaseAct, Ending
from casework.cases.steps import NewCase
from casework.kernel import period
from casework.kernel.vocabulary import (
    CaseEntryKind,
    CaseItemKind,
    CaseOutcome,
    CaseState,
    MemberState,
)
from casework.referrals.fields import Field as CarriedField
from casework.tables import Case

_MOST_READERS: Final = 100

Readers = Annotated[
    list[Text] | None,
    Field(
        max_length=_MOST_READERS,
        description="Agencies that take part, by id, and are to see it; null stands for all that "
        "take part now. Your own sees it anyway.",
    ),
]


class CaseIn(Strict):
    """What agencies are to work on together."""

    title: Text
    purpose: Note
    legal_basis: Note
    area: AreaCode | None = Field(default=None, description="Where, as far as it is known.")
    team_id: Text | None = Field(
        default=None, description="Id of a team that your agency is in: whose operation it is."
    )

    @property
    def new(self) -> NewCase:
        """The same as the casework takes it."""
        return NewCase(self.title, self.purpose, self.legal_basis, self.area, self.team_id)


class CaseQuery(BeforePage):
    """Which cases are listed."""

    state: list[CaseState] | None = Field(
        default=None, max_length=len(CaseState), description="Repeat for several."
    )
    area: AreaCode | None = Field(default=None, description="Of this area, and of areas in it.")
    team_id: str | None = Field(
        default=None, max_length=100, description="Id of a team that your agency is in."
    )

    @property
    def chosen(self) -> CaseFilter:
        """The filter as the cases take it."""
        return CaseFilter(tuple(self.state) if self.state else None, self.area, self.team_id)


class EntryQuery(BeforePage):
    """Which entries of a case are listed."""

    kind: list[CaseEntryKind] | None = Field(
        default=None, max_length=len(CaseEntryKind), description="Repeat for several."
    )
    open_tasks: bool = Field(default=False, description="Only tasks that are to be done.")

    @property
    def chosen(self) -> EntryFilter:
        """The filter as the cases take it."""
        kinds = (CaseEntryKind.TASK,) if self.open_tasks else None
        return EntryFilter(tuple(self.kind) if self.kind else kinds, self.open_tasks)


class CaseOutcomeIn(Strict):
    """One outcome of a case."""

    code: CaseOutcome
    persons: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="Of how many people; 0 stands beside `no_violation` alone.",
    )


class CaseClosingIn(Strict):
    """How a case ended."""

    outcomes: list[CaseOutcomeIn] = Field(
        max_length=len(CaseOutcome), description="None of a case that never ran."
    )
    summary: Note

    @property
    def endings(self) -> list[Ending]:
        """The outcomes as the casework takes them."""
        return [Ending(each.code, each.persons) for each in self.outcomes]


class InvitationIn(Strict):
    """Whom to invite."""

    agency_id: Text


class LeavingIn(Strict):
    """Whether what the agency gave stays with the others."""

    keep: bool = Field(default=False, description="Else it is withdrawn: its content is erased.")


class CaseItemIn(Strict):
    """A copy of chosen fields of something of your agency's."""

    kind: CaseItemKind
    object_id: Text = Field(description="The alert, tip, referral or subject; no one else sees it.")
    fields: list[Text] = Field(
        max_length=len(BY_NAME),
        description="Of an alert or tip, what a referral can carry; of a subject, its entry; of a "
        "referral, `referral_state`, `referral_sender`, `referral_receiver`, `referral_sent_at`, "
        "`referral_due_at`, and for its sender what it carries.",
    )
    note: LongText | None = None
    to: Readers = None

    @property
    def new(self) -> NewItem:
        """The same as the casework takes it."""
        return NewItem(self.kind, self.object_id, self.fields, self.note)


class CaseCommentIn(Strict):
    """Something written."""

    text: Note
    to: Readers = None


class CaseTaskIn(Strict):
    """What is to be done."""

    text: Note
    assignee_id: Text = Field(description="The agency that does it, which sees it anyway.")
    due_at: DayOrTime | None = Field(default=None, description="A day means to its end.")
    to: Readers = None

    def new(self, zone: tzinfo) -> NewTask:
        """Return the same as the casework takes it; a day is that of the zone."""
        return NewTask(self.text, self.assignee_id, period.ending(self.due_at, zone))


class CaseFileForm(Strict):
    """What comes with a file; `to` names agencies by id, with commas between."""

    note: LongText | None = None
    to: str | None = Field(
        default=None,
        max_length=8_000,
        description="Agencies by id, with commas between; absent stands for all that take part.",
    )

    @property
    def readers(self) -> Collection[str] | None:
        """The agencies as the casework takes them."""
        if self.to is None:
            return None
        return [each.strip() for each in self.to.split(",") if each.strip()]


class SharingIn(Strict):
    """To which further agencies something is given."""

    to: list[Text] = Field(max_length=_MOST_READERS)


class TaskResultIn(Strict):
    """What was done."""

    result: Note


class CaseSummary(Answer):
    """A case in a list."""

    id: str
    number: str = Field(description="What it is called on the telephone and on paper.")
    title: str
    state: CaseState
    lead: Party
    area: AreaCode | None
    takes_part: MemberState = Field(description="Whether your agency takes part.")
    created_at: datetime
    started_at: datetime | None
    closed_at: datetime | None
    version: int

    @classmethod
    def of(cls, row: Case, state: MemberState) -> Self:
        """Make the answer from the record."""
        return cls.of_row(row, takes_part=state)


class CaseMemberOut(Answer):
    """An agency's part in a case."""

    agency: Party
    state: MemberState
    leads: bool
    invited_at: datetime
    settled_at: datetime | None = Field(
        description="When it joined, declined, left or was removed."
    )

    @classmethod
    def of(cls, view: MemberView) -> Self:
        """Make the answer from what the reader may see."""
        return cls.of_row(view)


class CaseStepOut(Answer):
    """What was done with a case, or with who takes part."""

    at: datetime
    officer_name: str = Field(description="As of that day.")
    agency: Party
    action: CaseAct
    about: Party | None = Field(description="Whom it was about, of those who take part.")

    @classmethod
    def of(cls, view: StepView) -> Self:
        """Make the answer from what the reader may see."""
        return cls.of_row(view, officer_name=view.by.name)


class CaseOutcomeOut(Answer):
    """One outcome of a case."""

    code: CaseOutcome
    persons: int


class CaseOut(CaseSummary):
    """A case: what it is about, who takes part, what was done with it."""

    purpose: str
    legal_basis: str
    team_id: str | None = Field(
        description="The team whose operation it is; null where your agency is not in it."
    )
    team_name: str | None
    summary: str | None = Field(description="The result in words; null until it is closed.")
    outcomes: list[CaseOutcomeOut]
    members: list[CaseMemberOut]
    steps: list[CaseStepOut] = Field(description="Newest first; none for who is only invited.")

    @classmethod
    def seen(cls, view: CaseView) -> Self:
        """Make the answer from what the reader may see."""
        row = view.case
        return cls(
            **CaseSummary.of(row, view.state).model_dump(),
            purpose=row.purpose,
            legal_basis=row.legal_basis,
            team_id=view.team.id if view.team is not None else None,
            team_name=view.team.name if view.team is not None else None,
            summary=row.summary,
            outcomes=[CaseOutcomeOut.model_validate(each) for each in view.outcomes],
            members=[CaseMemberOut.of(each) for each in view.members],
            steps=[CaseStepOut.of(each) for each in view.steps],
        )


_CARRIED: Final[Mapping[str, Any]] = {
    name: (type_of(each.field.kind) | None, None)
    for name, each in BY_NAME.items()
    if isinstance(each.field, CarriedField)
}

CaseCarriedOut: Final = create_model(
    "CaseCarriedOut",
    __base__=Answer,
    __doc__="What an item carries, as it was when it was given; what it does not carry is absent.",
    **_CARRIED,
)


class CaseTaskOut(Answer):
    """How far a task has come."""

    assignee: Party
    taken_by_name: str | None = Field(description="The officer of that agency who does it.")
    due_at: datetime | None
    overdue: bool
    done_at: datetime | None
    done_by_name: str | None
    result: str | None


class CaseFileOut(Answer):
    """A file, which is at `file`."""

    name: str
    format: FileFormat
    size: int = Field(description="Bytes.")


class CaseEntryOut(Answer):
    """What an agency put into a case; of what was withdrawn, only that it was there."""

    id: str
    kind: CaseEntryKind
    agency: Party
    officer_name: str = Field(description="As of that day.")
    at: datetime
    text: str | None
    withdrawn_at: datetime | None
    readers: list[Party] = Field(
        description="The other agencies that it was given to: all of them for the one that gave "
        "it, for others themselves."
    )
    item: CaseItemKind | None
    about: str | None = Field(
        description="What an item is a copy of; null for other agencies than the one that gave it."
    )
    carried: CaseCarriedOut
    photos: list[str] = Field(description="Photos it carries: each is at `photos/{name}`.")
    task: CaseTaskOut | None
    file: CaseFileOut | None
    version: int

    @classmethod
    def seen(cls, view: EntryView) -> Self:
        """Make the answer from what the reader may see."""
        row = view.entry
        return cls(
            id=row.id,
            kind=CaseEntryKind(row.kind),
            agency=Party.model_validate(row.agency),
            officer_name=view.by.name,
            at=row.at,
            text=row.text,
            withdrawn_at=row.withdrawn_at,
            readers=[Party.model_validate(each) for each in view.readers],
            item=CaseItemKind(row.object_kind) if row.object_kind is not None else None,
            about=view.object_id,
            carried=CaseCarriedOut.model_validate(view.values),
            photos=list(view.photos),
            task=_task(view),
            file=_file(view),
            version=row.version,
        )


def _task(view: EntryView) -> CaseTaskOut | None:
    if view.entry.assignee is None:
        return None
    return CaseTaskOut.of_row(view.entry, overdue=view.overdue)


def _file(view: EntryView) -> CaseFileOut | None:
    row = view.entry
    if row.format is None or row.size is None:
        return None
    return CaseFileOut(name=row.file_name or "", format=FileFormat(row.format), size=row.size)
