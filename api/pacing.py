"""A client that is refused and does not wait as it was asked to is answered later.

A refusal costs the event loop a millisecond or two. Over a few hundred connections that come again
at once, that adds up to what others wait for; answered a second later, it does not.
"""

import time
from collections.abc import Callable
from typing import Final

_AT_ONCE: Final = 16
"""Refusals of one address within `_SECONDS` that are answered at once."""
_SECONDS: Final = 1.0
"""As long as `Retry-After` asks to wait where the service is full."""
_MOST_ADDRESSES: Final = 10_000
_SPREAD: Final = 0.618
"""The golden section: its multiples fall evenly between whole numbers, however many there are."""


class Pacing:
    """Counts the refusals of addresses. Belongs to one event loop."""

    def __init__(
        self,
        at_once: int = _AT_ONCE,
        seconds: float = _SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._at_once = at_once
        self._seconds = seconds
        self._clock = clock
        self._counts: dict[str, tuple[float, int]] = {}
        """When an address was first refused of late, and how often since."""

    def refused(self, address: str) -> float:
        """Count a refusal; returns the seconds to wait before it is answered."""
        now = self._clock()
        since, count = self._counts.pop(address, (now, 0))
        if now - since >= self._seconds:
            since, count = now, 0
        self._counts[address] = since, count + 1
        while len(self._counts) > _MOST_ADDRESSES:
            del self._counts[next(iter(self._counts))]
        if count < self._at_once:
            return 0.0
        # One after the other: those that are answered together would come again together.
        return self._seconds * (1 + count * _SPREAD % 1)
