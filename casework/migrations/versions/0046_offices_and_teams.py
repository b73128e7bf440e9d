"""Offices of agencies, and teams of several, by area."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0046"
down_revision = "0050"
branch_labels = None
depends_on = None

_TEXT = sa.String(length=200)


def upgrade() -> None:
    """Apply."""
    for table, unique in (("office", ("agency_id", "name")), ("team", ("area", "name"))):
        op.create_table(
            table,
            sa.Column("id", _TEXT, nullable=False),
            sa.Column("agency_id", _TEXT, nullable=False),
            sa.Column("name", _TEXT, nullable=False),
            sa.Column("area", sa.String(length=8), nullable=False),
            sa.Column("version", sa.Integer(), nullable=False),
            sa.Column("created_at", UtcDateTime(), nullable=False),
            sa.Column("updated_at", UtcDateTime(), nullable=False),
            sa.Column("state_salt", sa.LargeBinary(length=16), nullable=True),
            _refers(table, "agency_id", "agency", "RESTRICT"),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
            sa.UniqueConstraint(*unique, name=op.f(f"uq_{table}_{'_'.join(unique)}")),
        )
    op.create_index(op.f("ix_office_area"), "office", ["area"])
    op.create_index(op.f("ix_team_agency_id"), "team", ["agency_id"])
    op.create_table(
        "team_member",
        sa.Column("team_id", _TEXT, nullable=False),
        sa.Column("agency_id", _TEXT, nullable=False),
        sa.Column("state_salt", sa.LargeBinary(length=16), nullable=True),
        _refers("team_member", "team_id", "team", "CASCADE"),
        _refers("team_member", "agency_id", "agency", "RESTRICT"),
        sa.PrimaryKeyConstraint("team_id", "agency_id", name=op.f("pk_team_member")),
    )
    op.create_index(op.f("ix_team_member_agency_id"), "team_member", ["agency_id"])


def _refers(table: str, column: str, to: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=ondelete)


def downgrade() -> None:
    """Undo."""
    op.drop_table("team_member")
    op.drop_table("team")
    op.drop_table("office")
