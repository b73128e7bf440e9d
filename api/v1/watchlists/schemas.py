"""Watchlists and their policies."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import MISSING, Field

from api.v1.approvals.schemas import ExplainedPatch, ReasonIfItWaits
from api.v1.common import (
    Answer,
    CategoryCode,
    Instruction,
    InstructionPatch,
    LongText,
    Port,
    Score,
    Seconds,
    Strict,
    Text,
)
from casework.calibration.policy import Policy
from casework.codes.coded import CodedCategory
from casework.codes.lists import known
from casework.codes.priorities import FIRST, LAST
from casework.kernel.vocabulary import Category, Direction, Requirement, Stage
from casework.tables import Watchlist
from casework.watchlists.requirements import lacks_basis
from casework.watchlists.watchlists import (
    DEFAULT_ACKNOWLEDGE_WITHIN_S,
    DEFAULT_TARGET_FPIR,
    LOOSEST_FPIR,
    NewWatchlist,
    agencies_of,
)

Rate = Annotated[float, Field(gt=0, le=LOOSEST_FPIR)]
Stages = Annotated[list[Stage], Field(min_length=1, max_length=len(Stage))]
Ports = Annotated[list[Port], Field(min_length=1, max_length=200)]
Priority = Annotated[int, Field(ge=FIRST, le=LAST)]
Guests = Annotated[list[Text], Field(max_length=100)]


_PRIORITY: Final = (
    "Whose alerts officers see first: from 1, the first, to 3; null means the usual one of the "
    "category."
)


class WatchlistIn(Strict):
    """A new watchlist."""

    name: Text
    agency_id: Text | None = Field(
        default=None, description="The owner; unset means the caller's own agency."
    )
    category: CategoryCode = Category.OTHER.value
    direction: Direction = Direction.BOTH
    stages: Stages | None = Field(default=None, description="Unset means all.")
    ports: Ports | None = Field(default=None, description="Unset means all.")
    target_fpir: Rate = Field(
        default=DEFAULT_TARGET_FPIR, description="Accepted share of travellers alerted by chance."
    )
    threshold: Score | None = Field(
        default=None,
        description="A cosine set by hand instead; unset follows target_fpir. Never under the "
        "score that 1 % of strangers reach against the list as it is.",
    )
    legal_basis: LongText = ""
    instruction: Instruction = Instruction()
    requires_acknowledgement: bool = True
    requires_second_officer: bool = False
    requires_person_on_failed_pad: bool = Field(
        default=False,
        description="Whether an officer has to see each traveller that the list concerns whose "
        "presentation attack detection failed, also without an alert.",
    )
    acknowledge_within_s: Seconds = DEFAULT_ACKNOWLEDGE_WITHIN_S
    priority: Priority | None = Field(default=None, description=_PRIORITY)
    active: bool = Field(default=True, description="Whether it raises alerts.")
    shared_with: Guests = Field(
        default_factory=list, description="Other agencies that see its alerts."
    )
    reason: ReasonIfItWaits = None

    def new(self) -> NewWatchlist:
        """Return the same as the casework takes it."""
        fields = self.model_dump(exclude={"reason"})
        return NewWatchlist(**{**fields, "shared_with": tuple(self.shared_with)})


class WatchlistPatch(ExplainedPatch):
    """Changes to a watchlist; fields left out stay as they are."""

    name: Text | MISSING = MISSING
    category: CategoryCode | MISSING = MISSING
    direction: Direction | MISSING = MISSING
    stages: Stages | MISSING | None = MISSING
    ports: Ports | MISSING | None = MISSING
    target_fpir: Rate | MISSING = MISSING
    threshold: Score | MISSING | None = MISSING
    legal_basis: LongText | MISSING = MISSING
    instruction: InstructionPatch | MISSING = MISSING
    requires_acknowledgement: bool | MISSING = MISSING
    requires_second_officer: bool | MISSING = MISSING
    requires_person_on_failed_pad: bool | MISSING = MISSING
    acknowledge_within_s: Seconds | MISSING = MISSING
    priority: Priority | MISSING | None = Field(default=MISSING, description=_PRIORITY)
    active: bool | MISSING = Field(
        default=MISSING, description="False stops its alerts, and takes a reason."
    )
    shared_with: Guests | MISSING = MISSING


class BreakerResetIn(Strict):
    """Why a breaker is reset."""

    reason: Annotated[str, Field(min_length=10, max_length=500)] = Field(
        description="A sentence for the audit trail: what was wrong, and what was put right."
    )


class WatchlistOut(Answer):
    """A watchlist."""

    id: str
    agency_id: str
    name: str
    category: CategoryCode
    direction: Direction
    stages: list[Stage] | None
    ports: list[str] | None
    target_fpir: float
    threshold: float | None = Field(description="As set by hand.")
    threshold_in_force: float | None = Field(
        description="The score from which the list alarms now; null while it is not active."
    )
    threshold_basis: str | None = Field(
        description="Where that comes from: a threshold set by hand is raised where strangers "
        "would reach it too often, or where the breaker has tripped."
    )
    breaker_tripped_at: datetime | None = Field(
        description="Since when the list, which alarmed on too many travellers, is kept to "
        "target_fpir."
    )
    legal_basis: str
    lacks: list[Requirement] = Field(
        description="What the category requires of lists, and this one has not."
    )
    instruction: Instruction
    requires_acknowledgement: bool
    requires_second_officer: bool
    requires_person_on_failed_pad: bool
    acknowledge_within_s: int
    priority: int | None = Field(description=_PRIORITY)
    active: bool
    shared_with: list[str]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(
        cls, row: Watchlist, policy: Policy | None, categories: Mapping[str, CodedCategory]
    ) -> Self:
        """Make the answer from the record, its policy where it is in force, and its category."""
        without = lacks_basis(known(categories, row.category), row.legal_basis)
        return cls.of_row(
            row,
            shared_with=agencies_of(row),
            lacks=[Requirement.LEGAL_BASIS] if without else [],
            threshold_in_force=round(policy.threshold, 4) if policy is not None else None,
            threshold_basis=str(policy.basis) if policy is not None else None,
        )
