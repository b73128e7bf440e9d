"""Stays of foreign guests, and their photos until these are screened."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0048"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    text, moment = sa.String(length=200), UtcDateTime()
    op.create_table(
        "stay",
        sa.Column("id", text, nullable=False),
        sa.Column("agency_id", text, nullable=False),
        sa.Column("receipt", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("reporter_id", text, nullable=False),
        sa.Column("lodging", sa.String(length=60), nullable=False),
        sa.Column("area", sa.String(length=8), nullable=True),
        sa.Column("checked_in_at", moment, nullable=False),
        sa.Column("expected_out_at", moment, nullable=True),
        sa.Column("checked_out_at", moment, nullable=True),
        sa.Column("reported_at", moment, nullable=False),
        sa.Column("screened_at", moment, nullable=True),
        sa.Column("encounter_id", text, nullable=True),
        sa.Column("repeat_digest", sa.String(length=64), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claim", text, nullable=True),
        sa.Column("claimed_until", moment, nullable=True),
        sa.Column("sealed_fields", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.id"],
            name=op.f("fk_stay_agency_id_agency"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["encounter_id"],
            ["encounter.id"],
            name=op.f("fk_stay_encounter_id_encounter"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stay")),
        sa.UniqueConstraint("receipt", name=op.f("uq_stay_receipt")),
        sa.UniqueConstraint(
            "reporter_id", "repeat_digest", name=op.f("uq_stay_reporter_id_repeat_digest")
        ),
    )
    op.create_index("ix_stay_waiting", "stay", ["screened_at", "id"])
    op.create_index("ix_stay_agency", "stay", ["agency_id", "id"])
    op.create_index(op.f("ix_stay_encounter_id"), "stay", ["encounter_id"])
    op.create_table(
        "stay_photo",
        sa.Column("id", text, nullable=False),
        sa.Column("stay_id", text, nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stay_id"],
            ["stay.id"],
            name=op.f("fk_stay_photo_stay_id_stay"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stay_photo")),
        sa.UniqueConstraint("stay_id", name=op.f("uq_stay_photo_stay_id")),
    )
    for owner in ("stay", "stay_photo"):
        key = f"{owner}_key"
        op.create_table(
            key,
            sa.Column("owner", text, nullable=False),
            sa.Column("wrapped", sa.LargeBinary(), nullable=False),
            sa.Column("wrapped_by", sa.String(length=16), nullable=False),
            sa.ForeignKeyConstraint(
                ["owner"], [f"{owner}.id"], name=op.f(f"fk_{key}_owner_{owner}"), ondelete="CASCADE"
            ),
            sa.ForeignKeyConstraint(
                ["wrapped_by"],
                ["stored_key.id"],
                name=op.f(f"fk_{key}_wrapped_by_stored_key"),
                ondelete="RESTRICT",
            ),
            sa.PrimaryKeyConstraint("owner", name=op.f(f"pk_{key}")),
        )
        op.create_index(op.f(f"ix_{key}_wrapped_by"), key, ["wrapped_by"])


def downgrade() -> None:
    """Undo."""
    for table in ("stay_photo_key", "stay_key", "stay_photo", "stay"):
        op.drop_table(table)
