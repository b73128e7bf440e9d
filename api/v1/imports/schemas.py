"""Bulk imports, and the check of a row: the same as of a new subject that comes alone."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final, Literal, Self

from pydantic import Field, ValidationError

from api.problems import field_problems
from api.queries import Limit, QueryModel
from api.v1.common import Answer
from api.v1.subjects.schemas import SubjectIn
from casework.imports.formats import INVALID, Fault
from casework.imports.store import CheckedRow
from casework.kernel.messages import Message
from casework.kernel.vocabulary import ImportState
from casework.tables import ImportFault, ImportJob

# Pydantic's words for what deserves a code of its own.
_CODES: Final = {"missing": "field_missing", "extra_forbidden": "field_unknown"}
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

_REPORT: Final = ("row", "reference", "field", "code", "message", "row_refused")


class ImportQuery(QueryModel):
    """What is imported, and whether it is."""

    watchlist_id: str = Field(max_length=200, description="Of your own agency.")
    dry_run: bool = Field(default=False, description="Report as if, but store nothing.")


class ImportOut(Answer):
    """An import, and how far it is."""

    id: str
    watchlist_id: str
    dry_run: bool = Field(description="Nothing is stored; everything else is as it would be.")
    state: ImportState
    failure: str | None = Field(description="Why it ended before its last row.")
    rows: int
    done: int = Field(description="Rows that are dealt with, from the first on.")
    created: int
    updated: int
    unchanged: int
    refused: int = Field(description="Rows of which nothing was stored.")
    photos_added: int
    photos_refused: int
    rows_per_s: float | None = Field(description="Rate of the work so far.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, row: ImportJob) -> Self:
        """Make the answer from the record."""
        own = cls.model_fields.keys() - {"rows_per_s"}
        return cls(**{name: getattr(row, name) for name in own}, rows_per_s=rate_of(row))


class RowFaultQuery(QueryModel):
    """How faults are reported."""

    format: Literal["page", "csv", "json"] = Field(
        default="page", description="A page, or the whole report."
    )
    after: int | None = Field(
        default=None, ge=0, lt=2**63, description="The `next` of the page before."
    )
    limit: Limit = 50


class RowFaultOut(Answer):
    """Something wrong with one row."""

    row: int = Field(description="As a spreadsheet counts: a CSV file's heading is row 1.")
    reference: str | None
    field: str | None
    code: str
    message: str
    row_refused: bool = Field(description="Nothing of the row was stored.")


def rate_of(row: ImportJob) -> float | None:
    """Return how many rows a second an import has taken so far, None before the first."""
    return round(row.done / row.worked_s, 1) if row.worked_s else None


def check_row(
    fields: Mapping[str, Any], watchlist_id: str, zone: tzinfo
) -> CheckedRow | Sequence[Fault]:
    """Check a row's fields as those of `POST /v1/subjects`; a reference is required too.

    Args:
        fields: as the file has them.
        watchlist_id: the list that the file is for.
        zone: whose days are meant.
    """
    if "watchlist_ids" in fields:
        return [Fault("watchlist_ids", "field_unknown", Message("row_names_watchlist"))]
    try:
        body = SubjectIn.model_validate({**fields, "watchlist_ids": [watchlist_id]})
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        named = zip(found, field_problems(found), strict=True)
        return [
            Fault(
                problem.field[:200],
                _CODES.get(each["type"], INVALID),
                _message(each["type"], each.get("ctx", {}), problem.message),
            )
            for each, problem in named
        ]
    if body.reference is None:
        return [Fault("reference", "field_missing", Message("row_lacks_reference"))]
    return CheckedRow(body.new(zone), frozenset(body.model_fields_set - {"watchlist_ids"}))


def _message(kind: str, context: Mapping[str, Any], text: str) -> Message:
    """Return what pydantic says of a field, as every language can say it."""
    code, gap = _MESSAGES.get(kind, ("field_invalid", None))
    if gap is None:
        return Message(code, text=text)
    if code == "field_no_choice":
        return Message(code, {gap: tuple(_QUOTED.findall(context["expected"]))}, text)
    return Message(code, {gap: next(context[name] for name in _LIMITS if name in context)}, text)


def faults_as_csv(faults: Iterable[ImportFault]) -> Iterator[str]:
    """Yield an error report as CSV with a heading."""
    yield _line(_REPORT)
    for fault in faults:
        cells = [getattr(fault, name) for name in _REPORT]
        yield _line(["" if cell is None else _plain(str(cell)) for cell in cells])


def faults_as_json(faults: Iterable[ImportFault]) -> Iterator[str]:
    """Yield an error report as one JSON array."""
    before = "["
    for fault in faults:
        yield before + RowFaultOut.model_validate(fault).model_dump_json()
        before = ",\n"
    yield "]\n" if before != "[" else "[]\n"


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
