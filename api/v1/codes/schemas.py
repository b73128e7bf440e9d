"""Members of the code lists."""

from collections.abc import Collection
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import MISSING, Field, StringConstraints

from api.v1.approvals.schemas import ExplainedPatch
from api.v1.common import (
    Answer,
    CategoryCode,
    LongText,
    OutcomeCode,
    Patch,
    Strict,
    Text,
)
from casework.codes import coded
from casework.codes.coded import CodedCategory, CodedOutcome
from casework.codes.priorities import FIRST, LAST, MIDDLE
from casework.kernel.vocabulary import ComparisonResult, Direction, Disposition, Requirement, Stage

OwnCode = Annotated[
    str,
    StringConstraints(pattern=coded.OWN_PATTERN, max_length=coded.LONGEST_CODE),
    Field(
        description="Begins with `x-`, then small letters, digits, `-` and `_`; it stays.",
        examples=["x-kejaksaan"],
    ),
]
Priority = Annotated[int, Field(ge=FIRST, le=LAST)]
Meaning = Literal[Disposition.RELEASED, Disposition.HELD]
Going = Literal[Direction.ENTRY, Direction.EXIT]
Sentences = Annotated[LongText, Field(min_length=1)]
Ways = Annotated[list[Going], Field(min_length=1, max_length=2)]
Stages = Annotated[list[Stage], Field(min_length=1, max_length=len(Stage))]
Requirements = Annotated[list[Requirement], Field(max_length=len(Requirement))]
Results = Annotated[list[ComparisonResult], Field(min_length=1, max_length=len(ComparisonResult))]

Word = TypeVar("Word", bound=StrEnum)

_PRIORITY: Final = "Whose alerts officers see first, unless a list says otherwise: 1 to 3."
_REQUIRES: Final = (
    "What lists of it, and their entries, have to have: `legal_basis` of the list, "
    "`decision_number` and `valid_until` of each entry. What falls short already is not refused, "
    "but named (`lacks`)."
)
_ACTIVE: Final = "Whether it may be chosen; what has it keeps it."
_MEANING: Final = "Whether the traveller may go on. It stays once an alert has ended so."
_WAYS: Final = "Of travellers who go these ways; null means any."
_STAGES: Final = "At these stages of their journey; null means any."
_AFTER: Final = (
    "Results of the comparison that it can follow: `same_person`, `undecided` (only where it "
    "releases). The built-in ones alone follow `other_person`."
)


class Label(Strict):
    """What people call it."""

    id: Text = Field(description="In Indonesian.")
    en: Text = Field(description="In English.")


class LabelPatch(Patch):
    """Changes to what people call it; languages left out stay as they are."""

    id: Text | MISSING = Field(default=MISSING, description="In Indonesian.")
    en: Text | MISSING = Field(default=MISSING, description="In English.")


class WholeInstruction(Strict):
    """What the port does on an alert of such lists, where their owners write nothing."""

    id: Sentences = Field(description="In Indonesian.")
    en: Sentences = Field(description="In English.")


class WholeInstructionPatch(Patch):
    """Changes to a usual instruction; languages left out stay as they are."""

    id: Sentences | MISSING = Field(default=MISSING, description="In Indonesian.")
    en: Sentences | MISSING = Field(default=MISSING, description="In English.")


class CategoryIn(Strict):
    """A category of the installation's own."""

    code: OwnCode
    label: Label
    instruction: WholeInstruction
    priority: Priority = Field(default=MIDDLE, description=_PRIORITY)
    requires: Requirements = Field(default_factory=list, description=_REQUIRES)

    def new(self) -> CodedCategory:
        """Return the same as the casework takes it."""
        return CodedCategory(**_sets(self.model_dump()))


