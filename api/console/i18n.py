"""Languages: catalogues, and dates and numbers as each language writes them.

Catalogues are read from their sources (`locale/*/LC_MESSAGES/console.po`) at the start, so nothing
has to be compiled by hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from importlib.resources import files
from io import BytesIO
from typing import Final

import babel
from babel.dates import format_date, format_datetime, format_time, get_timezone
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import Translations

from casework.kernel.period import day_of

LANGUAGES: Final[Mapping[str, str]] = {"id": "Bahasa Indonesia", "en": "English"}
"""Codes, and what speakers call their language."""
DEFAULT_LANGUAGE: Final = "id"
SOURCE_LANGUAGE: Final = "en"
"""What texts are written in."""
DOMAIN: Final = "console"

# Indonesia's zones have names that everybody knows there, and nobody elsewhere.
_ZONE: Final = {"id": "z", "en": "ZZZZ"}


def msg(text: str) -> str:
    """Mark a text for the catalogues where it cannot be translated yet; returns it as it is."""
    return text


@dataclass(frozen=True, slots=True)
class Locale:
    """One language, with the time zone of the place."""

    language: str
    catalogue: Translations
    zone: tzinfo

    def __call__(self, text: str, **values: object) -> str:
        """Return a text in this language; `%(name)s` is replaced by values."""
        translated = self.catalogue.ugettext(text) if text else ""
        return translated % values if values else translated

    def when(self, at: datetime, *, seconds: bool = False) -> str:
        """Return a date and time with its zone, such as `1 Mar 2026 15:00 WIB`."""
        pattern = f"d MMM y HH:mm{':ss' if seconds else ''} {_ZONE[self.language]}"
        return format_datetime(at, pattern, tzinfo=self.zone, locale=self.language)

    def day(self, at: datetime) -> str:
        """Return a date, such as `1 Mar 2026`."""
        return format_date(day_of(at, self.zone), "d MMM y", locale=self.language)

    def time(self, at: datetime, *, seconds: bool = False) -> str:
        """Return a time of day, such as `15:00`."""
        pattern = "HH:mm:ss" if seconds else "HH:mm"
        return format_time(at, pattern, tzinfo=self.zone, locale=self.language)

    def number(self, value: float, digits: int | None = None) -> str:
        """Return a number; `digits` fixes how many stand after the separator."""
        pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(value, pattern, locale=self.language)

    def percent(self, value: float) -> str:
        """Return a share, 0 to 1, as a percentage."""
        return format_percent(value, locale=self.language)


def load(zone_name: str) -> dict[str, Locale]:
    """Return every language by its code.

    Raises:
        LookupError: there is no such time zone.
    """
    zone = get_timezone(zone_name)
    return {code: Locale(code, _catalogue(code), zone) for code in LANGUAGES}


def preferred(accepted: str) -> str:
    """Return our language that a browser's `Accept-Language` puts first, or the default."""
    languages = [part.split(";")[0].strip().replace("-", "_") for part in accepted.split(",")]
    found = babel.Locale.negotiate([each for each in languages if each.isascii()], list(LANGUAGES))
    return found.language if found is not None else DEFAULT_LANGUAGE


def _catalogue(language: str) -> Translations:
    source = files("api.console") / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = BytesIO()
    with source.open("rb") as lines:
        write_mo(compiled, read_po(lines, locale=language))
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)
