"""Shades of figures: beside their numbers on screen and paper, and never instead of them."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

from casework.reports.cells import greatest, share
from casework.reports.figures import STEP, Figure, FigureKind

SHADES: Final = 5
"""Besides none, of nothing."""


def shade_of(share: float) -> int:
    """Return the step of a share, 0 to 1; whatever is there at all is 1 at least."""
    return min(SHADES, 1 + int(share * (SHADES - 1) + 0.5)) if share > 0 else 0


def step_of(figure: Figure, most: int) -> int:
    """Return the step of a figure against the greatest number shown; 0 where it is withheld."""
    return shade_of(share(figure, most)) or int(figure.least > 0)


@dataclass(frozen=True, slots=True)
class ShadeScale:
    """From nothing to the largest number shown."""

    most: int

    @classmethod
    def of(cls, figures: Iterable[Figure]) -> Self:
        """Return the scale of these figures."""
        return cls(greatest(list(figures)))

    def shade(self, figure: Figure) -> str:
        """Return the class of a figure in the style sheet."""
        if figure.kind is FigureKind.NOT_TOLD:
            return "shade-not-told"
        return f"shade-{step_of(figure, self.most)}"

    @property
    def steps(self) -> list[tuple[str, int, int]]:
        """The shades with the least and the most that each stands for, for the legend."""
        numbers = range(1, self.most + 1)
        firsts = [
            1 + bisect_left(numbers, step, key=lambda number: shade_of(number / self.most))
            for step in range(1, SHADES + 2)
        ]
        return [
            (f"shade-{step}", first, following - 1)
            for step, (first, following) in enumerate(pairwise(firsts), 1)
            if following > first
        ]

    @property
    def rounded_steps(self) -> list[tuple[str, int, int]]:
        """The same for figures of all agencies, which are multiples of 5; not for "< 5"."""
        found = [
            (shade, -(-first // STEP) * STEP, last // STEP * STEP)
            for shade, first, last in self.steps
        ]
        return [(shade, first, last) for shade, first, last in found if first <= last]
