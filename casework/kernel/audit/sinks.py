"""Where checkpoints are handed out to, out of reach of anyone who holds the data."""

import logging
import logging.handlers
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from casework.kernel.audit.checkpoints import Checkpoint

_TIMEOUT_S: Final = 10.0
_SYSLOG: Final = "syslog:"
_LOCAL_SYSLOG: Final = "/dev/log"
_SYSLOG_PORT: Final = 514


class Sink(Protocol):
    """A place that takes checkpoints."""

    def send(self, checkpoint: Checkpoint) -> None:
        """Hand one out; raises OSError."""

    def received(self) -> Sequence[Checkpoint]:
        """Return what is there, as far as it can be read from here.

        Raises:
            ValueError: a line is no checkpoint.
        """


@dataclass(frozen=True, slots=True)
class FileSink:
    """Lines in a file: best on another machine's disk, where only new ones can be added."""

    path: Path

    def send(self, checkpoint: Checkpoint) -> None:
        """Write a line; it is on disk then."""
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "a", encoding="ascii") as file:
            file.write(f"{checkpoint.line}\n")
            file.flush()
            os.fsync(file.fileno())

    def received(self) -> Sequence[Checkpoint]:
        """Read the lines; a file that is not there has none."""
        return read_checkpoints(self.path) if self.path.exists() else ()


@dataclass(frozen=True, slots=True)
class SyslogSink:
    """Messages to the system's log, or to a log server over UDP."""

    address: str | tuple[str, int]

    def send(self, checkpoint: Checkpoint) -> None:
        """Send a message."""
        handler = _Strict(self.address, logging.handlers.SysLogHandler.LOG_AUTHPRIV)
        try:
            text = f"siaga-checkpoint {checkpoint.line}"
            handler.emit(logging.LogRecord("siaga", logging.INFO, "", 0, text, None, None))
        finally:
            handler.close()

    def received(self) -> Sequence[Checkpoint]:
        """Return nothing: a log is read where it is."""
        return ()


@dataclass(frozen=True, slots=True)
class WebSink:
    """Requests to an address."""

    url: str

    def send(self, checkpoint: Checkpoint) -> None:
        """Post it; any answer but 2xx is a failure."""
        # Every command opens the trail, and few send anything.
        import httpx2  # noqa: PLC0415

        headers = {"Content-Type": "application/json", "User-Agent": "Siaga"}
        try:
            with httpx2.Client(trust_env=False, timeout=_TIMEOUT_S) as client:
                answer = client.post(self.url, content=checkpoint.line.encode(), headers=headers)
                answer.raise_for_status()
        except httpx2.HTTPError as error:
            raise OSError(f"{type(error).__name__}: {error}") from error

    def received(self) -> Sequence[Checkpoint]:
        """Return nothing: the receiver keeps them."""
        return ()


class _Strict(logging.handlers.SysLogHandler):
    """Says that a message was lost, rather than printing it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Raise what went wrong."""
        del record
        raise OSError("the system's log takes no message") from sys.exception()


def sink_for(place: str) -> Sink:
    """Return the sink that a setting names: `syslog:`, `syslog:HOST[:PORT]`, an URL, or a file."""
    if place.startswith(("https://", "http://")):
        return WebSink(place)
    if not place.startswith(_SYSLOG):
        return FileSink(Path(place))
    host, _, port = place.removeprefix(_SYSLOG).partition(":")
    if not host:
        return SyslogSink(_LOCAL_SYSLOG)
    return SyslogSink((socket.gethostbyname(host), int(port or _SYSLOG_PORT)))


def read_checkpoints(path: Path) -> list[Checkpoint]:
    """Read a file of checkpoints, one a line; what a log puts before them is passed over.

    Raises:
        ValueError: a line has none.
    """
    with path.open(encoding="utf-8", errors="replace") as lines:
        return [Checkpoint.of_line(line[line.find("{") :]) for line in lines if line.strip()]
