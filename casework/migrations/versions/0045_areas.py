"""Areas, where ports lie, and the area of a tip."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; tips of before name no area."""
    code = sa.String(length=8)
    dated = ("created_at", "updated_at")
    op.create_table(
        "area",
        sa.Column("code", code, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.Column(name, UtcDateTime(), nullable=False) for name in dated),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_area")),
    )
    op.create_table(
        "port_area",
        sa.Column("port", sa.String(length=5), nullable=False),
        sa.Column("area", code, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.Column(name, UtcDateTime(), nullable=False) for name in dated),
        sa.Column("state_salt", sa.LargeBinary(length=16), nullable=True),
        sa.PrimaryKeyConstraint("port", name=op.f("pk_port_area")),
    )
    op.add_column("tip", sa.Column("area", code, nullable=True))
    op.create_index(op.f("ix_tip_area"), "tip", ["area"])


def downgrade() -> None:
    """Undo."""
    op.drop_index(op.f("ix_tip_area"), "tip")
    with op.batch_alter_table("tip") as tip:
        tip.drop_column("area")
    op.drop_table("port_area")
    op.drop_table("area")
