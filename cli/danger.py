"""Dangerous commands ask first; `--yes` answers the question.

A command names the object and what depends on it; who reads that on a terminal may still say no.
Without a terminal nobody can be asked, so that `--yes` has to be there.
"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from cli.output import err

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask: do it.")]


def confirm(question: str, consequences: Sequence[str], *, yes: bool) -> None:
    """Ask whether to go on, unless that is answered already.

    Args:
        question: names the act and its object.
        consequences: what happens, and what depends on the object.
        yes: whether the answer was given with the command.

    Raises:
        BadParameter: nobody can be asked.
        Abort: the answer is no.
    """
    if not yes and not sys.stdin.isatty():
        raise typer.BadParameter("nobody can be asked here: add --yes")
    # Names of people and lists may have square brackets.
    err.print(question, markup=False)
    for each in consequences:
        err.print(f"- {each}", markup=False)
    if not yes:
        typer.confirm("Go on?", default=False, abort=True, err=True)
