"""The command tree, with the help of every command as a terminal of fixed width shows it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

# The help is laid out when the libraries are imported, so it takes a process of its own.
_ENVIRONMENT: Final = {
    "COLUMNS": "100",
    "LANG": "C.UTF-8",
    "NO_COLOR": "1",
    "PYTHONUTF8": "1",
    "TERM": "dumb",
    "TERMINAL_WIDTH": "100",
}
_KEPT: Final = ("HOME", "PATH", "PYTHONPATH", "VIRTUAL_ENV")


def picture() -> str:
    """Return each command's help, one after another."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    told = subprocess.run(
        [sys.executable, "-m", __name__],
        env=kept | _ENVIRONMENT,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return told.stdout


def _helps() -> Iterator[str]:
    from typer.main import get_command
    from typer.testing import CliRunner

    from cli.main import app

    runner = CliRunner()
    for words in _paths(get_command(app), ()):
        result = runner.invoke(app, [*words, "--help"], prog_name="siaga")
        if result.exit_code:
            raise RuntimeError(f"siaga {' '.join(words)} --help fails: {result.output}")
        yield f"$ siaga {' '.join((*words, '--help'))}\n"
        yield from (f"{line.rstrip()}\n" for line in result.output.splitlines())


def _paths(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield words
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from _paths(child, (*words, name))


if __name__ == "__main__":
    sys.stdout.writelines(_helps())
