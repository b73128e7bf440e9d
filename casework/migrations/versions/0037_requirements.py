"""Categories say what they require of lists and entries."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("category_code") as category:
        category.add_column(sa.Column("requires", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("category_code") as category:
        category.drop_column("requires")
