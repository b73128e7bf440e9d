"""What stood in the clear before it was sealed: empty but during an upgrade."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Serial, Table


class Unsealed(Table):
    """Fields of one row that a migration took out of their columns, until they are sealed.

    Migrations have no key; `casework.kernel.sealing_upgrade` has, as soon as the database is open.
    """

    __tablename__ = "unsealed"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    row_table: Mapped[str] = mapped_column(String(40))
    row_key: Mapped[str]
    content: Mapped[dict[str, Any]]
