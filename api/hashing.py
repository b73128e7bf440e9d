"""A place where passwords are hashed: few at a time, because each takes 64 MiB and a processor.

A route that hashes is a plain function, which runs on a thread. It waits here, before it gets one:
a flood of sign-ins then fills neither the memory nor the threads that other routes need.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from api.workers import Overloaded

AT_ONCE: Final = 2
_MOST_WAITING: Final = 32


class PasswordHashLimiter:
    """A few places, and a few more to wait for one. Belongs to one event loop."""

    def __init__(self, places: int = AT_ONCE, waiting: int = _MOST_WAITING) -> None:
        self._free = asyncio.Semaphore(places)
        self._left = places + waiting

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Hold a place for the duration of a block.

        Raises:
            Overloaded: too many wait already.
        """
        if self._left == 0:
            raise Overloaded
        self._left -= 1
        try:
            async with self._free:
                yield
        finally:
            self._left += 1
