"""Uploads too large to be held in memory: a multipart body, handed on as it arrives.

Only files are expected. Nothing is spooled to disk, and what has arrived is passed on before more
is read, so a fast sender waits for a slow receiver.
"""

import asyncio
from collections.abc import Callable, Collection
from typing import Final

from fastapi import Request
from starlette.requests import ClientDisconnect

from api.multipart import MultipartReader, Part, boundary_of, invalid
from api.workers import ClientGone

_HANDED_ON_AT: Final = 256 * 1024


async def receive_files(
    request: Request, names: Collection[str], write: Callable[[str, bytes], None]
) -> set[str]:
    """Read a multipart body; returns the names of the files that it had.

    Args:
        request: whose body it is; `api.middleware.BodyLimits` keeps it within bounds.
        names: the fields that may be there, each once.
        write: takes the next bytes of a field; runs on a thread.

    Raises:
        RequestInvalid: the body is not multipart form data, or has other fields.
        BodyTooLarge, BodyEncoded, ClientGone: it cannot be received.
    """
    listed = " and ".join(f"`{each}`" for each in names)
    parts = _Parts(names, listed)
    reader = MultipartReader(boundary_of(request, f"the files as {listed}"), parts)
    try:
        async for chunk in request.stream():
            reader.write(chunk)
            if len(parts.waiting) >= _HANDED_ON_AT:
                await parts.hand_on(write)
    except ClientDisconnect as error:
        raise ClientGone from error
    await parts.hand_on(write)
    reader.finish()
    return parts.seen


class _Parts:
    """Follows the body: whose bytes these are, and those not handed on yet."""

    def __init__(self, names: Collection[str], listed: str) -> None:
        self._names = names
        self._listed = listed
        self._name = ""
        self._full: list[tuple[str, bytes]] = []
        self.waiting = bytearray()
        self.seen: set[str] = set()

    async def hand_on(self, write: Callable[[str, bytes], None]) -> None:
        """Pass on what has arrived."""
        self.end()
        full, self._full = self._full, []
        for name, content in full:
            await asyncio.to_thread(write, name, content)

    def begin(self, part: Part) -> None:
        """Begin a file; raises RequestInvalid where it is not expected."""
        name = part.name
        if name not in self._names:
            raise invalid(name[:50], f"Nothing but {self._listed} is expected here.")
        if name in self.seen:
            raise invalid(name, "The file is given twice.")
        self.seen.add(name)
        self._name = name

    def data(self, piece: bytes) -> None:
        """Keep a piece until it is handed on."""
        self.waiting += piece

    def end(self) -> None:
        """Take note that what waits belongs together."""
        if self.waiting:
            self._full.append((self._name, bytes(self.waiting)))
            self.waiting.clear()
