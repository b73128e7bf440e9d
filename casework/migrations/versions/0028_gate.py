"""What a gate says besides the photo: a reference, and whether it saw an attack."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_REQUIRED = (("encounter", "person_required"), ("watchlist", "requires_person_on_failed_pad"))
_JSON = ("verification", "presentation")


def upgrade() -> None:
    """Apply."""
    op.add_column("encounter", sa.Column("sealed_reference", sa.LargeBinary(), nullable=True))
    for name in _JSON:
        op.add_column("encounter", sa.Column(name, sa.JSON(), nullable=True))
    for table, name in _REQUIRED:
        op.add_column(
            table, sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade() -> None:
    """Undo."""
    for table, name in _REQUIRED:
        op.drop_column(table, name)
    for name in (*_JSON, "sealed_reference"):
        op.drop_column("encounter", name)
