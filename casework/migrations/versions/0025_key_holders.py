"""Processes at work say which data keys they have, so that a rotation leaves none behind."""

import sqlalchemy as sa
from alembic import op

from casework.tables import UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "key_holder",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("machine", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("fingerprints", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_holder")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("key_holder")
