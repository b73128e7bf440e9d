"""How the check digits of a traveller's document came out."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("encounter", sa.Column("document_check", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("encounter", "document_check")
