"""What was found by a network says what ran it: encounters, searches, scores and calibrations.

All that was found before was found by ONNX Runtime.
"""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0054"
branch_labels = None
depends_on = None

_TABLES = ("encounter", "probe_search", "chance_score")


def upgrade() -> None:
    """Apply."""
    for table in _TABLES:
        column = sa.Column(
            "runtime", sa.String(length=20), nullable=False, server_default="onnxruntime"
        )
        op.add_column(table, column)
    op.add_column(
        "calibration",
        sa.Column("runtimes", sa.String(length=60), nullable=False, server_default="onnxruntime"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_column("calibration", "runtimes")
    for table in reversed(_TABLES):
        op.drop_column(table, "runtime")
