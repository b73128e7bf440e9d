"""What a figure was measured on: machine, versions, threads, load."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import threadpoolctl

from detector.threads import use_threads

_PACKAGES: Final = ("siaga", "onnxruntime", "opencv-python", "numpy", "faiss-cpu", "onnx")

Facts = dict[str, str]
"""Statements for a report's heading, in the order in which they are printed."""


def facts() -> Facts:
    """Describe the machine as it is at this moment."""
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return {
        "cpu": _cpu_model(),
        "cores": f"{len(os.sched_getaffinity(0))} usable of {os.cpu_count()}",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "versions": ", ".join(f"{name} {_version(name)}" for name in _PACKAGES),
        "load": f"{load} (1, 5, 15 minutes, before the run)",
    }


@contextmanager
def one_cpu() -> Iterator[int]:
    """Keep this thread, and processes it starts, on one CPU and one thread; yields its number.

    The highest CPU allowed is taken: interrupts usually go to the first ones.
    """
    allowed = os.sched_getaffinity(0)
    chosen = max(allowed)
    os.sched_setaffinity(0, {chosen})
    use_threads(1)
    try:
        with threadpoolctl.threadpool_limits(1):
            yield chosen
    finally:
        os.sched_setaffinity(0, allowed)


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
