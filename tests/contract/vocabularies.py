"""The words that are stored and sent: the values of every enumeration of the program."""

from enum import Enum

from tests.contract.source import ROOMS, modules


def picture() -> list[str]:
    """Return the values of each enumeration of words, in order: a line for each.

    The names of the classes are left out, because they may change.
    """
    return sorted(
        {
            " | ".join(member.value for member in each)
            for module in modules()
            for each in vars(module.runtime).values()
            if isinstance(each, type) and issubclass(each, Enum) and issubclass(each, str)
            if len(each)  # a base of others has no words of its own
            if each.__module__.partition(".")[0] in ROOMS
        }
    )
