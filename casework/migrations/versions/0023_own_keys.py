"""Each record that is erased whole has a key of its own, which goes with it."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_OWNERS = {
    "subject_key": "subject",
    "encounter_key": "encounter",
    "alert_key": "alert",
    "search_key": "probe_search",
    "tip_key": "tip",
    "referral_key": "referral",
    "import_key": "import_job",
    "approval_key": "approval",
}


def upgrade() -> None:
    """Apply."""
    for table, owner in _OWNERS.items():
        op.create_table(
            table,
            sa.Column("owner", sa.String(length=200), nullable=False),
            sa.Column("wrapped_by", sa.String(length=16), nullable=False),
            sa.Column("wrapped", sa.LargeBinary(), nullable=False),
            sa.ForeignKeyConstraint(
                ["owner"],
                [f"{owner}.id"],
                name=op.f(f"fk_{table}_owner_{owner}"),
                ondelete="CASCADE",
            ),
            sa.ForeignKeyConstraint(
                ["wrapped_by"],
                ["stored_key.id"],
                name=op.f(f"fk_{table}_wrapped_by_stored_key"),
                ondelete="RESTRICT",
            ),
            sa.PrimaryKeyConstraint("owner", name=op.f(f"pk_{table}")),
        )
        op.create_index(op.f(f"ix_{table}_wrapped_by"), table, ["wrapped_by"])


def downgrade() -> None:
    """Undo."""
    for table in _OWNERS:
        op.drop_table(table)
