"""Officers' searches say which lists they looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    lists = sa.Column("watchlist_ids", sa.JSON(none_as_null=True), nullable=True)
    with op.batch_alter_table("probe_search") as batch_op:
        batch_op.add_column(lists)
    searches = sa.table("probe_search", sa.column("watchlist_ids", sa.JSON(none_as_null=True)))
    op.get_bind().execute(searches.update().values(watchlist_ids=[]))
    with op.batch_alter_table("probe_search") as batch_op:
        batch_op.alter_column(
            "watchlist_ids", existing_type=sa.JSON(none_as_null=True), nullable=False
        )


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("probe_search") as batch_op:
        batch_op.drop_column("watchlist_ids")
