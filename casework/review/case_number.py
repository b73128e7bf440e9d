"""Case numbers: what an alert is called on the telephone and on paper, such as `IMI-00042-X`.

The code of the agency that owns the list, how many-th alert of that agency it is, and a letter by
which a number that was misheard or mistyped is known. A number is given in the transaction that
commits the alert, so none is missing, and is never given again, whatever is erased.

The letter belongs to a sum of all characters, each weighted with a power of two, modulo 23, which
is prime: no wrong digit and no two digits the wrong way round leave it as it was. Code letters that
lie 23 apart (A and X, B and Y, C and Z) cannot be told apart by a letter of 23.

Numbers of a practice installation begin with its mark, such as `LATIHAN-IMI-00042-T`; the code of
no agency begins so.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Final

from sqlalchemy import Connection, insert, select, update

from casework.kernel.installation import PRACTICE_MARK
from casework.kernel.messages import Message
from casework.tables import Agency, CaseCounter

LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"
"""Check letters: without I, O and Q, which are read as 1 and 0."""
_WEIGHT: Final = 2
_DIGITS: Final = 5
"""At least; leading zeros say where the code ends."""
_BASE: Final = 36  # digits and letters

_COUNT: Final = rf"(\d{{{_DIGITS}}}|[1-9]\d{{{_DIGITS},}})-?([A-Z])"
# Where nothing parts code and count, the code is taken to end in a letter.
_PARTED: Final = re.compile(rf"([A-Z0-9][A-Z0-9_-]*)-{_COUNT}")
_JOINED: Final = re.compile(rf"([A-Z0-9_-]*[A-Z]){_COUNT}")
_BETWEEN: Final = re.compile(r"\s*[.\u2010-\u2015-]\s*|\s+")


class CaseNumberRefused(ValueError):
    """A text is not a case number; the message says whether it was misheard or has another form."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(str(message))


def check_letter(number: str) -> str:
    """Return the letter that belongs to a number without one; its dashes do not count."""
    total = 0
    for character in filter(str.isalnum, number):
        total = total * _WEIGHT + int(character, _BASE)
    return LETTERS[total % len(LETTERS)]


def case_number(code: str, count: int) -> str:
    """Return the number of an agency's `count`-th alert, from 1."""
    number = f"{code}-{count:0{_DIGITS}}"
    return f"{number}-{check_letter(number)}"


def read(text: str) -> str:
    """Return a number as it is stored, from one as people type it: in small letters, with spaces.

    Raises:
        CaseNumberRefused: it is none, or its letter does not belong to it.
    """
    plain = _BETWEEN.sub("-", text.strip()).upper()
    found = _PARTED.fullmatch(plain) or _JOINED.fullmatch(plain)
    if found is None:
        raise CaseNumberRefused(Message("case_number_malformed"))
    code, count, letter = found.groups()
    number = case_number(code, int(count))
    if not number.endswith(letter):
        raise CaseNumberRefused(Message("case_number_misheard"))
    return number


def give(connection: Connection, owners: Sequence[str], *, practice: bool) -> list[str]:
    """Return the next number for each alert, given its owner, within the transaction that writes.

    One statement for each agency: writers take turns, so nobody counts at the same time.
    """
    given: dict[str, Iterator[str]] = {}
    for owner, count in Counter(owners).items():
        code, last = _advanced(connection, owner, count)
        if practice:
            code = f"{PRACTICE_MARK}-{code}"
        given[owner] = map(case_number, repeat(code), range(last - count + 1, last + 1))
    return [next(given[owner]) for owner in owners]


def _advanced(connection: Connection, owner: str, count: int) -> tuple[str, int]:
    """Count an agency's alerts on; returns its code, and the last that is given now."""
    code = select(Agency.code).where(Agency.id == owner).scalar_subquery()
    counted = connection.execute(
        update(CaseCounter)
        .where(CaseCounter.agency_id == owner)
        .values(last=CaseCounter.last + count)
        .returning(code, CaseCounter.last)
    ).one_or_none()
    if counted is None:
        first = insert(CaseCounter).values(agency_id=owner, last=count)
        counted = connection.execute(first.returning(code, CaseCounter.last)).one()
    return counted[0], counted[1]
