"""Every login is counted by its digest; counts that stood in an account begin from nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_column("officer", "failures")
    op.drop_column("officer", "locked_until")


def downgrade() -> None:
    """Undo."""
    op.add_column(
        "officer", sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("officer", sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True))
