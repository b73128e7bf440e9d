"""Bringing a database's schema up to this version's, with Alembic."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from casework.kernel.errors import DatabaseTooNew


def upgrade(current: str | None, writing: Callable[[], AbstractContextManager[Connection]]) -> None:
    """Run the migrations that a database at revision `current` lacks, None for an empty one.

    Args:
        current: the database's revision.
        writing: gives a connection on which a migration may write; asked for if there is any.

    Raises:
        DatabaseTooNew: a later version of the software has written it.
    """
    with as_file(files("casework") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        script = ScriptDirectory.from_config(config)
        if current is not None and current not in {r.revision for r in script.walk_revisions()}:
            raise DatabaseTooNew("database_too_new", revision=current)
        if current == script.get_current_head():
            return
        with writing() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
