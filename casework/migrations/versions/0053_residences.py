"""Permits of listed persons, and the overstays that were announced."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    text, moment = sa.String(length=200), UtcDateTime()
    op.create_table(
        "residence",
        sa.Column("id", text, nullable=False),
        sa.Column("agency_id", text, nullable=False),
        sa.Column("subject_id", text, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("departed_on", sa.Date(), nullable=True),
        sa.Column("area", sa.String(length=8), nullable=True),
        sa.Column("recorded_by", text, nullable=False),
        sa.Column("recorded_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed_fields", sa.LargeBinary(), nullable=True),
        sa.Column("state_salt", sa.LargeBinary(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.id"],
            name=op.f("fk_residence_agency_id_agency"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["subject.id"],
            name=op.f("fk_residence_subject_id_subject"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residence")),
    )
    op.create_index(op.f("ix_residence_agency_id"), "residence", ["agency_id"])
    op.create_index(op.f("ix_residence_subject_id"), "residence", ["subject_id"])
    op.create_index(op.f("ix_residence_valid_until"), "residence", ["valid_until"])
    op.create_table(
        "encounter_permit",
        sa.Column("encounter_id", text, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["encounter_id"],
            ["encounter.id"],
            name=op.f("fk_encounter_permit_encounter_id_encounter"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("encounter_id", name=op.f("pk_encounter_permit")),
    )
    op.create_index(op.f("ix_encounter_permit_until"), "encounter_permit", ["until"])
    op.create_table(
        "announced_overstay",
        sa.Column("subject_id", text, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["subject.id"],
            name=op.f("fk_announced_overstay_subject_id_subject"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_announced_overstay")),
    )


def downgrade() -> None:
    """Undo."""
    for table in ("announced_overstay", "encounter_permit", "residence"):
        op.drop_table(table)
