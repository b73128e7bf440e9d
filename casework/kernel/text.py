"""Text as it is kept: one form for what reads the same."""

import re
import unicodedata
from typing import Final

_EDGES: Final = (
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""Signs without a look, such as marks of direction: at a text's edges they mean nothing."""
_WIDE: Final = frozenset(
    {"<wide>", "<narrow>", "<noBreak>", "<isolated>", "<initial>", "<medial>", "<final>"}
)
"""Kinds of letters that are other letters in another width or place, and nothing more."""
_SPACES: Final = re.compile(r"\s+")
_APOSTROPHES: Final = frozenset("\u2018\u2019\u201b\u02bb\u02bc\u2032\u0060\u00b4")
_MINUS: Final = "\u2212"


def canonical(text: str) -> str:
    """Return a text as it is kept: accents composed (NFC), nothing without a look at its edges."""
    kept = unicodedata.normalize("NFC", text)
    while (shorter := kept.strip().strip(_EDGES)) != kept:
        kept = shorter
    return kept


def look(reference: str) -> str:
    """Return what references of one look have in common.

    Hyphens and apostrophes of every kind, widths, signs without a look and runs of spaces are the
    same to a reader. Capitals are not, and neither are raised digits: `12` and `1\u00b2` differ.
    """
    alike = "".join(map(_alike, unicodedata.normalize("NFC", reference)))
    return unicodedata.normalize("NFC", _SPACES.sub(" ", alike)).strip()


def _alike(letter: str) -> str:
    if letter.isascii():
        return letter
    if unicodedata.decomposition(letter).partition(" ")[0] in _WIDE:
        letter = unicodedata.normalize("NFKC", letter)
    kind = unicodedata.category(letter) if len(letter) == 1 else ""
    if kind == "Pd" or letter == _MINUS:
        return "-"
    if kind == "Cf":
        return ""
    return "'" if letter in _APOSTROPHES else letter
