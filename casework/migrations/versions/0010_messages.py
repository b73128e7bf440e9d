"""What is kept as a sentence is kept as a code with parameters too: every language can say it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("import_job", "failure_sentence"),
    ("import_fault", "sentence"),
    ("webhook", "disabled_sentence"),
    ("delivery", "error_sentence"),
)


def upgrade() -> None:
    """Apply."""
    for table, name in _COLUMNS:
        op.add_column(table, sa.Column(name, sa.JSON(), nullable=True))


def downgrade() -> None:
    """Undo."""
    for table, name in _COLUMNS:
        with op.batch_alter_table(table) as changed:
            changed.drop_column(name)
