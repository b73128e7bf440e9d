"""API keys expire, are rotated with an overlap, show their last use, and have scopes by act."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_TIMES = ("former_until", "expires_at", "used_at", "warned_at")
# What a key with the scope `enrol` could do until now, except to edit watchlists.
_AS_BEFORE = frozenset({"enrol", "export", "search", "alerts:read", "tips"})

_CHANGE = sa.text("UPDATE api_key SET scopes = :scopes WHERE id = :id").bindparams(
    sa.bindparam("scopes", type_=sa.JSON())
)


def upgrade() -> None:
    """Apply."""
    op.add_column("api_key", sa.Column("former_sha256", sa.String(length=64), nullable=True))
    for name in _TIMES:
        op.add_column("api_key", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    divide()


def downgrade() -> None:
    """Undo."""
    _change(lambda scopes: (scopes - _AS_BEFORE) | {"enrol"} if scopes & _AS_BEFORE else scopes)
    for name in ("former_sha256", *_TIMES):
        op.drop_column("api_key", name)


def divide() -> None:
    """Give keys with the scope `enrol` the scopes that it is divided into."""
    _change(lambda scopes: scopes | _AS_BEFORE if "enrol" in scopes else scopes)


def _change(scopes_of: Callable[[frozenset[str]], frozenset[str]]) -> None:
    key = sa.table("api_key", sa.column("id"), sa.column("scopes", sa.JSON()))
    connection = op.get_bind()
    for row in connection.execute(sa.select(key.c.id, key.c.scopes)).all():
        scopes = sorted(scopes_of(frozenset(row.scopes)))
        connection.execute(_CHANGE, {"id": row.id, "scopes": scopes})
