"""A day that is over is marked when one of its rows changes: what was read of it is stale then.

Triggers do it, whatever statement changes a row, and in its transaction. A migration that lets
SQLite replace one of these tables has to make its triggers again: a test looks for all of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0064"
branch_labels = None
depends_on = None

_EVENTS = {"INSERT": "NEW", "UPDATE": "OLD", "DELETE": "OLD"}
_TABLES = ("alert", "encounter", "subject")
# When a row of its own says of which day it is, and where else the times of days are found.
_TIMES = {"alert": "created_at", "encounter": "received_at"}
_BESIDE = {
    ("encounter", "UPDATE"): "encounter_id",
    ("subject", "INSERT"): "subject_id",
    ("subject", "UPDATE"): "subject_id",
    ("subject", "DELETE"): "subject_id",
}
# The times of the days of all rows that one statement changes.
_POSTGRESQL = {
    "alert": "SELECT created_at AS at FROM changed",
    "encounter": (
        "SELECT received_at AS at FROM changed UNION ALL "
        "SELECT alert.created_at FROM alert JOIN changed ON alert.encounter_id = changed.id"
    ),
    "subject": (
        "SELECT alert.created_at AS at FROM alert JOIN changed ON alert.subject_id = changed.id"
    ),
}
# What reports read of them; every column of an alert may be read.
_COLUMNS = {
    "alert": "",
    "encounter": " OF port, area, direction, stage, outcome, quality, received_at",
    "subject": " OF nationality",
}


_TODAY = "date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "changed_day",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_changed_day")),
        sqlite_with_rowid=False,
    )
    local = op.get_bind().dialect.name == "sqlite"
    for table in _TABLES:
        if not local:
            for function in _functions(table):
                op.execute(function)
        for event, row in _EVENTS.items():
            op.execute(_on_sqlite(table, event, row) if local else _on_server(table, event, row))


def downgrade() -> None:
    """Undo."""
    local = op.get_bind().dialect.name == "sqlite"
    for table in _TABLES:
        for event in _EVENTS:
            where = "" if local else f" ON {table}"
            op.execute(f"DROP TRIGGER {_name(table, event)}{where}")
        if not local:
            op.execute(f"DROP FUNCTION mark_{table}_days()")
            op.execute(f"DROP FUNCTION IF EXISTS mark_day_of_{table}()")
    op.drop_table("changed_day")


def _name(table: str, event: str) -> str:
    return f"mark_{table}_days_{event.lower()}"


def _on_sqlite(table: str, event: str, row: str) -> str:
    columns = _COLUMNS[table] if event == "UPDATE" else ""
    when, marks = "", []
    if table in _TIMES:
        time = f"{row}.{_TIMES[table]}"
        # What is erased is of days that are over, nearly always: not to ask is what costs less.
        when = f" WHEN {time} < date('now')" if event != "DELETE" else ""
        marks.append(f"VALUES (substr({time}, 1, 10), 1)")
    if (table, event) in _BESIDE:
        marks.append(
            "SELECT DISTINCT substr(created_at, 1, 10), 1 FROM alert "  # noqa: S608
            f"WHERE {_BESIDE[table, event]} = {row}.id AND created_at < date('now')"
        )
    acts = "".join(
        f"INSERT INTO changed_day (day, changes) {each} "
        "ON CONFLICT (day) DO UPDATE SET changes = changes + 1; "
        for each in marks
    )
    return (
        f"CREATE TRIGGER {_name(table, event)} AFTER {event}{columns} ON {table}{when} "
        f"BEGIN {acts}END"
    )


def _functions(table: str) -> list[str]:
    """Return what marks the days of the rows of a statement, and of one row."""
    mark = "INSERT INTO changed_day (day, changes)"
    again = "ON CONFLICT (day) DO UPDATE SET changes = changed_day.changes + 1"
    days = (
        f"{mark} SELECT DISTINCT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), 1 "  # noqa: S608
        f"FROM ({_POSTGRESQL[table]}) AS found WHERE at < {_TODAY} {again}"
    )
    bodies = {f"mark_{table}_days": days}
    if table in _TIMES:
        day = f"to_char(NEW.{_TIMES[table]} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
        bodies[f"mark_day_of_{table}"] = f"{mark} VALUES ({day}, 1) {again}"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body}; RETURN NULL; END $$"
        for name, body in bodies.items()
    ]


def _on_server(table: str, event: str, row: str) -> str:
    begin = f"CREATE TRIGGER {_name(table, event)} AFTER {event} ON {table}"
    if table in _TIMES and event == "INSERT":
        # Screening adds rows of the running day alone: to find that out takes no function.
        return (
            f"{begin} FOR EACH ROW WHEN (NEW.{_TIMES[table]} < {_TODAY}) "
            f"EXECUTE FUNCTION mark_day_of_{table}()"
        )
    return (
        f"{begin} REFERENCING {row} TABLE AS changed "
        f"FOR EACH STATEMENT EXECUTE FUNCTION mark_{table}_days()"
    )
