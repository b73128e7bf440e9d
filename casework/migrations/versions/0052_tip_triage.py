"""Triage of tips: priority, who works on them, their photos' digests, whom they are about."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0052"
down_revision = "0048"
branch_labels = None
depends_on = None

_ID = sa.String(length=200)


def upgrade() -> None:
    """Apply; tips of before have the usual priority, and nobody works on them."""
    op.add_column(
        "tip",
        sa.Column("priority", sa.String(length=10), nullable=False, server_default="normal"),
    )
    op.add_column("tip", sa.Column("assigned_to", _ID, nullable=True))
    op.add_column("tip", sa.Column("photo_digest", sa.String(length=64), nullable=True))
    with op.batch_alter_table("tip") as tip:
        tip.alter_column("priority", server_default=None)
    op.create_index(op.f("ix_tip_assigned_to"), "tip", ["assigned_to"])
    op.create_index(op.f("ix_tip_photo_digest"), "tip", ["photo_digest"])
    op.create_table(
        "tip_subject",
        sa.Column("tip_id", _ID, nullable=False),
        sa.Column("subject_id", _ID, nullable=False),
        sa.Column("linked_by", _ID, nullable=False),
        sa.Column("linked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tip_id"], ["tip.id"], name=op.f("fk_tip_subject_tip_id_tip"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["subject.id"],
            name=op.f("fk_tip_subject_subject_id_subject"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tip_id", "subject_id", name=op.f("pk_tip_subject")),
    )
    op.create_index(op.f("ix_tip_subject_subject_id"), "tip_subject", ["subject_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_index(op.f("ix_tip_subject_subject_id"), "tip_subject")
    op.drop_table("tip_subject")
    op.drop_index(op.f("ix_tip_photo_digest"), "tip")
    op.drop_index(op.f("ix_tip_assigned_to"), "tip")
    with op.batch_alter_table("tip") as tip:
        tip.drop_column("photo_digest")
        tip.drop_column("assigned_to")
        tip.drop_column("priority")
