"""What an operator can set about watchlists' breakers: apart, since settings need no numbers."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When a list's breaker trips: see `casework.calibration.breaker`."""

    share: float = 0.05
    """Alarms by travellers beyond which it trips."""
    window: timedelta = timedelta(hours=1)
    travellers: int = 200
    """Fewer within the window are no evidence."""
