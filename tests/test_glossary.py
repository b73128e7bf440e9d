"""docs/glossary.md is true: its names exist, and the console says each term with its one word."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from casework.codes.built_in import CATEGORIES, OUTCOMES
from tests.catalogues import read

PAGE = Path(__file__).parents[1] / "docs" / "glossary.md"
# What fills gaps, values in quotes and names between back-quotes are not words of a sentence.
NO_WORD = re.compile(r"\{\w[^}]*\}|%\(\w+\)s|`[^`]*`|'[\w.]+'|\[\w+\]")


class Term(NamedTuple):
    english: str
    indonesian: str
    meaning: str
    name: str


def terms(part: str) -> list[Term]:
    section = PAGE.read_text(encoding="utf-8").split(f"## {part}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [Term(*(cell.strip() for cell in row)) for row in rows[2:]]


SHOWN = terms("In the console")
ALL = [*SHOWN, *terms("Behind it")]


def english(term: str) -> re.Pattern[str]:
    """Match a term in singular and plural, as a word of its own."""
    plural = rf"{re.escape(term[:-1])}(y|ies)" if term.endswith("y") else rf"{re.escape(term)}s?"
    return re.compile(rf"\b{plural}\b", re.IGNORECASE)


def translations(term: str) -> list[tuple[str, str]]:
    """Return every text of the console that has the term, with its Indonesian."""
    found = []
    for message in read("id"):
        texts = message.id if isinstance(message.id, tuple | list) else (message.id,)
        strings: Any = message.string if isinstance(message.id, tuple | list) else (message.string,)
        if any(english(term).search(NO_WORD.sub(" ", text)) for text in texts):
            found += [(texts[0], string) for string in strings]
    coded = (*CATEGORIES.values(), *OUTCOMES.values())
    labels = [(each.called("en"), each.called("id")) for each in coded]
    return found + [pair for pair in labels if english(term).search(pair[0])]


def resolved(name: str) -> object:
    """Return a module, or what a module holds, by its dotted name; raises if there is none."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            annotated = part in getattr(found, "__annotations__", {})
            found = getattr(found, part, None) if annotated else getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


@pytest.mark.parametrize("term", ALL, ids=lambda term: term.english)
def test_a_term_has_a_meaning_and_a_name_that_exists(term):
    assert term.meaning
    assert term.indonesian
    resolved(term.name.strip("`"))


@pytest.mark.parametrize("term", SHOWN, ids=lambda term: term.english)
def test_the_console_says_a_term_with_one_word_wherever_it_says_it(term):
    found = translations(term.english)
    assert found, "the console does not say it: it belongs into the second part"
    assert [
        pair for pair in found if term.indonesian not in pair[1].lower().replace("api", "API")
    ] == []


def test_a_term_is_explained_once():
    assert len({term.english.lower() for term in ALL}) == len(ALL)
    assert len({term.name for term in ALL}) >= len(ALL) - 1  # adjudication, and one of its results
