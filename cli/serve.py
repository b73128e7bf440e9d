"""`siaga serve`: run the service."""

import socket
import sys
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from typing import Annotated

import typer
import uvicorn
from rich.markup import escape

from api.app import create_app
from api.logging import configure
from api.management import create_management
from api.server import beside, make_management_server, make_server
from api.state import state_of
from casework.kernel.installation import PRACTICE_MARK
from casework.kernel.priority import take_least_priority
from casework.service import Service
from cli.output import Exit, err
from config.opening import open_service
from config.records import open_installation
from config.settings import Settings


class Part(StrEnum):
    """What can be served in a process of its own."""

    PUBLIC = "public"


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="TCP port; 0 takes a free one.")
    ] = None,
    only: Annotated[
        Part | None,
        typer.Option(
            help="Serve this part alone, in a process without networks or gallery: `public` is "
            "the form for the public, at public_host and public_port."
        ),
    ] = None,
) -> None:
    """Run the service until it is stopped; requests that were admitted are finished first."""
    if only is Part.PUBLIC:
        _serve_public(host, port)
        return
    given = {"host": host, "port": port}
    settings = Settings().model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    # What is put right in a moment is found before the networks are loaded.
    _require_free(settings.host, settings.port)
    open_installation(settings).close()
    configure(settings.log_level)

    def opened(settings: Settings) -> Service:
        service = open_service(settings)
        if sys.stderr.isatty():
            _tell(settings, server)
        return service

    app = create_app(settings, opened, on_failure=lambda: setattr(server, "should_exit", True))
    server = make_server(app, settings)
    management: AbstractContextManager[None] = nullcontext()
    if settings.management:
        management = beside(make_management_server(create_management(state_of(app)), settings))
    with management:
        server.run()
    if (failure := state_of(app).failure) is not None:
        if sys.stderr.isatty():
            err.print(f"[red]Error:[/] {escape(failure)}")
        raise typer.Exit(Exit.SET_UP)


def _serve_public(host: str | None, port: int | None) -> None:
    """Serve the public form alone, at the least priority: screening goes first on its machine."""
    from api.console.public.app import create_public  # noqa: PLC0415

    settings = Settings()
    settings = settings.model_copy(
        update={
            "host": host if host is not None else settings.public_host,
            "port": port if port is not None else settings.public_port,
        }
    )
    _require_free(settings.host, settings.port)
    configure(settings.log_level)
    take_least_priority()
    with open_installation(settings) as records:
        make_server(create_public(settings, records), settings).run()


def _require_free(host: str, port: int) -> None:
    """Return if the service can listen there; raises Exit, and says what to do, if it cannot."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the server itself asks: what an earlier one has just left is no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        err.print(
            f"Nobody can listen on port {port} of {host} ({error.strerror}): stop what does, or "
            "take another with --port.",
            markup=False,
        )
        raise typer.Exit(Exit.SET_UP) from None


def _tell(settings: Settings, server: uvicorn.Server) -> None:
    """Say to who sits at the terminal where the service is, and how to get in."""
    bound = (each for one in getattr(server, "servers", ()) for each in one.sockets)
    port = settings.port or next((each.getsockname()[1] for each in bound), 0)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{port}"
    if settings.practice:
        err.print(f"\n{PRACTICE_MARK}: a practice installation. Nothing of it is real.")
    err.print(f"\nSiaga is ready. The console: {settings.public_url or address}/", soft_wrap=True)
    err.print("Sign in with an account of `siaga officers list`; for a new first password:")
    err.print("siaga officers reset LOGIN. Ports send photos, with their key, to")
    err.print(f"POST {address}/v1/encounters. Ctrl-C stops it.\n", soft_wrap=True)
