"""Finding subjects by a part of a name, an alias, a reference or a document's number.

These stand sealed, so no statement can search them. What a subject is found by is kept open in this
process's memory, by the version of its row: a search reads ids and versions alone, and opens what
is new or has changed, anyone who changed it.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from casework.kernel.database import to_json
from casework.kernel.rows import subject
from casework.kernel.sealed_fields import open_fields_in
from casework.kernel.subject_index import normal
from casework.kernel.vault import Vault
from casework.tables import Subject

# Rows looked through at a time: a page is found long before the end of a list, as a rule.
_CHUNK: Final = 2000

_MOST: Final = 400_000
"""Subjects kept open, some 300 bytes each; beyond them the oldest make way."""

_SEARCHED: Final = ("name", "reference")
_SEARCHED_AS_JSON: Final = ("aliases", "documents")
_BETWEEN: Final = "\0"


class SubjectWords:
    """What each subject is found by. Made to be asked from many threads at once."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._lock = threading.Lock()
        self._texts: dict[str, tuple[int, str]] = {}

    def find(self, session: Session, among: Select[Subject], words: str, limit: int) -> list[str]:
        """Return the ids of up to `limit` subjects that have these words, in order of making.

        Args:
            session: the transaction.
            among: selects the subjects that are looked through.
            words: as a person typed them, in any order; see `folded`.
            limit: how many to return at most.
        """
        wanted, found = _wanted(words), list[str]()
        # A number is written with spaces or hyphens, or without.
        number = normal(words) if any(map(str.isdigit, words)) else None
        if not wanted and number is None:
            return found
        versions = among.with_only_columns(Subject.id, Subject.version).order_by(Subject.id)
        with session.execute(versions.execution_options(yield_per=_CHUNK)) as result:
            for some in result.partitions():
                texts = self._texts_of(session, some)
                found += [
                    subject_id
                    for subject_id, text in texts
                    if (wanted and all(any(map(text.__contains__, forms)) for forms in wanted))
                    or (number is not None and number in text)
                ]
                if len(found) >= limit:
                    break
        return found[:limit]

    def _texts_of(
        self, session: Session, some: Sequence[Row[str, int]]
    ) -> Iterator[tuple[str, str]]:
        with self._lock:
            known = {row.id: self._texts.get(row.id) for row in some}
        stale = [row.id for row in some if (has := known[row.id]) is None or has[0] != row.version]
        if stale:
            fresh = dict(self._opened(session, stale))
            known |= fresh
            with self._lock:
                self._texts |= fresh
                while len(self._texts) > _MOST:
                    self._texts.pop(next(iter(self._texts)))
        for subject_id, has in known.items():
            if has is not None:
                yield subject_id, has[1]

    def _opened(
        self, session: Session, subject_ids: Sequence[str]
    ) -> Iterator[tuple[str, tuple[int, str]]]:
        rows = session.execute(_SEALED.where(Subject.id.in_(subject_ids)))
        for row in rows:
            name = subject(row.id, row.agency_id)
            fields = open_fields_in(session, name, row.sealed_fields)
            texts = [fields.get(name) or "" for name in _SEARCHED]
            # A part of the text of a JSON value is a part of one of its values, or near enough.
            texts += [to_json(fields.get(name) or []) for name in _SEARCHED_AS_JSON]
            # In capitals, which nothing else has.
            numbers = [normal(each["number"]) for each in fields.get("documents") or []]
            whole = _BETWEEN.join(texts)
            forms = [*_forms(folded(whole)), *_closed_up(whole), *_otherwise(whole)]
            text = _BETWEEN.join([*forms, *numbers])
            yield row.id, (row.version, text)


