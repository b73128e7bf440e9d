"""Dates as lists have them: every way of writing one that can mean only one thing.

Spreadsheets, travel documents and people write a day in many ways, and often know no more than the
year. All readings that a text allows are taken together: one day is that day; several within a
year, or no day at all, leave the year; anything else says nothing.
"""

import operator
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import cache
from typing import Final

from babel import Locale
from babel.dates import get_day_names, get_month_names

from casework.watchlists.subjects import EARLIEST_BIRTH

_PLAIN: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(
    r"(?P<day>.*\d)[t\s]\s*(?=\d{1,2}:|\d{1,2}\.\d{2}\.\d{2}$)"  # Indonesian clocks have points
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?P<rest>[:.]\d{2}(\.\d{1,9})?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>z|utc|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_ABOUT: Final = re.compile(
    r"(?:circa|ca|c|about|abt|approximately|approx|around|est|sekitar|kira-kira|[~±])\.?\s*"
    r"(?=\d)|\s*\?$"
)
_MRZ: Final = re.compile(r"(?P<date>\d\d[\d<]{4})(?P<check>[\d<]?)[mfx<]", re.ASCII)
"""A date of birth as a machine-readable zone has it, with the sex that follows."""
_ZONE_OF_DAY: Final = re.compile(r"(?<=^\d{4}-\d{2}-\d{2})(z|[+-]\d{2}:\d{2})$", re.ASCII)
"""A day of XML Schema may name its time zone."""
_DECIMALS: Final = re.compile(r"(?<=^\d{4})\.0+$|(?<=^\d{5})\.0+$")
_PART: Final = re.compile(r"\d+|[^\W\d_]+|[?<*_]+")
_UNKNOWN: Final = re.compile(r"[x?<*_]+|0+|99|unk|unknown")
_BESIDE: Final = frozenset({"st", "nd", "rd", "th", "of", "de", "del", "d", "年", "月", "日"})
_LANGUAGES: Final = ("en", "id", "ms", "fr", "es", "pt", "de", "nl", "it", "tr", "ar", "ru")
_MORE_MONTHS: Final = {"peb": 2, "pebruari": 2, "agt": 8, "ags": 8, "nop": 11, "nopember": 11}
"""Indonesian ones that no standard has."""
_FIRST_DAY_NUMBER: Final = date(1899, 12, 30)
"""Day 0 of spreadsheets: they count a 29 February 1900 that there was not."""
_DAY_NUMBER: Final = 5
"""Digits of a spreadsheet's day number, since 1927."""

Reading = tuple[int, int | None, int | None]
"""Year, month and day, as far as known."""


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """What a text says of a day."""

    day: date | None
    """If it is certain."""
    year: int
    in_form: bool = False
    """Whether it is written as `1980-02-29`."""


def read_birth(text: str, today: date) -> WrittenDate | None:
    """Return what a text says of a date of birth, None if nothing.

    Args:
        text: as it was typed.
        today: nobody is born later; years of two digits are the last that have been.
    """
    plain = _plain(text)
    if _PLAIN.fullmatch(plain) and (day := _day(*map(int, plain.split("-")))) is not None:
        return WrittenDate(day, day.year, in_form=plain == text.strip())
    readings = set(_readings(plain, today))
    # Readings in which nobody alive is born only count if there are no others, and so do those in
    # which a month lacks such a day.
    possible = {each for each in readings if EARLIEST_BIRTH <= each[0] <= today.year} or readings
    whole = {each for each in possible if each[2] is not None}
    possible = whole or possible
    years = {year for year, _, _ in possible}
    if len(years) != 1:
        return None
    days = {_day(*each) for each in possible}
    return WrittenDate(days.pop() if len(days) == 1 else None, years.pop())


def read_instant(text: str, zone: tzinfo) -> date | None:
    """Return the day, or the time, that a text without a time zone names; None if not just one.

    Args:
        text: as it was typed. Midnight is what programs add to a day, so it stands for the day.
        zone: the clocks' of the place.
    """
    plain = _plain(text)
    timed = _TIME.fullmatch(plain)
    if timed is not None and timed["zone"]:
        return None
    days = {_day(*each) for each in _with_whole_year(timed["day"] if timed else plain)}
    day = days.pop() if len(days) == 1 else None
    if day is None or timed is None or _is_midnight(timed):
        return day
    try:
        return datetime(
            day.year, day.month, day.day, _hour(timed), int(timed["minute"]), tzinfo=zone
        )
    except ValueError:
        return None


_EMPTY: Final = re.compile(r"\d{1,2}:\d{2}(:\d{2})?|00?\D?00?\D?00?", re.ASCII)
"""A time of day alone, or zeros alone: an empty date, and not one of the year 2000."""


def _hour(timed: re.Match[str]) -> int:
    """Return the hour of a time, -1 where half a day has none such."""
    hour, half = int(timed["hour"]), timed["half"]
    if not half:
        return hour
    return hour % 12 + 12 * half.startswith("p") if 1 <= hour <= 12 else -1


def _is_midnight(timed: re.Match[str]) -> bool:
    return (_hour(timed), timed["minute"]) == (0, "00")


def _plain(text: str) -> str:
    """Return a text with digits and spaces of one kind, in small letters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    digits = {
        each: str(unicodedata.decimal(each))
        for each in set(folded)
        if unicodedata.decimal(each, None) is not None
    }
    return " ".join("".join(digits.get(each, each) for each in folded).split())


def _readings(text: str, today: date) -> Iterator[Reading]:
    timed = _TIME.fullmatch(text)
    if timed is not None:
        off = bool(timed["zone"]) and not _is_midnight(timed)
        for year, month, day in _readings(timed["day"], today):
            yield year, month, day
            if off and (at := _day(year, month, day)) is not None:
                # Where it was written, the clocks may have shown another day.
                for other in (at - timedelta(days=1), at + timedelta(days=1)):
                    yield other.year, other.month, other.day
        return
    # A number of a spreadsheet may come with decimals.
    sure, about = _ABOUT.subn("", _DECIMALS.sub("", _ZONE_OF_DAY.sub("", text)))
    for year, month, day in _of_parts(sure, today):
        yield (year, None, None) if about else (year, month, day)


def _of_parts(text: str, today: date) -> Iterator[Reading]:
    if _EMPTY.fullmatch(text):
        return
    if (named := _MRZ.fullmatch(text)) is not None:
        digits = named["date"]
        sound = named["check"] in {"", "<", _check_digit(digits)}
        for reading in _checked(digits[:2], digits[2:4], digits[4:], today):
            yield reading if sound else (reading[0], None, None)
        return
    parts = [part for part in _PART.findall(text) if part not in _BESIDE and part not in _days()]
    if "<" in text and parts and parts[0].isdigit():
        # A machine-readable zone has `<` for what is not known, and a check digit at the end.
        zone = "".join(parts)
        parts = re.findall("..", zone[:6]) if len(zone) in {6, 7} else parts
        orders = ["ymd"]
    else:
        orders = ["dmy", "mdy", "ymd"]
    if len(parts) == 1:
        yield from _of_digits(parts[0], today)
    elif len(parts) == 2:
        for year, month in (parts, parts[::-1]):
            # No day is 80.
            short = len(year) == 2 and year.isdigit() and int(year) > 31 and month[0].isalpha()
            if (_is_year(year) or short) and (month := _month(month)) is not None:
                yield from _checked(year, month, "00", today)
    elif len(parts) == 3:
        yield from _of_three(parts, orders, today)


def _of_three(parts: list[str], orders: Sequence[str], today: date) -> Iterator[Reading]:
    months = [place for place, part in enumerate(parts) if part[0].isalpha() and _month(part)]
    if months and months[0] < 2 and not _UNKNOWN.fullmatch(parts[months[0]]):
        others = [part for place, part in enumerate(parts) if place != months[0]]
        day, year = others if not _is_year(others[0]) else others[::-1]
        yield from _checked(year, _month(parts[months[0]]) or "00", day, today)
    elif _is_year(parts[0]):
        yield from _checked(parts[0], parts[1], parts[2], today)
    elif _is_year(parts[2]) or all(len(part) <= 2 for part in parts):
        for order in orders if not _is_year(parts[2]) else ("dmy", "mdy"):
            row = dict(zip(order, parts, strict=True))
            yield from _checked(row["y"], row["m"], row["d"], today)


def _of_digits(part: str, today: date) -> Iterator[Reading]:
    if not part.isdigit():
        return
    if len(part) == 4:
        yield from _checked(part, "00", "00", today)
    elif len(part) == _DAY_NUMBER:
        at = _FIRST_DAY_NUMBER + timedelta(days=int(part))
        yield at.year, at.month, at.day
    elif len(part) == 6:
        first, second, third = part[:2], part[2:4], part[4:]
        yield from _checked(first, second, third, today)
        yield from _checked(third, second, first, today)
        yield from _checked(third, first, second, today)
        for year, month in ((part[:4], third), (part[2:], first)):
            if EARLIEST_BIRTH <= int(year) <= today.year:
                yield from _checked(year, month, "00", today)
    elif len(part) in {7, 8}:
        # A spreadsheet takes away the first zero.
        part = part.zfill(8)
        for year, month, day in (
            (part[:4], part[4:6], part[6:]),
            (part[4:], part[2:4], part[:2]),
            (part[4:], part[:2], part[2:4]),
        ):
            if EARLIEST_BIRTH <= int(year) <= today.year:
                yield from _checked(year, month, day, today)


def _with_whole_year(text: str) -> Iterator[Reading]:
    """Yield the whole days that a text can mean whose year has four digits."""
    parts = _PART.findall(text)
    if any(map(_is_year, parts)) or (len(parts) == 1 and len(parts[0]) in {_DAY_NUMBER, 8}):
        yield from (each for each in _of_parts(text, date.max) if each[2] is not None)


def _checked(year: str, month: str, day: str, today: date) -> Iterator[Reading]:
    """Yield a reading unless it cannot be; a day that no month has leaves the year."""
    if not year.isdigit() or len(year) not in {2, 4} or year == "0000":
        return
    whole = int(year)
    if len(year) == 2:
        whole = today.year - (today.year - whole) % 100
        if (month.isdigit() and day.isdigit()) and (at := _day(whole, int(month), int(day))):
            whole -= 100 * (at > today)
    known_month, known_day = _number(month), _number(day)
    if not (known_month or _UNKNOWN.fullmatch(month)) or not (known_day or _UNKNOWN.fullmatch(day)):
        return
    if known_month is not None and _day(whole, known_month, known_day or 1) is not None:
        yield whole, known_month, known_day
        return
    # Of four digits, there is no doubt which part is the year.
    sure = len(year) == 4 and len(month) <= 2 and len(day) <= 2
    if sure or ((known_month or 1) <= 12 and (known_day or 1) <= 31):
        yield whole, None, None


def _check_digit(zone: str) -> str:
    """Return the check digit of ICAO Doc 9303-3, section 4.9; `<` counts for nothing."""
    digits = map(int, zone.replace("<", "0"))
    return str(sum(map(operator.mul, digits, (7, 3, 1, 7, 3, 1))) % 10)


def _number(part: str) -> int | None:
    return int(part) if part.isdigit() and int(part) and part != "99" else None


def _is_year(part: str) -> bool:
    return len(part) == 4 and part.isdigit()


def _day(year: int, month: int | None, day: int | None) -> date | None:
    try:
        return date(year, month or 0, day or 0)
    except (ValueError, OverflowError):
        return None


def _month(part: str) -> str | None:
    """Return a month as two digits, `00` where it is not known, None for anything else."""
    if part.isdigit():
        return part.zfill(2) if len(part) <= 2 and int(part) <= 12 else None
    if _UNKNOWN.fullmatch(part):
        return "00"
    number = _months().get(part)
    return f"{number:02}" if number is not None else None


@cache
def _days() -> frozenset[str]:
    """Return the names of the days of the week, whole and short, in English and Indonesian."""
    return frozenset(
        name.casefold().rstrip(".")
        for language in ("en", "id")
        for width in ("wide", "abbreviated")
        for name in get_day_names(width, "format", Locale(language)).values()
    )


@cache
def _months() -> dict[str, int]:
    """Return the names of months, whole and short, that mean the same in every language."""
    found: dict[str, set[int]] = {}
    for language in _LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                names = get_month_names(width, context, Locale(language))
                for number, name in names.items():
                    plain = unicodedata.normalize("NFKC", name).casefold().rstrip(".")
                    found.setdefault(plain, set()).add(number)
    alone = {name: numbers.pop() for name, numbers in found.items() if len(numbers) == 1}
    return alone | _MORE_MONTHS
