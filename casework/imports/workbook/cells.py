"""What stands in the cells of a workbook: numbers and dates as people write them.

A date is kept as a number of days and read as `1980-02-29`; a number whose format writes leading
zeros has them.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from casework.imports.workbook.parts import damaged

_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
# In a format: texts in quotes, what stands in brackets but hours, and signs after a backslash.
_NOT_A_PATTERN: Final = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE
)
# Built-in formats of dates and times; 27-36 and 50-58 are those of East Asian languages.
_DATE_FORMATS: Final = frozenset({*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)})
_OF_DATES: Final = re.compile("[dmyhs]", re.IGNORECASE)
_DIGITS_KEPT: Final = 15


class CellState(StrEnum):
    """What an officer must know of a cell."""

    SOUND = "sound"
    NO_RESULT = "no_result"
    """A formula that no program has computed yet."""
    ERROR = "error"
    """`#N/A` and the like."""
    DIGITS_LOST = "digits_lost"
    """A number of more digits than a spreadsheet keeps."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell."""

    text: str
    state: CellState = CellState.SOUND
    dated: bool = False
    """It is kept as a date or time."""


@dataclass(frozen=True, slots=True)
class CellFormat:
    """What a cell's format makes of its number."""

    dated: bool = False
    """A date or time."""
    zeros: int = 0
    """Digits that it has at least."""


def format_of(number: str, code: str | None) -> CellFormat:
    """Return what the format of this number, and this code unless it is built in, does."""
    if code is None:
        return CellFormat(dated=number.isdecimal() and int(number) in _DATE_FORMATS)
    pattern = _NOT_A_PATTERN.sub("", code.split(";")[0])
    if re.fullmatch("0+", pattern):
        return CellFormat(zeros=len(pattern))
    says_days = bool(_OF_DATES.search(pattern)) and "general" not in pattern.lower()
    return CellFormat(dated=says_days)


def typed(kind: str, value: str, form: CellFormat, *, from_1904: bool) -> Cell:
    """Return a cell that is no text: a truth, an error, a date or a number.

    Raises:
        ImportRefused: it is none of them.
    """
    if kind == "b":
        return Cell("TRUE" if value == "1" else "FALSE")
    if kind == "e":
        return Cell("", CellState.ERROR)
    if kind == "d":
        return Cell(value.removesuffix("T00:00:00"), dated=True)
    if form.dated:
        return date_of(value, from_1904=from_1904)
    text = number_of(value).zfill(form.zeros)
    digits = sum(letter.isdecimal() for letter in text.lstrip("0"))
    lost = "." not in text and digits > _DIGITS_KEPT
    return Cell(text, CellState.DIGITS_LOST if lost else CellState.SOUND)


def number_of(value: str) -> str:
    """Return a number as people write it: no exponent, no `.0`, no digits that are noise."""
    if re.fullmatch("-?[0-9]{1,40}", value):
        return value
    try:
        number = Decimal(value)
        if not number.is_finite() or abs(number.adjusted()) > 30:
            raise damaged()
        if number == number.to_integral_value():
            return str(int(number))
        return format(Decimal(repr(float(number))), "f")
    except InvalidOperation:
        raise damaged() from None


def date_of(value: str, *, from_1904: bool) -> Cell:
    """Return the day, or the time, that a number of days stands for."""
    try:
        days = Decimal(value)
        if not days.is_finite() or not 0 <= days < 2_958_466:
            return Cell("", CellState.ERROR)
    except InvalidOperation:
        raise damaged() from None
    # Excel has a 29 February 1900, as Lotus 1-2-3 had: days before it are one off.
    start = date(1904, 1, 1) if from_1904 else date(1899, 12, 31 if days < 60 else 30)
    whole = int(days)
    seconds = round((days - whole) * 86_400)
    if whole == 0 and (seconds or not from_1904):
        # A time of day: the days before the first are no dates.
        return Cell(str(timedelta(seconds=seconds)).zfill(8), dated=True)
    try:
        moment = datetime(start.year, start.month, start.day) + timedelta(whole, seconds)  # noqa: DTZ001 - a spreadsheet's times have no zone
    except OverflowError:
        return Cell("", CellState.ERROR)
    text = moment.isoformat() if seconds % 86_400 else moment.date().isoformat()
    return Cell(text, dated=True)


def unescaped(text: str) -> str:
    """Return a text with the signs that XML cannot hold, and spreadsheets write as `_x000D_`."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
