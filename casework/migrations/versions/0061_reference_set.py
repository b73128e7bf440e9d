"""Templates of people known to be on no list may be kept, to calibrate again."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0061"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "reference_set",
        sa.Column("model", sa.String(), primary_key=True),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("kept_at", UtcDateTime(), nullable=False),
        sa.Column("sealed_vectors", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("reference_set")
