"""Names and other personal fields leave their columns: what is personal stands sealed.

They wait in `unsealed` until the database is opened with its key
(`casework.kernel.sealing_upgrade`).
"""

from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_AT_A_TIME = 1000
_TEXT, _JSON = sa.String(), sa.JSON(none_as_null=True)

# Columns that become fields, and how SQLAlchemy reads them.
_FIELDS: dict[str, dict[str, Any]] = {
    "alert_event": {"officer_name": _TEXT},
    "encounter": {"traveller_ref": _TEXT},
    "import_fault": {"reference": _TEXT, "message": _TEXT, "sentence": _JSON},
    "import_job": {"actor_name": _TEXT, "failure": _TEXT, "failure_sentence": _JSON},
    "officer": {"login": _TEXT, "name": _TEXT, "oidc_subject": _TEXT},
    "photo": {"sha256": _TEXT},
    "probe_search": {"purpose": _TEXT},
    "referral_message": {"officer_name": _TEXT},
    "subject": {
        "reference": _TEXT,
        "name": _TEXT,
        "aliases": _JSON,
        "sex": _TEXT,
        "birth_date": sa.Date(),
        "birth_year": sa.Integer(),
        "documents": _JSON,
        "reason": _TEXT,
        "decision_number": _TEXT,
    },
    "tip": {"recorded_by_name": _TEXT},
}
# Unique constraints over a field: by table, the columns before, and the digest instead of the last.
_DIGESTS = {
    "officer": [(["login"], "login_digest"), (["oidc_issuer", "oidc_subject"], "oidc_digest")],
    "photo": [(["subject_id", "sha256"], "digest")],
    "subject": [(["agency_id", "reference"], "reference_digest")],
}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "unsealed",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("row_table", sa.String(length=40), nullable=False),
        sa.Column("row_key", sa.String(length=200), nullable=False),
        sa.Column("content", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unsealed")),
    )
    for table, fields in _FIELDS.items():
        _take_out(table, "id", fields)
        with op.batch_alter_table(table) as changed:
            changed.add_column(sa.Column("sealed_fields", sa.LargeBinary(), nullable=True))
            for before, digest in _DIGESTS.get(table, ()):
                changed.add_column(sa.Column(digest, sa.String(length=64), nullable=True))
                changed.drop_constraint(f"uq_{table}_{'_'.join(before)}", type_="unique")
                columns = [*before[:-1], digest]
                changed.create_unique_constraint(
                    changed.f(f"uq_{table}_{'_'.join(columns)}"), columns
                )
            for field in fields:
                changed.drop_column(field)
    # Digests that no key went into: what they tell is taken away, and computed again with a key.
    _take_out("import_job", "id", {"digest": _TEXT})
    op.execute("UPDATE import_job SET digest = NULL")
    answered = {"api_key_id": _TEXT, "key": _TEXT, "fingerprint": _TEXT, "encounter_id": _TEXT}
    _take_out("idempotency", "encounter_id", answered | {"created_at": sa.DateTime()})
    op.execute("DELETE FROM idempotency")


def downgrade() -> None:
    """Undo, for the tables' shape: what is sealed cannot be put back without the key."""
    for table, fields in _FIELDS.items():
        with op.batch_alter_table(table) as changed:
            changed.drop_column("sealed_fields")
            for before, digest in _DIGESTS.get(table, ()):
                columns = [*before[:-1], digest]
                changed.drop_constraint(f"uq_{table}_{'_'.join(columns)}", type_="unique")
                changed.drop_column(digest)
            for field, kind in fields.items():
                changed.add_column(sa.Column(field, kind, nullable=True))
            for before, _ in _DIGESTS.get(table, ()):
                changed.create_unique_constraint(
                    changed.f(f"uq_{table}_{'_'.join(before)}"), before
                )
    op.drop_table("unsealed")


def _take_out(table: str, key: str, fields: dict[str, Any]) -> None:
    """Copy a table's fields into `unsealed`, where any has a value."""
    source = sa.table(
        table, sa.column(key), *(sa.column(f, t) for f, t in fields.items() if f != key)
    )
    target = sa.table(
        "unsealed", sa.column("row_table"), sa.column("row_key"), sa.column("content", _JSON)
    )
    connection = op.get_bind()
    read = sa.select(source).order_by(source.c[key])
    for rows in connection.execute(read).mappings().partitions(_AT_A_TIME):
        found = []
        for row in rows:
            content = {f: _plain(row[f]) for f in fields if row[f] not in (None, "", [])}
            if content:
                found.append({"row_table": table, "row_key": str(row[key]), "content": content})
        if found:
            connection.execute(target.insert(), found)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
