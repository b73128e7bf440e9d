"""Cells: the figure of any group of alerts, exact of the own agency, blurred of all."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Protocol

from casework.reports.counted import CountedAlerts
from casework.reports.dimensions import Dimension
from casework.reports.figures import NOT_TOLD, Figure, FigureKind


class Cells(Protocol):
    """What is known of the alerts of one period."""

    @property
    def alerts(self) -> CountedAlerts:
        """The alerts."""
        ...

    def figure(self, values: Mapping[Dimension, str]) -> Figure:
        """Return the figure of the alerts with these values."""
        ...


class ExactCells:
    """Of the own agency: any cut, exactly."""

    def __init__(self, alerts: CountedAlerts) -> None:
        self._alerts = alerts
        self._counts: dict[tuple[Dimension, ...], Counter[tuple[str, ...]]] = {}

    @property
    def alerts(self) -> CountedAlerts:
        """The alerts."""
        return self._alerts

    def figure(self, values: Mapping[Dimension, str]) -> Figure:
        """Return the figure of the alerts with these values."""
        cut = tuple(sorted(values))
        if cut not in self._counts:
            self._counts[cut] = Counter(self._alerts.counted(cut))
        return Figure.exact(self._counts[cut][tuple(values[each] for each in cut)])


def values_of(alerts: CountedAlerts, dimension: Dimension) -> list[str]:
    """Return the values that occur, in order."""
    return list(alerts.column(dimension).names)


def change(now: Figure, before: Figure) -> Figure:
    """Return how much more there is than before; withheld unless both are numbers."""
    if now.value is None or before.value is None:
        return NOT_TOLD
    return Figure(FigureKind.NUMBER, now.value - before.value)


def share(figure: Figure, of: int) -> float:
    """Return how strongly a cell is shaded, 0 to 1, against the greatest one."""
    if figure.kind is FigureKind.NOT_TOLD or not of:
        return 0.0
    return min(1.0, (figure.value if figure.value is not None else figure.least) / of)


def greatest(figures: Collection[Figure]) -> int:
    """Return the greatest number among figures."""
    return max((each.value or 0 for each in figures), default=0)
