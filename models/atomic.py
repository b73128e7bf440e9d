"""Writing a file so that it appears under its name whole, or not at all."""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["replacing"]

STALE_SECONDS = 24 * 3600  # a temporary file this old belongs to a process that was killed


@contextmanager
def replacing(target: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `target` that takes its place when the block ends well.

    The content and then the rename are flushed to disk. When the block raises, or the process
    dies, `target` stays as it was. Raises OSError where the disk refuses.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    temporary = target.parent / f".{target.name}.{secrets.token_hex(8)}.tmp"
    try:
        # Not tempfile: its 0600 would hide weights that an administrator fetched from the service.
        with temporary.open("xb") as output:
            yield output
            output.flush()
            os.fsync(output.fileno())
        temporary.replace(target)
        _sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what killed processes left behind."""
    for stale in folder.glob(".*.tmp"):
        try:
            if time.time() - stale.stat().st_mtime > STALE_SECONDS:
                stale.unlink()
        except FileNotFoundError:
            continue  # another process was faster


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
