"""What an installation is, from its begin on."""

from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Table


class Installation(Table):
    """The one row about the installation; databases of before it are real and have none."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    """Always 1."""
    practice: Mapped[bool]
    """Whether people practise on it: see `casework.kernel.installation`."""
