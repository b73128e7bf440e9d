"""Languages: catalogues, and dates and numbers as each language writes them.

Catalogues are read from their sources (`locale/*/LC_MESSAGES/console.po`) at the start, so nothing
has to be compiled by hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final, Self
from zoneinfo import ZoneInfo

import babel
from babel.dates import get_timezone, get_timezone_gmt, get_timezone_name
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import (
    format_decimal,
    format_percent,
    get_decimal_symbol,
    get_group_symbol,
)
from babel.support import Translations

from casework.kernel.period import day_of
from casework.kernel.ports import zone_of

LANGUAGES: Final[Mapping[str, str]] = {"id": "Bahasa Indonesia", "en": "English"}
"""Codes, and what speakers call their language."""
DEFAULT_LANGUAGE: Final = "id"
SOURCE_LANGUAGE: Final = "en"
"""What texts are written in."""
DOMAIN: Final = "console"

# Indonesia's zones have names that everybody there knows, in whatever language they read.
_ZONES: Final = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}


_EXACT: Final = 10**15
"""Beyond, a number is written by its digits alone."""
_MINUTES: Final = "%H:%M"
_SECONDS: Final = "%H:%M:%S"


def msg(text: str) -> str:
    """Mark a text for the catalogues where it cannot be translated yet; returns it as it is."""
    return text


@dataclass(frozen=True, slots=True)
class Locale:
    """One language, with the time zone of the reader."""

    language: str
    catalogue: Translations
    zone: tzinfo
    port: str | None = None
    """Where it happened: times are those of the port's clocks, with the reader's beside."""

    def __call__(self, text: str, **values: object) -> str:
        """Return a text in this language; `%(name)s` is replaced by values."""
        translated = self.catalogue.ugettext(text) if text else ""
        return translated % values if values else translated

    def at_port(self, port: str | None) -> Self:
        """Return the same for what happened at a port."""
        return self if port == self.port else replace(self, port=port)

    def when(self, at: datetime, *, seconds: bool = False, utc: bool = False) -> str:
        """Return a date and time with its zone, such as `01-03-2026 16:00 WITA (15:00 WIB)`.

        Args:
            at: the instant.
            seconds: whether seconds are shown.
            utc: whether UTC stands beside, too.
        """
        first, *others = self._zones(at, utc=utc)
        local = at.astimezone(first)
        text = f"{_day(local)} {self._clock(at, first, seconds=seconds)}"
        if not others:
            return text
        beside = []
        for zone in others:
            there = at.astimezone(zone)
            day = f"{_day(there)} " if there.date() != local.date() else ""
            beside.append(day + self._clock(at, zone, seconds=seconds))
        return f"{text} ({', '.join(beside)})"

    def day(self, at: date) -> str:
        """Return a date, such as `01-03-2026`: of an instant, the reader's day."""
        return _day(day_of(at, self.zone) if isinstance(at, datetime) else at)

    def time(self, at: datetime, *, seconds: bool = False) -> str:
        """Return a time of day, such as `15:00`; with zones where the port has another."""
        zones = self._zones(at)
        if len(zones) == 1:
            return format(at.astimezone(self.zone), _SECONDS if seconds else _MINUTES)
        first, second = (self._clock(at, zone, seconds=seconds) for zone in zones)
        return f"{first} ({second})"

    def _zones(self, at: datetime, *, utc: bool = False) -> list[tzinfo]:
        """Return the zones to show an instant in, none twice that has the same clocks then."""
        zones = [self.zone, *([UTC] if utc else [])]
        if (name := zone_of(self.port or "")) is not None and name != str(self.zone):
            zones.insert(0, ZoneInfo(name))
        if len(zones) == 1:
            return zones
        by_offset: dict[timedelta | None, tzinfo] = {}
        for zone in zones:
            by_offset.setdefault(at.astimezone(zone).utcoffset(), zone)
        return list(by_offset.values())

    def _clock(self, at: datetime, zone: tzinfo, *, seconds: bool) -> str:
        local = at.astimezone(zone)
        called = "UTC" if zone is UTC else _ZONES.get(str(zone))
        called = called or get_timezone_gmt(local, locale=self.language)
        return f"{local:{_SECONDS if seconds else _MINUTES}} {called}"

    def zone_name(self, name: str) -> str:
        """Return what a time zone is called, such as `WITA` or `Singapore Standard Time`."""
        return _ZONES.get(name) or get_timezone_name(
            get_timezone(name), zone_variant="standard", locale=self.language
        )

    def number(self, value: float, digits: int | None = None) -> str:
        """Return a number; `digits` fixes how many stand after the separator."""
        if digits is None and abs(value) < _EXACT:
            # Babel reads its pattern again each time, and a list has a hundred numbers.
            text = f"{Decimal(str(value)):,.3f}".rstrip("0").rstrip(".")
            return text.translate(_symbols(self.language))
        pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(value, pattern, locale=self.language)

    def percent(self, value: float) -> str:
        """Return a share, 0 to 1, as a percentage."""
        return format_percent(value, locale=self.language)


@cache
def _symbols(language: str) -> dict[int, str]:
    """Return what a language writes in place of the comma and the point of numbers in English."""
    return str.maketrans({",": get_group_symbol(language), ".": get_decimal_symbol(language)})


def _day(day: date) -> str:
    return f"{day:%d-%m}-{day.year:04}"


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
