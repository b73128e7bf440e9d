"""Who is on duty where, and when."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Protected, Table


class DutyShift(Protected, Table):
    """A shift of one agency at one port, on some days of every week, and its officers."""

    __tablename__ = "duty_shift"

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"), index=True)
    port: Mapped[str]
    zone: Mapped[str] = mapped_column(String(60))
    """IANA name of the time zone that its times are of: the port's."""
    weekdays: Mapped[list[str]]
    """On which it begins."""
    begins: Mapped[str] = mapped_column(String(5))
    """Such as `07:00`."""
    ends: Mapped[str] = mapped_column(String(5))
    """On the following day unless it is later than `begins`."""
    first_day: Mapped[date | None]
    """Before which it does not begin."""
    last_day: Mapped[date | None]
    """After which it does not begin any more."""
    officer_ids: Mapped[list[str]]
    next_port: Mapped[str | None]
    """Whose people are called next, where nobody here takes an alert."""
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
