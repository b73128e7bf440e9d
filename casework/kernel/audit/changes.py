"""Which protected rows a transaction has changed: collected where statements are executed.

Objects of a session and plain statements end in the same place, so that nothing has to be reported
by hand. Rows that a statement changes by its condition are looked up before it runs, and with
deleted rows those that the database deletes with them.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Delete,
    Engine,
    Insert,
    Table,
    Update,
    column,
    event,
    inspect,
    select,
    tuple_,
)

from casework.kernel.audit.state import BY_TABLE, SALT, Coverage, Opener
from casework.tables import Table as Base

_CHANGED: Final = "siaga_changed"
_SAVEPOINTS: Final = "siaga_changes_before"

Key = tuple[str, str]
"""A table and a row's key."""
Changes = dict[Key, Mapping[str, Any] | None]
"""The rows that were changed: values that are known from their insertion, or None to read them."""
States = dict[str, dict[str, str | None]]


def watch(engine: Engine) -> None:
    """Collect, on every connection of an engine, what statements change."""
    event.listen(engine, "before_execute", _before)
    event.listen(engine, "after_execute", _after)
    event.listen(engine, "savepoint", _marked)
    event.listen(engine, "rollback_savepoint", _undone)


def key_of(row: Base) -> Key:
    """Return the table and key of a row that the database has."""
    state = inspect(row)
    return state.mapper.local_table.name, "/".join(map(str, state.identity or ()))  # type: ignore[attr-defined]


def take(connection: Connection, state_key: bytes, opener: Opener) -> States | None:
    """Return the state of what was changed since this was last asked for, None for nothing."""
    changed: Changes | None = connection.info.pop(_CHANGED, None)
    if not changed:
        return None
    states: States = {}
    unread: dict[str, list[str]] = {}
    for (table, key), values in sorted(changed.items(), key=lambda each: each[0]):
        if values is None:
            unread.setdefault(table, []).append(key)
        else:
            states.setdefault(table, {})[key] = BY_TABLE[table].digest(state_key, values, opener)
    for table, keys in unread.items():
        found = BY_TABLE[table].digests(connection, keys, state_key, opener)
        states.setdefault(table, {}).update(found)
    return states


def pending(connection: Connection) -> bool:
    """Whether there is anything that no record accounts for yet."""
    return bool(connection.info.get(_CHANGED))


def forget(connection: Connection) -> None:
    """Begin again, with the next transaction."""
    connection.info.pop(_CHANGED, None)
    connection.info.pop(_SAVEPOINTS, None)


def _changes(connection: Connection) -> Changes:
    found: Changes = connection.info.setdefault(_CHANGED, {})
    return found


def _before(
    connection: Connection,
    statement: Any,  # noqa: ANN401 - anything that can be executed
    many: Sequence[Mapping[str, Any]],
    one: Mapping[str, Any],
    _options: Mapping[str, Any],
) -> None:
    if not isinstance(statement, Update | Delete):
        return
    # A statement about a class holds a copy of its table, with notes on it.
    table = Base.metadata.tables.get(getattr(statement.table, "name", ""))
    if table is None:
        return
    coverage = BY_TABLE.get(table.name)
    if isinstance(statement, Delete):
        affected = _deletes_protected(table)
    else:
        affected = coverage is not None and _concerns(statement, coverage, many or [one])
    if affected:
        for parameters in many or [one]:
            _look_up(connection, statement, table, dict(parameters))


def _concerns(
    statement: Update, coverage: Coverage, parameters: Sequence[Mapping[str, Any]]
) -> bool:
    """Whether an update sets anything that is protected."""
    names = {getattr(column, "name", str(column)) for column in statement._values or ()}  # noqa: SLF001
    names |= set(parameters[0])
    return not coverage.protected.isdisjoint(names)


def _look_up(
    connection: Connection, statement: Update | Delete, table: Table, parameters: dict[str, Any]
) -> None:
    """Note the rows that a statement is about to change, and what goes with them."""
    # Of the statement's own table, which its condition is about: it may be no more than a name.
    own = statement.table
    names = [each.name for each in table.primary_key.columns]
    query = select(*(own.c[name] if name in own.c else column(name) for name in names))
    query = query.select_from(own)
    if statement.whereclause is not None:
        query = query.where(statement.whereclause)
    found = [tuple(row) for row in connection.execute(query, parameters)]
    if not found:
        return
    _note(connection, table, found)
    if isinstance(statement, Delete):
        _follow(connection, table, found)


def _note(connection: Connection, table: Table, keys: Sequence[tuple[Any, ...]]) -> None:
    if table.name in BY_TABLE:
        changes = _changes(connection)
        for each in keys:
            changes[table.name, "/".join(map(str, each))] = None


def _follow(connection: Connection, table: Table, keys: Sequence[tuple[Any, ...]]) -> None:
    """Note what the database deletes together with rows of a table."""
    for child, columns in _cascades(table):
        if not _deletes_protected(child):
            continue
        query = select(*child.primary_key.columns)
        for start in range(0, len(keys), 400):
            some = keys[start : start + 400]
            condition = (
                columns[0].in_([each[0] for each in some])
                if len(columns) == 1
                else tuple_(*columns).in_(some)
            )
            found = [tuple(row) for row in connection.execute(query.where(condition))]
            if found:
                _note(connection, child, found)
                _follow(connection, child, found)


@cache
def _cascades(table: Table) -> tuple[tuple[Table, tuple[Any, ...]], ...]:
    """Return the tables whose rows go with this one's, and the columns that refer to it."""
    return tuple(
        (child, tuple(foreign.columns))
        for child in table.metadata.sorted_tables
        for foreign in child.foreign_key_constraints
        if foreign.referred_table is table and foreign.ondelete == "CASCADE"
    )


@cache
def _deletes_protected(table: Table) -> bool:
    """Whether to delete from a table deletes anything that is protected."""
    return table.name in BY_TABLE or any(_deletes_protected(child) for child, _ in _cascades(table))


def _after(
    connection: Connection,
    statement: Any,  # noqa: ANN401 - anything that can be executed
    _many: Sequence[Mapping[str, Any]],
    _one: Mapping[str, Any],
    _options: Mapping[str, Any],
    result: Any,  # noqa: ANN401 - a cursor's result
) -> None:
    if not isinstance(statement, Insert):
        return
    coverage = BY_TABLE.get(getattr(statement.table, "name", ""))
    if coverage is None:
        return
    changes = _changes(connection)
    needed = {*coverage.key_names, *coverage.columns, SALT}
    given = result.context.compiled_parameters
    if set(coverage.key_names) <= set(given[0]) and given[0][coverage.key_names[0]] is not None:
        for values in given:
            key = coverage.name, coverage.key_of(values)
            changes[key] = values if needed <= set(values) else None
        return
    for row in result.inserted_primary_key_rows:
        changes[coverage.name, "/".join(map(str, row))] = None


def _marked(connection: Connection, name: str) -> None:
    """Remember what had changed before a savepoint."""
    connection.info.setdefault(_SAVEPOINTS, []).append((name, tuple(_changes(connection))))


def _undone(connection: Connection, name: str, _context: None) -> None:
    """Go back to what had changed before a savepoint, and read it again: it may have been taken."""
    points = connection.info.get(_SAVEPOINTS, [])
    while points:
        marked, before = points.pop()
        if marked == name:
            connection.info[_CHANGED] = dict.fromkeys(before)
            return
