"""An index of encounters after which a gate did more than open: reports count them by port."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

_ACTED = "recapture != 'not_needed' OR recapture_of IS NOT NULL OR person_required"


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_encounter_gate_acted",
        "encounter",
        ["received_at", "port", "recapture", "recapture_of", "person_required"],
        sqlite_where=sa.text(_ACTED),
        postgresql_where=sa.text(_ACTED),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_encounter_gate_acted", table_name="encounter")
