"""What the process keeps of memory that it no longer needs."""

import ctypes
import sys
from typing import Final

from detector.limits import MIB

# `mallopt` and its parameters, as glibc has them.
_MMAP_THRESHOLD: Final = -3
_MAPPED_FROM: Final = 4 * MIB
_ARENA_MAX: Final = -8
_ARENAS: Final = 2


def map_large_blocks() -> None:
    """Let blocks from 4 MiB on, which are photos, go back to the system when they are freed.

    glibc would otherwise raise that bound with the largest block it has seen, and keep the pixels
    of one large photo among its arenas for good. Elsewhere nothing happens.
    """
    if _LIBRARY is not None:
        _LIBRARY.mallopt(_MMAP_THRESHOLD, _MAPPED_FROM)


def share_arenas() -> None:
    """Let threads share a few of glibc's arenas; call it before threads are started.

    Each thread would otherwise get an arena of its own, up to eight a processor, and each grows
    to the most that its thread has ever held. Elsewhere nothing happens.
    """
    if _LIBRARY is not None:
        _LIBRARY.mallopt(_ARENA_MAX, _ARENAS)


def return_free_memory() -> None:
    """Give free pages of the heap back to the system."""
    if _LIBRARY is not None:
        _LIBRARY.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    has_both = hasattr(library, "mallopt") and hasattr(library, "malloc_trim")
    return library if has_both else None


_LIBRARY: Final = _glibc()
