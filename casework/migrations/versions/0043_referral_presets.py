"""What an agency usually hands over to another, by purpose."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    text = sa.String(length=200)
    agencies = [
        sa.ForeignKeyConstraint(
            [column],
            ["agency.id"],
            name=op.f(f"fk_referral_preset_{column}_agency"),
            ondelete="RESTRICT",
        )
        for column in ("agency_id", "receiver_id")
    ]
    op.create_table(
        "referral_preset",
        sa.Column("id", text, nullable=False),
        sa.Column("agency_id", text, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("receiver_id", text, nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("state_salt", sa.LargeBinary(length=16), nullable=True),
        *agencies,
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_preset")),
        sa.UniqueConstraint(
            "agency_id", "kind", "name", name=op.f("uq_referral_preset_agency_id_kind_name")
        ),
    )
    op.create_index(op.f("ix_referral_preset_receiver_id"), "referral_preset", ["receiver_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("referral_preset")
