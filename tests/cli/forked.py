"""Commands in processes of their own, forked from one that has imported what takes a second.

What a command imports by itself is looked at elsewhere (test_startup.py), and so is what happens
to one that is killed (test_crash.py): there each is started anew. Standard input is empty.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.deadlines import patience

_MOST_S: Final = 120

# Nothing of `cli`: it asks as it is imported what kind of terminal it has.
_IMPORTED: Final = ["config.records", "config.opening", "api.app", "httpx2", "rich.table", "typer"]


def run(
    words: list[str], folder: Path, environment: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Run `python -m cli` with these words and this environment in a folder."""
    with TemporaryDirectory() as apart:
        said, complained = Path(apart, "said"), Path(apart, "complained")
        process = _forking().Process(
            target=_command, args=(words, folder, environment, said, complained)
        )
        process.start()
        process.join(patience(_MOST_S))
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, _MOST_S)
        return subprocess.CompletedProcess(
            words, process.exitcode, said.read_text("utf-8"), complained.read_text("utf-8")
        )


@cache
def _forking() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    return context


def _command(
    words: list[str], folder: Path, environment: dict[str, str], said: Path, complained: Path
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for path, number in ((said, 1), (complained, 2)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.argv = ["siaga", *words]
    runpy.run_module("cli", run_name="__main__", alter_sys=True)
