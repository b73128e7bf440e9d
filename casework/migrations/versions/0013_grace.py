"""Erasing a subject or a photo has a time of grace: when it is over."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLES = ("subject", "photo")


def upgrade() -> None:
    """Apply."""
    for table in _TABLES:
        op.add_column(table, sa.Column("erase_at", sa.DateTime(timezone=True), nullable=True))
        op.create_index(op.f(f"ix_{table}_erase_at"), table, ["erase_at"])


def downgrade() -> None:
    """Undo."""
    for table in _TABLES:
        op.drop_index(op.f(f"ix_{table}_erase_at"), table)
        op.drop_column(table, "erase_at")
