"""The database: one way to open it, one way to read, one way to write.

Writers take turns, on every database: a SQLite file has one writer anyway, and on PostgreSQL each
transaction that writes begins with the same lock. So whatever a writer has read stays true until
it commits, numbers of the change log appear in the order in which they were given, and no two
writers wait for each other. It costs little: every write ends with a record of the audit chain,
and that has to be written one at a time. Those of one process stand in one line
(`casework.kernel.turns`), and the first of it waits for other processes.
"""

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    ExceptionContext,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from casework.kernel.errors import SetUpError
from casework.kernel.kept_days import KEPT, Memory
from casework.kernel.sqlite_log import LARGEST, SqliteLog
from casework.kernel.turns import Turns
from casework.migrations import newest_revision

# How long a writer waits for another process's transaction before it gives up.
_BUSY_MS = 10_000
_PAUSE_S = 0.01
_BEGIN = "siaga_begin"
# Where Alembic notes how far it has come.
_REVISIONS = "alembic_version"

_TOPICS: Final = "siaga_topics"
ERASED: Final = "erased"
"""What a transaction announces that erases somebody: the log is emptied right after it."""
VAULT: Final = "siaga_vault"
"""Name under which a session carries what seals its rows: see `casework.kernel.sealed_fields`."""
_log: Final = logging.getLogger(__name__)

# Name of the lock under which writers take turns on PostgreSQL: any number that nothing else uses.
_WRITERS = 0x51A6A
_WAITS = "siaga_waits"
_WRITES = "siaga_writes"
# A process that has died or hangs in the middle of a transaction must not hold up the others.
_POSTGRESQL_OPTIONS = f"-c lock_timeout={_BUSY_MS} -c idle_in_transaction_session_timeout=60000"
# A thread holds one connection at a time; the server allows 100 in all by default.
_POOL = 10
_POOL_OVERFLOW = 30

_Act = Callable[[Connection], None]

# Letters stay readable, so that a search finds them. NaN is no JSON: PostgreSQL would refuse it.
to_json = partial(json.dumps, ensure_ascii=False, allow_nan=False)


class _WriterHere(threading.local):
    """What a thread writes: a thread has one transaction at a time that does."""

    has_turn: bool | None = None
    """Whether its transaction has begun; None where it writes nothing."""


