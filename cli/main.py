"""The `siaga` command.

Exit status: 0 done; 1 some input was refused, or a check failed; 2 the command line is wrong;
3 the installation must be put right first, as the message says; 130 interrupted.
"""

import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.markup import escape

from casework.kernel.errors import CaseworkError
from cli import (
    agencies,
    audit,
    bench,
    calibrate,
    compare,
    demo,
    enrol,
    exports,
    imports,
    keys,
    models,
    officers,
    reembed,
    retention,
    screen,
    serve,
)
from cli.output import Exit, err
from cli.simulate.command import simulate
from config.settings import CONFIG_VARIABLE
from detector.errors import DetectorError
from models.errors import ModelsError

app = typer.Typer(
    help=__doc__,
    no_args_is_help=True,
    rich_markup_mode="markdown",
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


app.command()(demo.demo)
app.command()(serve.serve)
app.command()(enrol.enrol)
app.command("import")(imports.import_)
app.command()(exports.export)
app.command()(screen.screen)
app.command()(compare.compare)
app.command()(reembed.reembed)
app.command()(simulate)
app.command()(calibrate.calibrate)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    bench.bench
)
app.add_typer(models.app, name="models")
app.add_typer(keys.app, name="keys")
app.add_typer(agencies.app, name="agencies")
app.add_typer(officers.app, name="officers")
app.add_typer(audit.app, name="audit")
app.add_typer(retention.app, name="retention")


def run() -> None:
    """Run the command line; errors that a person can act on are told without a traceback."""
    try:
        app()
    except ValidationError as error:
        for each in error.errors():
            name = ".".join(str(part) for part in each["loc"])
            err.print(f"[red]Setting {escape(name)}:[/] {escape(each['msg'])}")
        raise SystemExit(Exit.SET_UP) from None
    except (CaseworkError, ModelsError, DetectorError) as error:
        err.print(f"[red]{type(error).__name__}:[/] {escape(str(error))}")
        raise SystemExit(Exit.SET_UP) from None
