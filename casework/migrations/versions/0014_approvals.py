"""Acts that take a second person, and the founding period of agencies."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# As `casework.approvals.founding` had it at this revision.
_PERIOD = timedelta(days=7)
_TWO = 2


def upgrade() -> None:
    """Apply."""
    text, moment = sa.String(length=200), sa.DateTime(timezone=True)
    op.create_table(
        "approval",
        sa.Column("id", text, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("agency_id", text, nullable=False),
        sa.Column("object_id", text, nullable=True),
        sa.Column("sealed_request", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("asked_by", text, nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("effective_from", moment, nullable=False),
        sa.Column("lapses_at", moment, nullable=False),
        sa.Column("decided_by", text, nullable=True),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("settled_at", moment, nullable=True),
        sa.Column("lapsed_because", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.id"],
            name=op.f("fk_approval_agency_id_agency"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"],
            ["officer.id"],
            name=op.f("fk_approval_asked_by_officer"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["officer.id"],
            name=op.f("fk_approval_decided_by_officer"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    for column in ("agency_id", "asked_by", "decided_by"):
        op.create_index(op.f(f"ix_approval_{column}"), "approval", [column])
    op.create_index("ix_approval_state_effective_from", "approval", ["state", "effective_from"])
    op.add_column("agency", sa.Column("founding_until", moment, nullable=True))
    _found()


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("agency") as agency:
        agency.drop_column("founding_until")
    op.drop_table("approval")


def _found() -> None:
    """Begin the founding period of every agency with fewer than two administrators."""
    connection = op.get_bind()
    agency = sa.table(
        "agency", sa.column("id"), sa.column("founding_until", sa.DateTime(timezone=True))
    )
    officer = sa.table(
        "officer", sa.column("agency_id"), sa.column("active"), sa.column("roles", sa.JSON())
    )
    administrators: dict[str, int] = {}
    active = sa.select(officer.c.agency_id, officer.c.roles).where(officer.c.active)
    for row in connection.execute(active):
        if "admin" in row.roles:
            administrators[row.agency_id] = administrators.get(row.agency_id, 0) + 1
    until = datetime.now(UTC) + _PERIOD
    if connection.dialect.name == "sqlite":
        until = until.replace(tzinfo=None)
    for (agency_id,) in connection.execute(sa.select(agency.c.id)).all():
        if administrators.get(agency_id, 0) < _TWO:
            connection.execute(
                agency.update().where(agency.c.id == agency_id).values(founding_until=until)
            )
