"""Subjects are found by how their references look, through keyed digests.

Those of subjects that are there are computed when the database is opened with its key
(`casework.kernel.sealing_upgrade`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("subject", sa.Column("look_digest", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_subject_look_digest"), "subject", ["look_digest"])
    columns = ("row_table", "row_key", "content")
    waiting = sa.table("unsealed", *map(sa.column, columns[:2]), sa.column("content", sa.JSON()))
    subject = sa.table("subject", sa.column("id"), sa.column("reference_digest"))
    nothing = sa.literal({}, sa.JSON())
    # One without a digest has no reference, or waits to be sealed already.
    named = sa.select(sa.literal("subject"), subject.c.id, nothing).where(
        subject.c.reference_digest.is_not(None)
    )
    op.execute(waiting.insert().from_select(columns, named.order_by(subject.c.id)))


def downgrade() -> None:
    """Undo."""
    op.drop_index(op.f("ix_subject_look_digest"), "subject")
    op.drop_column("subject", "look_digest")
