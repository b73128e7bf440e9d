"""The console's texts in both languages, wherever the catalogues lie."""

from typing import Any, Final

from babel.messages.pofile import read_po

from tests.contract.source import ROOT

_PLACES: Final = "api/**/LC_MESSAGES/*.po"


def picture() -> dict[str, dict[str, Any]]:
    """Return translations by language and text; texts with a plural have a list."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(ROOT.glob(_PLACES)):
        with path.open("rb") as file:
            catalogue = read_po(file)
        texts = found.setdefault(path.parents[1].name, {})
        for message in catalogue:
            if message.id:
                name = message.id if isinstance(message.id, str) else " | ".join(message.id)
                texts[name] = message.string
    return found
