"""The history of an alert says how it was closed, so that a correction leaves that to be read."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("alert_event", sa.Column("disposal", sa.String(length=30), nullable=True))
    event = sa.table("alert_event", *map(sa.column, ("alert_id", "action", "disposal")))
    alert = sa.table("alert", *map(sa.column, ("id", "disposal")))
    outcome = sa.select(alert.c.disposal).where(alert.c.id == event.c.alert_id).scalar_subquery()
    # Nothing was corrected before: an alert was closed once.
    op.execute(event.update().where(event.c.action == "alert.close").values(disposal=outcome))


def downgrade() -> None:
    """Undo."""
    op.drop_column("alert_event", "disposal")
