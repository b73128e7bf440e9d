"""The tables as the migrations make them."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Inspector, inspect


def picture() -> list[str]:
    """Return a line for each column, key, index and constraint of a new SQLite database."""
    from casework.kernel.database import Database

    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'siaga.db'}")
        database.migrate()
        try:
            tables = inspect(database.engine)
            return sorted(line for name in tables.get_table_names() for line in _of(tables, name))
        finally:
            database.close()


def _of(tables: Inspector, table: str) -> Iterator[str]:
    for column in tables.get_columns(table):
        needed = "" if column["nullable"] else " not null"
        default = "" if column["default"] is None else f" default {column['default']}"
        yield f"{table}.{column['name']}: {column['type']}{needed}{default}"
    key = tables.get_pk_constraint(table)
    yield f"{table} primary key {_columns(key['constrained_columns'])}"
    for index in tables.get_indexes(table):
        unique = "unique " if index["unique"] else ""
        yield f"{table} {unique}index {index['name']} {_columns(index['column_names'])}"
    for unique_key in tables.get_unique_constraints(table):
        yield f"{table} unique {unique_key['name']} {_columns(unique_key['column_names'])}"
    for foreign in tables.get_foreign_keys(table):
        there = f"{foreign['referred_table']}{_columns(foreign['referred_columns'])}"
        here = _columns(foreign["constrained_columns"])
        yield f"{table} foreign key {here} -> {there} {_options(foreign['options'])}".rstrip()


def _columns(names: list[Any]) -> str:
    return f"({', '.join(str(name) for name in names)})"


def _options(options: dict[str, Any]) -> str:
    return " ".join(f"{name} {value}" for name, value in sorted(options.items()))
