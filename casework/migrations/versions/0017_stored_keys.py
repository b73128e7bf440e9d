"""Keys that values are sealed under stand in the database, wrapped by the data key."""

import sqlalchemy as sa
from alembic import op

from casework.tables import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "stored_key",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("data_key", sa.String(length=16), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_key")),
        sa.UniqueConstraint(
            "purpose", "scope", "number", name=op.f("uq_stored_key_purpose_scope_number")
        ),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("stored_key")
