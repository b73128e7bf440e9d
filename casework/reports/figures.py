"""Figures: how a count is shown. An agency's own are exact; those of others are blurred.

Of others, 0 is 0, a count below five is "fewer than 5", any other is rounded to a multiple of 5.
That follows from the count alone, so a cell reads the same wherever it stands. Some cells are
withheld, because others would give a small one away: see `casework.reports.suppression`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

LEAST_SHOWN: Final = 5
"""Of other agencies, a count from 1 up to below this is hidden."""
STEP: Final = 5
"""Other agencies' numbers are multiples of it."""
BLUR: Final = STEP // 2
"""So far a rounded number is from its count at most."""


class FigureKind(StrEnum):
    """How a count is shown."""

    NUMBER = "number"
    FEWER_THAN_5 = "fewer_than_5"
    """From 1 to 4."""
    NOT_TOLD = "not_told"
    """Any count: it would give a small one away, or the cut goes too deep."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One count as it is shown."""

    kind: FigureKind
    value: int | None = None
    """Of a number alone."""

    @classmethod
    def exact(cls, count: int) -> Self:
        """Return a count of the reader's own agency."""
        return cls(FigureKind.NUMBER, count)

    @classmethod
    def blurred(cls, count: int) -> Self:
        """Return a count of other agencies."""
        if 0 < count < LEAST_SHOWN:
            return cls(FigureKind.FEWER_THAN_5)
        return cls(FigureKind.NUMBER, rounded(count))

    @property
    def least(self) -> int:
        """The least count that a blurred figure can stand for."""
        if self.kind is FigureKind.NOT_TOLD:
            return 0
        if self.value is None:
            return 1
        return max(LEAST_SHOWN, self.value - BLUR) if self.value else 0

    @property
    def most(self) -> int | None:
        """The greatest count that a blurred figure can stand for; None without a limit."""
        if self.kind is FigureKind.NOT_TOLD:
            return None
        if self.value is None:
            return LEAST_SHOWN - 1
        return self.value + BLUR if self.value else 0

    @property
    def as_text(self) -> str:
        """The number, or the word for there being none: as files for programs have it."""
        return str(self.value) if self.value is not None else self.kind.value


NOT_TOLD: Final = Figure(FigureKind.NOT_TOLD)
ZERO: Final = Figure(FigureKind.NUMBER, 0)


def rounded(count: int) -> int:
    """Return the nearest multiple of 5."""
    return STEP * ((count + BLUR) // STEP)
