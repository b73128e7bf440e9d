"""Open alerts of one traveller and subject on lists of one agency have the strictest rules."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_RULES = ("requires_acknowledgement", "requires_second_officer")


def upgrade() -> None:
    """Apply."""
    columns = ("id", "encounter_id", "subject_id", "owner_id", "state", *_RULES)
    alert = sa.table("alert", *map(sa.column, columns))
    beside = alert.alias("beside")
    for rule in _RULES:
        asked = sa.exists().where(
            beside.c.encounter_id == alert.c.encounter_id,
            beside.c.subject_id == alert.c.subject_id,
            beside.c.owner_id == alert.c.owner_id,
            beside.c[rule] == sa.true(),
        )
        op.execute(
            alert.update()
            .where(alert.c[rule] == sa.false(), alert.c.state != "closed", asked)
            .values({rule: sa.true()})
        )


def downgrade() -> None:
    """Undo: what each list asked is not kept, and strict rules do no harm."""
