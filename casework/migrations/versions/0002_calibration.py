"""Calibration: chance scores, what was fitted to them, and which fit an alert used."""

import sqlalchemy as sa
from alembic import op

from casework.tables import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "chance_score",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("gallery_size", sa.Integer(), nullable=False),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chance_score")),
    )
    op.create_table(
        "calibration",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("searches", sa.Integer(), nullable=False),
        sa.Column("gallery_size", sa.Integer(), nullable=False),
        sa.Column("parameters", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
    )
    op.create_index("ix_calibration_model_id", "calibration", ["model", "id"], unique=False)
    with op.batch_alter_table("alert") as alert:
        alert.add_column(sa.Column("calibration_id", sa.String(length=200), nullable=True))
        alert.add_column(sa.Column("one_in", sa.Double(), nullable=True))
    op.create_index("ix_alert_raised", "alert", ["created_at", "watchlist_id"], unique=False)
    # Counting a month's travellers must not read a month's rows: all it needs is in this index.
    op.drop_index(op.f("ix_encounter_received_at"), table_name="encounter")
    op.create_index(
        "ix_encounter_screened",
        "encounter",
        ["received_at", "port", "direction", "stage", "outcome"],
        unique=False,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_encounter_screened", table_name="encounter")
    op.create_index(op.f("ix_encounter_received_at"), "encounter", ["received_at"], unique=False)
    op.drop_index("ix_alert_raised", table_name="alert")
    with op.batch_alter_table("alert") as alert:
        alert.drop_column("one_in")
        alert.drop_column("calibration_id")
    op.drop_index("ix_calibration_model_id", table_name="calibration")
    op.drop_table("calibration")
    op.drop_table("chance_score")
