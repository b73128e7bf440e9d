"""Permits held for travellers on no list, by the port's reference."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0054"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    text, moment = sa.String(length=200), UtcDateTime()
    op.create_table(
        "held_permit",
        sa.Column("id", text, nullable=False),
        sa.Column("agency_id", text, nullable=True),
        sa.Column("reference_digest", sa.String(length=64), nullable=False),
        sa.Column("in_country", sa.Boolean(), nullable=False),
        sa.Column("port", text, nullable=False),
        sa.Column("came_at", moment, nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.Column("sealed_fields", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.id"],
            name=op.f("fk_held_permit_agency_id_agency"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_permit")),
        sa.UniqueConstraint("reference_digest", name=op.f("uq_held_permit_reference_digest")),
    )
    op.create_index(op.f("ix_held_permit_agency_id"), "held_permit", ["agency_id"])
    op.create_index(op.f("ix_held_permit_ends_at"), "held_permit", ["ends_at"])
    op.create_table(
        "held_permit_key",
        sa.Column("owner", text, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_by", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner"],
            ["held_permit.id"],
            name=op.f("fk_held_permit_key_owner_held_permit"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["wrapped_by"],
            ["stored_key.id"],
            name=op.f("fk_held_permit_key_wrapped_by_stored_key"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_held_permit_key")),
    )
    op.create_index(op.f("ix_held_permit_key_wrapped_by"), "held_permit_key", ["wrapped_by"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("held_permit_key")
    op.drop_table("held_permit")
