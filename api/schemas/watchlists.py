"""Watchlists and their policies."""

from datetime import datetime
from typing import Self

from pydantic import Field

from api.schemas.common import (
    Answer,
    Instruction,
    LongText,
    Patch,
    Port,
    Rate,
    Score,
    Seconds,
    Strict,
    Text,
)
from casework.tables import Watchlist
from casework.vocabulary import Category, Direction, Stage
from casework.watchlists import (
    DEFAULT_ACKNOWLEDGE_WITHIN_S,
    DEFAULT_TARGET_FPIR,
    agencies_of,
)


class WatchlistIn(Strict):
    """A new watchlist."""

    name: Text
    agency_id: Text | None = Field(
        default=None, description="The owner; unset means the caller's own agency."
    )
    category: Category = Category.OTHER
    direction: Direction = Direction.BOTH
    stages: list[Stage] | None = Field(default=None, min_length=1, description="Unset means all.")
    ports: list[Port] | None = Field(default=None, min_length=1, description="Unset means all.")
    target_fpir: Rate = Field(
        default=DEFAULT_TARGET_FPIR, description="Accepted share of travellers alerted by chance."
    )
    threshold: Score | None = Field(
        default=None, description="A cosine set by hand instead; unset follows target_fpir."
    )
    legal_basis: LongText = ""
    instruction: Instruction = Instruction()
    requires_acknowledgement: bool = True
    requires_second_officer: bool = False
    acknowledge_within_s: Seconds = DEFAULT_ACKNOWLEDGE_WITHIN_S
    active: bool = Field(default=True, description="Whether it raises alerts.")
    shared_with: list[Text] = Field(
        default_factory=list, max_length=100, description="Agencies that see its alerts besides."
    )


class WatchlistPatch(Patch):
    """Changes to a watchlist; fields left out stay as they are."""

    name: Text = Field(default="")
    category: Category = Category.OTHER
    direction: Direction = Direction.BOTH
    stages: list[Stage] | None = Field(default=None, min_length=1)
    ports: list[Port] | None = Field(default=None, min_length=1)
    target_fpir: Rate = DEFAULT_TARGET_FPIR
    threshold: Score | None = None
    legal_basis: LongText = ""
    instruction: Instruction = Instruction()
    requires_acknowledgement: bool = True
    requires_second_officer: bool = False
    acknowledge_within_s: Seconds = DEFAULT_ACKNOWLEDGE_WITHIN_S
    active: bool = True
    shared_with: list[Text] = Field(default_factory=list, max_length=100)


class WatchlistOut(Answer):
    """A watchlist."""

    id: str
    agency_id: str
    name: str
    category: Category
    direction: Direction
    stages: list[Stage] | None
    ports: list[str] | None
    target_fpir: float
    threshold: float | None
    legal_basis: str
    instruction: Instruction
    requires_acknowledgement: bool
    requires_second_officer: bool
    acknowledge_within_s: int
    active: bool
    shared_with: list[str]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Watchlist) -> Self:
        """Make the answer from the record."""
        fields = {name: getattr(row, name) for name in cls.model_fields if name != "shared_with"}
        return cls(**fields, shared_with=agencies_of(row))


class WatchlistPage(Answer):
    """Some watchlists, and where to go on."""

    items: list[WatchlistOut]
    next: str | None = Field(description="Send as `after` for the next page; null on the last.")
