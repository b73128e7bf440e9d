"""Tips that a team works on, and cases that a team works on."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0053"
branch_labels = None
depends_on = None

_TABLES = ("tip", "joint_case")


def upgrade() -> None:
    """Apply; no team works on what was there before."""
    for table in _TABLES:
        with op.batch_alter_table(table) as altered:
            altered.add_column(sa.Column("team_id", sa.String(length=200), nullable=True))
            altered.create_foreign_key(
                op.f(f"fk_{table}_team_id_team"), "team", ["team_id"], ["id"], ondelete="SET NULL"
            )
            altered.create_index(op.f(f"ix_{table}_team_id"), ["team_id"])


def downgrade() -> None:
    """Undo."""
    for table in _TABLES:
        with op.batch_alter_table(table) as altered:
            altered.drop_index(op.f(f"ix_{table}_team_id"))
            altered.drop_constraint(op.f(f"fk_{table}_team_id_team"), type_="foreignkey")
            altered.drop_column("team_id")
