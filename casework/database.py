"""The database: one way to open it, one way to read, one way to write."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from casework.errors import DatabaseTooNew

# How long a writer waits for another process's transaction before it gives up.
_SQLITE_BUSY_MS = 10_000
_BEGIN = "siaga_begin"


class Database:
    """Engine, migrations and transactions of one database."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.local = self.url.get_backend_name() == "sqlite"
        """Whether a read of one row is a matter of microseconds: no network, no waiting."""
        # Threads bound a SQLite file's connections already, and none may wait for another's.
        in_file = self.local and self.url.database not in (None, "", ":memory:")
        self.engine = create_engine(self.url, **({"max_overflow": -1} if in_file else {}))
        if self.local:
            _make_sqlite_durable(self.engine)
        self._writing = self.engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        self._glancing = self.engine.execution_options(**{_BEGIN: None})

    def migrate(self) -> None:
        """Bring the schema up to this version's.

        Raises:
            DatabaseTooNew: a later version of the software has written it.
        """
        with as_file(files("casework") / "migrations") as folder:
            config = Config()
            config.set_main_option("script_location", str(folder))
            script = ScriptDirectory.from_config(config)
            with self.engine.connect() as connection:
                current = MigrationContext.configure(connection).get_current_revision()
            if current is not None and current not in {r.revision for r in script.walk_revisions()}:
                raise DatabaseTooNew(
                    f"the database is at revision {current}, which this version does not know: "
                    "run the version of Siaga that wrote it, or a later one"
                )
            if current == script.get_current_head():
                return
            with self._writing.connect() as connection, self._free_of_foreign_keys(connection):
                config.attributes["connection"] = connection
                command.upgrade(config, "head")

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
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session that is committed if the block succeeds, and undone if it does not."""
        with (
            self._writing.connect() as connection,
            Session(connection, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """Give a connection for a single statement that reads, at the least cost.

        One statement sees one consistent state by itself; for several that belong together there
        is `read`.
        """
        with self._glancing.connect() as connection:
            yield connection

    @contextmanager
    def write_rows(self) -> Iterator[Connection]:
        """Like `write`, for plain statements that need no objects."""
        with self._writing.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _make_sqlite_durable(engine: Engine) -> None:
    """Set up each SQLite connection so that what is committed survives a power cut."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401
        # The driver's own transaction handling begins late and never "immediate": take it over.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA busy_timeout = {_SQLITE_BUSY_MS}")
        # Deleted photos and templates must not stay readable in free pages.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A writer that starts as a reader can fail halfway with "database is locked".
        begin = connection.get_execution_options().get(_BEGIN, "BEGIN")
        if begin is not None:
            connection.exec_driver_sql(begin)
