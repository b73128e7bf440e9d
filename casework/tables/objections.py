"""Objections (keberatan) of persons against their entries."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Protected, Table
from casework.tables.sealed import Sealed, SealedFields, nothing


class Objection(SealedFields, Protected, Table):
    """A person objects to being on a list; goes with the subject."""

    __tablename__ = "objection"

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"), index=True)
    subject_id: Mapped[str] = mapped_column(
        ForeignKey("subject.id", ondelete="CASCADE"), index=True
    )
    objector = Sealed[str](str)
    """Who objects: the person, or who speaks for them."""
    grounds = Sealed[str](str)
    received_on: Mapped[date]
    due_on: Mapped[date]
    """The last day for the answer."""
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]
    outcome: Mapped[str | None] = mapped_column(String(20))
    answer = Sealed[str | None](nothing)
    """What the person was answered."""
    answered_by: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
