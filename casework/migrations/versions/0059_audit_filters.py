"""The audit trail is found by who acted, by the act, and by what was refused."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_audit_action", "audit", ["action", "seq"])
    op.create_index("ix_audit_actor", "audit", ["actor_id", "seq"])
    refused = sa.text("outcome != 'done'")
    op.create_index(
        "ix_audit_refused", "audit", ["seq"], sqlite_where=refused, postgresql_where=refused
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_audit_refused", "audit")
    op.drop_index("ix_audit_actor", "audit")
    op.drop_index("ix_audit_action", "audit")
