"""Priorities: which list's alerts officers see first, 1 before 2 before 3."""

from collections.abc import Mapping
from typing import Final

from casework.kernel.vocabulary import Category

FIRST: Final = 1
LAST: Final = 3

USUAL: Final[Mapping[Category, int]] = {
    Category.TERRORISM: 1,
    Category.WANTED: 1,
    Category.INTERPOL: 1,
    Category.TRAFFICKING: 1,
    Category.NARCOTICS: 1,
    Category.CEGAH: 2,
    Category.TANGKAL: 2,
    Category.OTHER: 2,
    Category.OVERSTAY: 3,
    Category.PERMIT_MISUSE: 3,
    Category.ILLEGAL_WORK: 3,
}
"""The priority of a list's category, until somebody sets another."""


def priority_of(category: str, chosen: int | None) -> int:
    """Return a list's priority: the one that somebody set, else its category's usual one."""
    return chosen if chosen is not None else USUAL[Category(category)]
