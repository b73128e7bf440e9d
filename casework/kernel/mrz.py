"""Machine-readable zones of travel documents, read and checked by their check digits.

Passports (TD3), cards (TD1, TD2) and visas (MRV-A, MRV-B) by ICAO Doc 9303, parts 3 to 7 (eighth
edition). A zone comes from a reader of print, which misreads, or from a chip's data group 1, which
does not: what can be read is given, with the items whose check digits disagree beside it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Final

from casework.kernel.nations import nation
from casework.kernel.vocabulary import MrzItem, Sex

_FILLER: Final = "<"
_WEIGHTS: Final = (7, 3, 1)  # Doc 9303-3, section 4.9
_ZONE: Final = re.compile(r"[A-Z][A-Z0-9<]+")
_SPACES: Final = re.compile(r"\s+")
_READ_AS_FILLER: Final = str.maketrans("\u00ab\u2039", "<<")


@dataclass(frozen=True, slots=True)
class Mrz:
    """What a machine-readable zone says. None, or an empty text, where it says nothing."""

    lines: tuple[str, ...]
    kind: str
    """Document code, such as `P`, `ID` or `V`."""
    country: str
    """Issuing state: a code as `casework.kernel.nations` keeps it, or what stands there."""
    name: str
    """`SURNAME, GIVEN NAMES`, or one name alone."""
    name_cut: bool
    """Whether the name fills its field, so that its end may be missing."""
    number: str
    nationality: str
    birth: str | None
    """`1980-02-28`, `1980-02` or `1980`, as much as is known."""
    sex: Sex | None
    wrong: tuple[MrzItem, ...]
    """Items whose check digits disagree."""


def check_digit(text: str) -> int:
    """Return the check digit of a text of `A-Z`, `0-9` and `<` (Doc 9303-3, section 4.9)."""
    return sum(_value(each) * _WEIGHTS[at % 3] for at, each in enumerate(text)) % 10


def read(text: str, today: date) -> Mrz | None:
    """Read a machine-readable zone; None where this is none, or one of another kind.

    Args:
        text: its lines; or all of it in one, as a chip has it.
        today: nobody was born later, which tells the century of a birth.
    """
    signs = text.upper().translate(_READ_AS_FILLER)
    lines = [line for each in signs.splitlines() if (line := _SPACES.sub("", each))]
    # Some readers leave out the fillers at a line's end.
    width = max(map(len, lines), default=0)
    whole = "".join(line.ljust(width, _FILLER) for line in lines)
    if len(whole) not in _FORMS or not _ZONE.fullmatch(whole):
        return None
    width, form = _FORMS[len(whole)]
    return form([whole[at : at + width] for at in range(0, len(whole), width)], today)


def _value(sign: str) -> int:
    return 0 if sign == _FILLER else int(sign, 36)


def _two_lines(lines: Sequence[str], today: date) -> Mrz:
    """Read a passport, a TD2 card or a visa: names above, the rest below."""
    upper, lower = lines
    visa, wide = upper.startswith("V"), len(upper) == _WIDTH_TD3
    number, digit = lower[:9], lower[9]
    if _is_cut(number, digit) and not wide and not visa:
        number, digit = _long_number(number, lower[28:35])
    wrong = {
        MrzItem.NUMBER: _disagrees(number, digit),
        MrzItem.BIRTH_DATE: _disagrees(lower[13:19], lower[19]),
        MrzItem.EXPIRY_DATE: _disagrees(lower[21:27], lower[27]),
    }
    if not visa:
        body = lower[:10] + lower[13:20] + lower[21:-1]
        wrong[MrzItem.COMPOSITE] = _disagrees(body, lower[-1])
    if wide and not visa:
        # Where there is no personal number, its check digit may be left out.
        absent = not lower[28:43].strip(_FILLER)
        wrong[MrzItem.PERSONAL_NUMBER] = not absent and _disagrees(lower[28:42], lower[42])
    return _mrz(lines, wrong, upper[5:], number, lower[10:13], lower[13:19], lower[20], today=today)


def _three_lines(lines: Sequence[str], today: date) -> Mrz:
    """Read a TD1 card."""
    first, second, third = lines
    number, digit = first[5:14], first[14]
    if _is_cut(number, digit):
        number, digit = _long_number(number, first[15:])
    body = first[5:] + second[:7] + second[8:15] + second[18:29]
    wrong = {
        MrzItem.NUMBER: _disagrees(number, digit),
        MrzItem.BIRTH_DATE: _disagrees(second[:6], second[6]),
        MrzItem.EXPIRY_DATE: _disagrees(second[8:14], second[14]),
        MrzItem.COMPOSITE: _disagrees(body, second[29]),
    }
    return _mrz(lines, wrong, third, number, second[15:18], second[:6], second[7], today=today)


def _is_cut(number: str, digit: str) -> bool:
    """Whether a number goes on elsewhere: one that leaves room in its field does not."""
    return digit == _FILLER and not number.endswith(_FILLER)


def _long_number(number: str, optional: str) -> tuple[str, str]:
    """Return a number of more than nine characters, whole, and its check digit.

    Its end stands in the optional data, with the check digit behind (Doc 9303-5, section 4.2.2).
    """
    rest = optional.partition(_FILLER)[0]
    return (number + rest[:-1], rest[-1]) if rest else (number, _FILLER)


def _disagrees(text: str, digit: str) -> bool:
    return not digit.isdigit() or int(digit) != check_digit(text)


def _mrz(
    lines: Sequence[str],
    wrong: Mapping[MrzItem, bool],
    name: str,
    number: str,
    nationality: str,
    birth: str,
    sex: str,
    *,
    today: date,
) -> Mrz:
    return Mrz(
        lines=tuple(lines),
        kind=lines[0][:2].strip(_FILLER),
        country=nation_of(lines[0][2:5]),
        name=_name(name),
        name_cut=not name.endswith(_FILLER),
        number=number.replace(_FILLER, ""),
        nationality=nation_of(nationality),
        birth=birth_of(birth, today),
        sex={"M": Sex.MALE, "F": Sex.FEMALE, "X": Sex.UNSPECIFIED}.get(sex),
        wrong=tuple(item for item in MrzItem if wrong.get(item)),
    )


def nation_of(code: str) -> str:
    """Return a state as `casework.kernel.nations` keeps it, or the code where none is known."""
    given = code.strip().strip(_FILLER).upper()
    with suppress(ValueError):
        return nation(given)
    return given


def _name(field: str) -> str:
    parts = (part.strip(_FILLER) for part in field.partition("<<")[::2])
    return ", ".join(" ".join(filter(None, part.split(_FILLER))) for part in parts if part)


def birth_of(text: str, today: date) -> str | None:
    """Return a day of birth, written as 800228, as much as is known; None where nothing is.

    Unknown parts are fillers, or zeros.
    """
    if not text[:2].isdigit():
        return None
    years = [today.year - today.year % 100 + int(text[:2]) - back for back in (0, 100)]
    month, day = (int(each) if each.isdigit() else 0 for each in (text[2:4], text[4:6]))
    if month and day:
        for year in years:
            with suppress(ValueError):
                if (born := date(year, month, day)) <= today:
                    return born.isoformat()
        return None
    year = next(each for each in years if each <= today.year)
    return f"{year}-{month:02}" if 1 <= month <= _MONTHS else f"{year}"


_MONTHS: Final = 12
_WIDTH_TD3: Final = 44
_FORMS: Final[Mapping[int, tuple[int, Callable[[Sequence[str], date], Mrz]]]] = {
    2 * _WIDTH_TD3: (_WIDTH_TD3, _two_lines),
    2 * 36: (36, _two_lines),
    3 * 30: (30, _three_lines),
}
"""By the length of the whole zone, that of a line and how it is read: TD3 and MRV-A, TD2 and MRV-B,
TD1."""
