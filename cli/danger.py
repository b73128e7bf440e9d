"""Dangerous commands ask first: `--yes` answers the question, `--reason` says why.

A command names the object and what depends on it; who reads that on a terminal may still say no.
Without a terminal nobody can be asked, so that `--yes` and `--reason` have to be there.
"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from cli.output import err

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask: do it.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; it stands in the audit trail.")]


def confirmed(question: str, consequences: Sequence[str], *, yes: bool, reason: str | None) -> str:
    """Ask whether to go on, unless that is answered already; returns why.

    Args:
        question: names the act and its object.
        consequences: what happens, and what depends on the object.
        yes: whether the answer was given with the command.
        reason: why, if that was given with the command.

    Raises:
        BadParameter: nobody can be asked.
        Abort: the answer is no.
    """
    asks = sys.stdin.isatty()
    missing = [name for name, given in (("--yes", yes), ("--reason", reason)) if not given]
    if missing and not asks:
        raise typer.BadParameter(f"nobody can be asked here: add {' and '.join(missing)}")
    err.print(question)
    for each in consequences:
        err.print(f"- {each}")
    if not yes:
        typer.confirm("Go on?", default=False, abort=True, err=True)
    why = (reason or "").strip() or typer.prompt("Why?", err=True).strip()
    if not why:
        raise typer.BadParameter("say why, in a few words", param_hint="--reason")
    return str(why)
