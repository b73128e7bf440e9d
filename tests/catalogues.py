"""Keeps the console's languages whole: `python -m tests.catalogues` updates the catalogues.

New texts are added to every catalogue, texts that nobody says any more are dropped. English is
filled in by itself: its texts are those in the source. Whatever else is missing is named, and
`make check` fails as long as it is.
"""

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment

from api.console.i18n import DOMAIN, LANGUAGES, SOURCE_LANGUAGE
from api.console.labels import LABELS
from casework.kernel.messages import ENGLISH

CONSOLE: Final = Path(__file__).parents[1] / "api" / "console"
_KEYWORDS: Final = {"_": None, "msg": None, "speech": None, "ngettext": (1, 2)}
_METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2.ext.babel_extract")]
_CHANGEABLE: Final = tuple(
    f'"{name}'.encode()
    for name in ("POT-", "PO-", "Last-", "Language-Team", "Report-", "Project-", "Generated-")
)
_PLACEHOLDER: Final = re.compile(r"%\(\w+\)s|\{\w+")
# Templates put texts into pages as they are, also into attributes.
_MARKUP: Final = re.compile(r"[<>&\"]")

_SAID_BY_MODULES: Final = re.compile(
    r"""(?:textContent|innerText|alert\()\s*=?\s*["'`](.*?)["'`]"""
)

# What a template may say in any language.
_SAID_BY_ALL: Final = {"Siaga", "Ctrl+Enter", "kbd"}
_SPOKEN_ATTRIBUTES: Final = "title|alt|placeholder|aria-label|label"


def main() -> int:
    """Update the catalogues; print what is still missing, and exit 1 if anything is."""
    said = extracted()
    for language in LANGUAGES:
        catalogue = updated(language, said)
        path_of(language).write_bytes(_written(catalogue))
    found = [*problems()]
    for problem in found:
        print(problem, file=sys.stderr)  # noqa: T201
    return 1 if found else 0


def problems() -> Iterator[str]:
    """Every text is in both languages, and every text of a template is in the catalogues."""
    said = extracted()
    for language in LANGUAGES:
        yield from _incomplete(language, said)
    for template in sorted((CONSOLE / "templates").glob("**/*.html")):
        for text in untranslated(template.read_text(encoding="utf-8")):
            yield f"{template.name}: {text!r} is not translated: write {{{{ _(...) }}}}"
    for module in sorted((CONSOLE / "static").glob("**/*.js")):
        for text in spoken_by_module(module.read_text(encoding="utf-8")):
            yield f"{module.name}: {text!r} is said by a module: hand it over as a data attribute"


def _incomplete(language: str, said: Catalog) -> Iterator[str]:
    place = path_of(language).relative_to(CONSOLE.parents[1])
    kept = read(language)
    for message in said:
        if not message.id:
            continue
        translated = kept.get(message.id)
        if translated is None or not _whole(translated.string):
            yield f"{place}: {message.id!r} is missing: run python -m tests.catalogues, translate"
        elif translated.fuzzy:
            yield f"{place}: {message.id!r} is marked as fuzzy: check it"
        elif _MARKUP.search(str(translated.string)):
            yield f"{place}: {message.id!r} has markup in its translation"
        elif _gaps(message.id) != _gaps(translated.string):
            yield f"{place}: {message.id!r} has other placeholders than its translation"
    for message in kept:
        if message.id and said.get(message.id) is None:
            yield f"{place}: {message.id!r} is said nowhere: run python -m tests.catalogues"


def extracted() -> Catalog:
    """Return every text that the source marks for translation, and the domain's own texts."""
    catalogue = Catalog()
    options = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
    for _, _, message, _, context in extract_from_dir(
        CONSOLE, _METHODS, options, keywords=_KEYWORDS
    ):
        catalogue.add(message, context=context)
    for text in (*ENGLISH.values(), *LABELS.values()):
        catalogue.add(text)
    return catalogue


def updated(language: str, said: Catalog) -> Catalog:
    """Return a catalogue of exactly what is said, with the translations there are."""
    kept = read(language)
    fresh = Catalog(locale=language, domain=DOMAIN, project="Siaga", fuzzy=False)
    fresh.header_comment = f"# {LANGUAGES[language]}: texts of the console."
    fresh.mime_headers = kept.mime_headers
    for message in said:
        if not message.id:
            continue
        known = kept.get(message.id)
        string = known.string if known is not None and _whole(known.string) else ""
        if language == SOURCE_LANGUAGE:
            string = message.id
        fresh.add(message.id, string)
    return fresh


def _written(catalogue: Catalog) -> bytes:
    """Return the file of a catalogue, without dates and names: it changes only with its texts."""
    file = BytesIO()
    write_po(file, catalogue, width=100, sort_output=True)
    lines = file.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(_CHANGEABLE))


def read(language: str) -> Catalog:
    """Return a catalogue as it is kept."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def path_of(language: str) -> Path:
    """Return the file of a catalogue."""
    return CONSOLE / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def untranslated(template: str) -> Iterator[str]:
    """Yield texts that a template says in one language only."""
    parts = []
    for _, kind, value in Environment(trim_blocks=True).lex(template):
        parts.append(value if kind == "data" else ("" if kind.startswith("comment") else " "))
    html = "".join(parts)
    for attribute in re.finditer(rf'\s(?:{_SPOKEN_ATTRIBUTES})="([^"]*)"', html):
        if _speaks(attribute[1]):
            yield attribute[1].strip()
    for text in re.split(r"<[^>]*>", html):
        if _speaks(text):
            yield text.strip()


def spoken_by_module(source: str) -> Iterator[str]:
    """Yield texts that a module puts into a page in one language only."""
    for found in re.finditer(
        r"""(?:textContent|innerText|alert\()\s*=?\s*["'`](.*?)["'`]""", source
    ):
        if _speaks(re.sub(r"\$\{.*?\}", " ", found[1])):
            yield found[1]


def _speaks(text: str) -> bool:
    plain = re.sub(r"&\w+;", " ", text).strip()
    return bool(re.search(r"[^\W\d_]{2,}", plain)) and plain not in _SAID_BY_ALL


def _whole(string: object) -> bool:
    parts = string if isinstance(string, tuple | list) else (string,)
    return bool(parts) and all(parts)


def _gaps(text: object) -> set[str]:
    parts = text if isinstance(text, tuple | list) else (text,)
    return {gap for part in parts for gap in _PLACEHOLDER.findall(str(part))} - {"%(num)s"}


if __name__ == "__main__":
    sys.exit(main())
