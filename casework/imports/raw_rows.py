"""What a list of subjects is read into, whatever its form: rows, and what is wrong with them.

A `Fault` of a row refuses it. A warning is a `Fault`, too: the row is stored all the same, with
what is known, and only a strict import refuses it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from casework.kernel.messages import Message
from casework.kernel.text import canonical

COLUMNS: Final = (
    "reference",
    "name",
    "aliases",
    "sex",
    "birth_date",
    "birth_year",
    "nationality",
    "documents",
    "reason",
    "decision_number",
    "status",
    "valid_from",
    "valid_until",
    "photos",
)
REQUIRED: Final = ("reference", "name")

MALFORMED: Final = "row_malformed"
INVALID: Final = "field_invalid"
NOT_UTF8: Final = "text_not_utf8"
"""A fault where a byte that is no text stands in what identifies, else a warning; a warning, too,
where the whole list is read in another encoding."""

HEADING_UNUSUAL: Final = "heading_unusual"
"""A warning: the heading is understood, although it is not written as it should be."""
ROW_RAGGED: Final = "row_ragged"
"""A warning: empty cells at the row's end are missing, or there are too many."""
WRITTEN_OTHERWISE: Final = "written_otherwise"
"""A warning: a value is understood whole, although it is not in its form."""
KNOWN_IN_PART: Final = "known_in_part"
"""A warning: only a part of a value is known, or fits, and is kept."""
LEFT_OUT: Final = "left_out"
"""A warning: a value says nothing that can be kept."""
PARTS_LEFT_OUT: Final = "parts_left_out"
"""A warning: a part of the file is no list of people."""
HIDDEN_ROWS: Final = "hidden_rows"
"""A warning: rows that the spreadsheet hides are read as well."""
PHOTO_ELSEWHERE: Final = "photo_elsewhere"
"""A warning: the list names a photo by an address, and none is fetched."""
INVALID_PERIOD: Final = "invalid_period"
"""A fault: the entry is over, or would end before it begins."""
IMPOSSIBLE_BIRTH: Final = "impossible_birth"
"""A warning where year and date of birth differ: the date counts."""
REFERENCE_ALIKE: Final = "reference_alike"
"""A warning: another subject's reference looks the same."""
LACKS: Final = "requirement_missing"
"""The row lacks what the category of its list requires."""
LOOKS_LIKE: Final = "looks_like"
"""A warning: the face is on a list already. Strict imports store the row, too."""

WARNINGS: Final = frozenset(
    {
        HEADING_UNUSUAL,
        ROW_RAGGED,
        WRITTEN_OTHERWISE,
        KNOWN_IN_PART,
        NOT_UTF8,
        LEFT_OUT,
        PARTS_LEFT_OUT,
        HIDDEN_ROWS,
        PHOTO_ELSEWHERE,
        IMPOSSIBLE_BIRTH,
        REFERENCE_ALIKE,
        LOOKS_LIKE,
    }
)

_DESCRIBING: Final = frozenset(
    ("aliases", "sex", "birth_date", "birth_year", "nationality", "reason", "decision_number")
)
"""What keeps nobody off a list, however it is written."""
_NULL: Final = re.compile("\0")
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")
_HALF: Final = re.compile("[\ud800-\udfff]")
"""What a byte that is not UTF-8 is read as, and JSON's half of a character."""
_NOT_ASCII: Final = re.compile(r"[^\0-\x7f]")
_REPLACED: Final = "\ufffd"

