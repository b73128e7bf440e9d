"""A process of this machine seen from outside: processor time, memory, who listens where.

All of it is read from `/proc`, so only Linux has it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICK: Final = os.sysconf("SC_CLK_TCK")
_LISTENING: Final = "0A"
"""State of a socket in `/proc/net/tcp`."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process at one moment."""

    name: str
    parent: int
    cpu_s: float
    """Seconds of processor time, of all its threads."""


def look(pid: int) -> Process:
    """Return what is known of a process; raises FileNotFoundError if it has ended."""
    head, _, rest = (_PROC / str(pid) / "stat").read_text().rpartition(")")
    values = rest.split()
    spent = (int(values[11]) + int(values[12])) / _TICK
    return Process(head.partition("(")[2], int(values[1]), spent)


def every() -> dict[int, Process]:
    """Return all processes of this machine, by id."""
    found = {}
    for path in _PROC.glob("[0-9]*"):
        try:
            found[int(path.name)] = look(int(path.name))
        except OSError:
            continue  # it has ended
    return found


def below(pid: int) -> dict[int, Process]:
    """Return the processes that a process has started, and those that they have, by id."""
    found: dict[int, Process] = {}
    processes, reached = every(), {pid}
    while reached:
        reached = {each for each, process in processes.items() if process.parent in reached}
        found |= {each: processes[each] for each in reached}
    return found


def main_thread_s(pid: int) -> float:
    """Return the processor seconds of a process's first thread."""
    stat = (_PROC / str(pid) / "task" / str(pid) / "schedstat").read_text()
    return int(stat.split()[0]) / 1e9


def resident_mib(pid: int) -> float:
    """Return the memory that a process holds; raises ProcessLookupError if it holds none."""
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


def listening(port: int) -> int:
    """Return the id of the process that listens on a TCP port of this machine.

    Raises:
        ProcessLookupError: none does, or it is not ours to see.
    """
    sockets = {
        f"socket:[{fields[9]}]"
        for name in ("tcp", "tcp6")
        for fields in _sockets(_PROC / "net" / name)
        if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port
    }
    for path in _PROC.glob("[0-9]*/fd/*"):
        try:
            if str(path.readlink()) in sockets:
                return int(path.parent.parent.name)
        except OSError:
            continue  # it has ended, or is another user's
    raise ProcessLookupError(f"no process of yours listens on port {port} of this machine")


def _sockets(table: Path) -> Iterator[list[str]]:
    if table.is_file():
        for line in table.read_text().splitlines()[1:]:
            yield line.split()


@contextmanager
def on_cpu(cpu: int, pid: int = 0) -> Iterator[None]:
    """Keep a process, with all its threads, on one CPU; this thread if `pid` is 0."""
    threads = (
        [0] if pid == 0 else [int(each.name) for each in (_PROC / str(pid) / "task").iterdir()]
    )
    before = {thread: os.sched_getaffinity(thread) for thread in threads}
    try:
        for thread in threads:
            os.sched_setaffinity(thread, {cpu})
        yield
    finally:
        for thread, allowed in before.items():
            try:
                os.sched_setaffinity(thread, allowed)
            except ProcessLookupError:
                continue  # the thread has ended
