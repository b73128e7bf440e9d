"""Acts that wait for a second person."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Protected, Table


class Approval(Protected, Table):
    """A request: an act that takes effect once a second person has accepted it."""

    __tablename__ = "approval"
    __table_args__ = (Index("ix_approval_state_effective_from", "state", "effective_from"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    """What is asked for, in the words of the audit trail."""
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"), index=True)
    """The agency whose people decide."""
    object_id: Mapped[str | None]
    sealed_request: Mapped[bytes]
    """Parameters and reason, which may name people."""
    state: Mapped[str] = mapped_column(String(20))
    asked_by: Mapped[str] = mapped_column(ForeignKey("officer.id", ondelete="RESTRICT"), index=True)
    asked_at: Mapped[datetime]
    effective_from: Mapped[datetime]
    lapses_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(
        ForeignKey("officer.id", ondelete="RESTRICT"), index=True
    )
    """Who accepted or refused it."""
    decided_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    """When it took effect, was refused or withdrawn, or lapsed."""
    lapsed_because: Mapped[str | None] = mapped_column(String(60))
    """The code of the sentence that says why it no longer fitted."""
