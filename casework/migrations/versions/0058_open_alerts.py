"""An alert has its port; open alerts, and what the queue lists, are found by indexes alone."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0055"
branch_labels = None
depends_on = None

_OPEN = sa.text("state != 'closed'")
_LISTED = (
    *("state", "id", "owner_id", "watchlist_id", "port", "category", "matched_by"),
    *("acknowledged_by", "created_at"),
)
_MET = (
    *("subject_id", "state", "created_at", "id", "encounter_id", "disposal"),
    *("owner_id", "watchlist_id"),
)
_OPEN_ONES = (
    *("subject_id", "port", "owner_id", "watchlist_id", "state"),
    *("requires_acknowledgement", "due_at", "escalation"),
)


def upgrade() -> None:
    """Apply."""
    op.add_column("alert", sa.Column("port", sa.String(200), nullable=True))
    op.execute(
        "UPDATE alert SET port = "
        "(SELECT encounter.port FROM encounter WHERE encounter.id = alert.encounter_id)"
    )
    with op.batch_alter_table("alert") as alert:
        alert.alter_column("port", existing_type=sa.String(200), nullable=False)
    op.drop_index("ix_alert_state", "alert")
    op.create_index(
        "ix_alert_listed",
        "alert",
        _LISTED,
    )
    op.drop_index("ix_alert_subject_id", "alert")
    op.create_index(
        "ix_alert_met",
        "alert",
        _MET,
    )
    op.create_index(
        "ix_alert_open",
        "alert",
        _OPEN_ONES,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_alert_open", "alert")
    op.drop_index("ix_alert_met", "alert")
    op.create_index("ix_alert_subject_id", "alert", ["subject_id"])
    op.drop_index("ix_alert_listed", "alert")
    op.create_index("ix_alert_state", "alert", ["state", "created_at"])
    with op.batch_alter_table("alert") as alert:
        alert.drop_column("port")
