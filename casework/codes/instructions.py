"""Instructions: what a port does on an alert, in the words of a list's owner or in the usual ones.

No port is left without: a language that a list's owner did not write has the usual instruction of
the list's category.
"""

from collections.abc import Mapping

Instruction = Mapping[str, str]
"""By language: `id`, `en`."""


def complete(instruction: Instruction, usual: Instruction) -> dict[str, str]:
    """Return an instruction in every language, with the usual one where nothing is written."""
    return {language: instruction.get(language) or text for language, text in usual.items()}


def own_words(instruction: Instruction, usual: Instruction) -> dict[str, str]:
    """Return the languages of an instruction that are not the usual one of its category."""
    return {each: text for each, text in instruction.items() if text != usual.get(each)}
