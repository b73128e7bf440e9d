"""The web server in front of the application, for `siaga serve`, benchmarks and tests."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from api.connections import BoundedProtocol, ConnectionLimits, Connections
from api.logging import log
from config.settings import Settings

_MANAGEMENT_CONNECTIONS: Final = 32


def make_server(app: ASGIApp, settings: Settings) -> uvicorn.Server:
    """Return the server of an application: its connections are bounded, and proxies are named."""
    limits = ConnectionLimits(
        most=settings.max_connections,
        most_per_address=settings.max_connections_per_address,
        proxies=_among(settings.trusted_proxies),
    )
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http=_bounded(limits),
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_keep_alive=limits.idle_seconds,
            timeout_graceful_shutdown=settings.shutdown_grace_s,
        )
    )


def make_management_server(app: ASGIApp, settings: Settings) -> uvicorn.Server:
    """Return the server of the management port."""
    limits = ConnectionLimits(most=_MANAGEMENT_CONNECTIONS)
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.management_host,
            port=settings.management_port,
            http=_bounded(limits),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=limits.idle_seconds,
            timeout_graceful_shutdown=1,
        )
    )


@contextmanager
def beside(server: uvicorn.Server) -> Iterator[None]:
    """Run a server on a thread of its own for the duration of a block.

    It answers whatever the event loop of the others does.
    """
    thread = threading.Thread(target=_run, args=(server,), name="siaga-management", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _run(server: uvicorn.Server) -> None:
    try:
        server.run()
    except SystemExit:  # the port is taken: screening goes on without it
        log.error("the management port cannot be opened", port=server.config.port)


def _bounded(limits: ConnectionLimits) -> type[BoundedProtocol]:
    """Return the protocol of a server's connections, which are counted together."""

    class Bounded(BoundedProtocol):
        connections_of = Connections(limits)

    return Bounded


def _among(proxies: str) -> Callable[[str], bool]:
    """Return whether an address is that of a trusted proxy."""
    networks = [ip_network(each.strip()) for each in proxies.split(",") if each.strip()]

    def trusted(address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:  # a socket of this machine has none
            return False
        return any(parsed in network for network in networks)

    return trusted
