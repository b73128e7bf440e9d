"""Objections of persons against their entries."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    text = sa.String(length=200)
    op.create_table(
        "objection",
        sa.Column("id", text, nullable=False),
        sa.Column("agency_id", text, nullable=False),
        sa.Column("subject_id", text, nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", text, nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("answered_by", text, nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed_fields", sa.LargeBinary(), nullable=True),
        sa.Column("state_salt", sa.LargeBinary(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.id"],
            name=op.f("fk_objection_agency_id_agency"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["subject.id"],
            name=op.f("fk_objection_subject_id_subject"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
    )
    for column in ("agency_id", "subject_id"):
        op.create_index(op.f(f"ix_objection_{column}"), "objection", [column])


def downgrade() -> None:
    """Undo."""
    op.drop_table("objection")
