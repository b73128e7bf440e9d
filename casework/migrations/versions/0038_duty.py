"""Who is on duty; who else was called for an alert that nobody took in time."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    text = sa.String(length=200)
    op.create_table(
        "duty_shift",
        sa.Column("id", text, nullable=False),
        sa.Column("agency_id", text, nullable=False),
        sa.Column("port", text, nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("begins", sa.String(length=5), nullable=False),
        sa.Column("ends", sa.String(length=5), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("officer_ids", sa.JSON(), nullable=False),
        sa.Column("next_port", text, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("state_salt", sa.LargeBinary(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.id"],
            name=op.f("fk_duty_shift_agency_id_agency"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_shift")),
    )
    op.create_index(op.f("ix_duty_shift_agency_id"), "duty_shift", ["agency_id"])
    op.add_column("alert", sa.Column("escalation", sa.String(length=20), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("alert", "escalation")
    op.drop_table("duty_shift")
