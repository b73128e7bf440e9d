"""Referrals between agencies, and tips."""

import sqlalchemy as sa
from alembic import op

from casework.tables import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "referral",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("object_id", sa.String(length=200), nullable=False),
        sa.Column("subject_id", sa.String(length=200), nullable=True),
        sa.Column("sender_id", sa.String(length=200), nullable=False),
        sa.Column("receiver_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=30), nullable=True),
        sa.Column("fields", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("sealed_carried", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["receiver_id"],
            ["agency.id"],
            name=op.f("fk_referral_receiver_id_agency"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["sender_id"],
            ["agency.id"],
            name=op.f("fk_referral_sender_id_agency"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    op.create_index(op.f("ix_referral_object_id"), "referral", ["object_id"], unique=False)
    op.create_index(op.f("ix_referral_subject_id"), "referral", ["subject_id"], unique=False)
    op.create_index("ix_referral_sender", "referral", ["sender_id", "id"], unique=False)
    op.create_index("ix_referral_receiver", "referral", ["receiver_id", "id"], unique=False)
    op.create_table(
        "referral_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("referral_id", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("officer_id", sa.String(length=200), nullable=False),
        sa.Column("officer_name", sa.String(length=200), nullable=False),
        sa.Column("agency_id", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("state_after", sa.String(length=20), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["referral_id"],
            ["referral.id"],
            name=op.f("fk_referral_message_referral_id_referral"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_message")),
    )
    op.create_index(
        op.f("ix_referral_message_referral_id"), "referral_message", ["referral_id"], unique=False
    )
    op.create_table(
        "referral_photo",
        sa.Column("referral_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"],
            ["referral.id"],
            name=op.f("fk_referral_photo_referral_id_referral"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("referral_id", "name", name=op.f("pk_referral_photo")),
    )
    op.create_table(
        "tip",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("agency_id", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("sealed_report", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_source", sa.LargeBinary(), nullable=True),
        sa.Column("has_source", sa.Boolean(), nullable=False),
        sa.Column("happened_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("photo_format", sa.String(length=20), nullable=True),
        sa.Column("photo_quality", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("sealed_photo", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("recorded_by_name", sa.String(length=200), nullable=False),
        sa.Column("search_id", sa.String(length=200), nullable=True),
        sa.Column("searched_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("subject_id", sa.String(length=200), nullable=True),
        sa.Column("sealed_dismissal", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.id"],
            name=op.f("fk_tip_agency_id_agency"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip")),
        sa.UniqueConstraint("agency_id", "reference", name=op.f("uq_tip_agency_id_reference")),
    )
    op.create_index(op.f("ix_tip_subject_id"), "tip", ["subject_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    for name in ("tip", "referral_photo", "referral_message", "referral"):
        op.drop_table(name)
