"""Cases: what agencies work on together."""

import sqlalchemy as sa
from alembic import op

from casework.tables.base import Serial, UtcDateTime

revision = "0050"
down_revision = "0045"
branch_labels = None
depends_on = None

_ID = sa.String(length=200)
_CODE = sa.String(length=10)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "joint_case",
        sa.Column("id", _ID, nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("agency_id", _ID, nullable=False),
        sa.Column("state", _CODE, nullable=False),
        sa.Column("area", sa.String(length=8), nullable=True),
        sa.Column("sealed_fields", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        _to_agency("joint_case", "agency_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_case")),
        sa.UniqueConstraint("number", name=op.f("uq_joint_case_number")),
    )
    for column in ("area", "agency_id"):
        op.create_index(op.f(f"ix_joint_case_{column}"), "joint_case", [column])
    op.create_table(
        "case_member",
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("agency_id", _ID, nullable=False),
        sa.Column("state", _CODE, nullable=False),
        sa.Column("invited_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        _to("case_member", "case_id", "joint_case"),
        _to_agency("case_member", "agency_id"),
        sa.PrimaryKeyConstraint("case_id", "agency_id", name=op.f("pk_case_member")),
    )
    op.create_index(op.f("ix_case_member_agency_id"), "case_member", ["agency_id"])
    _entries()
    op.create_table(
        "case_step",
        sa.Column("id", Serial, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("officer_id", _ID, nullable=False),
        sa.Column("sealed_fields", sa.LargeBinary(), nullable=True),
        sa.Column("agency_id", _ID, nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("about_id", _ID, nullable=True),
        _to("case_step", "case_id", "joint_case"),
        _to_agency("case_step", "agency_id"),
        _to_agency("case_step", "about_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_step")),
    )
    for column in ("case_id", "agency_id", "about_id"):
        op.create_index(op.f(f"ix_case_step_{column}"), "case_step", [column])
    op.create_table(
        "case_outcome",
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        _to("case_outcome", "case_id", "joint_case"),
        sa.PrimaryKeyConstraint("case_id", "code", name=op.f("pk_case_outcome")),
    )
    op.create_table(
        "joint_case_counter",
        sa.Column("agency_id", _ID, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        _to_agency("joint_case_counter", "agency_id"),
        sa.PrimaryKeyConstraint("agency_id", name=op.f("pk_joint_case_counter")),
    )
    op.create_table(
        "case_key",
        sa.Column("owner", _ID, nullable=False),
        sa.Column("wrapped_by", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        _to("case_key", "owner", "joint_case"),
        _to("case_key", "wrapped_by", "stored_key", ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_case_key")),
    )
    op.create_index(op.f("ix_case_key_wrapped_by"), "case_key", ["wrapped_by"])


def downgrade() -> None:
    """Undo."""
    for table in (
        "case_key",
        "joint_case_counter",
        "case_outcome",
        "case_step",
        "case_photo",
        "case_reader",
        "case_entry",
        "case_member",
        "joint_case",
    ):
        op.drop_table(table)


def _entries() -> None:
    op.create_table(
        "case_entry",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("kind", _CODE, nullable=False),
        sa.Column("agency_id", _ID, nullable=False),
        sa.Column("officer_id", _ID, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("sealed_fields", sa.LargeBinary(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("object_kind", _CODE, nullable=True),
        sa.Column("object_id", _ID, nullable=True),
        sa.Column("subject_id", _ID, nullable=True),
        sa.Column("fields", sa.JSON(), nullable=True),
        sa.Column("sealed_carried", sa.LargeBinary(), nullable=True),
        sa.Column("assignee_id", _ID, nullable=True),
        sa.Column("taken_by", _ID, nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_by", _ID, nullable=True),
        sa.Column("format", sa.String(length=20), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _to("case_entry", "case_id", "joint_case"),
        _to_agency("case_entry", "agency_id"),
        _to_agency("case_entry", "assignee_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_entry")),
    )
    op.create_index("ix_case_entry_case_id", "case_entry", ["case_id", "id"])
    for column in ("agency_id", "object_id", "subject_id", "assignee_id"):
        op.create_index(op.f(f"ix_case_entry_{column}"), "case_entry", [column])
    op.create_table(
        "case_reader",
        sa.Column("entry_id", _ID, nullable=False),
        sa.Column("agency_id", _ID, nullable=False),
        _to("case_reader", "entry_id", "case_entry"),
        _to_agency("case_reader", "agency_id"),
        sa.PrimaryKeyConstraint("entry_id", "agency_id", name=op.f("pk_case_reader")),
    )
    op.create_index(op.f("ix_case_reader_agency_id"), "case_reader", ["agency_id"])
    op.create_table(
        "case_photo",
        sa.Column("entry_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        _to("case_photo", "entry_id", "case_entry"),
        sa.PrimaryKeyConstraint("entry_id", "name", name=op.f("pk_case_photo")),
    )


def _to(table: str, column: str, other: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{other}.id"],
        name=op.f(f"fk_{table}_{column}_{other}"),
        ondelete=ondelete,
    )


def _to_agency(table: str, column: str) -> sa.ForeignKeyConstraint:
    return _to(table, column, "agency", ondelete="RESTRICT")
