"""How rare a score is by chance, as a scale to draw: each step to the right is ten times rarer."""

import math
from dataclasses import dataclass
from typing import Final

from casework.calibration.policy import Policy
from casework.calibration.thresholds import RAREST
from casework.tables import Alert

_DECADES: Final = 6
"""From 1 in 1 to 1 in a million: rarer is never stated (casework.calibration.thresholds.RAREST)."""
_WIDTH: Final = 760
_MARGIN: Final = 36


@dataclass(frozen=True, slots=True)
class ScoreScale:
    """Where things lie on the scale, in units of the drawing."""

    width: int
    ticks: tuple[tuple[float, int], ...]
    """Place, and the N of "1 in N"."""
    score: float
    threshold: float | None
    one_in: float
    threshold_one_in: float | None
    begin: int = _MARGIN
    end: int = _WIDTH - _MARGIN

    @property
    def rarest(self) -> bool:
        """Whether it may be rarer than the scale's end."""
        return self.one_in >= RAREST


def scale_of(alert: Alert, policy: Policy | None) -> ScoreScale | None:
    """Return the scale of an alert, None where its odds were never known.

    Args:
        alert: the alert.
        policy: its watchlist's policy now; the threshold's place is read from it.
    """
    if alert.one_in is None or alert.threshold is None:
        return None
    at_threshold = policy.one_in(alert.threshold) if policy is not None else None
    return ScoreScale(
        _WIDTH,
        tuple((_place(10**power), 10**power) for power in range(_DECADES + 1)),
        _place(alert.one_in),
        _place(at_threshold) if at_threshold is not None else None,
        alert.one_in,
        at_threshold,
    )


def _place(one_in: float) -> float:
    share = min(1.0, max(0.0, math.log10(max(1.0, one_in)) / _DECADES))
    return round(_MARGIN + share * (_WIDTH - 2 * _MARGIN), 1)
