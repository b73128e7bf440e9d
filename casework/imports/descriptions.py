"""What describes a person in a list: taken as far as it is understood, with a warning.

What identifies a row (its reference, its name, the numbers of documents) or decides whether it
alerts is for the check of the row to accept or refuse. What only describes keeps nobody off a list:
it is brought into its form, kept in part, or left out, and the report says so. What is in its form
already passes through untouched.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any, Final

from casework.imports.nation_names import Nation, nation_of
from casework.imports.raw_rows import KNOWN_IN_PART, LEFT_OUT, WRITTEN_OTHERWISE, Fault
from casework.imports.written_dates import WrittenDate, read_birth, read_instant
from casework.kernel.errors import ImpossibleBirth
from casework.kernel.messages import Message
from casework.kernel.vocabulary import Sex, SubjectStatus
from casework.watchlists.subjects import (
    LONGEST_NAME,
    LONGEST_REASON,
    MOST_ALIASES,
    MOST_DOCUMENTS,
    check_birth,
)

Description = Callable[["_Described"], None]

_SEXES: Final[Mapping[str, Sex]] = {
    **dict.fromkeys(("f", "female", "woman", "girl", "w", "2"), Sex.FEMALE),
    **dict.fromkeys(("p", "perempuan", "wanita", "femme", "mujer"), Sex.FEMALE),
    **dict.fromkeys(("m", "male", "man", "boy", "1"), Sex.MALE),
    **dict.fromkeys(("l", "lakilaki", "laki", "lelaki", "pria", "homme", "hombre"), Sex.MALE),
    **dict.fromkeys(("x", "u", "<", "o", "other", "unspecified", "9"), Sex.UNSPECIFIED),
}
"""As lists have it: ICAO Doc 9303, ISO/IEC 5218 (1, 2, 9), English, Indonesian and others."""
_STATUSES: Final[Mapping[str, SubjectStatus]] = {
    **dict.fromkeys(("active", "aktif", "berlaku", "actif", "activo"), SubjectStatus.ACTIVE),
    **dict.fromkeys(("suspended", "ditangguhkan", "tangguh"), SubjectStatus.SUSPENDED),
    **dict.fromkeys(("suspendu", "suspendido"), SubjectStatus.SUSPENDED),
}
_LETTERS: Final = re.compile(r"[^\w<]+|_")
_WHOLE: Final = re.compile(r"(\d{4})(\.0+)?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ZONED: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*([Zz]|[+-]\d{2}:?\d{2})", re.ASCII)


class _Described:
    """A row's fields on the way to what is understood of them."""

    def __init__(self, fields: Mapping[str, Any], zone: tzinfo) -> None:
        self.fields = dict(fields)
        self.zone = zone
        self.warnings: list[Fault] = []

    def text(self, name: str) -> str | None:
        """Return what a field says, None where it says nothing or is no text and no number."""
        value = self.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        return str(value).strip() or None

    def keep(self, name: str, value: object, code: str, sentence: str, **params: object) -> None:
        """Have a field say this instead, with a warning."""
        self.fields[name] = value
        self.warn(name, code, sentence, **params)

    def leave_out(self, name: str, sentence: str) -> None:
        """Have the row say nothing of a field: of somebody known, what is known stays."""
        del self.fields[name]
        self.warn(name, LEFT_OUT, sentence)

    def warn(self, name: str, code: str, sentence: str, **params: object) -> None:
        """Add a warning."""
        self.warnings.append(Fault(name, code, Message(sentence, params)))


def understood(fields: Mapping[str, Any], zone: tzinfo) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """Return a row's fields in the form of `POST /v1/subjects`, and what that is a warning of.

    Args:
        fields: as the file has them.
        zone: of the installation, whose days and hours are meant where no zone is written.
    """
    row = _Described(fields, zone)
    for describe in _DESCRIPTIONS:
        describe(row)
    return row.fields, tuple(row.warnings)


def _name(row: _Described) -> None:
    name = row.fields.get("name")
    if isinstance(name, str) and len(name.strip()) > LONGEST_NAME and "\n" not in name:
        kept = name.strip()[:LONGEST_NAME].rstrip()
        row.keep("name", kept, KNOWN_IN_PART, "kept_beginning", most=LONGEST_NAME)


def _reason(row: _Described) -> None:
    reason = row.fields.get("reason")
    if isinstance(reason, str) and len(reason.strip()) > LONGEST_REASON:
        kept = reason.strip()[:LONGEST_REASON]
        row.keep("reason", kept, KNOWN_IN_PART, "kept_beginning", most=LONGEST_REASON)


def _aliases(row: _Described) -> None:
    aliases = row.fields.get("aliases")
    if not isinstance(aliases, list) or not all(isinstance(each, str) for each in aliases):
        return
    written = [each.strip() for each in aliases if each.strip()]
    short = [each[:LONGEST_NAME].rstrip() for each in written]
    row.fields["aliases"] = short[:MOST_ALIASES]
    if short != written:
        row.warn("aliases", KNOWN_IN_PART, "kept_beginning", most=LONGEST_NAME)
    if len(short) > MOST_ALIASES:
        row.warn("aliases", KNOWN_IN_PART, "kept_first", most=MOST_ALIASES)


def _sex(row: _Described) -> None:
    text = row.text("sex")
    if text is None or text in set(Sex):
        return
    plain = unicodedata.normalize("NFKC", text).casefold()
    sex = _SEXES.get(_LETTERS.sub("", plain))
    if sex is None:
        row.leave_out("sex", "sex_not_understood")
    else:
        said = {"written": _short(text), "means": sex.value}
        row.keep("sex", sex.value, WRITTEN_OTHERWISE, "sex_is", **said)


