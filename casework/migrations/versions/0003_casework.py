"""Agencies, officers, sessions, audit; owners and policies of lists; the review of alerts."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from casework.kernel.clock import utc_now
from casework.tables import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What was recorded before there were agencies belongs to this one.
_LOCAL = "agy_00000000000000000000000000"
_FILLED: dict[str, dict[str, Any]] = {
    "alert": {
        "owner_id": _LOCAL,
        "requires_acknowledgement": True,
        "requires_second_officer": False,
        "acknowledge_within_s": 60,
        "version": 1,
    },
    "api_key": {"agency_id": _LOCAL},
    "subject": {"agency_id": _LOCAL, "aliases": [], "documents": [], "status": "active"},
    "watchlist": {
        "agency_id": _LOCAL,
        "legal_basis": "",
        "requires_acknowledgement": True,
        "requires_second_officer": False,
        "acknowledge_within_s": 60,
        "active": True,
    },
}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "agency",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
        sa.UniqueConstraint("code", name=op.f("uq_agency_code")),
    )
    op.create_table(
        "audit",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=10), nullable=False),
        sa.Column("actor_id", sa.String(length=200), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("agency_id", sa.String(length=200), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("object_id", sa.String(length=200), nullable=True),
        sa.Column("owner_id", sa.String(length=200), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("request_id", sa.String(length=100), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit") as batch_op:
        batch_op.create_index("ix_audit_agency", ["agency_id", "seq"], unique=False)
        batch_op.create_index("ix_audit_object", ["object_id", "seq"], unique=False)
        batch_op.create_index("ix_audit_owner", ["owner_id", "seq"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "probe_search",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("officer_id", sa.String(length=200), nullable=False),
        sa.Column("agency_id", sa.String(length=200), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("gallery_size", sa.Integer(), nullable=False),
        sa.Column("quality", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("candidates", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probe_search")),
    )
    with op.batch_alter_table("probe_search") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_probe_search_officer_id"), ["officer_id"], unique=False
        )

    op.create_table(
        "officer",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("agency_id", sa.String(length=200), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("roles", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("sealed_totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_confirmed", sa.Boolean(), nullable=False),
        sa.Column("totp_step", sa.Integer(), nullable=False),
        sa.Column("oidc_issuer", sa.String(length=200), nullable=True),
        sa.Column("oidc_subject", sa.String(length=200), nullable=True),
        sa.Column("signed_in_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.id"],
            name=op.f("fk_officer_agency_id_agency"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer")),
        sa.UniqueConstraint("login", name=op.f("uq_officer_login")),
        sa.UniqueConstraint(
            "oidc_issuer", "oidc_subject", name=op.f("uq_officer_oidc_issuer_oidc_subject")
        ),
    )
    with op.batch_alter_table("officer") as batch_op:
        batch_op.create_index(batch_op.f("ix_officer_agency_id"), ["agency_id"], unique=False)

    op.create_table(
        "alert_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alert_id", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("officer_id", sa.String(length=200), nullable=False),
        sa.Column("officer_name", sa.String(length=200), nullable=False),
        sa.Column("agency_id", sa.String(length=200), nullable=True),
        sa.Column("action", sa.String(length=30), nullable=False),
        sa.Column("state_before", sa.String(length=30), nullable=False),
        sa.Column("state_after", sa.String(length=30), nullable=False),
        sa.Column("opinion", sa.String(length=30), nullable=True),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["alert.id"],
            name=op.f("fk_alert_event_alert_id_alert"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_event")),
    )
    with op.batch_alter_table("alert_event") as batch_op:
        batch_op.create_index(batch_op.f("ix_alert_event_alert_id"), ["alert_id"], unique=False)

    op.create_table(
        "officer_session",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["officer_id"],
            ["officer.id"],
            name=op.f("fk_officer_session_officer_id_officer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_session")),
    )
    with op.batch_alter_table("officer_session") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_officer_session_officer_id"), ["officer_id"], unique=False
        )

    op.create_table(
        "watchlist_share",
        sa.Column("watchlist_id", sa.String(length=200), nullable=False),
        sa.Column("agency_id", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.id"],
            name=op.f("fk_watchlist_share_agency_id_agency"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["watchlist_id"],
            ["watchlist.id"],
            name=op.f("fk_watchlist_share_watchlist_id_watchlist"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("watchlist_id", "agency_id", name=op.f("pk_watchlist_share")),
    )
    with op.batch_alter_table("watchlist_share") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_watchlist_share_agency_id"), ["agency_id"], unique=False
        )

    with op.batch_alter_table("alert") as batch_op:
        batch_op.add_column(sa.Column("owner_id", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("requires_acknowledgement", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("requires_second_officer", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("acknowledge_within_s", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("acknowledged_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("acknowledged_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("decided_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("confirmed_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("disposal", sa.String(length=30), nullable=True))
        batch_op.add_column(sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=True))
        batch_op.alter_column(
            "instruction",
            existing_type=sa.TEXT(),
            type_=sa.JSON(none_as_null=True),
            existing_nullable=False,
            postgresql_using="to_json(instruction)",
        )
        batch_op.alter_column(
            "state",
            existing_type=sa.VARCHAR(length=200),
            type_=sa.String(length=30),
            existing_nullable=False,
        )
        batch_op.create_index("ix_alert_state", ["state", "created_at"], unique=False)

    with op.batch_alter_table("api_key") as batch_op:
        batch_op.add_column(sa.Column("agency_id", sa.String(length=200), nullable=True))
        batch_op.create_index(batch_op.f("ix_api_key_agency_id"), ["agency_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_api_key_agency_id_agency"),
            "agency",
            ["agency_id"],
            ["id"],
            ondelete="RESTRICT",
        )

    with op.batch_alter_table("subject") as batch_op:
        batch_op.add_column(sa.Column("agency_id", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("aliases", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("sex", sa.String(length=1), nullable=True))
        batch_op.add_column(sa.Column("birth_year", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("documents", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("decision_number", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("status", sa.String(length=20), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_subject_reference"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_subject_agency_id_reference"), ["agency_id", "reference"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_subject_agency_id_agency"),
            "agency",
            ["agency_id"],
            ["id"],
            ondelete="RESTRICT",
        )

    with op.batch_alter_table("watchlist") as batch_op:
        batch_op.add_column(sa.Column("agency_id", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("stages", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("legal_basis", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("requires_acknowledgement", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("requires_second_officer", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("acknowledge_within_s", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("active", sa.Boolean(), nullable=True))
        batch_op.alter_column(
            "instruction",
            existing_type=sa.TEXT(),
            type_=sa.JSON(none_as_null=True),
            existing_nullable=False,
            postgresql_using="to_json(instruction)",
        )
        batch_op.drop_constraint(batch_op.f("uq_watchlist_name"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_watchlist_agency_id_name"), ["agency_id", "name"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_watchlist_agency_id_agency"),
            "agency",
            ["agency_id"],
            ["id"],
            ondelete="RESTRICT",
        )
    _fill()
    with op.batch_alter_table("alert") as batch_op:
        batch_op.alter_column("owner_id", existing_type=sa.String(length=200), nullable=False)
        batch_op.alter_column(
            "requires_acknowledgement", existing_type=sa.Boolean(), nullable=False
        )
        batch_op.alter_column("requires_second_officer", existing_type=sa.Boolean(), nullable=False)
        batch_op.alter_column("acknowledge_within_s", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("version", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("subject") as batch_op:
        batch_op.alter_column("agency_id", existing_type=sa.String(length=200), nullable=False)
        batch_op.alter_column("aliases", existing_type=sa.JSON(none_as_null=True), nullable=False)
        batch_op.alter_column("documents", existing_type=sa.JSON(none_as_null=True), nullable=False)
        batch_op.alter_column("status", existing_type=sa.String(length=20), nullable=False)
    with op.batch_alter_table("watchlist") as batch_op:
        batch_op.alter_column("agency_id", existing_type=sa.String(length=200), nullable=False)
        batch_op.alter_column("legal_basis", existing_type=sa.Text(), nullable=False)
        batch_op.alter_column(
            "requires_acknowledgement", existing_type=sa.Boolean(), nullable=False
        )
        batch_op.alter_column("requires_second_officer", existing_type=sa.Boolean(), nullable=False)
        batch_op.alter_column("acknowledge_within_s", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("active", existing_type=sa.Boolean(), nullable=False)


def _fill() -> None:
    """Give what is there already an owner, and the values that a new list has."""
    connection = op.get_bind()
    tables = {
        name: sa.table(name, *(_column(each, value) for each, value in values.items()))
        for name, values in _FILLED.items()
    }
    if not any(
        connection.scalar(sa.select(sa.func.count()).select_from(t)) for t in tables.values()
    ):
        return
    now = utc_now()
    agency = sa.table(
        "agency",
        *(sa.column(name) for name in ("id", "code", "name", "kind", "active", "version")),
        sa.column("created_at", UtcDateTime()),
        sa.column("updated_at", UtcDateTime()),
    )
    connection.execute(
        agency.insert().values(
            id=_LOCAL,
            code="LOCAL",
            name="This installation",
            kind="operator",
            active=True,
            version=1,
            created_at=now,
            updated_at=now,
        )
    )
    for name, values in _FILLED.items():
        connection.execute(tables[name].update().values(values))
    for name in ("watchlist", "alert"):
        # Read as it was stored, plain text; written as it is from now on.
        old = sa.table(name, sa.column("id"), sa.column("instruction"))
        new = sa.table(name, sa.column("id"), sa.column("instruction", sa.JSON()))
        for row_id, text in connection.execute(sa.select(old.c.id, old.c.instruction)).all():
            said = {"id": text, "en": text}
            connection.execute(new.update().where(new.c.id == row_id).values(instruction=said))


def _column(name: str, value: object) -> sa.ColumnClause[Any]:
    return sa.column(name, sa.JSON()) if isinstance(value, list) else sa.column(name)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("watchlist") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_watchlist_agency_id_agency"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_watchlist_agency_id_name"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_watchlist_name"), ["name"])
        batch_op.alter_column(
            "instruction",
            existing_type=sa.JSON(none_as_null=True),
            type_=sa.TEXT(),
            existing_nullable=False,
            postgresql_using="instruction::text",
        )
        batch_op.drop_column("active")
        batch_op.drop_column("acknowledge_within_s")
        batch_op.drop_column("requires_second_officer")
        batch_op.drop_column("requires_acknowledgement")
        batch_op.drop_column("legal_basis")
        batch_op.drop_column("stages")
        batch_op.drop_column("agency_id")

    with op.batch_alter_table("subject") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_subject_agency_id_agency"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_subject_agency_id_reference"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_subject_reference"), ["reference"])
        batch_op.drop_column("status")
        batch_op.drop_column("decision_number")
        batch_op.drop_column("documents")
        batch_op.drop_column("birth_year")
        batch_op.drop_column("sex")
        batch_op.drop_column("aliases")
        batch_op.drop_column("agency_id")

    with op.batch_alter_table("api_key") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_api_key_agency_id_agency"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_api_key_agency_id"))
        batch_op.drop_column("agency_id")

    with op.batch_alter_table("alert") as batch_op:
        batch_op.drop_index("ix_alert_state")
        batch_op.alter_column(
            "state",
            existing_type=sa.String(length=30),
            type_=sa.VARCHAR(length=200),
            existing_nullable=False,
        )
        batch_op.alter_column(
            "instruction",
            existing_type=sa.JSON(none_as_null=True),
            type_=sa.TEXT(),
            existing_nullable=False,
            postgresql_using="instruction::text",
        )
        batch_op.drop_column("version")
        batch_op.drop_column("closed_at")
        batch_op.drop_column("disposal")
        batch_op.drop_column("confirmed_by")
        batch_op.drop_column("decided_at")
        batch_op.drop_column("decided_by")
        batch_op.drop_column("acknowledged_at")
        batch_op.drop_column("acknowledged_by")
        batch_op.drop_column("acknowledge_within_s")
        batch_op.drop_column("requires_second_officer")
        batch_op.drop_column("requires_acknowledgement")
        batch_op.drop_column("owner_id")

    with op.batch_alter_table("watchlist_share") as batch_op:
        batch_op.drop_index(batch_op.f("ix_watchlist_share_agency_id"))

    op.drop_table("watchlist_share")
    with op.batch_alter_table("officer_session") as batch_op:
        batch_op.drop_index(batch_op.f("ix_officer_session_officer_id"))

    op.drop_table("officer_session")
    with op.batch_alter_table("alert_event") as batch_op:
        batch_op.drop_index(batch_op.f("ix_alert_event_alert_id"))

    op.drop_table("alert_event")
    with op.batch_alter_table("officer") as batch_op:
        batch_op.drop_index(batch_op.f("ix_officer_agency_id"))

    op.drop_table("officer")
    with op.batch_alter_table("probe_search") as batch_op:
        batch_op.drop_index(batch_op.f("ix_probe_search_officer_id"))

    op.drop_table("probe_search")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit") as batch_op:
        batch_op.drop_index("ix_audit_owner")
        batch_op.drop_index("ix_audit_object")
        batch_op.drop_index("ix_audit_agency")

    op.drop_table("audit")
    op.drop_table("agency")
