"""Failed sign-ins of unknown logins and from addresses are counted in the database."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sign_in_count",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in_count")),
    )
    op.create_index(op.f("ix_sign_in_count_since"), "sign_in_count", ["since"])


def downgrade() -> None:
    """Undo."""
    op.drop_index(op.f("ix_sign_in_count_since"), table_name="sign_in_count")
    op.drop_table("sign_in_count")
