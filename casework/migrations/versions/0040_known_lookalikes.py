"""Known look-alikes of subjects."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    text, moment = sa.String(length=200), UtcDateTime()
    op.create_table(
        "known_lookalike",
        sa.Column("id", text, nullable=False),
        sa.Column("agency_id", text, nullable=False),
        sa.Column("subject_id", text, nullable=False),
        sa.Column("alert_id", text, nullable=False),
        sa.Column("case_number", text, nullable=False),
        sa.Column("model", text, nullable=False),
        sa.Column("sealed_vector", sa.LargeBinary(), nullable=True),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("asked_by", text, nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("valid_until", moment, nullable=False),
        sa.Column("revoked_by", text, nullable=True),
        sa.Column("revoked_at", moment, nullable=True),
        sa.Column("spared", sa.Integer(), nullable=False),
        sa.Column("spared_at", moment, nullable=True),
        sa.Column("state_salt", sa.LargeBinary(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.id"],
            name=op.f("fk_known_lookalike_agency_id_agency"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["subject.id"],
            name=op.f("fk_known_lookalike_subject_id_subject"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_lookalike")),
    )
    for column in ("agency_id", "subject_id"):
        op.create_index(op.f(f"ix_known_lookalike_{column}"), "known_lookalike", [column])
    op.create_table(
        "known_lookalike_key",
        sa.Column("owner", text, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_by", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner"],
            ["known_lookalike.id"],
            name=op.f("fk_known_lookalike_key_owner_known_lookalike"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["wrapped_by"],
            ["stored_key.id"],
            name=op.f("fk_known_lookalike_key_wrapped_by_stored_key"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_known_lookalike_key")),
    )
    op.create_index(
        op.f("ix_known_lookalike_key_wrapped_by"), "known_lookalike_key", ["wrapped_by"]
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("known_lookalike_key")
    op.drop_table("known_lookalike")
