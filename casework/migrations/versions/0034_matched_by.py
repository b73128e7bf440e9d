"""An alert may be raised by a document, without a face: it then has neither score nor threshold."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_OF_A_FACE = {
    "photo_id": sa.String(),
    "score": sa.Double(),
    "threshold": sa.Double(),
    "threshold_basis": sa.String(),
}


def upgrade() -> None:
    """Apply. Every alert so far was raised by a face."""
    with op.batch_alter_table("alert") as alert:
        matched_by = sa.Column("matched_by", sa.String(10), nullable=False, server_default="face")
        alert.add_column(matched_by)
        for name, kind in _OF_A_FACE.items():
            alert.alter_column(name, existing_type=kind, nullable=True)


def downgrade() -> None:
    """Undo; alerts without a face are gone."""
    op.execute("DELETE FROM alert WHERE matched_by = 'document'")
    with op.batch_alter_table("alert") as alert:
        for name, kind in _OF_A_FACE.items():
            alert.alter_column(name, existing_type=kind, nullable=False)
        alert.drop_column("matched_by")
