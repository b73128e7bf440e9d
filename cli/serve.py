"""`siaga serve`: run the service."""

from contextlib import AbstractContextManager, nullcontext
from typing import Annotated

import typer

from api.app import create_app
from api.logging import configure
from api.management import create_management
from api.server import beside, make_management_server, make_server
from api.state import state_of
from cli.output import Exit
from config.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="TCP port; 0 takes a free one.")
    ] = None,
) -> None:
    """Run the service until it is stopped; requests that were admitted are finished first."""
    given = {"host": host, "port": port}
    settings = Settings().model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    configure(settings.log_level)
    app = create_app(settings, on_failure=lambda: setattr(server, "should_exit", True))
    server = make_server(app, settings)
    management: AbstractContextManager[None] = nullcontext()
    if settings.management:
        management = beside(make_management_server(create_management(state_of(app)), settings))
    with management:
        server.run()
    if state_of(app).failure is not None:
        raise typer.Exit(Exit.SET_UP)
