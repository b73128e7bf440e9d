"""Threads whose work may wait for everybody else's."""

import os
import threading
from contextlib import suppress
from typing import Final

# As `nice` has it: the least of all.
_LEAST: Final = 19


def take_least_priority() -> None:
    """Put the calling thread, and those it starts, behind all others of the machine."""
    # Linux has priorities by thread; elsewhere it shares as the others do.
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LEAST)
