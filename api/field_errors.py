"""What pydantic finds wrong with fields: their names, and sentences for every language."""

import re
from collections.abc import Mapping
from typing import Any, Final

from casework.kernel.messages import Message

MOST_ERRORS: Final = 100
"""Faults of one request that are named: nobody reads thousands, and writing them takes time."""

# What pydantic calls a fault -> its message, and the gap of that, if it has one.
_MESSAGES: Final[Mapping[str, tuple[str, str | None]]] = {
    "missing": ("field_missing", None),
    "extra_forbidden": ("field_unknown", None),
    "string_too_long": ("field_too_long", "most"),
    "string_too_short": ("field_too_short", "least"),
    "too_long": ("field_too_many", "most"),
    "too_short": ("field_too_few", "least"),
    "greater_than_equal": ("field_too_small", "least"),
    "less_than_equal": ("field_too_great", "most"),
    "enum": ("field_no_choice", "choices"),
    "literal_error": ("field_no_choice", "choices"),
    "date_type": ("field_no_date", None),
    "date_parsing": ("field_no_date", None),
    "date_from_datetime_parsing": ("field_no_date", None),
    "date_from_datetime_inexact": ("field_no_date", None),
    "datetime_type": ("field_no_time", None),
    "datetime_parsing": ("field_no_time", None),
    "datetime_object_invalid": ("field_no_time", None),
    "datetime_from_date_parsing": ("field_no_time", None),
    "timezone_aware": ("field_no_time", None),
    "int_type": ("field_no_number", None),
    "int_parsing": ("field_no_number", None),
    "int_parsing_size": ("field_no_number", None),
    "int_from_float": ("field_no_number", None),
    "string_type": ("field_no_text", None),
    "list_type": ("field_no_list", None),
    "string_pattern_mismatch": ("field_pattern", None),
}
_LIMITS: Final = ("max_length", "min_length", "ge", "le")
_QUOTED: Final = re.compile(r"'([^']*)'")
# How pydantic writes a choice that is a member of a vocabulary: <Direction.ENTRY: 'entry'>.
_MEMBER: Final = re.compile(r"<\w+\.\w+: ('[^']*')>")


def name_of(error: Mapping[str, Any]) -> str:
    """Return the field of one of pydantic's errors, such as `documents.0.number`."""
    parts = (str(part) for part in error["loc"] if part not in ("body", "query"))
    return ".".join(parts) or "body"


def text_of(error: Mapping[str, Any]) -> str:
    """Return pydantic's own sentence, in which choices are the words that are sent."""
    return _MEMBER.sub(r"\1", str(error["msg"]))


def sentence_of(error: Mapping[str, Any]) -> Message:
    """Return what one of pydantic's errors says; never the value, which may be personal."""
    code, gap = _MESSAGES.get(error["type"], ("field_invalid", None))
    context, text = error.get("ctx", {}), text_of(error)
    if gap is None:
        return Message(code, text=text)
    if code == "field_no_choice":
        return Message(code, {gap: tuple(_QUOTED.findall(context["expected"]))}, text)
    if code == "field_too_short" and context.get("min_length") == 1:
        return Message("field_empty")
    return Message(code, {gap: next(context[name] for name in _LIMITS if name in context)}, text)
