"""A closed alert keeps the result of its comparison, whatever became of the traveller."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_RESULTS = {
    "rejected": "other_person",
    "not_candidate": "other_person",
    "inconclusive": "undecided",
}


def upgrade() -> None:
    """Apply: what closed alerts were found to be is the state that they were last closed in."""
    op.add_column("alert", sa.Column("found", sa.String(20), nullable=True))
    alert = sa.table("alert", *map(sa.column, ("id", "state", "found")))
    event = sa.table("alert_event", *map(sa.column, ("id", "alert_id", "action", "state_before")))
    closed_in = (
        sa.select(event.c.state_before)
        .where(event.c.alert_id == alert.c.id, event.c.action == "alert.close")
        .order_by(event.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = sa.case(_RESULTS, value=closed_in, else_="same_person")
    closed = sa.and_(alert.c.state == "closed", closed_in.is_not(None))
    op.get_bind().execute(alert.update().where(closed).values(found=found))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("alert") as alert:
        alert.drop_column("found")