class Database:
    """Engine, migrations and transactions of one database."""

    def __init__(self, url: str | URL) -> None:
        self.url = make_url(url)
        self.local = self.url.get_backend_name() == "sqlite"
        """Whether a read of one row is a matter of microseconds: no network, no waiting."""
        self.info: dict[str, Any] = {KEPT: Memory()}
        """What every session carries: see `VAULT` and `casework.kernel.kept_days`."""
        self._sqlite_log: SqliteLog | None = None
        self._followers: dict[str, list[Callable[[], object]]] = {}
        self._last_acts: list[tuple[_Act, _Act]] = []
        self._turns = Turns()
        self._writer_here = _WriterHere()
        # Threads bound a SQLite file's connections already, and none may wait for another's.
        in_file = self.local and self.url.database not in (None, "", ":memory:")
        if self.local:
            pool: dict[str, Any] = {"max_overflow": -1} if in_file else {}
            self.engine = create_engine(
                self.url, json_serializer=to_json, hide_parameters=True, **pool
            )
            _keep_values_out_of_errors(self.engine)
            self._stand_in_line()
            _make_sqlite_durable(self.engine)
            self._reading = self.engine
            self._writing = self.engine.execution_options(
                **{_BEGIN: "BEGIN IMMEDIATE", _WRITES: True}
            )
            self._glancing = self.engine.execution_options(**{_BEGIN: None})
            self._apart = self._glancing
            self._sqlite_log = SqliteLog(self._glancing, self._turns, _BUSY_MS / 1000)
            return
        self.engine = _open_postgresql(self.url)
        self._stand_in_line()
        _take_the_lock(self.engine)
        self._reading = self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        # Not a stricter level: what is read after the wait for the lock must be the newest.
        self._writing = self.engine.execution_options(
            isolation_level="READ COMMITTED", **{_WAITS: True, _WRITES: True}
        )
        self._glancing = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        apart = _open_postgresql(self.url, pool_size=1, max_overflow=0)
        self._apart = apart.execution_options(isolation_level="AUTOCOMMIT")

    def _stand_in_line(self) -> None:
        """Have each transaction that writes wait for its turn in this process, before it begins.

        Call it before others listen for that: they are called in the order in which they came.
        """

        @event.listens_for(self.engine, "begin")
        def on_begin(connection: Connection) -> None:
            writes = connection.get_execution_options().get(_WRITES)
            if writes and self._writer_here.has_turn is False:
                self._turns.take(_BUSY_MS / 1000)
                self._writer_here.has_turn = True

    @contextmanager
    def _writer(self) -> Iterator[Connection]:
        """Give a connection that writes, and end its turn with its transaction."""
        here = self._writer_here
        with self._writing.connect() as connection:
            here.has_turn = False
            try:
                yield connection
            finally:
                has_turn, here.has_turn = here.has_turn, None
                if has_turn:
                    self._turns.give_back()
        if self._sqlite_log is not None:
            self._sqlite_log.move()

    def migrate(self) -> None:
        """Bring the schema up to this version's.

        Raises:
            DatabaseTooNew: a later version of the software has written it.
        """
        current = self._revision()
        if current == newest_revision():
            return
        # Nearly every start finds the schema as it should be, and can do without Alembic.
        from casework.kernel.migrations import upgrade  # noqa: PLC0415

        upgrade(current, self._migrating)

    def _revision(self) -> str | None:
        """Return what the last migration noted, None if there was none."""
        with self.engine.connect() as connection:
            if not inspect(connection).has_table(_REVISIONS):
                return None
            revision: str | None = connection.execute(
                text(f"SELECT version_num FROM {_REVISIONS}")  # noqa: S608 - Alembic's own table
            ).scalar()
            return revision

    @contextmanager
    def _migrating(self) -> Iterator[Connection]:
        with self._writer() as connection, self._free_of_foreign_keys(connection):
            yield connection

    @contextmanager
    def _free_of_foreign_keys(self, connection: Connection) -> Iterator[None]:
        """Let a migration replace tables that others refer to, as SQLite alters a table."""
        if not self.local:
            yield
            return
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - it is SQLite
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            yield
        finally:
            driver.execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees one consistent state and is rolled back at the end."""
        with Session(self._reading, expire_on_commit=False, info=self.info) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session that is committed if the block succeeds, and undone if it does not.

        Callbacks for what the block announced (`after_commit`) run before this returns.
        """
        with self._writer() as connection:
            try:
                with (
                    Session(connection, expire_on_commit=False, info=self.info) as session,
                    session.begin(),
                ):
                    yield session
                    session.flush()
                    self._finish(connection)
            finally:
                topics = self._ended(connection)
        self._tell(topics)

    @contextmanager
    def read_one(self) -> Iterator[Connection]:
        """Give a connection for a single statement that reads, at the least cost.

        One statement sees one consistent state by itself; for several that belong together there
        is `read`.
        """
        with self._glancing.connect() as connection:
            yield connection

    @contextmanager
    def read_apart(self) -> Iterator[Connection]:
        """Like `read_one`, for a thread that holds a connection already.

        It waits for no other thread that does: none keeps this one while it needs another.
        """
        with self._apart.connect() as connection:
            yield connection

    @contextmanager
    def write_core(self) -> Iterator[Connection]:
        """Like `write`, for plain statements that need no objects."""
        with self._writer() as connection:
            try:
                with connection.begin():
                    yield connection
                    self._finish(connection)
            finally:
                topics = self._ended(connection)
        self._tell(topics)

    def at_commit(self, before: _Act, after: _Act) -> None:
        """Have `before` called at the end of every transaction that writes, as a part of it.

        `after` is called once it is over, however it ended.
        """
        self._last_acts.append((before, after))

    def _finish(self, connection: Connection) -> None:
        for before, _ in self._last_acts:
            before(connection)

    def _ended(self, connection: Connection) -> Iterable[str]:
        for _, after in self._last_acts:
            after(connection)
        topics: Iterable[str] = connection.info.pop(_TOPICS, ())
        return topics

    def after_commit(self, topic: str, act: Callable[[], object]) -> None:
        """Have `act` called after every commit of this process that a topic was announced in.

        It runs on the thread that committed. What it raises is logged and goes no further: the
        commit stands, and its caller gets no error.
        """
        self._followers.setdefault(topic, []).append(act)

    def _tell(self, topics: Iterable[str]) -> None:
        for topic in topics:
            for act in self._followers.get(topic, ()):
                try:
                    act()
                except Exception:  # noqa: BLE001 - the commit stands, whatever this is
                    _log.exception("what follows a commit failed: %s", topic)

    def empty_log(self) -> None:
        """Move everything out of SQLite's write-ahead log, so that nothing erased lingers there.

        Readers at work may hold a part back: then `log_left` stays true until the next time. Other
        databases look after theirs.
        """
        if self._sqlite_log is not None:
            self._sqlite_log.empty()

    @property
    def log_left(self) -> bool:
        """Whether what was erased still stands in SQLite's log, which could not be emptied."""
        return self._sqlite_log is not None and self._sqlite_log.left

    def compact(self, *, rewrite: bool = False) -> None:
        """Give back the space of what was erased; on SQLite nobody can write meanwhile.

        Args:
            rewrite: on PostgreSQL too, write every table again without the rows of before, which
                keeps others out meanwhile.
        """
        # Outside any transaction, on every database.
        outside = self._glancing
        if not self.local:
            outside = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        with outside.connect() as connection:
            full = " FULL" if rewrite and not self.local else ""
            connection.exec_driver_sql(f"VACUUM{full}")
        self.empty_log()

    def close(self) -> None:
        """Close every connection."""
        self._apart.dispose()
        self.engine.dispose()


