"""Failed sign-ins, counted by what nobody can read back."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Table


class SignInCount(Table):
    """Failures of one login, whether it is anybody's or not, or from one network address."""

    __tablename__ = "sign_in_count"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """HMAC-SHA256 of what is counted, under a key derived from the data key."""
    failures: Mapped[int]
    since: Mapped[datetime] = mapped_column(index=True)
    """When the first of them was, or the last success."""
    locked_until: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    """When an officer last signed in from there."""
