"""First passwords end, recovery codes stand in for a second factor, sessions say from where."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# As the setting first_password_hours has it by default: from the upgrade on, for those there are.
_FIRST = timedelta(hours=72)


def upgrade() -> None:
    """Apply."""
    at = sa.DateTime(timezone=True)
    op.add_column("officer", sa.Column("first_password_until", at, nullable=True))
    op.add_column("officer_session", sa.Column("device", sa.String(length=200), nullable=True))
    op.add_column("officer_session", sa.Column("network", sa.String(length=200), nullable=True))
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("officer_id", sa.String(length=200), nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", at, nullable=False),
        sa.Column("used_at", at, nullable=True),
        sa.Column("state_salt", sa.LargeBinary(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["officer_id"],
            ["officer.id"],
            name=op.f("fk_recovery_code_officer_id_officer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_officer_id"), "recovery_code", ["officer_id"])
    officer = sa.table(
        "officer",
        sa.column("must_change_password", sa.Boolean()),
        sa.column("first_password_until", at),
    )
    until = datetime.now(UTC) + _FIRST
    if op.get_bind().dialect.name == "sqlite":
        until = until.replace(tzinfo=None)
    op.execute(
        officer.update()
        .where(officer.c.must_change_password == sa.true())
        .values(first_password_until=until)
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("recovery_code")
    op.drop_column("officer_session", "network")
    op.drop_column("officer_session", "device")
    op.drop_column("officer", "first_password_until")
