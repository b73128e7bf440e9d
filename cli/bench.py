"""`siaga bench`: measure this machine, from a checkout of the sources."""

import importlib.util
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.output import Exit, err

_PACKAGE = "benchmarks"


class Benchmark(StrEnum):
    """What can be measured."""

    SPEED = "speed"
    COMPILE = "compile"
    PROFILE = "profile"
    SEARCH = "search"
    LOAD = "load"
    CONSOLE = "console"
    CRASH = "crash"
    STARTUP = "startup"
    ACCURACY = "accuracy"
    PRIOR = "prior"
    CALIBRATION = "calibration"
    CONDITIONS = "conditions"
    ORIENTATION = "orientation"
    PAD = "pad"


def bench(
    context: typer.Context,
    benchmark: Annotated[Benchmark, typer.Argument(help="What to measure.")],
) -> None:
    """Hand over to `python -m benchmarks`, with the options that follow.

    The benchmarks come with the sources, not with the installed package.
    """
    checkout = Path(__file__).parents[1]
    if not (checkout / _PACKAGE).is_dir() or importlib.util.find_spec(_PACKAGE) is None:
        err.print(
            "The benchmarks are not shipped with the package: run this in a checkout of the "
            "sources, where `make setup` installed it."
        )
        raise typer.Exit(Exit.SET_UP)
    command = [sys.executable, "-m", _PACKAGE, benchmark.value, *context.args]
    # The same interpreter and our own package: nothing here comes from outside.
    done = subprocess.run(command, check=False)  # noqa: S603
    raise typer.Exit(done.returncode)
