"""Watchlists and their policies."""

from datetime import datetime
from typing import Self

from pydantic import Field

from api.schemas.common import Answer, LongText, Port, Rate, Score, Strict, Text
from casework.tables import Watchlist
from casework.vocabulary import Category, Direction


class WatchlistIn(Strict):
    """A new watchlist."""

    name: Text
    category: Category = Category.OTHER
    direction: Direction = Direction.BOTH
    target_fpir: Rate = Field(
        default=1e-3, description="Accepted share of travellers alerted by chance."
    )
    threshold: Score | None = Field(
        default=None, description="A cosine set by hand instead; unset follows target_fpir."
    )
    ports: list[Port] | None = Field(default=None, min_length=1, description="Unset means all.")
    instruction: LongText = Field(default="", description="What the port does on an alert.")


class WatchlistPatch(Strict):
    """Changes to a watchlist; fields left out stay as they are."""

    name: Text = Field(default="")
    category: Category = Category.OTHER
    direction: Direction = Direction.BOTH
    target_fpir: Rate = 1e-3
    threshold: Score | None = None
    ports: list[Port] | None = Field(default=None, min_length=1)
    instruction: LongText = ""


class WatchlistOut(Answer):
    """A watchlist."""

    id: str
    name: str
    category: Category
    direction: Direction
    target_fpir: float
    threshold: float | None
    ports: list[str] | None
    instruction: str
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Watchlist) -> Self:
        """Make the answer from the record."""
        return cls.model_validate(row)


class WatchlistPage(Answer):
    """Some watchlists, and where to go on."""

    items: list[WatchlistOut]
    next: str | None = Field(description="Send as `after` for the next page; null on the last.")
