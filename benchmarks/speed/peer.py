"""A peer to compare with: its own environment, made once, and a process that answers lines.

A peer is a script and a requirements file of one name in `peers/`, every package pinned by hash. A
package that is published as sources alone is built with what `NAME-build.txt` pins.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from platformdirs import user_cache_path

SCRIPTS: Final = Path(__file__).parents[1] / "peers"
_INSTALL_SECONDS: Final = 300
_INSTALL: Final = (
    *("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"),
    *("--require-hashes", "--only-binary", ":all:", "--no-build-isolation", "--requirement"),
)
_GOODBYE_SECONDS: Final = 10
# A peer may use one thread, as we do; these are read when its libraries are loaded.
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class PeerUnavailable(Exception):
    """The peer cannot be installed or started here; the message says why."""


def cache_folder() -> Path:
    """Where peers' environments are kept: in the user's cache folder."""
    return user_cache_path("siaga", appauthor=False) / "peers"


def environment(name: str, cache: Path, scripts: Path = SCRIPTS) -> Path:
    """Return the Python of a peer's environment, making it if its requirements are new.

    Raises:
        PeerUnavailable: it cannot be made, with the installer's last words.
    """
    given = [scripts / f"{name}-build.txt", scripts / f"{name}.txt"]
    needed = [file for file in given if file.is_file()]
    pins = b"".join(file.read_bytes() for file in needed)
    key = hashlib.sha256(pins + platform.python_version().encode()).hexdigest()[:16]
    folder = cache / f"{name}-{key}"
    python = folder / "bin" / "python"
    finished = folder / ".installed"
    if finished.is_file() and python.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    try:
        venv.create(folder, with_pip=True)
        for file in needed:
            _run([python, *_INSTALL, file])
        finished.touch()
    except (OSError, subprocess.SubprocessError, PeerUnavailable) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise PeerUnavailable(f"{name} cannot be installed: {error}") from error
    return python


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
    )
    if done.returncode:
        words = done.stderr.strip().splitlines() or ["no reason given"]
        raise PeerUnavailable(words[-1])


class Peer:
    """A running peer: one line in, one JSON line out."""

    def __init__(self, process: "subprocess.Popen[str]", name: str) -> None:
        self._process = process
        self._name = name
        self.greeting = self._answer()
        """The peer's first line, when it was ready."""

    def ask(self, line: str) -> dict[str, Any]:
        """Send a line and wait for the answer.

        Raises:
            PeerUnavailable: the peer has ended.
        """
        assert self._process.stdin is not None  # noqa: S101 - opened as a pipe below
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise PeerUnavailable(f"{self._name} has ended") from error
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - opened as a pipe below
        line = self._process.stdout.readline()
        if not line:
            raise PeerUnavailable(f"{self._name} has ended; its own message stands above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def running(name: str, arguments: Sequence[str], cache: Path) -> Iterator[Peer]:
    """Start a peer and end it with the block. It inherits the CPU this process is kept on.

    Raises:
        PeerUnavailable: it cannot be installed, or ends before it is ready.
    """
    if sys.platform != "linux":
        raise PeerUnavailable("peers are kept on one CPU, which only Linux can do")
    python = environment(name, cache)
    process = subprocess.Popen(
        [python, "-I", SCRIPTS / f"{name}.py", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | _ONE_THREAD,
    )
    with process:
        try:
            yield Peer(process, name)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(_GOODBYE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