def _birth_date(row: _Described) -> None:
    text = row.text("birth_date")
    if text is None:
        return
    now = datetime.now(row.zone)
    written = read_birth(text, now.date())
    if written is None or not _is_possible(written, now):
        row.leave_out("birth_date", "birth_not_understood")
    elif written.day is None:
        del row.fields["birth_date"]
        row.warn("birth_date", KNOWN_IN_PART, "birth_year_alone")
        if _other_year(row, written.year, now):
            row.leave_out("birth_year", "birth_year_left_out")
        row.fields["birth_year"] = written.year
    else:
        if not written.in_form:
            day = written.day.isoformat()
            row.keep("birth_date", day, WRITTEN_OTHERWISE, "birth_written_otherwise")
        if _other_year(row, written.year, now):
            row.leave_out("birth_year", "birth_year_left_out")


def _other_year(row: _Described, year: int, now: datetime) -> bool:
    """Whether the row has a year of birth that is understood, and another than its date has."""
    text = row.text("birth_year")
    written = _year_in(text, now) if text is not None else None
    return written is not None and written != year


def _birth_year(row: _Described) -> None:
    text = row.text("birth_year")
    if text is None:
        return
    year = _year_in(text, datetime.now(row.zone))
    if year is None:
        row.leave_out("birth_year", "birth_not_understood")
    elif _WHOLE.fullmatch(text) is not None:
        row.fields["birth_year"] = year
    else:
        row.keep("birth_year", year, KNOWN_IN_PART, "birth_year_alone")


def _year_in(text: str, now: datetime) -> int | None:
    """Return the year that a year of birth says, None where it cannot be."""
    whole = _WHOLE.fullmatch(text)
    written = (
        WrittenDate(None, int(whole[1])) if whole is not None else read_birth(text, now.date())
    )
    if written is None or not _is_possible(WrittenDate(None, written.year), now):
        return None
    return written.year


def _is_possible(written: WrittenDate, now: datetime) -> bool:
    """Whether somebody alive can be born then: other calendars' years are not taken for ours."""
    try:
        check_birth(written.day, written.year if written.day is None else None, now)
    except ImpossibleBirth:
        return False
    return True


def _nationality(row: _Described) -> None:
    value = row.fields.get("nationality")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        row.fields["nationality"] = value = "; ".join(value) or None
    if not isinstance(value, str) or not value.strip():
        return
    found = nation_of(value)
    if found.code is None:
        row.leave_out("nationality", _not_kept(found))
    elif found.remark is None:
        row.fields["nationality"] = found.code
    else:
        said = {"written": _short(value), "means": found.code}
        row.keep("nationality", found.code, *_NATIONS[found.remark], **said)


_LONGEST_QUOTED: Final = 60

_NATIONS: Final[Mapping[Nation.Remark, tuple[str, str]]] = {
    Nation.Remark.WRITTEN_OTHERWISE: (WRITTEN_OTHERWISE, "nation_is"),
    Nation.Remark.ONE_OF_SEVERAL: (KNOWN_IN_PART, "nation_first"),
    Nation.Remark.OF_BEFORE: (KNOWN_IN_PART, "nation_followed"),
    Nation.Remark.OF_TWO_STATES: (LEFT_OUT, "nation_of_two_states"),
}


def _short(written: str) -> str:
    """Return a word that was understood, as a sentence quotes it."""
    text = " ".join(written.split())
    return text if len(text) <= _LONGEST_QUOTED else f"{text[:_LONGEST_QUOTED]}…"


def _not_kept(found: Nation) -> str:
    """Return the message for a word that is no single state's."""
    return _NATIONS[found.remark][1] if found.remark is not None else "nation_not_understood"


def _documents(row: _Described) -> None:
    documents = row.fields.get("documents")
    if not isinstance(documents, list) or not all(isinstance(each, dict) for each in documents):
        return
    if len(documents) > MOST_DOCUMENTS:
        row.warn("documents", KNOWN_IN_PART, "kept_first", most=MOST_DOCUMENTS)
    row.fields["documents"] = [_document(row, each) for each in documents[:MOST_DOCUMENTS]]


def _document(row: _Described, document: dict[str, Any]) -> dict[str, Any]:
    country = document.get("country")
    if not isinstance(country, str):
        return document
    if not country.strip():
        return document | {"country": None}
    found = nation_of(country)
    if found.code is None:
        row.warn("documents", LEFT_OUT, _not_kept(found))
    elif found.remark is not None:
        said = {"written": _short(country), "means": found.code}
        row.warn("documents", *_NATIONS[found.remark], **said)
    return document | {"country": found.code}


def _status(row: _Described) -> None:
    text = row.text("status")
    if text is not None and text not in set(SubjectStatus):
        plain = unicodedata.normalize("NFKC", text).casefold()
        if (status := _STATUSES.get(_LETTERS.sub("", plain))) is not None:
            row.keep("status", status.value, WRITTEN_OTHERWISE, "status_written_otherwise")


def _period(row: _Described) -> None:
    for name in ("valid_from", "valid_until"):
        text = row.text(name)
        if text is None or _DAY.fullmatch(text) or _ZONED.fullmatch(text):
            continue
        at = read_instant(text, row.zone)
        if at is not None:
            row.keep(name, at.isoformat(), WRITTEN_OTHERWISE, "period_written_otherwise")


_DESCRIPTIONS: Final[tuple[Description, ...]] = (
    _name,
    _aliases,
    _sex,
    _birth_date,
    _birth_year,
    _nationality,
    _documents,
    _reason,
    _status,
    _period,
)
