"""Releases that wait, because the opinion they come from can still be taken back."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pending_release",
        sa.Column("encounter_id", sa.String(length=200), nullable=False),
        sa.Column("until", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["encounter_id"],
            ["encounter.id"],
            name=op.f("fk_pending_release_encounter_id_encounter"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("encounter_id", name=op.f("pk_pending_release")),
    )
    op.create_index(op.f("ix_pending_release_until"), "pending_release", ["until"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("pending_release")
