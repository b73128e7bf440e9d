"""Lists have a priority; an alert keeps its own, and when it has to be taken."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

# As `casework.watchlists.priorities` has them at this revision; all others are 2.
_FIRST = ("terrorism", "wanted", "interpol", "trafficking", "narcotics")
_LAST = ("overstay", "permit_misuse", "illegal_work")
_AT_A_TIME = 1000


def upgrade() -> None:
    """Apply."""
    op.add_column("watchlist", sa.Column("priority", sa.Integer(), nullable=True))
    op.add_column("alert", sa.Column("priority", sa.Integer(), nullable=False, server_default="2"))
    op.add_column("alert", sa.Column("due_at", UtcDateTime(), nullable=True))
    _fill()
    with op.batch_alter_table("alert") as alert:
        alert.alter_column("due_at", existing_type=UtcDateTime(), nullable=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("alert") as alert:
        alert.drop_column("due_at")
        alert.drop_column("priority")
    op.drop_column("watchlist", "priority")


def _fill() -> None:
    connection = op.get_bind()
    alert = sa.table(
        "alert",
        sa.column("id"),
        sa.column("category"),
        sa.column("priority"),
        sa.column("acknowledge_within_s"),
        sa.column("created_at", UtcDateTime()),
        sa.column("due_at", UtcDateTime()),
    )
    for categories, priority in ((_FIRST, 1), (_LAST, 3)):
        chosen = alert.update().where(alert.c.category.in_(categories))
        connection.execute(chosen.values(priority=priority))
    rows = connection.execute(
        sa.select(alert.c.id, alert.c.created_at, alert.c.acknowledge_within_s)
    )
    due = [
        {"of": row.id, "due": row.created_at + timedelta(seconds=row.acknowledge_within_s)}
        for row in rows
    ]
    change = (
        alert.update()
        .where(alert.c.id == sa.bindparam("of"))
        .values(due_at=sa.bindparam("due", type_=UtcDateTime()))
    )
    for first in range(0, len(due), _AT_A_TIME):
        connection.execute(change, due[first : first + _AT_A_TIME])
