"""How many entries of an import have no end of validity."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; of imports of before nobody counted."""
    op.add_column("import_job", sa.Column("open_ended", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("import_job") as job:
        job.drop_column("open_ended")
