"""Bulk imports: how far each has come, the file until it is done, and what was wrong with rows."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Serial, Table
from casework.tables.sealed import Sealed, SealedFields, nothing


class ImportJob(SealedFields, Table):
    """One file of subjects on its way into one watchlist."""

    __tablename__ = "import_job"
    __table_args__ = (
        Index("ix_import_job_state", "state", "id"),
        Index("ix_import_job_agency", "agency_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"))
    watchlist_id: Mapped[str]
    """May be removed before the import is."""
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str]
    actor_name = Sealed[str](str)
    uploaded: Mapped[bool]
    """Whether the file is kept here until all is done; else it lies where `siaga import` runs."""
    digest: Mapped[str | None] = mapped_column(String(64))
    """Keyed, of a file that is not kept: by it, the command run again finds its import."""
    dry_run: Mapped[bool]
    strict: Mapped[bool]
    """Whether rows are refused for what is otherwise a warning."""
    state: Mapped[str] = mapped_column(String(20))
    failure = Sealed[str | None](nothing)
    """Why it ended before its last row."""
    failure_sentence = Sealed[dict[str, Any] | None](nothing)
    """The same as a code with parameters; see `casework.kernel.messages`."""
    rows: Mapped[int]
    done: Mapped[int]
    """Rows that are dealt with, from the first on; moves with what they store."""
    created: Mapped[int]
    updated: Mapped[int]
    unchanged: Mapped[int]
    refused: Mapped[int]
    open_ended: Mapped[int | None]
    """Of the created ones, how many have no end of validity; None of imports before it counted."""
    photos_added: Mapped[int]
    photos_refused: Mapped[int]
    warnings: Mapped[dict[str, Any]]
    """How many there are, by their code."""
    worked_s: Mapped[float]
    """Seconds of work that `done` took."""
    attempts: Mapped[int]
    """Beginnings since rows were last dealt with."""
    claim: Mapped[str | None]
    """The process that works on it."""
    claimed_until: Mapped[datetime | None]
    """After this, that process is taken to have died."""
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ImportPart(Table):
    """A piece of an uploaded file."""

    __tablename__ = "import_part"

    import_id: Mapped[str] = mapped_column(
        ForeignKey("import_job.id", ondelete="CASCADE"), primary_key=True
    )
    stream: Mapped[str] = mapped_column(String(10), primary_key=True)
    """`file` or `photos`."""
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed_content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportFault(SealedFields, Table):
    """Something wrong with one row."""

    __tablename__ = "import_fault"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    import_id: Mapped[str] = mapped_column(
        ForeignKey("import_job.id", ondelete="CASCADE"), index=True
    )
    row: Mapped[int]
    """As a spreadsheet or an editor counts: a CSV file's heading is row 1."""
    reference = Sealed[str | None](nothing)
    field: Mapped[str | None]
    code: Mapped[str] = mapped_column(String(40))
    message = Sealed[str](str)
    sentence = Sealed[dict[str, Any] | None](nothing)
    """The same as a code with parameters; see `casework.kernel.messages`."""
    row_refused: Mapped[bool]
    """Whether nothing of the row was stored."""
