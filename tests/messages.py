"""Sentences of the domain in tests: samples for their gaps, and English in other languages."""

import re
from collections.abc import Iterator
from string import Formatter
from typing import Final

from api.console.messages import SENTENCES
from casework.kernel.messages import ENGLISH

# Shorter pieces of a sentence stand in other languages as well.
_LEAST_LETTERS: Final = 10


def gaps(template: str) -> set[str]:
    """The names of what a sentence has filled in."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def samples(template: str) -> dict[str, object]:
    """Something for each gap: several values where the template joins them."""
    return {
        name: ("a1", "b2") if between else "c3"
        for _, name, between, _ in Formatter().parse(template)
        if name is not None
    }


def english_in(text: str) -> set[str]:
    """The pieces of English sentences, of use cases and of problems, that a text says."""
    said = re.sub(r"\s+", " ", text)
    return {piece for piece in PIECES if piece in said}


def _pieces() -> Iterator[str]:
    for template in (*ENGLISH.values(), *SENTENCES.values()):
        for literal, *_ in Formatter().parse(template):
            piece = literal.strip(" .,:;")
            if " " in piece and sum(map(str.isalpha, piece)) >= _LEAST_LETTERS:
                yield piece


PIECES: Final = frozenset(_pieces())
