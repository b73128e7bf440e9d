"""Figures as shades and bars, drawn beside their numbers and never instead of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from casework.reports.figures import Figure, FigureKind

SHADES: Final = 5
"""Besides none, of nothing, and the pattern of what is withheld."""

BAR_HEIGHT: Final = 24


@dataclass(frozen=True, slots=True)
class ShadeScale:
    """Equal steps from nothing to the largest number shown."""

    most: int

    @classmethod
    def of(cls, figures: Iterable[Figure]) -> Self:
        """Return the scale of these figures."""
        return cls(max((each.value or 0 for each in figures), default=0))

    def shade(self, figure: Figure) -> str:
        """Return the class of a figure: `heat-0` of nothing to `heat-5`, or `heat-not-told`."""
        if figure.kind is FigureKind.NOT_TOLD:
            return "heat-not-told"
        if figure.kind is FigureKind.FEWER_THAN_5:
            return "heat-1"
        if not figure.value:
            return "heat-0"
        return f"heat-{-(-SHADES * figure.value // max(self.most, 1))}"

    @property
    def steps(self) -> list[tuple[str, int, int]]:
        """The shades with the least and the most that each stands for, for the legend."""
        ends = [self.most * step // SHADES for step in range(SHADES + 1)]
        return [
            (f"heat-{step}", ends[step - 1] + 1, ends[step])
            for step in range(1, SHADES + 1)
            if ends[step] > ends[step - 1]
        ]


class Bar(NamedTuple):
    """One bar of a small chart, in units of the drawing."""

    height: float
    withheld: bool


def bars(figures: Sequence[Figure], most: int) -> list[Bar]:
    """Return the bars of figures side by side, all on one scale."""
    return [
        Bar(
            round(BAR_HEIGHT * min(1.0, (each.value or each.least) / max(most, 1)), 1),
            each.kind is FigureKind.NOT_TOLD,
        )
        for each in figures
    ]


def difference(now: Figure, before: Figure) -> int | None:
    """Return how much more it is than before; None where either is no number."""
    if now.value is None or before.value is None:
        return None
    return now.value - before.value
