"""The service's own files are closed to everybody but their owner."""

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from casework.kernel.errors import SetUpError
from config.settings import Settings

UMASK: Final = 0o077
GROUP_UMASK: Final = 0o007

_log: Final = logging.getLogger(__name__)


def close_to_others(settings: Settings) -> None:
    """Make the data folder, and put right who may read it, the database and the data key.

    The log names what is put right, or cannot be.

    Raises:
        SetUpError: others may read the data key, and that cannot be put right.
    """
    wanted = GROUP_UMASK if settings.group_access else UMASK
    if settings.group_access:
        os.umask(wanted)  # the command line has closed it to the group too
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    for path in _own_files(settings, wanted):
        _close(path, wanted)
    key = settings.resolved_data_key_file
    uses_file = settings.data_key_variable is None and settings.data_key_command is None
    if uses_file and key.exists() and not _close(key, wanted):
        mode = f"{stat.S_IMODE(key.stat().st_mode):04o}"
        raise SetUpError("data_key_open_to_others", path=key, mode=mode)


def _own_files(settings: Settings, closed_to: int) -> Iterator[Path]:
    yield settings.data_dir
    url = make_url(settings.resolved_database_url)
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        database = Path(url.database)
        if not database.exists() and database.parent.is_dir():
            # Its log gets the same mode: SQLite copies it.
            with suppress(FileExistsError):
                os.close(os.open(database, os.O_CREAT | os.O_EXCL, 0o666 & ~closed_to))
        yield from (database.with_name(f"{database.name}{end}") for end in ("", "-wal", "-shm"))


def _close(path: Path, closed_to: int) -> bool:
    """Take from a file's mode what others may not; returns whether they may no more."""
    try:
        before = path.stat().st_mode
        if not before & closed_to:
            return True
        if before & stat.S_ISVTX:
            return False  # everybody's folder, such as /tmp: not ours to close
        path.chmod(stat.S_IMODE(before) & ~closed_to)
    except FileNotFoundError:
        return True
    except OSError:
        _log.warning("others may read %s, and this process cannot change that", path)
        return False
    _log.warning("others could read %s (mode %04o): closed to them", path, stat.S_IMODE(before))
    return True
