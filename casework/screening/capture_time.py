"""When a photo was taken, as the lane's clock has it, against when it came in."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from casework.kernel.errors import CaptureTimeRefused

OFF: Final = timedelta(minutes=5)
"""Beyond it a capture time counts as off: a photo is sent within seconds of being taken, and the
clocks of machines that are kept by NTP agree within one."""
REFUSED: Final = timedelta(days=1)
"""Beyond it nothing is recorded. A lane that was cut off may send what it took within a day; what
is older or yet to come is a clock that is wrong, and would put the encounter where it never was."""


class CaptureClock(StrEnum):
    """How a capture time agrees with the time of receipt."""

    RIGHT = "right"
    AHEAD = "ahead"
    BEHIND = "behind"


def check_capture_time(captured_at: datetime | None, received_at: datetime) -> None:
    """Refuse a photo that was taken too long before it came in, or after.

    Raises:
        CaptureTimeRefused: by more than `REFUSED`.
    """
    if captured_at is not None and abs(captured_at - received_at) > REFUSED:
        raise CaptureTimeRefused(
            "capture_time_refused",
            field="captured_at",
            captured=_written(captured_at),
            received=_written(received_at),
        )


def clock_of(captured_at: datetime, received_at: datetime) -> CaptureClock:
    """Return how a capture time agrees with the time of receipt."""
    if abs(captured_at - received_at) <= OFF:
        return CaptureClock.RIGHT
    return CaptureClock.AHEAD if captured_at > received_at else CaptureClock.BEHIND


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
