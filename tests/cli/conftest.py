"""The command line, run as a person runs it: a process of its own, in a folder of its own."""

import io
import os
import subprocess
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from casework.kernel.actor import Actor
from cli import main
from config.records import open_records
from config.settings import Settings
from tests.cli import forked
from tests.client.conftest import served  # noqa: F401 - a fixture
from tests.services import lay

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ROOT = Path(__file__).parents[2]

ACTING = (
    ["enrol"],
    ["import"],
    ["export"],
    ["calibrate"],
    ["keys", "create"],
    ["keys", "revoke"],
    ["keys", "restore"],
    ["agencies", "edit"],
    ["officers", "create"],
    ["officers", "edit"],
    ["officers", "unlock"],
    ["officers", "reset"],
    ["retention", "run"],
    ["watchlists", "create"],
    ["watchlists", "edit"],
    ["watchlists", "move"],
    ["watchlists", "merge"],
    ["subjects", "find"],
    ["subjects", "move"],
    ["subjects", "merge"],
    ["subjects", "erase"],
    ["subjects", "restore"],
)
"""Commands that act on an agency's work or people, and so name a person and a reason."""


def explained(*arguments: object) -> list[str]:
    """Return the words of a command, with a reason where it takes one."""
    words = [str(each) for each in arguments]
    acts = words[:1] in ACTING or words[:2] in ACTING
    return words + (["--reason", "a test"] if acts else [])


def environment(folder: Path) -> dict[str, str]:
    """Settings of a command whose data lies in `folder`, without the machine's own."""
    kept = {"SIAGA_AS": "Ibu Wati"} | {
        name: value for name, value in os.environ.items() if not name.startswith("SIAGA_")
    }
    return {**kept, "SIAGA_DATA_DIR": str(folder / "var"), "PYTHONPATH": str(ROOT)}


def begin(data_dir: Path) -> None:
    """Make an installation with an agency and nothing else, quicker than `siaga init`."""
    lay(data_dir)
    with open_records(Settings(data_dir=data_dir)) as records:
        records.accounts.agencies.begin(Actor.operator(), "IMI", "Immigration")


def in_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs commands in this process: starting many anew takes a second each."""
    monkeypatch.chdir(folder)
    for name, value in environment(folder).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object, **variables: str) -> "subprocess.CompletedProcess[str]":
        said, complained = io.StringIO(), io.StringIO()
        monkeypatch.setattr("sys.argv", ["siaga", *explained(*arguments)])
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with redirect_stdout(said), redirect_stderr(complained), pytest.raises(SystemExit) as done:
            main.run()
        status = int(done.value.code or 0)
        return subprocess.CompletedProcess([], status, said.getvalue(), complained.getvalue())

    return run


@pytest.fixture
def siaga(tmp_path: Path) -> Run:
    """Run `siaga` with arguments in a folder with an installation that has just begun."""
    begin(tmp_path / "var")

    def run(*arguments: object, **variables: str) -> "subprocess.CompletedProcess[str]":
        return forked.run(explained(*arguments), tmp_path, {**environment(tmp_path), **variables})

    return run
