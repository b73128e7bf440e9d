"""Priorities: which list's alerts officers see first, 1 before 2 before 3."""

from typing import Final

FIRST: Final = 1
MIDDLE: Final = 2
LAST: Final = 3


def priority_of(usual: int, chosen: int | None) -> int:
    """Return a list's priority: the one that somebody set, else its category's usual one."""
    return chosen if chosen is not None else usual
