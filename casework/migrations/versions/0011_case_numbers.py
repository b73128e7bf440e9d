"""Every alert has a case number: per agency, in order of raising, with a check letter."""

from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# As `casework.review.case_number` made them at this revision.
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_NUMBER = sa.String(length=40)
_AT_A_TIME = 1000


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "case_counter",
        sa.Column("agency_id", sa.String(length=200), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.id"],
            name=op.f("fk_case_counter_agency_id_agency"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("agency_id", name=op.f("pk_case_counter")),
    )
    op.add_column("alert", sa.Column("case_number", _NUMBER, nullable=True))
    _number()
    with op.batch_alter_table("alert") as alert:
        alert.alter_column("case_number", existing_type=_NUMBER, nullable=False)
        alert.create_unique_constraint(alert.f("uq_alert_case_number"), ["case_number"])


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("alert") as alert:
        alert.drop_constraint(alert.f("uq_alert_case_number"), type_="unique")
        alert.drop_column("case_number")
    op.drop_table("case_counter")


def _number() -> None:
    """Give the alerts there are their numbers."""
    connection = op.get_bind()
    alert = sa.table("alert", *map(sa.column, ("id", "owner_id", "created_at", "case_number")))
    agency = sa.table("agency", sa.column("id"), sa.column("code"))
    counter = sa.table("case_counter", sa.column("agency_id"), sa.column("last"))
    codes = {row.id: row.code for row in connection.execute(sa.select(agency.c.id, agency.c.code))}
    order = sa.select(alert.c.id, alert.c.owner_id).order_by(alert.c.created_at, alert.c.id)
    last: Counter[str] = Counter()
    numbers = []
    for alert_id, owner in connection.execute(order):
        last[owner] += 1
        numbers.append({"of": alert_id, "number": _case_number(codes[owner], last[owner])})
    change = (
        alert.update()
        .where(alert.c.id == sa.bindparam("of"))
        .values(case_number=sa.bindparam("number"))
    )
    for first in range(0, len(numbers), _AT_A_TIME):
        connection.execute(change, numbers[first : first + _AT_A_TIME])
    for owner, count in last.items():
        connection.execute(counter.insert().values(agency_id=owner, last=count))


def _case_number(code: str, count: int) -> str:
    number, total = f"{code}-{count:05}", 0
    for character in filter(str.isalnum, number):
        total = total * 2 + int(character, 36)
    return f"{number}-{_LETTERS[total % len(_LETTERS)]}"
