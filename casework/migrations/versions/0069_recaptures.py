"""Encounters hold what the gate does about the capture, and which capture each repeats."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; encounters until now have neither."""
    op.add_column("encounter", sa.Column("recapture", sa.String(length=20), nullable=True))
    op.add_column("encounter", sa.Column("recapture_of", sa.String(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("encounter", "recapture_of")
    op.drop_column("encounter", "recapture")