def announce(database: Connection | Session, topic: str) -> None:
    """Say, in a transaction that writes, what it concerns: see `Database.after_commit`."""
    connection = database.connection() if isinstance(database, Session) else database
    connection.info.setdefault(_TOPICS, set()).add(topic)


def _make_sqlite_durable(engine: Engine) -> None:
    """Set up each SQLite connection so that what is committed survives a power cut."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401
        # The driver's own transaction handling begins late and never "immediate": take it over.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        _write_ahead(cursor)
        # `SqliteLog` moves it, after a writer's turn instead of within.
        cursor.execute("PRAGMA wal_autocheckpoint = 0")
        cursor.execute(f"PRAGMA journal_size_limit = {LARGEST}")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        # Deleted photos and templates must not stay readable in free pages.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A writer that starts as a reader can fail halfway with "database is locked".
        begin = connection.get_execution_options().get(_BEGIN, "BEGIN")
        if begin is not None:
            connection.exec_driver_sql(begin)


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Let a SQLite file have a write-ahead log, also where another process is just doing that.

    Of two that begin with a new file at once one is refused without the wait of `busy_timeout`,
    which could leave both waiting for each other.
    """
    deadline = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _keep_values_out_of_errors(engine: Engine) -> None:
    """Leave what a driver says of values out of its errors: they end in logs.

    PostgreSQL quotes the row that a constraint refuses, and the text that is no number. What tells
    one error from another stays: its class, the state's code, the constraint.
    """

    @event.listens_for(engine, "handle_error")
    def on_error(context: ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(error, sqlite3.Error):
            return  # it names columns, never a value
        diagnosis = getattr(error, "diag", None)
        words = [
            type(error).__name__,
            getattr(error, "sqlstate", None),
            getattr(diagnosis, "constraint_name", None),
            getattr(diagnosis, "column_name", None),
        ]
        message = " ".join(word for word in words if word)
        error.args = (message,)
        if context.sqlalchemy_exception is not None:
            context.sqlalchemy_exception.args = (message,)


def _open_postgresql(
    url: URL, pool_size: int = _POOL, max_overflow: int = _POOL_OVERFLOW
) -> Engine:
    """Open PostgreSQL.

    Raises:
        SetUpError: the URL names another kind of database.
    """
    if url.get_backend_name() != "postgresql":
        raise SetUpError("database_unsupported", backend=url.get_backend_name())
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        json_serializer=to_json,
        hide_parameters=True,
        connect_args={"options": _POSTGRESQL_OPTIONS},
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_pre_ping=True,
    )
    _keep_values_out_of_errors(engine)
    return engine


def _take_the_lock(engine: Engine) -> None:
    """Have a transaction of PostgreSQL that writes wait for other processes first."""

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # The lock is held up to the very end, after the commit can be seen by others.
        if connection.get_execution_options().get(_WAITS):
            connection.execute(select(func.pg_advisory_xact_lock(_WRITERS)))
