"""What the project writes is plain present-day English: the worst turns of phrase stay out.

Looked at are docstrings and comments, everything that commands, the HTTP interface and the console
say, and the documentation. Each pattern is named by the words to use in its place.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from casework.kernel.messages import ENGLISH
from tests.catalogues import read

ROOT = Path(__file__).parents[1]
HISTORY = {"CHANGELOG.md"}

INSTEAD = {
    "dismiss, take no action": r"\bnothing (is|was|be) made of\b|\bma(ke|kes|king|de) nothing of\b",
    "the start of": r"\bthe begin\b|\blet a bare\b",
    "anyone who, the person who": r"\bwho(m|so)?ever\b",
    "is on (a list), is at": r"\b(stand|stands|stood|standing)( [a-z]+)? on\b",
    "is shown, receives, gets, hidden": r"\b(is|are|was|were|be|been|being|not) told\b(?! apart)",
    "until stopped, by default": r"\b(until|unless) (told|said)\b",
    "is stated, written, read out": r"\b(is|are|was|were|be|been|not|never) said\b",
    "is required, is due, to list": r"\b(is|are|was|were) wanted\b|\banswer wanted\b",
    "is periodic, recurs": r"\bcom(e|es|ing) round\b",
    "has the name": r"\bgo(es)? by (that|the) name\b",
    "too, also, except for": r"\bbesides(?=[.:;,]|$)|\band besides\b",
    "task, load, thread": r"\b(upkeep|rush|clerks?)\b",
    "again, new, rewritten": r"\banew\b",
    "has the value, encodes": r"\b(spelt|spells?)\b",
    "predict": r"\bforet(ell|old|ells)\b",
    "the result, the outcome": r"\b(came|comes|come) of\b|\bcame to(?=[.,;]|$)",
    "except": r"\bbut for\b",
    "show, name, is about": r"\b(tell|tells|told|telling) of\b",
    "processes": r"\bworks? off\b",
    "because no ... was free": r"\bfor want of\b",
    "one of our": r"\bof (ours|theirs)\b",
    "is refused, is wrong, is too weak": r"\bwill not do\b|\bdoes not do(?=[.;])",
    "describe, be about, refer to": r"\b(speak|speaks|spoken) of\b",
    "is not available": r"\b(cannot|could not) be had\b",
    "sign in, sign-in": r"\bmay (not )?come in\b|\blets? (nobody|anybody) in\b",
    "is not a": r"\b(it|this) is no (?!longer|more)[a-z]",
    "if this continues": r"\bstays so\b(?!;)",
}


def comments_and_docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each docstring and each comment with its line, as one line of text."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str() as text)):
                yield node.lineno, " ".join(text.split())
    block: list[str] = []
    begun = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if token.start[0] != last + 1:
                yield begun, " ".join(block)
                block, begun = [], token.start[0]
            block.append(token.string.lstrip("# "))
            last = token.start[0]
    yield begun, " ".join(block)


def sources() -> list[Path]:
    packages = ["api", "benchmarks", "casework", "cli", "client", "config", "detector", "index"]
    folders = [ROOT / each for each in [*packages, "models"]]
    return [path for folder in folders for path in sorted(folder.rglob("*.py"))]


def pages() -> list[Path]:
    found = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
    return [path for path in found if path.name not in HISTORY]


def turns(text: str) -> list[str]:
    """Return the turns of phrase in a text, each with the words to use instead."""
    return [
        f"{found[0]!r}: say {words!r}, in {text[max(0, found.start() - 40) : found.end() + 40]!r}"
        for words, pattern in INSTEAD.items()
        for found in re.finditer(pattern, text, re.IGNORECASE)
    ]


@pytest.mark.parametrize("package", sorted({path.relative_to(ROOT).parts[0] for path in sources()}))
def test_docstrings_and_comments_are_in_plain_english(package):
    found = [
        f"{path.relative_to(ROOT)}:{line}: {turn}"
        for path in sources()
        if path.relative_to(ROOT).parts[0] == package
        for line, text in comments_and_docstrings(path)
        for turn in turns(text)
    ]
    assert found == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_documentation_is_in_plain_english(page):
    assert turns(" ".join(page.read_text(encoding="utf-8").split())) == []


def test_sentences_of_the_domain_are_in_plain_english():
    assert [turn for text in ENGLISH.values() for turn in turns(text)] == []


@pytest.mark.parametrize("language", ["en", "id"])
def test_texts_of_the_console_are_in_plain_english(language):
    texts = [
        text
        for message in read(language)
        for text in (message.id if isinstance(message.id, tuple | list) else (message.id,))
    ]
    assert len(texts) > 900
    assert [turn for text in texts for turn in turns(text)] == []


@pytest.mark.parametrize("picture", ["openapi.json", "commands.txt", "settings.json"])
def test_what_programs_and_operators_read_is_in_plain_english(picture):
    recorded = ROOT / "tests" / "contract" / "recorded" / picture
    assert turns(recorded.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "Make nothing of a tip.",
        "Let a bare date mean the begin of its day.",
        "A port is told what to do, by whoever stands on the list.",
        "A code is wanted besides.",
    ],
)
def test_a_turn_of_phrase_is_found(text):
    assert turns(text)


def test_no_indonesian_text_is_lost_or_in_doubt():
    english, indonesian = (
        {message.id: message for message in read(language) if message.id}
        for language in ("en", "id")
    )
    assert english.keys() == indonesian.keys()
    assert [message.id for message in indonesian.values() if message.fuzzy] == []
    assert [message.id for message in indonesian.values() if not message.string] == []
