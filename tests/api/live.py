"""The application on a port of this machine, for programs that are not Python's or not ours."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.app import create_app
from api.server import make_server
from api.state import state_of
from cli.background import free_port
from tests.api.conftest import settings_for
from tests.deadlines import wait_until
from tests.services import Desk, FakeClock, open_service


@dataclass(frozen=True)
class Live:
    """A service that answers on a port of this machine."""

    address: str
    desk: Desk


@contextmanager
def running(folder: Path) -> Iterator[Live]:
    """Serve over a fresh database in `folder`; webhooks may lead to this machine."""
    clock = FakeClock()
    port = free_port()
    settings = settings_for(folder, port=port)
    app = create_app(
        settings,
        lambda s: open_service(folder / "siaga.db", clock, limits=s.limits, private_targets=True),
    )
    server = make_server(app, settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: state_of(app).service is not None, 30)
        yield Live(f"http://127.0.0.1:{port}", Desk(state_of(app).opened, clock))
    finally:
        server.should_exit = True
        thread.join()
