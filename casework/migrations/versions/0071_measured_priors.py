"""A pack's false match curve can be measured here, and is kept: the newest of a model counts."""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "measured_prior",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("runtime", sa.String(20), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("curve", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("state_salt", sa.LargeBinary(16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measured_prior")),
    )
    op.create_index("ix_measured_prior_model_id", "measured_prior", ["model", "id"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("measured_prior")
