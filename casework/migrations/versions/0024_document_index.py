"""Subjects are found by the exact numbers of their documents, through keyed digests.

Those of subjects that are there are computed when the database is opened with its key
(`casework.kernel.sealing_upgrade`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "subject_document",
        sa.Column("subject_id", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["subject.id"],
            name=op.f("fk_subject_document_subject_id_subject"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subject_id", "digest", name=op.f("pk_subject_document")),
    )
    op.create_index(op.f("ix_subject_document_digest"), "subject_document", ["digest"])
    columns = ("row_table", "row_key", "content")
    waiting = sa.table("unsealed", *map(sa.column, columns[:2]), sa.column("content", sa.JSON()))
    subject = sa.table("subject", sa.column("id"))
    nothing = sa.literal({}, sa.JSON())
    op.execute(
        waiting.insert().from_select(
            columns, sa.select(sa.literal("subject"), subject.c.id, nothing).order_by(subject.c.id)
        )
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("subject_document")
