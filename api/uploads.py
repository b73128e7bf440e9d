"""Uploads too large to be held in memory: a multipart body, handed on as it arrives.

Only files are expected. Nothing is spooled to disk, and what has arrived is passed on before more
is read, so a fast sender waits for a slow receiver.
"""

import asyncio
from collections.abc import Callable, Collection
from typing import Final

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from api.forms import boundary_of
from api.problems import FieldProblem, RequestInvalid
from api.workers import ClientGone

_HANDED_ON_AT: Final = 256 * 1024


async def receive_files(
    request: Request, names: Collection[str], write: Callable[[str, bytes], None]
) -> set[str]:
    """Read a multipart body; returns the names of the files that it had.

    Args:
        request: whose body it is; `api.middleware.BodyLimit` keeps it within bounds.
        names: the fields that may be there, each once.
        write: takes the next bytes of a field; runs on a thread.

    Raises:
        RequestInvalid: the body is not multipart form data, or has other fields.
        BodyTooLarge, ClientGone: it cannot be received.
    """
    boundary = boundary_of(request)
    if boundary is None:
        raise _invalid("body", "Send multipart/form-data.")
    parts = _Parts(names)
    try:
        parser = MultipartParser(boundary, parts.callbacks)  # type: ignore[arg-type]
        async for chunk in request.stream():
            parser.write(chunk)
            if len(parts.waiting) >= _HANDED_ON_AT:
                await parts.hand_on(write)
        parser.finalize()
    except ClientDisconnect as error:
        raise ClientGone from error
    except (FormParserError, ValueError) as error:
        raise _invalid("body", "The multipart body cannot be read.") from error
    await parts.hand_on(write)
    if not parts.ended:
        raise _invalid("body", "The multipart body is cut short.")
    return parts.seen


class _Parts:
    """Follows the parser: whose bytes these are, and those not handed on yet."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = b""
        self._name = ""
        self._full: list[tuple[str, bytes]] = []
        self.waiting = bytearray()
        self.seen: set[str] = set()
        self.ended = False

    @property
    def callbacks(self) -> dict[str, Callable[..., None]]:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": lambda data, start, end: self.waiting.extend(data[start:end]),
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    async def hand_on(self, write: Callable[[str, bytes], None]) -> None:
        """Pass on what has arrived."""
        self._part_end()
        full, self._full = self._full, []
        for name, content in full:
            await asyncio.to_thread(write, name, content)

    def _begin(self) -> None:
        self._disposition = b""

    def _header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name not in self._names:
            expected = " and ".join(f"`{each}`" for each in self._names)
            raise _invalid(name[:50] or "body", f"Nothing but {expected} is expected here.")
        if name in self.seen:
            raise _invalid(name, "The file is given twice.")
        self.seen.add(name)
        self._name = name

    def _part_end(self) -> None:
        if self.waiting:
            self._full.append((self._name, bytes(self.waiting)))
            self.waiting.clear()

    def _end(self) -> None:
        self.ended = True


def _invalid(field: str, message: str) -> RequestInvalid:
    return RequestInvalid(
        f"The request is not valid: {field}: {message}",
        [FieldProblem(field=field, message=message)],
    )
