"""Imports count their warnings by code, and may be strict."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "import_job", sa.Column("strict", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "import_job", sa.Column("warnings", sa.JSON(), nullable=False, server_default="{}")
    )


def downgrade() -> None:
    """Undo."""
    op.drop_column("import_job", "warnings")
    op.drop_column("import_job", "strict")
