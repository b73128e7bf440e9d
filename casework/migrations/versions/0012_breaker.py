"""A watchlist that alarms on too many travellers is kept to its calibrated threshold."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COLUMNS = ("breaker_tripped_at", "breaker_reset_at")


def upgrade() -> None:
    """Apply."""
    for name in _COLUMNS:
        op.add_column("watchlist", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Undo."""
    for name in _COLUMNS:
        op.drop_column("watchlist", name)