class CategoryPatch(ExplainedPatch):
    """Changes to a category, built-in or own; fields left out stay as they are."""

    label: LabelPatch | MISSING = MISSING
    instruction: WholeInstructionPatch | MISSING = Field(
        default=MISSING,
        description="Lists that have the usual instruction have the new one from then on.",
    )
    priority: Priority | MISSING = Field(default=MISSING, description=_PRIORITY)
    requires: Requirements | MISSING = Field(default=MISSING, description=_REQUIRES)
    active: bool | MISSING = Field(default=MISSING, description=f"{_ACTIVE} False takes a reason.")

    def changes(self) -> dict[str, Any]:
        """Return the fields that were sent, as the casework takes them."""
        return _sets(super().changes())


class CategoryOut(Answer):
    """A category of watchlists."""

    code: CategoryCode
    label: Label
    instruction: WholeInstruction
    priority: int = Field(description=_PRIORITY)
    requires: list[Requirement] = Field(description=_REQUIRES)
    active: bool = Field(description=_ACTIVE)
    built_in: bool
    version: int = Field(description="0 of a built-in one that nobody has changed.")

    @classmethod
    def of(cls, member: CodedCategory) -> Self:
        """Make the answer from the member."""
        return cls.of_row(
            member,
            label=Label(**member.label),
            instruction=WholeInstruction(**member.instruction),
            requires=in_order(Requirement, member.requires),
        )


class CategoriesOut(Answer):
    """The categories."""

    items: list[CategoryOut] = Field(description="Built-in ones first.")


class OutcomeIn(Strict):
    """An outcome of the installation's own."""

    code: OwnCode
    label: Label
    disposition: Meaning = Field(description=_MEANING)
    directions: Ways | None = Field(default=None, description=_WAYS)
    stages: Stages | None = Field(default=None, description=_STAGES)
    after: Results = Field(default=[ComparisonResult.SAME_PERSON], description=_AFTER)

    def new(self) -> CodedOutcome:
        """Return the same as the casework takes it."""
        return CodedOutcome(**_sets(self.model_dump()))


class OutcomePatch(ExplainedPatch):
    """Changes to an outcome; of a built-in one, the label and whether it may be chosen."""

    label: LabelPatch | MISSING = MISSING
    disposition: Meaning | MISSING = Field(default=MISSING, description=_MEANING)
    directions: Ways | MISSING | None = Field(default=MISSING, description=_WAYS)
    stages: Stages | MISSING | None = Field(default=MISSING, description=_STAGES)
    after: Results | MISSING = Field(default=MISSING, description=_AFTER)
    active: bool | MISSING = Field(default=MISSING, description=f"{_ACTIVE} False takes a reason.")

    def changes(self) -> dict[str, Any]:
        """Return the fields that were sent, as the casework takes them."""
        return _sets(super().changes())


class OutcomeOut(Answer):
    """How an alert can end."""

    code: OutcomeCode
    label: Label
    disposition: Disposition = Field(description=_MEANING)
    directions: list[Direction] | None = Field(description=_WAYS)
    stages: list[Stage] | None = Field(description=_STAGES)
    after: list[ComparisonResult] = Field(description=_AFTER)
    active: bool = Field(description=_ACTIVE)
    built_in: bool
    version: int = Field(description="0 of a built-in one that nobody has changed.")

    @classmethod
    def of(cls, member: CodedOutcome) -> Self:
        """Make the answer from the member."""
        return cls.of_row(
            member,
            label=Label(**member.label),
            directions=in_order(Direction, member.directions),
            stages=in_order(Stage, member.stages),
            after=in_order(ComparisonResult, member.after),
        )


class OutcomesOut(Answer):
    """The outcomes."""

    items: list[OutcomeOut] = Field(description="Built-in ones first.")


def in_order(vocabulary: type[Word], chosen: Collection[Word] | None) -> list[Word] | None:
    """Return chosen words in the order of their vocabulary; None stands for any."""
    return None if chosen is None else [each for each in vocabulary if each in chosen]


def _sets(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: frozenset(value) if isinstance(value, list) else value
        for name, value in fields.items()
    }