def folded(text: str) -> str:
    """Return a text as it is compared: without case, accents and what stands between words.

    People type what their keyboard has: `jose` finds José, `OBrien` O'Brien, `soren` Søren, and
    `AHMAD SUKARNO` a name that a machine-readable zone wrote SUKARNO<<AHMAD. Hyphens of every kind,
    and points, are one. For the spellings of machine-readable zones see `_spellings`.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(_ALIKE[each] if each in _ALIKE else _letter(each) for each in plain)


def name_words(name: str) -> list[frozenset[str]]:
    """Return the words of a name, each in all ways that it may be written: see `_spellings`.

    Words in a script that machine-readable zones do not write are left out.
    """
    words = _BETWEEN_PARTS.split(unicodedata.normalize("NFKD", name))
    ways = (frozenset(filter(str.isascii, _spellings(word))) for word in words)
    return [each - {""} for each in ways if each - {""}]


def _letter(letter: str) -> str:
    if letter.isascii():
        return letter
    kind = unicodedata.category(letter)
    if kind in {"Mn", "Cf"}:
        return ""
    if kind == "Nd":
        return str(unicodedata.decimal(letter))
    return "-" if kind == "Pd" else letter


def _spellings(word: str) -> list[str]:
    """Return a word folded, and as machine-readable zones have it (ICAO Doc 9303-3, section 6).

    Each letter by itself is written both ways: `OESTERGAARD`, `ostergard` and `oestergard` are all
    Østergård. The zone's other ways for Ü and Ñ, `UXX` and `NXX`, are read as the plain letter.
    """
    ways = [unicodedata.normalize("NFC", unicodedata.normalize("NFKC", word).casefold())]
    for letter, zone in _IN_ZONE.items():
        ways += [each.replace(letter, zone) for each in ways if letter in each]
    plain = list(map(folded, ways))
    zones = [_ESCAPED.sub("", each.translate(_CYRILLIC)) for each in plain]
    return list(dict.fromkeys(filter(None, [*plain, *zones])))


def _otherwise(text: str) -> Iterator[str]:
    """Yield the spellings of words that machine-readable zones do not write as they are."""
    for word in dict.fromkeys(text.replace(_BETWEEN, " ").split()):
        for spelling in _spellings(word)[1:]:
            yield from _forms(spelling)


def _closed_up(text: str) -> tuple[str, ...]:
    """Return a text without the spaces in East Asian names, which many leave out, if it has any."""
    plain = folded(text)
    closed = _EAST_ASIAN_SPACE.sub("", plain)
    return (closed,) if closed != plain else ()


def _wanted(words: str) -> list[tuple[str, ...]]:
    """Return the words that are looked for, each as it may be written."""
    typed = _BETWEEN_WORDS.split(unicodedata.normalize("NFKD", words))
    return [
        tuple(form for spelling in _spellings(word) for form in _forms(spelling))
        for word in typed
        if folded(word).strip("- ")
    ]


def _forms(text: str) -> tuple[str, ...]:
    """Return a text with spaces for its hyphens, and without them if it has any."""
    return (text.replace("-", " "), text.replace("-", "")) if "-" in text else (text,)


_BETWEEN_WORDS: Final = re.compile(r"[\s,;<]+")
_BETWEEN_PARTS: Final = re.compile(r"[\s,;<.\-\u2010-\u2015]+")
_EAST_ASIAN: Final = (
    "\u1100-\u11ff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
)
_EAST_ASIAN_SPACE: Final = re.compile(f"(?<=[{_EAST_ASIAN}]) +(?=[{_EAST_ASIAN}])")
_IN_ZONE: Final = {
    "\u00e4": "ae",
    "\u00e5": "aa",
    "\u00f6": "oe",
    "\u00f8": "oe",
    "\u00fc": "ue",
}
"""Letters that a zone writes with two and people with one; the others are in `_ALIKE`."""
_ESCAPED: Final = re.compile("(?<=[nu])xx")
_CYRILLIC: Final = str.maketrans(
    dict(zip("абвгдезийклмнопрстуфыэіґјћѫѵ", "abvgdeziiklmnoprstufyeigjcuy", strict=True))
    | {"ж": "zh", "\u0445": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "ie", "ь": ""}
    | {"ю": "iu", "я": "ia", "є": "ie", "ђ": "d", "\u0455": "dz", "љ": "lj", "њ": "nj", "џ": "dz"}
)
_APOSTROPHES: Final = "'\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02be\u02bf\u2032\u0060\u00b4\ua78c"
_LENGTHENED: Final = "\u0640"
"""The stroke that only lengthens an Arabic word."""
_ALIKE: Final[Mapping[str, str]] = {
    **dict.fromkeys(f"{_APOSTROPHES}{_LENGTHENED}", ""),
    "<": " ",  # what a machine-readable zone has for a space
    **dict.fromkeys(".\u2212\u2043\u00b7\u30fb", "-"),
    **dict(zip("\u0131\u0142\u00f8\u0111\u00f0\u0127\u0167\u0259", "iloddhte", strict=True)),
    "\u00e6": "ae",
    "\u0153": "oe",
    "\u00fe": "th",
    "\u014b": "n",
    "\u0138": "k",
    **dict.fromkeys("\u0649\u06cc\u06d2", "\u064a"),
    **dict.fromkeys("\u0629\u06c1\u06be\u06d5", "\u0647"),
    "\u06a9": "\u0643",
    "\u0671": "\u0627",
}
"""What is typed in another way: letters without a mark to take off, such as the Turkish, Polish and
Nordic ones, and those of Arabic that Persian and Urdu write with signs of their own."""

_SEALED: Final = select(Subject.id, Subject.version, Subject.agency_id, Subject.sealed_fields)
