"""The `siaga` command.

Exit status: 0 done; 1 it was refused, or some input was, or a check failed; 2 the command line is
wrong, or names what does not exist; 3 the installation must be put right first, as the message
says; 130 interrupted.
"""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.lazy import MARKUP, LazyCommand, LazyGroup
from config import CONFIG_VARIABLE

_ANY_OPTION: Final = {"allow_extra_args": True, "ignore_unknown_options": True}

COMMANDS: Final = (
    LazyCommand(
        "demo",
        "cli.demo.command:demo",
        "Start the real service and play a day of two agencies at two ports over HTTP.",
    ),
    LazyCommand(
        "story",
        "cli.story.command:story",
        "Fill a new practice installation with a made-up quarter of seventeen agencies' work.",
    ),
    LazyCommand(
        "init",
        "cli.init:init",
        "Make an installation: agency, accounts, a port's key, settings, data folder and data key.",
    ),
    LazyCommand(
        "serve",
        "cli.serve:serve",
        "Run the service until it is stopped; requests that were admitted are finished first.",
    ),
    LazyCommand(
        "enrol",
        "cli.enrol:enrol",
        "Enrol every person of PATH; safe to stop at any moment and to run again.",
    ),
    LazyCommand(
        "import",
        "cli.imports:import_",
        "Import the subjects of FILE; safe to stop at any moment: run again, it goes on.",
    ),
    LazyCommand(
        "export",
        "cli.exports:export",
        "Export a watchlist as `siaga import` takes it. What is written is personal data.",
    ),
    LazyCommand(
        "screen",
        "cli.screen:screen",
        "Screen photos against every watchlist and record the encounters.",
    ),
    LazyCommand(
        "compare",
        "cli.compare:compare",
        "Compare two photos; exit 1 if either cannot be searched.",
    ),
    LazyCommand(
        "reembed",
        "cli.reembed:reembed",
        "After a change of pack, embed every enrolled photo that has no template of it yet.",
    ),
    LazyCommand(
        "simulate",
        "cli.simulate.command:simulate",
        "Replay arrival photos as several ports would send them; exit 1 if the target is missed.",
    ),
    LazyCommand(
        "reports",
        "cli.reports:app",
        "Write reports as files.",
    ),
    LazyCommand(
        "calibrate",
        "cli.calibrate:calibrate",
        "Set the thresholds by how high strangers score against the gallery as it is.",
    ),
    LazyCommand(
        "bench",
        "cli.bench:bench",
        "Hand over to `python -m benchmarks`, with the options that follow.",
        _ANY_OPTION,
    ),
    LazyCommand("models", "cli.models:app", "List, fetch, verify, import and compile model packs."),
    LazyCommand("keys", "cli.keys:app", "Create, list, rotate, revoke and restore API keys."),
    LazyCommand("agencies", "cli.agencies:app", "Create, list and change agencies."),
    LazyCommand("areas", "cli.areas:app", "Import areas from a CSV file, and list them."),
    LazyCommand(
        "officers", "cli.officers:app", "Create, list, change, unlock and reset officers' accounts."
    ),
    LazyCommand(
        "watchlists",
        "cli.watchlists:app",
        "List, make, switch off or on, move and merge watchlists.",
    ),
    LazyCommand(
        "subjects",
        "cli.subjects:app",
        "Find, move, merge, erase and restore the subjects of watchlists.",
    ),
    LazyCommand("audit", "cli.audit:app", "Read, check and export the audit trail."),
    LazyCommand("evidence", "cli.evidence:app", "Check evidence bundles."),
    LazyCommand(
        "data-key",
        "cli.data_key:app",
        "Show which data key is in force, and change to a new one.",
    ),
    LazyCommand("retention", "cli.retention:app", "Erase records whose time is over."),
)


class _Siaga(LazyGroup):
    lazy = COMMANDS


app = typer.Typer(
    cls=_Siaga,
    help=__doc__,
    no_args_is_help=True,
    rich_markup_mode=MARKUP,
    pretty_exceptions_enable=False,
)


@app.callback()
def main(
    config: Annotated[
        Path | None,
        typer.Option(help="Settings file; default `siaga.toml` here.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Face-recognition early detection for ports of entry."""
    if config is not None:
        os.environ[CONFIG_VARIABLE] = str(config)


def run() -> None:
    """Run the command line; errors that a person can act on are printed without a traceback."""
    # What a command writes may hold names: files are for their owner.
    os.umask(0o077)
    try:
        app()
    except Exception as error:
        # Most runs end without an error, and have no use for what tells one from another.
        from cli.failures import explain  # noqa: PLC0415

        status = explain(error)
        if status is None:
            raise
        raise SystemExit(status) from None
