"""Bulk imports, and what was wrong with their rows."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, Literal, Self

from pydantic import Field

from api.queries import Limit, QueryModel
from api.v1.common import Answer
from casework.imports.csv_cells import csv_heading, csv_line
from casework.imports.raw_rows import WARNINGS
from casework.imports.template import TemplateForm
from casework.kernel.vocabulary import ImportState
from casework.tables import ImportFault, ImportJob

_REPORT: Final = ("row", "reference", "field", "code", "message", "row_refused", "warning")


class TemplateQuery(QueryModel):
    """Which template of a list."""

    format: TemplateForm = TemplateForm.XLSX
    language: Literal["id", "en"] = Field(default="id", description="Of the headings.")


class ImportQuery(QueryModel):
    """What is imported, and whether it is."""

    watchlist_id: str = Field(max_length=200, description="Of your own agency.")
    dry_run: bool = Field(default=False, description="Report as if, but store nothing.")
    strict: bool = Field(default=False, description="Refuse a row for what is otherwise a warning.")


class ImportOut(Answer):
    """An import, and how far it is."""

    id: str
    watchlist_id: str
    dry_run: bool = Field(description="Nothing is stored; everything else is as it would be.")
    strict: bool = Field(description="Rows are refused for what is otherwise a warning.")
    state: ImportState
    failure: str | None = Field(description="Why it ended before its last row.")
    rows: int
    done: int = Field(description="Rows that are dealt with, from the first on.")
    created: int
    updated: int
    unchanged: int
    refused: int = Field(description="Rows of which nothing was stored.")
    open_ended: int | None = Field(
        description="Of the created ones, how many have no end of validity; null where an earlier "
        "version did not count."
    )
    photos_added: int
    photos_refused: int
    warnings: dict[str, int] = Field(
        description="How many there are, by their code: of rows that are stored all the same, "
        "with what is known."
    )
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
    warning: bool = Field(description="No more than a warning: nothing was refused for it.")

    @classmethod
    def of(cls, row: ImportFault) -> Self:
        """Make the answer from the record."""
        return cls.of_row(row, warning=row.code in WARNINGS and not row.row_refused)


def rate_of(row: ImportJob) -> float | None:
    """Return how many rows a second an import has taken so far, None before the first."""
    return round(row.done / row.worked_s, 1) if row.worked_s else None


def faults_as_csv(faults: Iterable[ImportFault]) -> Iterator[str]:
    """Yield an error report as CSV with a heading."""
    yield csv_heading(_REPORT)
    for fault in faults:
        told = RowFaultOut.of(fault)
        yield csv_line(getattr(told, name) for name in _REPORT)


def faults_as_json(faults: Iterable[ImportFault]) -> Iterator[str]:
    """Yield an error report as one JSON array."""
    before = "["
    for fault in faults:
        yield before + RowFaultOut.of(fault).model_dump_json()
        before = ",\n"
    yield "]\n" if before != "[" else "[]\n"
