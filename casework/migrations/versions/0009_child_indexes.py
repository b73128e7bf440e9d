"""What refers to a record is found by index: erasing that record reads no whole table."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_idempotency_encounter_id", "idempotency", ["encounter_id"])
    op.create_index("ix_webhook_key_id", "webhook", ["key_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_webhook_key_id", "webhook")
    op.drop_index("ix_idempotency_encounter_id", "idempotency")
