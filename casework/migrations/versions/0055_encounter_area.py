"""Encounters in a lodging say where that lies: who was found in it is counted and filtered there.

Copied from the reports of guests that are still kept: they are erased before the alerts are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; what was found in a lodging whose report is gone lies in no known area."""
    op.add_column("encounter", sa.Column("area", sa.String(length=8), nullable=True))
    op.execute(
        "UPDATE encounter SET area = (SELECT stay.area FROM stay WHERE"
        " stay.encounter_id = encounter.id) WHERE stage = 'stay'"
    )


def downgrade() -> None:
    """Undo."""
    op.drop_column("encounter", "area")