_LONGEST_REFERENCE: Final = 200
# Fields whose empty text is a text, or says nothing at all; of the others it says what null does.
_TEXTS: Final = frozenset({"reference", "name", "reason"})
_KEPT_IF_EMPTY: Final = frozenset({"status"})
_LISTS: Final = frozenset({"aliases", "documents"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row; of what stands in it, it quotes no more than an understood word."""

    field: str | None
    code: str
    message: Message
    row: int | None = None
    """Where it is not the row's own number: the heading's."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it was read."""

    number: int
    """As a spreadsheet or an editor counts."""
    reference: str | None
    fields: dict[str, Any] = field(default_factory=dict)
    """By the names of `COLUMNS`, without `photos`; what the file does not say is left out."""
    photos: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    """Those of the file as a whole come with its first row."""
    names_photos: bool = True
    """Otherwise they lie beside the list, under the row's reference."""


def read_row(
    number: int,
    fields: dict[str, Any],
    photos: Sequence[str] = (),
    *,
    faults: Sequence[Fault] = (),
    warnings: Sequence[Fault] = (),
) -> RawRow:
    """Return a row of these fields; one with a character that no text has is malformed.

    Where bytes are not UTF-8, what describes is kept without them, and what identifies is a fault.
    """
    fields = _said(fields)
    if not _has(_NO_TEXT, [*fields, *fields.values(), *photos]):
        reference = _named(fields.get("reference"))
        return RawRow(number, reference, fields, tuple(photos), tuple(faults), tuple(warnings))
    if _has(_NULL, [fields, *photos]):
        return malformed(number, Message("row_null"))
    broken = [name for name, value in fields.items() if _has(_HALF, {name: value})]
    if any(map(_HALF.search, broken)):
        return malformed(number, Message("row_not_utf8"))
    if any(map(_HALF.search, photos)):
        faults = (*faults, Fault("photos", NOT_UTF8, Message("row_not_utf8")))
        photos = ()
    for name in broken:
        fields = fields | {name: _without_halves(fields[name])}
        if name in _DESCRIBING:
            warnings = (*warnings, Fault(name, NOT_UTF8, Message("kept_not_utf8")))
        else:
            faults = (*faults, Fault(name, NOT_UTF8, Message("row_not_utf8")))
    reference = _named(fields.get("reference"))
    return RawRow(number, reference, fields, tuple(photos), tuple(faults), tuple(warnings))


def read_as_western(row: RawRow) -> RawRow:
    """Return a row of a list that is read as Windows-1252, with a warning where that matters."""
    if not _has(_NOT_ASCII, [row.fields, *row.photos]):
        return row
    warning = Fault(None, NOT_UTF8, Message("read_as_windows_1252"))
    return replace(row, warnings=(*row.warnings, warning))


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    """Return what fields say: an empty text, as of an empty cell, clears most of them."""
    empty = {
        name for name, value in fields.items() if isinstance(value, str) and not value.strip()
    } - _TEXTS
    cleared = {name: None if name in empty else value for name, value in fields.items()}
    return {
        name: [] if value is None and name in _LISTS else value
        for name, value in cleared.items()
        if name not in empty & _KEPT_IF_EMPTY
    }


def malformed(number: int, message: Message, warnings: Sequence[Fault] = ()) -> RawRow:
    """Return a row of which nothing can be read."""
    fault = Fault(None, MALFORMED, message)
    return RawRow(number, None, faults=(fault,), warnings=tuple(warnings))


def _has(sign: re.Pattern[str], value: Any) -> bool:  # noqa: ANN401 - anything that JSON can say
    if isinstance(value, str):
        return sign.search(value) is not None
    if isinstance(value, dict):
        value = [*value, *value.values()]
    return isinstance(value, list) and any(_has(sign, part) for part in value)


def _without_halves(value: Any) -> Any:  # noqa: ANN401 - anything that JSON can say
    if isinstance(value, str):
        return _HALF.sub(_REPLACED, value)
    if isinstance(value, dict):
        return {_without_halves(key): _without_halves(part) for key, part in value.items()}
    return [_without_halves(part) for part in value] if isinstance(value, list) else value


def _named(reference: Any) -> str | None:  # noqa: ANN401 - checked with the other fields later
    """Return what a report can call the row by, None if there is nothing."""
    # As it will be kept: by another spelling the subject would not be found.
    kept = canonical(reference) if isinstance(reference, str) else ""
    return kept[:_LONGEST_REFERENCE] or None
