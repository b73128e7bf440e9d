"""Statements of the database compiled once for all services of a test run.

SQLAlchemy keeps what it has compiled with each engine. A test run opens thousands of engines, each
for some tenths of a second, and compiling is half of what they do. So here dialects of one kind
are equal, and share what they have compiled.
"""

from typing import Any, Final

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

_MOST: Final = 2_000
_COMPILED: Final[LRUCache[Any, Any]] = LRUCache(_MOST)


class _Equal(DefaultDialect):
    """Equal to all of its kind that write values in the same way."""

    def _kind(self) -> tuple[object, ...]:
        return type(self), self._json_serializer, self._json_deserializer

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Equal) and self._kind() == other._kind()

    def __hash__(self) -> int:
        return hash(self._kind())


class SqliteOfTests(_Equal, pysqlite.dialect):
    """SQLite's dialect."""

    supports_statement_cache = True


class PostgresqlOfTests(_Equal, psycopg.dialect):
    """PostgreSQL's dialect."""

    supports_statement_cache = True


def share() -> None:
    """From now on, engines share what they have compiled."""
    registry.register("sqlite", __name__, SqliteOfTests.__name__)
    registry.register("postgresql", __name__, PostgresqlOfTests.__name__)
    event.listen(Engine, "engine_connect", _compile_once)


def _compile_once(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_COMPILED)
