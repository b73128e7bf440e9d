"""What an installation adds to the code lists, and what it changed of their built-in members."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Protected, Table

CODE_LENGTH: Final = 30


class CategoryRow(Protected, Table):
    """A category of watchlists."""

    __tablename__ = "category_code"

    code: Mapped[str] = mapped_column(String(CODE_LENGTH), primary_key=True)
    label: Mapped[dict[str, Any]]
    """What people call it, by language (`id`, `en`)."""
    instruction: Mapped[dict[str, Any]]
    """The usual instruction of its lists, by language."""
    priority: Mapped[int]
    """The usual one of its lists."""
    requires: Mapped[list[str]] = mapped_column(server_default="[]")
    """What its lists and their entries have to have."""
    active: Mapped[bool]
    """Whether it may be chosen."""
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class OutcomeRow(Protected, Table):
    """How an alert can end."""

    __tablename__ = "outcome_code"

    code: Mapped[str] = mapped_column(String(CODE_LENGTH), primary_key=True)
    label: Mapped[dict[str, Any]]
    """What people call it, by language (`id`, `en`)."""
    disposition: Mapped[str] = mapped_column(String(20))
    """What it means for the traveller: `released` or `held`."""
    directions: Mapped[list[str] | None]
    """Of travellers who go these ways; None means any."""
    stages: Mapped[list[str] | None]
    """At these stages of their journey; None means any."""
    after: Mapped[list[str]]
    """Results of the comparison that it can follow."""
    active: Mapped[bool]
    """Whether it may be chosen."""
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
