"""Code lists that an installation extends; alerts keep what their outcome means."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import UtcDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_SALT_BYTES = 16
# What the outcomes meant for the traveller until this revision; all others held them.
_RELEASING = (
    "places_barred",
    "charged",
    "observed",
    "cleared",
    "mistaken_identity",
    "not_found",
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "category_code",
        sa.Column("code", sa.String(30), nullable=False),
        sa.Column("label", sa.JSON(), nullable=False),
        sa.Column("instruction", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        *_kept(),
        sa.PrimaryKeyConstraint("code", name="pk_category_code"),
    )
    op.create_table(
        "outcome_code",
        sa.Column("code", sa.String(30), nullable=False),
        sa.Column("label", sa.JSON(), nullable=False),
        sa.Column("disposition", sa.String(20), nullable=False),
        sa.Column("directions", sa.JSON(), nullable=True),
        sa.Column("stages", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=False),
        *_kept(),
        sa.PrimaryKeyConstraint("code", name="pk_outcome_code"),
    )
    op.add_column("alert", sa.Column("released", sa.Boolean(), nullable=True))
    alert = sa.table("alert", sa.column("disposal"), sa.column("released", sa.Boolean()))
    ended = alert.update().where(alert.c.disposal.is_not(None))
    op.get_bind().execute(ended.values(released=alert.c.disposal.in_(_RELEASING)))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("alert") as alert:
        alert.drop_column("released")
    op.drop_table("outcome_code")
    op.drop_table("category_code")


def _kept() -> tuple[sa.Column[object], ...]:
    """Return the columns that every code list has."""
    return (
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("state_salt", sa.LargeBinary(_SALT_BYTES), nullable=True),
    )
