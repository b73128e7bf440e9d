"""How much of the public's reports is taken: of an address, of all together, and at a time.

Somebody who sends thousands is refused early and cheaply. What is left of the hour is kept for
addresses that have sent nothing yet, so that a flood of a few takes nobody else's place.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from api.workers import Overloaded

HOUR_S: Final = 3600.0
_DAY_S: Final = 24 * HOUR_S
MOST_ADDRESSES: Final = 20_000
_AT_ONCE: Final = 2
_MOST_WAITING: Final = 32
_MOST_WAIT_S: Final = 20.0
_REQUESTS_EACH: Final = 120
"""Forms of an address within an hour, whether or not they are right."""
_PHOTO_BYTES_A_DAY: Final = 1 << 30
"""What the public's photos may add to the database in a day."""
_KEPT_FOR_NEW: Final = 0.5
"""Share of the hour's reports for addresses that have sent none."""


class Refused(Exception):
    """Not now: it may be sent again after some seconds. Nothing was recorded."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Send it again in {seconds:.0f} seconds.")
        self.seconds = max(1, round(seconds))


class PhotosRefused(Refused):
    """The same of photos alone: a report without one is taken."""


@dataclass(slots=True)
class Bucket:
    """So much within a time, earned back evenly."""

    most: float
    seconds: float
    left: float
    at: float

    @classmethod
    def full(cls, most: float, seconds: float, now: float) -> "Bucket":
        """Return one of which nothing was taken yet."""
        return cls(most, seconds, most, now)

    def level(self, now: float) -> float:
        """Return what is left at a time."""
        self.left = min(self.most, self.left + (now - self.at) * self.most / self.seconds)
        self.at = max(self.at, now)
        return self.left

    def wait(self, amount: float, now: float) -> float:
        """Return the seconds until so much is left; 0 where it is."""
        return max(0.0, (amount - self.level(now)) * self.seconds / self.most)

    def take(self, amount: float) -> None:
        """Take from what is left."""
        self.left -= amount


class Admission:
    """Counts the public's requests. Belongs to one event loop."""

    def __init__(
        self,
        reports_an_hour: int,
        reports_each: int,
        clock: Callable[[], float] = time.monotonic,
        photo_bytes_a_day: int = _PHOTO_BYTES_A_DAY,
    ) -> None:
        now = clock()
        self._clock = clock
        self._each = reports_each
        self._all = Bucket.full(reports_an_hour, HOUR_S, now)
        self._photos = Bucket.full(photo_bytes_a_day, _DAY_S, now)
        self._requests: dict[str, Bucket] = {}
        self._reports: dict[str, Bucket] = {}
        self._running = 0
        self._line: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def request(self, address: str) -> AsyncIterator[None]:
        """Hold a place for a form of an address, before its body is read.

        Raises:
            Refused: the address has sent too many.
            Overloaded: too many wait already, or it took too long.
        """
        self._spend(self._bucket(self._requests, address, _REQUESTS_EACH), 1)
        if self._running >= _AT_ONCE:
            await self._wait()
        else:
            self._running += 1
        try:
            yield
        finally:
            self._next()

    def report(self, address: str, photo_bytes: int) -> None:
        """Count a report that is about to be written.

        Raises:
            Refused: the address, or all together, have sent as many as are taken.
            PhotosRefused: no more photos are taken just now.
        """
        now = self._clock()
        own = self._bucket(self._reports, address, self._each)
        first = own.level(now) >= own.most
        kept = 0.0 if first else self._all.most * _KEPT_FOR_NEW
        wait = max(own.wait(1, now), self._all.wait(1 + kept, now))
        if wait:
            raise Refused(wait)
        if wait := self._photos.wait(photo_bytes, now):
            raise PhotosRefused(wait)
        for bucket, amount in ((own, 1), (self._all, 1), (self._photos, photo_bytes)):
            bucket.take(amount)

    def _spend(self, bucket: Bucket, amount: float) -> None:
        if wait := bucket.wait(amount, self._clock()):
            raise Refused(wait)
        bucket.take(amount)

    def _bucket(self, buckets: dict[str, Bucket], address: str, most: float) -> Bucket:
        bucket = buckets.pop(address, None) or Bucket.full(most, HOUR_S, self._clock())
        buckets[address] = bucket
        while len(buckets) > MOST_ADDRESSES:
            del buckets[next(iter(buckets))]
        return bucket

    async def _wait(self) -> None:
        if len(self._line) >= _MOST_WAITING:
            raise Overloaded
        turn = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            async with asyncio.timeout(_MOST_WAIT_S):
                await asyncio.shield(turn)
        except (TimeoutError, asyncio.CancelledError) as error:
            if turn.done():
                self._next()
            else:
                self._line.remove(turn)
            if isinstance(error, TimeoutError):
                raise Overloaded from None
            raise

    def _next(self) -> None:
        if self._line:
            self._line.pop(0).set_result(None)
        else:
            self._running -= 1
