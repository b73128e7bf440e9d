"""A photo that a referral carries is shown the right way up."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    turn = sa.Column("turn", sa.Integer(), nullable=False, server_default="0")
    op.add_column("referral_photo", turn)


def downgrade() -> None:
    """Undo."""
    op.drop_column("referral_photo", "turn")
