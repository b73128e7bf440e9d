"""Small faces for lists of alerts, beside the photos that they are made of."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Those of photos that are there are made when they are first asked for."""
    op.add_column("encounter", sa.Column("sealed_face", sa.LargeBinary(), nullable=True))
    op.add_column("photo", sa.Column("sealed_face", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("photo", "sealed_face")
    op.drop_column("encounter", "sealed_face")
