"""The audit trail's second format, and salts for the states of the rows that it protects.

The records themselves are taken over when the database is opened, because that takes the data key:
see `casework.kernel.audit.takeover`.
"""

import sqlalchemy as sa
from alembic import op

from casework.tables import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PROTECTED = (
    "agency",
    "alert",
    "alert_event",
    "api_key",
    "approval",
    "calibration",
    "encounter",
    "membership",
    "officer",
    "photo",
    "subject",
    "template",
    "watchlist",
    "watchlist_share",
)
_INDEXES = {"ix_audit_agency": "agency_id", "ix_audit_object": "object_id"}
_INDEXES |= {"ix_audit_owner": "owner_id"}


def upgrade() -> None:
    """Apply."""
    for name in _INDEXES:
        op.drop_index(name, table_name="audit")
    op.rename_table("audit", "audit_earlier")
    op.rename_table("audit_head", "audit_earlier_head")
    if op.get_bind().dialect.name == "postgresql":
        for table, was in (("audit_earlier", "audit"), ("audit_earlier_head", "audit_head")):
            op.execute(f"ALTER INDEX pk_{was} RENAME TO pk_{table}")
    op.create_table(
        "audit",
        sa.Column("node", sa.String(length=40), nullable=False),
        sa.Column("seq", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=10), nullable=False),
        sa.Column("actor_id", sa.String(length=200), nullable=False),
        sa.Column("actor_card", sa.String(length=64), nullable=False),
        sa.Column("agency_id", sa.String(length=200), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("object_id", sa.String(length=200), nullable=True),
        sa.Column("owner_id", sa.String(length=200), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("texts", sa.Text(), nullable=True),
        sa.Column("states", sa.Text(), nullable=True),
        sa.Column("request_id", sa.String(length=100), nullable=True),
        sa.Column("earlier", sa.String(length=64), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("node", "seq", name=op.f("pk_audit")),
    )
    for name, column in _INDEXES.items():
        op.create_index(name, "audit", [column, "seq"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("node", sa.String(length=40), nullable=False),
        sa.Column("seq", _NUMBER, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("covers", sa.Text(), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("node", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_text",
        sa.Column("node", sa.String(length=40), nullable=False),
        sa.Column("seq", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("node", "seq", "name", name=op.f("pk_audit_text")),
    )
    op.create_table(
        "audit_actor",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("lookup", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed_card", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_audit_actor")),
        sa.UniqueConstraint("lookup", name=op.f("uq_audit_actor_lookup")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("number", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.Column("sent_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_checkpoint")),
    )
    for table in _PROTECTED:
        op.add_column(table, sa.Column("state_salt", sa.LargeBinary(length=16), nullable=True))
    _mark_what_had_no_trail()


def downgrade() -> None:
    """Undo; records of this format cannot be kept."""
    for table in _PROTECTED:
        op.drop_column(table, "state_salt")
    for table in ("audit_checkpoint", "audit_actor", "audit_text", "audit_head", "audit"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table, is_now in (("audit_earlier", "audit"), ("audit_earlier_head", "audit_head")):
            op.execute(f"ALTER INDEX pk_{table} RENAME TO pk_{is_now}")
    op.rename_table("audit_earlier", "audit")
    op.rename_table("audit_earlier_head", "audit_head")
    for name, column in _INDEXES.items():
        op.create_index(name, "audit", [column, "seq"], unique=False)


def _mark_what_had_no_trail() -> None:
    """Let what is older than the trail itself be taken over too."""
    connection = op.get_bind()
    head = sa.table("audit_earlier_head", *map(sa.column, ("id", "seq", "hash", "seal")))
    if connection.execute(sa.select(head.c.id)).first() is not None:
        return
    if connection.execute(sa.select(sa.table("agency", sa.column("id")).c.id)).first() is not None:
        values = {"id": 1, "seq": 0, "hash": "0" * 64, "seal": b""}
        connection.execute(head.insert().values(values))
