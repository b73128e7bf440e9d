"""Areas beside the built-in provinces, and where ports lie."""

from datetime import datetime
from typing import Final

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Protected, Table

AREA_LENGTH: Final = 8


class AreaRow(Table):
    """An area that the installation has beside the built-in ones, or its other name of such."""

    __tablename__ = "area"

    code: Mapped[str] = mapped_column(String(AREA_LENGTH), primary_key=True)
    """Begins with the code of the area that it lies in, which tells its level too."""
    name: Mapped[str]
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class PortArea(Protected, Table):
    """Where a port lies, as the installation has it."""

    __tablename__ = "port_area"

    port: Mapped[str] = mapped_column(String(5), primary_key=True)
    area: Mapped[str | None] = mapped_column(String(AREA_LENGTH))
    """Code of the smallest area that is known; None: in none, whatever is built in."""
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
